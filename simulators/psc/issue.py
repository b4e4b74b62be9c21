"""The answer of the token endpoint: access token, refresh token, ID token, and the falsified ones."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc.jwk import RSAKey

from . import faults
from .state import REFRESH_LIFE, Session
from .tokens import ACCESS_LIFE, ALGORITHM, Signer, access_claims, subject


def new_key() -> RSAKey:
    """A signing key for one provider, named by its thumbprint: another key never has the same name."""
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM})
    return RSAKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()})


def issue(
    signer: Signer, session: Session, *, jti: str, refresh: str, now: datetime, forgery: str = ""
) -> dict[str, Any]:
    """The JSON that answers a grant. `forgery` is a fault of `faults.IDENTITY`."""
    access = signer.sign(
        access_claims(signer.issuer, session.client, session.person, session.id, jti, session.nonce, now)
    )
    return {
        "access_token": access,
        "expires_in": ACCESS_LIFE,
        "refresh_expires_in": int(REFRESH_LIFE.total_seconds()),
        "refresh_token": refresh,
        "token_type": "Bearer",
        "id_token": _identity(signer, session, access, now, forgery),
        "session_state": session.id,
        "scope": "openid scope_all",
    }


def _identity(signer: Signer, session: Session, access: str, now: datetime, forgery: str) -> str:
    """OpenID Connect Core §2 and §3.1.3.6 (at_hash)."""
    issued, person = int(now.timestamp()), session.person
    half = hashlib.sha256(access.encode()).digest()[:16]
    claims: Mapping[str, Any] = {
        "exp": issued + ACCESS_LIFE,
        "iat": issued,
        "auth_time": int(session.opened.timestamp()),
        "iss": signer.issuer,
        "aud": session.client,
        "azp": session.client,
        "sub": subject(person),
        "typ": "ID",
        "sid": session.id,
        "nonce": session.nonce,
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        "acr": "eidas1",
        "SubjectNameID": person.id_nat,
        "preferred_username": person.id_nat,
        "given_name": person.given,
        "family_name": person.family,
        **faults.CLAIMS.get(forgery, {}),
    }
    if forgery == faults.BAD_SIGNATURE:
        return signer.sign(claims, new_key())
    if forgery == faults.UNKNOWN_KEY:
        return Signer(new_key(), signer.issuer).sign(claims)
    return signer.sign(claims)
