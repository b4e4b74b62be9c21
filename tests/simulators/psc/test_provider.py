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


def rules(handled: Handled) -> list[str]:
    return [finding.rule for finding in handled.findings]


def renew(psc: PscService, token: str, fault: str = "") -> Handled:
    return post(psc, f"{OIDC}/token", {"grant_type": "refresh_token", "refresh_token": token}, fault)


def open_session(psc: PscService) -> dict[str, Any]:
    """Discover, log in, exchange the code."""
    psc.handle(Request("GET", f"{REALM}/.well-known/openid-configuration"))
    handled = exchange(psc, code(psc)["code"])
    assert rules(handled) == []
    return body(handled)


def who(psc: PscService, token: str) -> Handled:
    return psc.handle(Request("GET", f"{OIDC}/userinfo", (("Authorization", f"Bearer {token}"),)))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"code": "inconnu"}, "PSC-CODE"),
        ({"code_verifier": "x" * 43}, "PSC-CODE"),
        ({"redirect_uri": "http://127.0.0.1:9/psc/callback/"}, "PSC-REDIRECTION"),
    ],
)
def test_a_wrong_exchange_is_judged(psc: PscService, changes: dict[str, str], rule: str) -> None:
    open_session(psc)
    assert rules(exchange(psc, code(psc)["code"], **changes)) == [rule]


def test_a_code_used_twice_ends_its_session(psc: PscService) -> None:
    psc.handle(Request("GET", f"{REALM}/.well-known/openid-configuration"))
    given = code(psc)["code"]
    tokens = body(exchange(psc, given))
    assert rules(exchange(psc, given)) == ["PSC-CODE"]
    assert who(psc, tokens["access_token"]).facts["detail"] == "ended"


def test_an_old_refresh_token_is_judged_once_its_successor_arrived(psc: PscService) -> None:
    first = open_session(psc)["refresh_token"]
    second = body(renew(psc, first))
    lost = renew(psc, first)  # the answer may have been lost
    assert (lost.facts["outcome"], rules(lost)) == ("refused", [])
    psc.verifier().verify(second["access_token"], psc._clock.now())
    assert rules(renew(psc, first)) == ["PSC-ROTATION"]
    assert rules(renew(psc, second["refresh_token"])) == []


def test_a_dead_token_is_advised_against(psc: PscService) -> None:
    psc.handle(Request("GET", f"{OIDC}/certs"))
    token = open_session(psc)["access_token"]
    assert rules(who(psc, token)) == []
    psc._clock.shift(timedelta(minutes=3))
    dead = who(psc, token)
    assert (dead.response.status, rules(dead)) == (401, ["PSC-JETON-MORT"])
    assert "invalid_token" in dead.response.header("WWW-Authenticate")


def test_discovery_and_keys_are_expected(psc: PscService) -> None:
    blind = exchange(psc, code(psc)["code"])
    assert rules(blind) == ["PSC-DECOUVERTE"]
    assert rules(who(psc, body(blind)["access_token"])) == ["PSC-CLES"]


def test_each_discovery_name_has_its_authorisation_address(psc: PscService) -> None:
    found = {
        name: body(psc.handle(Request("GET", f"{REALM}/.well-known/{name}")))["authorization_endpoint"]
        for name in ("wallet-openid-configuration", "openid-configuration")
    }
    assert found["wallet-openid-configuration"] == f"https://localhost:1{AUTHORIZE}"
    assert found["openid-configuration"] == f"https://localhost:1{OIDC}/auth"


def test_declared_redirections_are_compared_exactly() -> None:
    declared = PscService(
        Clock(), Randomness(1), "lps", "secret", KEY, redirect_uris=["http://127.0.0.1:9/psc/callback"]
    )
    assert declared.handle(Request("GET", f"{AUTHORIZE}?{urlencode(ASKED)}")).response.status == 200
    other = {**ASKED, "redirect_uri": "http://127.0.0.1:9/psc/callback?x=1"}
    handled = declared.handle(Request("GET", f"{AUTHORIZE}?{urlencode(other)}"))
    assert (handled.response.status, rules(handled)) == (400, ["PSC-REDIRECTION"])


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://[::1",
        "javascript:alert(1)",
        "http://127.0.0.1:9/\r\nSet-Cookie: a=b",
        "https://ailleurs.test/#x",
        "http://127.0.0.1.attaquant.example/",
        "https:///x",
        "http://127.0.0.1:9/é",
    ],
)
def test_hostile_redirections_go_nowhere(psc: PscService, uri: str) -> None:
    asked = psc.handle(Request("GET", f"{AUTHORIZE}?{urlencode({**ASKED, 'redirect_uri': uri})}"))
    assert (asked.response.status, asked.response.header("Location")) == (400, "")
    hint = open_session(psc)["id_token"]
    query = urlencode({"id_token_hint": hint, "post_logout_redirect_uri": uri})
    ended = psc.handle(Request("GET", f"{OIDC}/logout?{query}"))
    assert (ended.response.status, ended.response.header("Location")) == (200, "")


