"""Who opens Web PS, and on what: cards, logins, certificates, records; over real TLS sockets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from lxml import html

from schemas.ins import key
from simulators.core.faults import Fault
from simulators.core.identities import BIOLOGISTE, CORRESPONDANT, EMPLOYEES, MEDECIN, PHARMACIEN
from simulators.core.service import Request
from simulators.dmp.authorisations import State
from simulators.dmp.web.login import SESSION
from simulators.psc import faults
from simulators.stack import Stack, StackSettings, recorded_judge

PAGES = ("DossierPatient", "GestionDMPPatient", "Documents", "ParcoursDeSoins", "HistoriqueAcces")
PAGES += ("VolontesEtDroits", "CarnetVaccination")
Any_ = Callable[..., Any]


def one(seen: Any_, transaction: str) -> tuple[dict[str, Any], list[str]]:
    """The facts and the findings of the one call of this transaction."""
    ((exchange, findings),) = seen(transaction)
    return dict(exchange.facts), [finding.rule for finding in findings]


def text(page: requests.Response) -> str:
    return " ".join(html.fromstring(page.content).body.text_content().split())


def test_the_dashboard_tells_whether_a_record_exists(
    stack: Stack, patient: Any_, at: Any_, seen: Any_
) -> None:
    open_ = patient()
    shown = stack.open_web(at("TableauDeBord", open_), MEDECIN.user)
    assert (
        shown.status == 200 and "Ce patient a un DMP ouvert" in shown.text and open_.birth_name in shown.text
    )
    facts, findings = one(seen, "TD0.9")
    assert findings == []
    assert facts == {
        "page": "TableauDeBord",
        "bearer": "person",
        "inside": False,
        "patient": open_.ins.matricule,
        "known": True,
        "user": MEDECIN.id_nat,
        "structure": MEDECIN.structure.id_nat,
        "mode": "DIRECTE",
        "purpose": "normal",
        "exists": True,
        "status": "active",
        "authorisation": "VALIDE",
        "shown": "dashboard",
        "outcome": "accepted",
    }
    closed = patient(dmp="ferme", closure="Ne souhaite plus de DMP")
    told = stack.open_web(at("TableauDeBord", closed), MEDECIN.user)
    assert told.status == 200 and "fermé" in told.text and "Ne souhaite plus de DMP" in told.text
    none = patient(dmp="inexistant")
    told = stack.open_web(at("TableauDeBord", none), MEDECIN.user)
    assert told.status == 200 and "pas de DMP" in told.text and none.birth_name not in told.text
    blocked = patient(authorisation="INTERDIT")
    told = stack.open_web(at("TableauDeBord", blocked), MEDECIN.user)
    assert told.status == 200 and "Bloqué" in told.text and "Entrer dans le dossier" not in told.text
    assert stack.open_web(at("TableauDeBord"), MEDECIN.user).status == 200


@pytest.mark.parametrize(
    ("persona", "status", "cause"),
    [
        ({"dmp": "ferme"}, 410, "dmp-closed"),
        ({"dmp": "inexistant"}, 404, "dmp-absent"),
        ({"authorisation": "INTERDIT"}, 403, "authorisation-interdit"),
    ],
)
def test_other_pages_lead_to_the_dashboard(
    browse: Any_, patient: Any_, at: Any_, seen: Any_, persona: Any, status: int, cause: str
) -> None:
    refused, browser = patient(**persona), browse(f"cps-{MEDECIN.user}-auth")
    for page in PAGES:
        answer = browser.get(at(page, refused))
        assert answer.status_code == status
        links = html.fromstring(answer.content).xpath("//main//a/@href")
        assert links == [f"/AccesDirect/TableauDeBord/{refused.ins.matricule}"]
        assert refused.birth_name not in answer.text
    assert {exchange.facts["cause"] for exchange, _ in seen("TD0.9")} == {cause}
    assert all(findings == () for _, findings in seen())


@pytest.mark.parametrize("state", ["NON_EXISTE", "EXPIRE"])
@pytest.mark.parametrize("by", ["card", "login"])
def test_the_confirmation_authorises(
    stack: Stack, patient: Any_, at: Any_, seen: Any_, state: str, by: str
) -> None:
    asked = patient(authorisation=state)
    window = stack.open_web(at("Documents", asked), MEDECIN.user, by)
    assert window.status == 200 and "Le patient consent" in window.text
    authorisations = stack.services.dmp.authorisations
    assert authorisations.of(asked, MEDECIN.id_nat, stack.clock.now()).state is not State.VALID
    home = stack.open_web(at("Documents", asked), MEDECIN.user, by, confirm=True)
    assert home.status == 200 and "/DossierPatient/" in home.url
    assert authorisations.of(asked, MEDECIN.id_nat, stack.clock.now()).state is State.VALID
    facts, _ = one(seen, "WEB.authorise")
    assert (facts["before"], facts["after"], facts["outcome"]) == (state, "VALIDE", "accepted")
    transaction = {"card": "TD0.9", "login": "TD0.10"}[by]
    assert [exchange.facts["shown"] for exchange, _ in seen(transaction)] == ["confirmation"] * 2 + ["home"]
    traces = stack.services.dmp.audit.of(asked.ins.matricule)
    assert [trace.transaction for trace in traces] == [transaction] * 2 + ["WEB.authorise", transaction]
    assert {trace.who for trace in traces} == {MEDECIN.id_nat}


def test_a_login_is_a_whole_oidc_round_trip(
    stack: Stack, browse: Any_, patient: Any_, at: Any_, seen: Any_
) -> None:
    since = stack.journal.position
    browser, target = browse(), at("DossierPatient", patient(), "?lang=en")
    sent = browser.get(target, allow_redirects=False)
    assert sent.status_code == 302
    asked = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert asked["client_id"] == ["segur-bench-dmp-web"] and asked["code_challenge_method"] == ["S256"]
    choice = browser.get(sent.headers["Location"])
    form = html.fromstring(choice.content).forms[0]
    fields = {**dict(form.form_values()), "user": PHARMACIEN.user}
    home = browser.post(f"{stack.services.psc.base_url}{form.action}", data=fields)
    assert home.url == target and "Pro Santé Connect (TD0.10)" in text(home)
    facts, findings = one(seen, "TD0.10")
    assert (facts["user"], facts["mode"], facts["bearer"]) == (PHARMACIEN.id_nat, "INDIRECTE_RENFORCEE", "")
    assert findings == []
    told = [item.transaction for item in stack.journal.exchanges(since=since)]
    assert told == ["WEB.login", "PSC.authorize", "PSC.choice", "WEB.callback", "TD0.10"]
    every = [
        finding for item in stack.journal.exchanges(since=since) for finding in stack.journal.findings(item)
    ]
    assert every == []  # our own client keeps every rule of Pro Santé Connect
    cookies = [value for name, value in home.history[0].headers.items() if name == "Set-Cookie"]
    cookies += [value for name, value in home.history[1].headers.items() if name == "Set-Cookie"]
    assert all("Secure; HttpOnly; SameSite=Lax" in value and "Domain" not in value for value in cookies)
    again = browser.get(at("Documents", patient()))  # the session is kept
    assert again.status_code == 200 and again.history == []


def test_a_session_ends(stack: Stack, browse: Any_, patient: Any_, at: Any_) -> None:
    browser, wanted = browse(), at("DossierPatient", patient())
    log_in(stack, browser, wanted)
    origin = stack.environment.dmp_web_url
    assert (
        browser.post(f"{origin}/connexion/fin", headers={"Origin": "https://evil.example"}).status_code == 405
    )
    assert browser.get(f"{origin}/connexion/fin").status_code == 405
    ended = browser.post(f"{origin}/connexion/fin", headers={"Origin": origin})
    assert ended.status_code == 200 and SESSION not in browser.cookies
    assert browser.get(wanted, allow_redirects=False).status_code == 302
    log_in(stack, browser, wanted)
    stack.clock.shift(timedelta(hours=5))
    try:
        assert browser.get(wanted, allow_redirects=False).status_code == 302
        form = browser.post(wanted, data={"geste": "authorise"})
        assert form.status_code == 401
    finally:
        stack.clock.shift(timedelta(0))


def log_in(stack: Stack, browser: requests.Session, url: str, user: str = MEDECIN.user) -> requests.Response:
    choice = browser.get(url)
    form = html.fromstring(choice.content).forms[0]
    fields = {**dict(form.form_values()), "user": user}
    return browser.post(f"{stack.services.psc.base_url}{form.action}", data=fields)


def test_a_login_that_does_not_succeed(
    stack: Stack, browse: Any_, patient: Any_, at: Any_, seen: Any_
) -> None:
    target = at("DossierPatient", patient())
    denied = log_in(stack, browse(), target, user="")
    assert (
        denied.status_code == 403
        and "access_denied" in denied.text
        and "Se connecter à nouveau" in denied.text
    )
    back = stack.environment.dmp_web_url + "/connexion/retour"
    assert "state" in browse().get(f"{back}?code=x&state=inconnu").text
    victim = browse()  # a login begun elsewhere is not finished in this browser
    begun = browse().get(target, allow_redirects=False)
    state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
    assert victim.get(f"{back}?code=x&state={state}").status_code == 403
    assert SESSION not in victim.cookies
    late = browse()
    begun = late.get(target, allow_redirects=False)
    state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
    assert "invalid_grant" in late.get(f"{back}?code=faux&state={state}").text
    assert late.get(f"{back}?code=faux&state={state}").status_code == 403  # a state is used once
    causes = [exchange.facts["cause"] for exchange, _ in seen("WEB.callback")]
    assert causes == ["login-failed"] * 5


@pytest.mark.parametrize("kind", faults.IDENTITY)
def test_forged_tokens_open_nothing(
    stack: Stack, browse: Any_, patient: Any_, at: Any_, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider is made to lie; the relying party must see it."""
    psc = stack.services.psc
    honest = psc.handle

    def lying(request: Request) -> Any:
        if psc.identify(request) != "PSC.token":
            return honest(request)
        return psc.refuse(request, Fault("psc", "PSC.token", kind))

    monkeypatch.setattr(psc, "handle", lying)
    shown = log_in(stack, browse(), at("DossierPatient", patient()))
    assert shown.status_code == 403 and "id_token" in shown.text


