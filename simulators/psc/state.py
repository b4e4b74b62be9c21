"""What the provider remembers: codes, sessions and refresh tokens.

Lifetimes: refresh token 30 min, session 4 h (IG "sécurisation transport API REST"); code 1 min (ours).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators.core.identities import Professional

from . import errors

CODE_LIFE = timedelta(seconds=60)
REFRESH_LIFE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    person: Professional
    client: str
    nonce: str
    opened: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """An authorisation code waiting to be exchanged."""

    session: Session
    redirect_uri: str
    challenge: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token that may be used once. `access` is the jti of the access token given with it."""

    session: Session
    made: datetime
    access: str


@dataclass(slots=True)
class Memory:
    """Codes and refresh tokens are used once. `ended` and `used` are shared with token verifiers."""

    codes: dict[str, Grant] = field(default_factory=dict)
    spent_codes: dict[str, str] = field(default_factory=dict)  # code → session id
    refresh: dict[str, Refresh] = field(default_factory=dict)
    spent: dict[str, str] = field(default_factory=dict)  # refresh token → jti of what replaced it
    used: set[str] = field(default_factory=set)  # jti of the access tokens that somebody verified
    ended: set[str] = field(default_factory=set)  # sessions that were logged out or revoked
    people: dict[str, list[str]] = field(default_factory=dict)  # id_nat → session ids
    asked: set[str] = field(default_factory=set)  # transactions seen

    def open(self, session: Session) -> None:
        self.people.setdefault(session.person.id_nat, []).append(session.id)

    def end(self, session_id: str) -> None:
        self.ended.add(session_id)
        self.refresh = {key: value for key, value in self.refresh.items() if value.session.id != session_id}

    def revoke(self, id_nat: str) -> None:
        """End every session of a person."""
        for session_id in self.people.pop(id_nat, []):
            self.end(session_id)

    def spend_code(self, code: str, now: datetime) -> Grant:
        """Use a code. A second use ends the session that it opened (RFC 6749 §4.1.2). Raises OidcError."""
        if code in self.spent_codes:
            self.end(self.spent_codes[code])
            raise errors.bad_code("code-reused")
        grant = self.codes.pop(code, None)
        if grant is None:
            raise errors.bad_code("code-unknown")
        self.spent_codes[code] = grant.session.id
        if now - grant.made > CODE_LIFE:
            raise errors.bad_code("code-expired")
        return grant

    def spend_refresh(self, token: str, now: datetime, successor: str) -> Session:
        """Use a refresh token; `successor` is the jti that replaces its access token. Raises OidcError.

        Its second use is a fault of the caller only when what replaced it arrived: an answer may be lost.
        """
        if token in self.spent:
            arrived = self.spent[token] in self.used
            raise errors.bad_refresh("refresh-reused" if arrived else "refresh-unknown")
        held = self.refresh.pop(token, None)
        if held is None:
            raise errors.bad_refresh("refresh-unknown")
        if now - held.made > REFRESH_LIFE or now - held.session.opened > SESSION_LIFE:
            raise errors.bad_refresh("refresh-expired")
        self.spent[token] = successor
        return held.session
