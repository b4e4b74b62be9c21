"""What may be made to go wrong at Pro Santé Connect, beyond what the hosting does to any service.

| kind | transaction | effect |
|---|---|---|
| `bad-state` | PSC.authorize, PSC.choice | the redirection carries another state |
| `access-denied` | PSC.authorize, PSC.choice | the redirection carries `error=access_denied` |
| `bad-nonce`, `bad-audience`, `bad-issuer`, `bad-acr`, `expired-id-token` | PSC.token, PSC.refresh | one claim of the ID token is false |
| `bad-signature` | PSC.token, PSC.refresh | the ID token is signed with another key, under the published `kid` |
| `unknown-key` | PSC.token, PSC.refresh | the same, under a `kid` that is not published |
| `session-ended` | PSC.refresh | refused: `invalid_grant` |
"""  # noqa: E501

from typing import Any

BAD_STATE = "bad-state"
ACCESS_DENIED = "access-denied"
BAD_SIGNATURE = "bad-signature"
UNKNOWN_KEY = "unknown-key"
SESSION_ENDED = "session-ended"
CLAIMS: dict[str, dict[str, Any]] = {
    "bad-nonce": {"nonce": "falsifie"},
    "bad-audience": {"aud": "un-autre-logiciel", "azp": "un-autre-logiciel"},
    "bad-issuer": {"iss": "https://ailleurs.invalid/auth/realms/esante-wallet"},
    "bad-acr": {"acr": "eidas0"},
    "expired-id-token": {"iat": 1_600_000_000, "auth_time": 1_600_000_000, "exp": 1_600_000_120},
}
REDIRECTION = (BAD_STATE, ACCESS_DENIED)
IDENTITY = (*CLAIMS, BAD_SIGNATURE, UNKNOWN_KEY)
KINDS = (*REDIRECTION, *IDENTITY, SESSION_ENDED)
_EFFECT = {
    "PSC.authorize": REDIRECTION,
    "PSC.choice": REDIRECTION,
    "PSC.token": IDENTITY,
    "PSC.refresh": (*IDENTITY, SESSION_ENDED),
}


def check(kind: str, transaction: str) -> None:
    """Raises ValueError when the fault makes no sense there."""
    if kind not in KINDS:
        raise ValueError(f"psc knows no fault {kind!r}: one of {', '.join(KINDS)}")
    if kind not in _EFFECT.get(transaction, ()):
        raise ValueError(f"fault {kind!r} has no effect on {transaction}")