def test_an_organisation_opens_nothing(stack: Stack, patient: Any_, at: Any_, seen: Any_) -> None:
    shown = stack.open_web(at("DossierPatient", patient()), "cabinet-auth")
    assert shown.status == 403 and "certificat d&#39;organisation" in shown.text
    facts, findings = one(seen, "TD0.9")
    assert (facts["cause"], facts["bearer"], findings) == (
        "organisation-certificate",
        "organisation",
        ["WEB-PS-04"],
    )
    assert "user" not in facts
    assert stack.services.dmp.audit.of(patient().ins.matricule) == ()


@pytest.mark.parametrize("pair", ["expired", "revoked", "unknown-issuer", "wrong-range", "cps-medecin-sign"])
def test_bad_certificates_do_not_get_through_tls(stack: Stack, at: Any_, pair: str) -> None:
    since = stack.journal.position
    with pytest.raises(requests.exceptions.RequestException):
        stack.open_web(at("TableauDeBord"), pair)
    assert stack.journal.wait_for(lambda seen: bool(seen), since=since, timeout=5)
    (refused,) = stack.journal.exchanges(since=since, service="dmp-web")
    assert refused.transaction == "TLS.refused"


def test_a_card_is_looked_at_with_the_clock_of_the_bench(stack: Stack, at: Any_, seen: Any_) -> None:
    stack.clock.shift(timedelta(days=3 * 365))
    try:
        shown = stack.open_web(at("TableauDeBord"), MEDECIN.user)
    finally:
        stack.clock.shift(timedelta(0))
    assert shown.status == 403 and "expiré" in shown.text
    assert one(seen, "TD0.9")[0]["cause"] == "card-expired"