def test_a_refusal_at_the_login_page_reaches_the_software(psc: PscService) -> None:
    for answer in (
        post(psc, AUTHORIZE, {**ASKED, "user": ""}),
        post(psc, AUTHORIZE, {**ASKED, "user": "medecin"}, "access-denied"),
    ):
        told = parse_qs(urlsplit(answer.response.header("Location")).query)
        assert (told["error"], told["state"]) == (["access_denied"], [ASKED["state"]])
    silent = psc.handle(Request("GET", f"{AUTHORIZE}?{urlencode({**ASKED, 'prompt': 'none'})}"))
    assert "error=login_required" in silent.response.header("Location")


@pytest.mark.parametrize(
    ("kind", "claim"),
    [
        ("bad-nonce", "nonce"),
        ("bad-audience", "aud"),
        ("bad-issuer", "iss"),
        ("bad-acr", "acr"),
        ("expired-id-token", "exp"),
    ],
)
def test_each_forgery_changes_its_claim_alone(psc: PscService, kind: str, claim: str) -> None:
    good = jwt.decode(open_session(psc)["id_token"], KEY).claims
    forged = jwt.decode(body(exchange(psc, code(psc)["code"], kind))["id_token"], KEY).claims
    changing = {"sid", "iat", "auth_time", "exp", "at_hash", "azp"} - {claim}
    assert {name for name in good if name not in changing and good[name] != forged[name]} == {claim}


def test_an_unknown_key_is_not_published(psc: PscService) -> None:
    forged = body(exchange(psc, code(psc)["code"], "unknown-key"))["id_token"]
    kid = json.loads(base64.urlsafe_b64decode(forged.partition(".")[0] + "=="))["kid"]
    published = body(psc.handle(Request("GET", f"{OIDC}/certs")))["keys"]
    assert kid not in {key["kid"] for key in published}
    assert new_key().kid != KEY.kid


def test_a_session_can_end_at_renewal(psc: PscService) -> None:
    refused = renew(psc, open_session(psc)["refresh_token"], "session-ended")
    assert (refused.facts["reason"], rules(refused)) == ("invalid_grant", [])


@pytest.mark.parametrize("kind", ["inconnue", "bad-nonce"])
def test_a_fault_out_of_place_is_our_error(psc: PscService, kind: str) -> None:
    request = Request("GET", f"{AUTHORIZE}?{urlencode(ASKED)}")
    with pytest.raises(ValueError, match=kind):
        psc.refuse(request, Fault("psc", "PSC.authorize", kind))


def test_recorded_exchanges_are_judged_alike(psc: PscService) -> None:
    from simulators.core.faults import FaultPlan
    from simulators.core.journal import Journal
    from simulators.core.service import Context, serve

    journal = Journal(psc._clock)
    context = Context(psc._clock, journal, FaultPlan())
    headers = (("Authorization", "Basic " + base64.b64encode(b"lps:secret").decode()),)
    form = urlencode({"grant_type": "authorization_code", "code": "inconnu"}).encode()
    for request in (
        Request("GET", f"{AUTHORIZE}?{urlencode({**ASKED, 'acr_values': '', 'nonce': ''})}"),
        Request("POST", f"{OIDC}/token", headers, form),
        Request("GET", f"{OIDC}/logout"),
        Request("GET", f"{OIDC}/userinfo?access_token=x"),
    ):
        serve(psc, request, context)
    fresh = PscService(Clock(), Randomness(2), "lps", "secret", KEY)
    for made in journal.exchanges():
        assert tuple(fresh.rejudge(made)) == journal.findings(made) != ()
    journal.close()
