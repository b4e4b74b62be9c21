"""Pro Santé Connect: login, its refusals, token life and logout."""

from datetime import timedelta

import pytest

from conformance.engine.bench import MEDECIN, PHARMACIEN, PROFILE_OF, Bench
from conformance.engine.outcomes import NonApplicable
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet
from schemas.messages import text
from simulators.core.identities import PROFESSIONALS

RULES: RuleSet[None] = RuleSet("scenarios.psc")
FLOW = RULES.declare("SCN-PSC-PARCOURS", requirements=["SC.PSC.01"])
IDENTITY = RULES.declare("SCN-PSC-IDENTITE", requirements=["PSC.02"])
FORGED_NONCE = RULES.declare(
    "SCN-PSC-NONCE", requirements=["BEN-PSC-01"], source="OpenID Connect Core 3.1.3.7"
)
FORGED_STATE = RULES.declare("SCN-PSC-STATE", requirements=["BEN-PSC-01"], source="RFC 6749, 10.12")
FORGED_SIGNATURE = RULES.declare("SCN-PSC-SIGNATURE", requirements=["BEN-PSC-02"])
REFRESH = RULES.declare("SCN-PSC-RAFRAICHIR", requirements=["BEN-PSC-03"])
LOGOUT = RULES.declare("SCN-PSC-DECONNEXION", requirements=["BEN-PSC-04"])
DOWN_TOLD = RULES.declare("SCN-PSC-PANNE", requirements=["BEN-PSC-06"])

SESSION = ["session.login", "session.status", "session.logout"]


def fresh_login(bench: Bench, user: str) -> str:
    """Log out if need be, then ask for a login and play the browser; returns the last page's text."""
    bench.ask("session.logout", user=user)
    url = bench.do("session.login", user=user).data["authorization_url"]
    return bench.world.browse(url, user)


def control_login(bench: Bench) -> str:
    """Positive control: an untouched login opens a session; returns the text of the page it ends on."""
    page = fresh_login(bench, MEDECIN)
    bench.login()
    return page


@scenario("PSC-01", theme="PSC", proves=["SC.PSC.01", "PSC.02", "PSC.08"], needs=SESSION)
@pytest.mark.parametrize("user", [MEDECIN, PHARMACIEN])
def test_login(bench: Bench, user: str) -> None:
    """Authorisation code with PKCE, state and nonce; the account opened is the card's."""
    if PROFILE_OF[user] not in bench.software.profiles:
        raise NonApplicable(text("outcome.profile", "fr", profile=PROFILE_OF[user]))
    fresh_login(bench, user)
    for step in ("PSC.authorize", "PSC.choice", "PSC.token", "PSC.userinfo"):
        bench.expect("psc", step, rule=FLOW)
    status = bench.do("session.status", user=user).data
    wanted = next(item for item in PROFESSIONALS if item.user == user)
    bench.check(FLOW, status["authenticated"], observed=status["authenticated"], expected="true")
    seen = status["user"]["id_nat"] if status["user"] else ""
    bench.check(IDENTITY, seen == wanted.id_nat, observed=seen, expected=wanted.id_nat)


@scenario("PSC-02", theme="PSC", proves=["BEN-PSC-01", "BEN-PSC-02"], needs=SESSION)
@pytest.mark.parametrize(
    ("fault", "transaction"),
    [("bad-nonce", "PSC.token"), ("bad-state", "PSC.choice"), ("bad-signature", "PSC.token")],
    ids=["nonce", "state", "signature"],
)
def test_forged(bench: Bench, fault: str, transaction: str) -> None:
    """A tampered answer of the provider opens no session."""
    rule = {"bad-nonce": FORGED_NONCE, "bad-state": FORGED_STATE, "bad-signature": FORGED_SIGNATURE}[fault]
    control_login(bench)
    bench.fault("psc", transaction, fault, times=0)
    mark = bench.mark()
    fresh_login(bench, MEDECIN)
    bench.calm()
    bench.expect("psc", transaction, since=mark)
    opened = bench.do("session.status").data["authenticated"]
    bench.check(rule, not opened, where=transaction, observed="session ouverte", expected="session refusée")


@scenario("PSC-03", theme="PSC", proves=["BEN-PSC-03"], needs=[*SESSION, "mail.fetch"])
def test_refresh(bench: Bench) -> None:
    """After three minutes the access token is dead: refreshed unaided, no dead token accepted."""
    fresh_login(bench, MEDECIN)
    bench.do("mail.fetch")
    mark = bench.mark()
    bench.shift_clock(timedelta(minutes=3))
    answer = bench.ask("mail.fetch")
    bench.expect("psc", "PSC.refresh", rule=REFRESH, since=mark)
    bench.check(REFRESH, answer.done, where="mail.fetch", observed=answer.told(), expected="done")


@scenario("PSC-04", theme="PSC", proves=["BEN-PSC-04"], needs=SESSION)
def test_logout(bench: Bench) -> None:
    """Logging out ends the session at the provider too, naming it by its ID token."""
    bench.login()
    bench.do("session.logout")
    seen = bench.expect("psc", "PSC.logout", rule=LOGOUT)
    bench.check(
        LOGOUT, seen.accepted, where=seen.id, observed=seen.facts.get("reason", ""), expected="id_token_hint"
    )
    opened = bench.do("session.status").data["authenticated"]
    bench.check(LOGOUT, not opened, observed="session ouverte", expected="session fermée")


@scenario("PSC-05", theme="PSC", proves=["BEN-PSC-06"], needs=SESSION)
@pytest.mark.parametrize("transaction", ["PSC.token", "PSC.userinfo"])
def test_down(bench: Bench, transaction: str) -> None:
    """The provider answers 503 in the middle of a login: no session, and the user is told."""
    welcome = control_login(bench)
    bench.fault("psc", transaction, "unavailable", times=0)
    mark = bench.mark()
    page = fresh_login(bench, MEDECIN)
    bench.expect("psc", transaction, since=mark)
    status = bench.ask("session.status")
    opened = bool(status.data.get("authenticated"))
    bench.check(DOWN_TOLD, not opened, observed="session ouverte", expected="pas de session")
    told = status.warned() or page.strip() not in ("", welcome.strip())
    bench.check(
        DOWN_TOLD, told, where="page, messages", observed=page.strip(), expected=text("expected.told")
    )
