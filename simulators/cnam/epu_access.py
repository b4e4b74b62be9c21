"""The bench's authorisation server: exchange of a Pro Santé Connect token, bound to the TLS certificate.

Sources: ANS "Sécurisation du transport des API REST"; RFC 8693 (exchange), RFC 8705 (binding).
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from simulators.core.exchange import Tls
from simulators.core.random import Randomness
from simulators.core.service import Request

from .epu_rules import EXCHANGE, TOKEN_TYPES
from .epu_store import Store

LIFETIME = 3600  # seconds


class Claims(Protocol):
    """What a verified Pro Santé Connect token says."""

    @property
    def subject_name_id(self) -> str:
        """PS_IdNat: `8` and the 11 digits of the RPPS."""
        ...


class TokenVerifier(Protocol):
    """Verifies a Pro Santé Connect access token.

    Raises an exception with a `reason` attribute when the token is refused.
    """

    def verify(self, token: str, now: datetime) -> Claims: ...


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Answer of the token endpoint: HTTP status, JSON body, facts."""

    status: int
    body: Mapping[str, Any]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """Who calls. `verdict`: `ok`, `absent`, `unknown`, `expired` or `other-certificate`."""

    verdict: str
    user: str = ""


class Gate:
    """Issues tokens and recognises them."""

    def __init__(self, store: Store, verifier: TokenVerifier, randomness: Randomness, lifetime: int) -> None:
        self._store = store
        self._verifier = verifier
        self._randomness = randomness
        self._lifetime = lifetime

    def exchange(self, form: Mapping[str, str], tls: Tls | None, now: datetime) -> Exchanged:
        """RFC 8693: a Pro Santé Connect token against one of ours."""
        mark = thumbprint(tls)
        if not mark:
            return _oauth(401, "invalid_client", "aucun certificat client TLS")
        if form.get("grant_type") != EXCHANGE:
            return _oauth(400, "unsupported_grant_type", f"attendu : {EXCHANGE}")
        token, scope = form.get("subject_token", ""), form.get("scope", "")
        if not token or form.get("subject_token_type") not in TOKEN_TYPES or not scope:
            wanted = "subject_token, subject_token_type et scope sont obligatoires"
            return _oauth(400, "invalid_request", wanted)
        try:
            claims = self._verifier.verify(token, now)
        except Exception as error:
            reason = getattr(error, "reason", None)
            if reason is None:
                raise
            return _oauth(400, "invalid_grant", f"jeton Pro Santé Connect refusé : {reason}")
        issued = self._randomness.token("epu.token", 43)
        user = claims.subject_name_id
        with self._store.transaction():
            reused = self._store.mark_exchanged(_digest(token))
            self._store.add_token(_digest(issued), user, mark, now.timestamp() + self._lifetime)
        facts: dict[str, Any] = {"outcome": "accepted", "user": user, "scope": scope}
        if reused:
            facts["psc_reused"] = True
        body = {
            "access_token": issued,
            "issued_token_type": TOKEN_TYPES[0],
            "token_type": "Bearer",
            "expires_in": self._lifetime,
            "scope": scope,
        }
        return Exchanged(200, body, facts)

    def enter(self, request: Request, now: datetime) -> Access:
        """Who this call comes from, by its token and its certificate."""
        kind, _, token = request.header("Authorization").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            return Access("absent")
        with self._store.transaction():
            known = self._store.token(_digest(token.strip()))
        if known is None:
            return Access("unknown")
        user, mark, expires = known
        if mark != thumbprint(request.tls):
            return Access("other-certificate", user)
        return Access("ok" if now.timestamp() < expires else "expired", user)


def thumbprint(tls: Tls | None) -> str:
    """x5t#S256 of the client certificate: base64url of its SHA-256; empty without one."""
    if tls is None or tls.client_certificate is None:
        return ""
    return base64.urlsafe_b64encode(hashlib.sha256(tls.client_certificate).digest()).rstrip(b"=").decode()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _oauth(status: int, error: str, description: str) -> Exchanged:
    return Exchanged(
        status,
        {"error": error, "error_description": description},
        {"outcome": "refused", "reason": error},
    )