def test_nobody_is_sent_to_log_in(stack: Stack, browse: Any_, patient: Any_, at: Any_, seen: Any_) -> None:
    assert browse().get(at("Documents", patient()), allow_redirects=False).status_code == 302
    assert browse().post(at("Documents", patient()), data={"geste": "authorise"}).status_code == 401
    assert one(seen, "WEB.login")[0]["outcome"] == "accepted"


@pytest.mark.parametrize("pair", ["", "cps-medecin-auth"])
def test_hostile_addresses(stack: Stack, browse: Any_, seen: Any_, pair: str) -> None:
    browser, base = browse(pair), stack.environment.dmp_web_url
    good = stack.population.derive("web/hostile").ins.matricule
    other = f"{good[:5]}99999{200:03d}"
    stranger = other + key(other)
    for path, status, rules in [
        (f"/AccesDirect/Inconnue/{good}", 404, ["WEB-PS-01"]),
        ("/AccesDirect/%3Cscript%3Ealert(1)%3C/script%3E", 404, ["WEB-PS-01"]),
        ("/..%2f..%2fetc/passwd", 404, ["WEB-PS-01"]),
        ("/AccesDirect/Documents/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 400, ["WEB-PS-02"]),
        ("/AccesDirect/Documents/%0d%0aSet-Cookie:%20x=1", 400, ["WEB-PS-02"]),
        (f"/AccesDirect/Documents/{good[:14]}{(int(good[14]) + 1) % 10}", 400, ["WEB-PS-02"]),
        (f"/AccesDirect/Documents/{good}/{good}", 400, ["WEB-PS-02"]),
        (f"/AccesDirect/Parametrages/{good}", 400, ["WEB-PS-02"]),
        (f"/AccesDirect/Documents/{'1' * 5000}", 400, ["WEB-PS-02"]),
        (f"/AccesDirect/Documents/{stranger}", 403, ["WEB-PS-03"]),
        (f"/AccesDirect/TableauDeBord/{stranger}", 403, ["WEB-PS-03"]),
    ]:
        answer = browser.get(base + path, allow_redirects=False)
        assert answer.status_code == status, path
        assert "<script" not in answer.text and "Set-Cookie" not in answer.headers
        exchange, findings = seen()[-1]
        assert [finding.rule for finding in findings] == rules, path
        assert exchange.facts["outcome"] == "refused"
    for method in ("PUT", "DELETE", "OPTIONS"):
        assert browser.request(method, f"{base}/AccesDirect/TableauDeBord").status_code == 405
    assert browser.get(f"{base}/").status_code == 200
    assert browser.get(f"{base}/favicon.ico").status_code == 204


def test_an_employee_sees_the_dashboard_and_authorises_the_structure(
    stack: Stack, patient: Any_, at: Any_, seen: Any_
) -> None:
    """A CPE card: TD0.9 is theirs, documents are not (PDT-INF-526)."""
    one_ = patient(authorisation="NON_EXISTE")
    for employee in EMPLOYEES:
        shown = stack.open_web(at("TableauDeBord", one_), employee.user)
        assert shown.status == 200 and employee.structure.name in shown.text
    secretary = EMPLOYEES[0]
    assert stack.open_web(at("Parametrages"), secretary.user).status == 200
    home = stack.open_web(at("DossierPatient", one_), secretary.user, confirm=True)
    assert home.status == 403 and "Les droits de votre profession" in home.text
    facts, _ = one(seen, "WEB.authorise")
    assert (facts["after"], facts["outcome"]) == ("VALIDE", "accepted")
    held = stack.services.dmp.authorisations
    assert held.of(one_, secretary.structure.id_nat, stack.clock.now()).state is State.VALID


def test_a_former_ins_opens_the_same_record(stack: Stack, patient: Any_, at: Any_) -> None:
    before = patient()
    now = stack.others.change_ins(before)
    shown = stack.open_web(at("DossierPatient", before), MEDECIN.user)
    assert shown.status == 200 and now.ins.matricule in shown.text
    assert stack.services.dmp.audit.of(now.ins.matricule)[-1].transaction == "TD0.9"
    assert stack.mes.patient(before.ins.matricule) == now


def test_the_pages_may_fail_too(stack: Stack, patient: Any_, at: Any_, seen: Any_) -> None:
    one_ = patient()
    stack.rule("dmp-web/TD0.9: 1-1 unavailable")
    stack.rule("dmp-web/TLS: bad-certificate expired")
    with pytest.raises(requests.exceptions.SSLError):
        stack.open_web(at("Documents", one_), MEDECIN.user)
    assert stack.open_web(at("Documents", one_), MEDECIN.user).status == 503
    assert stack.open_web(at("Documents", one_), MEDECIN.user).status == 200
    assert [exchange.fault for exchange, _ in seen("TD0.9")] == ["unavailable", ""]


def test_a_patient_may_carry_the_failure_of_their_pages(stack: Stack, patient: Any_, at: Any_) -> None:
    carrier = stack.population.derive("web/carrier", incident="passager")
    for by in ("card", "login"):
        pages = [stack.open_web(at("TableauDeBord", carrier), MEDECIN.user, by).status for _ in range(2)]
        assert pages == [503, 200], by
    assert stack.open_web(at("TableauDeBord", patient()), MEDECIN.user).status == 200


def test_a_public_test_persona_has_no_record(stack: Stack, at: Any_, seen: Any_) -> None:
    """INSi's own test identities are nobody's, whatever their order number."""
    persona = "180032B02040123"
    assert "pas de DMP" in stack.open_web(at("TableauDeBord", persona), MEDECIN.user).text
    assert stack.open_web(at("Documents", persona), MEDECIN.user).status == 404
    assert all(findings == () for _, findings in seen())


def test_every_page_says_what_it_is_and_lets_nothing_run(
    stack: Stack, browse: Any_, patient: Any_, at: Any_
) -> None:
    treated, browser = patient(treated=True), browse("cps-medecin-auth")
    for url in [at(page, treated) for page in (*PAGES, "TableauDeBord")] + [
        at("Parametrages"),
        at("Rien"),
        at("Documents", "x"),
    ]:
        for language, words in (("", "Service simulé par le banc"), ("?lang=en", "Simulated by the bench")):
            answer = browser.get(url + language)
            page = html.fromstring(answer.content)
            assert words in text(answer)
            assert page.get("lang") == (language[-2:] or "fr")
            assert not page.xpath(
                "//script|//iframe|//img|//*[@style]|//link[not(starts-with(@href,'data:'))]"
            )
            assert page.xpath("count(//h1)") == 1 and page.xpath("//main[@id='contenu']")
            assert all(not href.startswith(("http", "//")) for href in page.xpath("//@href"))
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "{" not in text(answer) and "web." not in text(answer) and "pages." not in text(answer)
    english = browser.get(at("TableauDeBord", treated), headers={"Accept-Language": "en-GB,fr;q=0.5"})
    assert "Dashboard" in text(english)


def test_records_are_judged_again(stack: Stack, patient: Any_, at: Any_, seen: Any_) -> None:
    known = patient()
    stack.open_web(at("Documents", known), MEDECIN.user)
    stack.open_web(at("Documents", known.ins.matricule[:13]), BIOLOGISTE.user)
    stack.open_web(at("Rien", known), CORRESPONDANT.user)
    stack.open_web(at("Documents", known), "cabinet-auth")
    judge = recorded_judge(StackSettings(seed=7, pki=stack.settings.pki))
    for exchange, findings in seen():
        assert tuple(judge(exchange)) == findings
    assert len(seen()) == 4
