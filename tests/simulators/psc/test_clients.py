"""Several relying parties at one provider: each has its secret, its redirections, its codes and tokens."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from simulators.core.clock import Clock
from simulators.core.identities import MEDECIN
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request
from simulators.psc.service import AUTHORIZE, OIDC, PscService, new_key

KEY = new_key()
VERIFIER = "v" * 43
BACK = {"lps": "https://localhost:1/retour", "pages": "https://localhost:2/retour"}
SECRETS = {"lps": "un", "pages": "deux"}


@pytest.fixture
def psc() -> PscService:
    service = PscService(Clock(), Randomness(1), "lps", SECRETS["lps"], KEY)
    service.at("https://localhost:9")
    service.register("pages", SECRETS["pages"], [BACK["pages"]])
    return service


def asked(client: str, uri: str = "") -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": uri or BACK[client],
        "scope": "openid scope_all",
        "state": "etat-imprevisible",
        "nonce": "nonce-imprevisible",
        "acr_values": "eidas1",
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
        .rstrip(b"=")
        .decode(),
        "code_challenge_method": "S256",
    }


def code(psc: PscService, client: str) -> str:
    body = urlencode({**asked(client), "user": MEDECIN.user}).encode()
    handled = psc.handle(Request("POST", AUTHORIZE, (), body))
    assert handled.facts["client"] == client
    return parse_qs(urlsplit(handled.response.header("Location")).query)["code"][0]


def token(psc: PscService, client: str, secret: str = "", **form: str) -> Handled:
    pair = base64.b64encode(f"{client}:{secret or SECRETS[client]}".encode()).decode()
    sent = {
        "grant_type": "authorization_code",
        "redirect_uri": BACK[client],
        "code_verifier": VERIFIER,
        **form,
    }
    headers = (("Authorization", f"Basic {pair}"),)
    return psc.handle(Request("POST", f"{OIDC}/token", headers, urlencode(sent).encode()))


def body(handled: Handled) -> Any:
    return json.loads(handled.response.body)


@pytest.mark.parametrize("client", SECRETS)
def test_each_client_logs_in(psc: PscService, client: str) -> None:
    handled = token(psc, client, code=code(psc, client))
    assert handled.response.status == 200
    claims = psc.verifier().verify(body(handled)["access_token"], Clock().now())
    assert (claims.client, claims.subject_name_id) == (client, MEDECIN.id_nat)
    again = token(psc, client, grant_type="refresh_token", refresh_token=body(handled)["refresh_token"])
    assert again.response.status == 200


def test_one_client_has_nothing_of_the_other(psc: PscService) -> None:
    assert body(token(psc, "lps", secret=SECRETS["pages"], code="x"))["error"] == "invalid_client"
    stolen = token(psc, "pages", code=code(psc, "lps"), redirect_uri=BACK["lps"])
    assert body(stolen)["error"] == "invalid_grant"
    own = body(token(psc, "lps", code=code(psc, "lps")))
    refreshed = token(psc, "pages", grant_type="refresh_token", refresh_token=own["refresh_token"])
    assert body(refreshed)["error"] == "invalid_grant"


def test_redirections_are_each_client_s_own(psc: PscService) -> None:
    for client, uri, status in (
        ("pages", BACK["lps"], 400),
        ("pages", BACK["pages"], 200),
        ("lps", BACK["pages"], 200),  # this one declared none: any https will do
        ("inconnu", BACK["lps"], 400),
    ):
        target = f"{AUTHORIZE}?{urlencode(asked(client, uri))}"
        assert psc.handle(Request("GET", target)).response.status == status
