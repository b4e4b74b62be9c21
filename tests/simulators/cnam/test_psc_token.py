"""A token of the simulated Pro Santé Connect opens the e-prescription service."""

import json
from collections.abc import Callable
from datetime import timedelta

from joserfc.jwk import RSAKey

from simulators.cnam.epu import EpuService
from simulators.core.clock import Clock
from simulators.core.exchange import Tls
from simulators.core.identities import MEDECIN
from simulators.core.population import Population
from simulators.core.random import Randomness
from simulators.core.service import Context
from simulators.psc.tokens import Signer, TokenVerifier, access_claims

from .conftest import Caller


def test_psc_token_is_exchanged(
    clock: Clock,
    population: Population,
    randomness: Randomness,
    context: Context,
    session_of: Callable[[str], Tls],
) -> None:
    signer = Signer(RSAKey.generate_key(2048), "https://localhost/psc")
    ended: set[str] = set()
    service = EpuService(clock, population, randomness, TokenVerifier(lambda: signer, ended))
    caller = Caller(service, context, session_of("cabinet-auth"), MEDECIN.id_nat)
    claims = access_claims(
        issuer=signer.issuer, client="c", person=MEDECIN, session="s", jti="j", nonce="n", now=clock.now()
    )
    token = signer.sign(claims)
    assert caller.exchange(subject_token=token).status == 200
    assert caller.facts["user"] == MEDECIN.id_nat

    stranger = Signer(RSAKey.generate_key(2048), signer.issuer).sign(claims)
    for refused in (stranger, "x.y.z", ""):
        response = caller.exchange(subject_token=refused)
        assert response.status == 400
        assert json.loads(response.body)["error"] in ("invalid_grant", "invalid_request")
    clock.shift(timedelta(minutes=3))
    expired = json.loads(caller.exchange(subject_token=token).body)
    assert "expired" in expired["error_description"]
