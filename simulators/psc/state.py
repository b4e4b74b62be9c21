"""What the provider remembers: codes, sessions and refresh tokens."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators.core.identities import Professional

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


@dataclass(slots=True)
class Memory:
    """Codes and refresh tokens are used once. `ended` is shared with token verifiers."""

    codes: dict[str, Grant] = field(default_factory=dict)
    refresh: dict[str, tuple[Session, datetime]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    people: dict[str, list[str]] = field(default_factory=dict)  # id_nat → session ids

    def open(self, session: Session) -> None:
        self.people.setdefault(session.person.id_nat, []).append(session.id)

    def end(self, session_id: str) -> None:
        self.ended.add(session_id)
        self.refresh = {key: value for key, value in self.refresh.items() if value[0].id != session_id}

    def revoke(self, id_nat: str) -> None:
        """End every session of a person."""
        for session_id in self.people.pop(id_nat, []):
            self.end(session_id)
