"""The OpenID provider: the whole flow, and each refusal with its OAuth code."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from lxml import html

from simulators.core.clock import Clock
from simulators.core.faults import Fault
from simulators.core.identities import MEDECIN
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request
from simulators.psc.service import AUTHORIZE, OIDC, REALM, PscService, new_key
from simulators.psc.tokens import TokenRefused

KEY = new_key()
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "response_type": "code",
    "client_id": "lps",
    "redirect_uri": "http://127.0.0.1:9/psc/callback",
    "scope": "openid scope_all",
    "state": "etat-imprevisible",
    "nonce": "nonce-imprevisible",
    "acr_values": "eidas1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture
def psc() -> PscService:
    service = PscService(Clock(), Randomness(1), "lps", "secret", KEY)
    service.at("https://localhost:1")
    return service


def post(psc: PscService, path: str, form: dict[str, str], fault: str = "") -> Handled:
    headers = (("Authorization", "Basic " + base64.b64encode(b"lps:secret").decode()),)
    request = Request("POST", path, headers, urlencode(form).encode())
    if fault:
        return psc.refuse(request, Fault("psc", psc.identify(request), fault))
    return psc.handle(request)


def code(psc: PscService, fault: str = "", **changes: str) -> dict[str, str]:
    """Play the browser; returns the parameters of the redirection."""
    page = psc.handle(Request("GET", f"{AUTHORIZE}?{urlencode({**ASKED, **changes})}"))
    form = html.fromstring(page.response.body.decode()).forms[0]
    chosen = {**{k: v or "" for k, v in form.form_values()}, "user": "medecin"}
    answer = post(psc, form.action, chosen, fault).response
    assert answer.status == 302
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.header("Location")).query).items()}


def exchange(psc: PscService, given: str, fault: str = "", **changes: str) -> Handled:
    form = {
        "grant_type": "authorization_code",
        "code": given,
        "redirect_uri": ASKED["redirect_uri"],
        "code_verifier": VERIFIER,
        **changes,
    }
    return post(psc, f"{OIDC}/token", form, fault)


def body(handled: Handled) -> dict[str, Any]:
    return dict(json.loads(handled.response.body))


def test_the_whole_flow(psc: PscService) -> None:
    back = code(psc)
    assert back["state"] == ASKED["state"]
    tokens = body(exchange(psc, back["code"]))
    claims = jwt.decode(tokens["id_token"], KeySet.import_key_set(psc._signer.jwks())).claims  # type: ignore[arg-type]
    assert (claims["nonce"], claims["aud"], claims["acr"]) == (ASKED["nonce"], "lps", "eidas1")
    headers = (("Authorization", f"Bearer {tokens['access_token']}"),)
    who = body(psc.handle(Request("GET", f"{OIDC}/userinfo", headers)))
    assert who["SubjectNameID"] == MEDECIN.id_nat
    assert who["SubjectRefPro"]["exercices"][0]["activities"][0]["codeSecteurDactivite"] == "SA07"
    access = psc.verifier().verify(tokens["access_token"], psc._clock.now())
    assert access.subject_name_id == MEDECIN.id_nat


def test_both_discovery_names(psc: PscService) -> None:
    for name in ("wallet-openid-configuration", "openid-configuration"):
        document = body(psc.handle(Request("GET", f"{REALM}/.well-known/{name}")))
        assert document["issuer"] == f"https://localhost:1{REALM}"
        assert document["code_challenge_methods_supported"] == ["S256"]


def test_a_conformant_request_has_no_finding(psc: PscService) -> None:
    assert psc.handle(Request("GET", f"{AUTHORIZE}?{urlencode(ASKED)}")).findings == ()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"code_challenge_method": "plain"}, "PSC-PKCE"),
        ({"code_challenge": ""}, "PSC-PKCE"),
        ({"acr_values": ""}, "PSC-ACR"),
        ({"state": ""}, "PSC-STATE"),
        ({"nonce": "1"}, "PSC-NONCE"),
        ({"scope": "openid"}, "PSC-SCOPE"),
        ({"client_secret": "secret"}, "PSC-SECRET"),
    ],
)
def test_each_defect_is_caught_by_its_own_rule(psc: PscService, changes: dict[str, str], rule: str) -> None:
    handled = psc.handle(Request("GET", f"{AUTHORIZE}?{urlencode({**ASKED, **changes})}"))
    assert [finding.rule for finding in handled.findings] == [rule]


def test_logout_without_a_hint_is_advised_against(psc: PscService) -> None:
    handled = psc.handle(Request("GET", f"{OIDC}/logout"))
    assert [finding.rule for finding in handled.findings] == ["PSC-DECONNEXION"]
    assert handled.facts["outcome"] == "refused"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"client_id": "autre"}, "unauthorized_client"),
        ({"redirect_uri": "http://exemple.org/x"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
    ],
)
def test_refused_requests(psc: PscService, changes: dict[str, str], reason: str) -> None:
    handled = psc.handle(Request("GET", f"{AUTHORIZE}?{urlencode({**ASKED, **changes})}"))
    assert (handled.response.status, handled.facts["reason"]) == (400, reason)


def test_what_the_vendor_sends_is_escaped(psc: PscService) -> None:
    target = f"{AUTHORIZE}?{urlencode({**ASKED, 'state': '<script>alert(1)</script>'})}"
    assert b"<script>" not in psc.handle(Request("GET", target)).response.body


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": "x" * 43}, {"redirect_uri": "http://127.0.0.1:9/autre"}, {"code": "inconnu"}],
)
def test_refused_exchanges(psc: PscService, changes: dict[str, str]) -> None:
    handled = exchange(psc, code(psc)["code"], **changes)
    assert (handled.response.status, body(handled)["error"]) == (400, "invalid_grant")


def test_a_code_is_used_once(psc: PscService) -> None:
    given = code(psc)["code"]
    assert exchange(psc, given).response.status == 200
    assert body(exchange(psc, given))["error"] == "invalid_grant"


def test_the_client_must_authenticate(psc: PscService) -> None:
    form = urlencode({"grant_type": "authorization_code", "code": "x", "client_id": "lps"}).encode()
    handled = psc.handle(Request("POST", f"{OIDC}/token", (), form))
    assert (handled.response.status, handled.facts["reason"]) == (401, "invalid_client")


def test_refresh_rotates(psc: PscService) -> None:
    first = body(exchange(psc, code(psc)["code"]))["refresh_token"]
    again = post(psc, f"{OIDC}/token", {"grant_type": "refresh_token", "refresh_token": first})
    assert again.transaction == "PSC.refresh"
    assert body(again)["refresh_token"] != first
    reused = post(psc, f"{OIDC}/token", {"grant_type": "refresh_token", "refresh_token": first})
    assert body(reused)["error"] == "invalid_grant"


def test_lifetimes(psc: PscService) -> None:
    tokens = body(exchange(psc, code(psc)["code"]))
    psc._clock.shift(timedelta(minutes=3))
    with pytest.raises(TokenRefused, match="expired"):
        psc.verifier().verify(tokens["access_token"], psc._clock.now())
    psc._clock.shift(timedelta(minutes=31))
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert body(post(psc, f"{OIDC}/token", form))["error"] == "invalid_grant"


def end_by_logout(psc: PscService, tokens: dict[str, Any]) -> None:
    query = urlencode({"id_token_hint": tokens["id_token"]})
    assert psc.handle(Request("GET", f"{OIDC}/logout?{query}")).facts["outcome"] == "accepted"


def end_by_revocation(psc: PscService, tokens: dict[str, Any]) -> None:
    psc.revoke(MEDECIN.id_nat)


@pytest.mark.parametrize("end", [end_by_logout, end_by_revocation])
def test_an_ended_session_gives_nothing(
    psc: PscService, end: Callable[[PscService, dict[str, Any]], None]
) -> None:
    tokens = body(exchange(psc, code(psc)["code"]))
    end(psc, tokens)
    with pytest.raises(TokenRefused, match="ended"):
        psc.verifier().verify(tokens["access_token"], psc._clock.now())
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert body(post(psc, f"{OIDC}/token", form))["error"] == "invalid_grant"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 100])
def test_garbage_tokens_are_refused(psc: PscService, token: str) -> None:
    with pytest.raises(TokenRefused):
        psc.verifier().verify(token, psc._clock.now())


def test_forgeries(psc: PscService) -> None:
    assert code(psc, "bad-state")["state"] != ASKED["state"]
    forged = body(exchange(psc, code(psc)["code"], "bad-nonce"))["id_token"]
    assert jwt.decode(forged, KEY).claims["nonce"] != ASKED["nonce"]
    signed = body(exchange(psc, code(psc)["code"], "bad-signature"))["id_token"]
    with pytest.raises(Exception, match="signature"):
        jwt.decode(signed, KEY)
