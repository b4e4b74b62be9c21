"""Access tokens of Pro Santé Connect: made here, verified by whoever accepts them.

Claim layout: public samples of the BAS environment (SubjectNameID, acr eidas1, 120 s of life).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from simulators.core.identities import Professional

ACCESS_LIFE = 120  # seconds
ALGORITHM = "RS256"


class TokenRefused(ValueError):
    """The token gives no access. `reason`: `malformed`, `signature`, `issuer`, `expired`, `ended`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid access token says."""

    subject_name_id: str  # `8` and the RPPS
    session: str
    expires: int  # seconds since the epoch
    client: str


@dataclass(frozen=True, slots=True)
class Signer:
    """The provider's key and name."""

    key: RSAKey
    issuer: str

    def sign(self, claims: Mapping[str, Any], key: RSAKey | None = None) -> str:
        """A compact JWT; `key` signs with another key, for forged tokens."""
        header = {"alg": ALGORITHM, "kid": str(self.key.kid), "typ": "JWT"}
        return jwt.encode(header, dict(claims), key or self.key)

    def jwks(self) -> dict[str, Any]:
        public = self.key.as_dict(private=False)
        return {"keys": [{**public, "use": "sig", "alg": ALGORITHM}]}


def access_claims(
    issuer: str, client: str, person: Professional, session: str, jti: str, nonce: str, now: datetime
) -> dict[str, Any]:
    """Claims of an access token, in the public layout."""
    issued = int(now.timestamp())
    return {
        "exp": issued + ACCESS_LIFE,
        "iat": issued,
        "auth_time": issued,
        "jti": jti,
        "iss": issuer,
        "sub": subject(person),
        "typ": "Bearer",
        "azp": client,
        "nonce": nonce,
        "session_state": session,
        "sid": session,
        "acr": "eidas1",
        "auth_level": "1",
        "authMode": "CARD",
        "scope": "openid scope_all",
        "SubjectNameID": person.id_nat,
        "PSISubjectNameID": person.id_nat,
        "preferred_username": person.id_nat,
        "otherIds": [{"identifiant": person.id_nat, "origine": "RPPS", "qualite": 1}],
    }


def subject(person: Professional) -> str:
    return f"f:5e9b0000-0000-4000-8000-0000000000ba:{person.id_nat}"


class TokenVerifier:
    """Verifies access tokens for the services that accept them.

    `signer` is asked each time: the provider's name depends on its port, known once it listens.
    """

    def __init__(self, signer: Callable[[], Signer], ended: set[str], used: set[str] | None = None) -> None:
        self._signer = signer
        self._ended = ended  # sessions that were logged out or revoked; shared with the provider
        self._used = set() if used is None else used  # jti of what was verified; shared with the provider

    def verify(self, token: str, now: datetime) -> Claims:
        """The claims of a valid token. Raises TokenRefused."""
        signer = self._signer()
        try:
            claims = jwt.decode(token, signer.key, algorithms=[ALGORITHM]).claims
        except JoseError as error:
            reason = "signature" if "signature" in str(error).lower() else "malformed"
            raise TokenRefused(reason) from None
        except (ValueError, TypeError):
            raise TokenRefused("malformed") from None
        if claims.get("iss") != signer.issuer or claims.get("typ") != "Bearer":
            raise TokenRefused("issuer")
        if int(claims.get("exp", 0)) <= now.timestamp():
            raise TokenRefused("expired")
        if claims.get("sid") in self._ended:
            raise TokenRefused("ended")
        self._used.add(str(claims.get("jti", "")))
        return Claims(claims["SubjectNameID"], claims["sid"], int(claims["exp"]), str(claims.get("azp", "")))
