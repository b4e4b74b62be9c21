"""The patient's pages and their JSON, request by request; and one stack on real sockets."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from lxml import html

from schemas import hl7v3
from simulators.core.faults import Fault
from simulators.core.identities import CORRESPONDANT, MEDECIN, PHARMACIEN
from simulators.core.pki import Pki
from simulators.core.population import Patient
from simulators.core.service import Handled, Request
from simulators.dmp.audit import Trace
from simulators.dmp.authorisations import State
from simulators.dmp.mes.service import PAGES, Mes
from simulators.dmp.mes.space import Space
from simulators.stack import Stack, StackSettings

from ..conftest import START
from ..kit import PDF, Kit, body_of

HOSTILE = "<img src=x onerror=\"document.title='RUN'\"><script>document.title='RUN'</script>{{7*7}}"
HOST = ("Host", "localhost:1")
JSON = ("Content-Type", "application/json")


@pytest.fixture
def mes(kit: Kit) -> Mes:
    return Mes(Space(kit.service, kit.clock, kit.randomness), kit.randomness)


def fed(kit: Kit, patient: Patient) -> str:
    return str(kit.call(kit.feed(patient)).facts["documents"][0]["unique_id"])


def get(mes: Mes, path: str, *headers: tuple[str, str]) -> Handled:
    return mes.handle(Request("GET", path, (HOST, *headers)))


def told(handled: Handled) -> Any:
    return json.loads(handled.response.body)


def act(mes: Mes, patient: Patient, who: str = "patient", **asked: Any) -> Handled:
    path = f"/api/patients/{patient.ins.matricule}/{who}/gestes"
    return mes.handle(Request("POST", path, (HOST, JSON), json.dumps(asked).encode()))


def test_every_page_in_both_languages(kit: Kit, mes: Mes) -> None:
    patient = kit.population.derive("p", minor=True)
    fed(kit, patient)
    glass = Trace(
        kit.now, MEDECIN.id_nat, "s", "DIRECTE", "bris_de_glace", "urgence", "TD3.2", (), "accepted"
    )
    kit.service.audit.add(patient.ins.matricule, glass)
    paths = [
        f"/patients/{patient.ins.matricule}/{who}/{page}"
        for who in ("patient", "representant-2")
        for page in PAGES
    ]
    for path in ["/", f"/patients/{patient.ins.matricule}", *paths, "/patients/x/patient/accueil", "/rien"]:
        for query, words in (
            ("", "Ce n'est pas Mon espace santé"),
            ("?lang=en", "This is not Mon espace santé"),
        ):
            handled = get(mes, path + query)
            page = html.fromstring(handled.response.body.decode())
            body = " ".join(page.body.text_content().split())
            assert words in body and page.get("lang") == (query[-2:] or "fr")
            assert not page.xpath("//script|//iframe|//img|//*[@style]")
            assert all(not href.startswith(("http", "//")) for href in page.xpath("//@href"))
            assert "mes." not in body and "pages." not in body and "web." not in body
            assert "default-src 'none'" in handled.response.header("Content-Security-Policy")
            found = (handled.response.status, handled.facts["outcome"])
            assert found == (
                (200, "accepted")
                if path not in ("/patients/x/patient/accueil", "/rien")
                else (404, "refused")
            )
    home = get(mes, paths[0]).response.body.decode()
    assert "en bris de glace" in home and "CAMILLE DESCHAMPS-TEST" in home and "urgence" in home


def test_the_json_says_the_same(kit: Kit, mes: Mes) -> None:
    patient = kit.population.derive("p")
    unique_id, base = fed(kit, patient), f"/api/patients/{patient.ins.matricule}"
    assert told(get(mes, "/api/patients"))["total"] == 1
    assert [one["ins"] for one in told(get(mes, "/api/patients"))["patients"]] == [patient.ins.matricule]
    (document,) = told(get(mes, f"{base}/patient/documents"))["documents"]
    assert (document["unique_id"], document["masked"], document["status"]) == (unique_id, False, "approved")
    home = told(get(mes, base))
    assert (home["record"], home["notices"], len(home["documents"])) == ("actif", [], 1)
    settings = told(get(mes, f"{base}/patient/reglages"))
    assert settings["opposes"] == {"bris_de_glace": False, "centre_15": False}
    people = told(get(mes, f"{base}/patient/professionnels"))["professionals"]
    assert {one["id"] for one in people} >= {MEDECIN.id_nat, PHARMACIEN.id_nat}
    traces = told(get(mes, f"{base}/patient/acces"))["traces"]
    assert traces[0]["transaction"] == "TD2.1"
    pdf = get(mes, f"{base}/patient/documents?document={unique_id}&forme=pdf")
    assert pdf.response.body == PDF and pdf.transaction == "MES.document"
    missing = get(mes, f"{base}/patient/documents?document=1.2.3")
    assert (missing.response.status, told(missing)["error"]) == (404, "document-unknown")


def test_gestures_by_json(kit: Kit, mes: Mes) -> None:
    patient = kit.population.derive("p")
    unique_id = fed(kit, patient)
    for asked, transaction in [
        ({"gesture": "mask", "document": unique_id}, "MES.mask"),
        ({"gesture": "unmask", "document": unique_id}, "MES.unmask"),
        ({"gesture": "block", "professional": CORRESPONDANT.id_nat}, "MES.block"),
        ({"gesture": "unblock", "professional": CORRESPONDANT.id_nat}, "MES.unblock"),
        ({"gesture": "oppose", "purpose": "centre_15", "value": True}, "MES.oppose"),
        ({"gesture": "consent", "value": True}, "MES.consent"),
        ({"gesture": "close", "reason": "fin"}, "MES.close"),
    ]:
        handled = act(mes, patient, **asked)
        assert (handled.transaction, handled.facts["outcome"]) == (transaction, "accepted"), handled.facts
    after = kit.population.find(patient.ins.matricule)
    assert after is not None
    assert (after.dmp, after.closure, after.opposes_regulation, after.masked_in_emergency) == (
        "ferme",
        "fin",
        True,
        True,
    )
    assert act(mes, patient, gesture="consent", value=True).response.status == 409


def test_gestures_by_form(kit: Kit, mes: Mes) -> None:
    child = kit.population.derive("p", minor=True)
    fed(kit, child)
    base = f"/patients/{child.ins.matricule}/representant-1"
    page = html.fromstring(get(mes, f"{base}/documents?lang=en").response.body.decode())
    form = next(one for one in page.forms if one.xpath(".//button[@value='mask']"))
    fields = {**dict(form.form_values()), "gesture": "mask"}

    def post(sent: dict[str, str], *headers: tuple[str, str], who: str = "representant-1") -> Handled:
        path = f"/patients/{child.ins.matricule}/{who}/gestes?lang=en"
        body = urlencode(sent).encode()
        return mes.handle(Request("POST", path, (HOST, *headers), body))

    for wrong in (
        post({**fields, "jeton": "x"}),
        post({key: value for key, value in fields.items() if key != "jeton"}),
        post(fields, who="patient"),
        post(fields, ("Origin", "https://evil.example")),
        post(fields, ("Sec-Fetch-Site", "cross-site")),
    ):
        assert (wrong.response.status, wrong.facts["cause"]) == (403, "forged")
    done = post(fields, ("Origin", "https://localhost:1"), ("Sec-Fetch-Site", "same-origin"))
    assert done.response.status == 303
    where = done.response.header("Location")
    assert where == f"{base}/documents?fait=mask&lang=en"
    assert "Document masked from professionals." in get(mes, where).response.body.decode()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", (JSON,), 400),
        (b"[]", (JSON,), 400),
        (b'{"gesture": ["mask"]}', (JSON,), 400),
        (b'{"gesture": {"a": 1}}', (JSON,), 400),
        (b'{"gesture": "mask", "document": 3}', (JSON,), 400),
        (b'{"gesture": "consent"}', (JSON,), 400),
        (b'{"gesture": "consent", "value": "oui"}', (JSON,), 400),
        (b'{"gesture": "oppose", "purpose": "normal", "value": true}', (JSON,), 400),
        (b'{"gesture": "destroy"}', (JSON,), 400),
        (rb'{"gesture": "mask", "document": "\ud800"}', (JSON,), 404),
        (rb'{"gesture": "block", "professional": "\u0000\udfff"}', (JSON,), 404),
        (b"[" * 100_000, (JSON,), 400),
        (b"\xff\xfe", (JSON,), 400),
        (b'{"gesture": "consent", "value": true}', (("Content-Type", "text/plain"),), 415),
        (b'{"gesture": "consent", "value": true}', (JSON, ("Origin", "https://evil.example")), 403),
    ],
)
def test_wrong_input_changes_nothing(kit: Kit, mes: Mes, body: bytes, headers: Any, status: int) -> None:
    patient = kit.population.derive("p")
    path = f"/api/patients/{patient.ins.matricule}/patient/gestes"
    handled = mes.handle(Request("POST", path, (HOST, *headers), body))
    assert handled.response.status == status and handled.facts["outcome"] == "refused"
    assert kit.population.find(patient.ins.matricule) == patient


def test_a_hostile_reason_does_not_break_the_services(kit: Kit, mes: Mes) -> None:
    patient = kit.population.derive("p")
    assert act(mes, patient, gesture="close", reason="\ud800\x00<b>\u202e").facts["outcome"] == "accepted"
    answer = hl7v3.read_answer(body_of(kit.call(kit.exists(patient)).response))
    assert answer.closure is not None and answer.closure.text == "‹U+D800›‹U+0000›<b>‹U+202E›"


def test_hostile_paths_and_names(kit: Kit, mes: Mes) -> None:
    patient = kit.population.derive("p")
    unique_id, base = fed(kit, patient), f"/patients/{patient.ins.matricule}"
    kit.population.register(replace(patient, birth_name=HOSTILE))
    kit.service.state._db.execute("UPDATE entry SET title=? WHERE unique_id=?", (HOSTILE, unique_id))
    glass = Trace(
        kit.now, HOSTILE, HOSTILE, "DIRECTE", "bris_de_glace", HOSTILE, HOSTILE, (HOSTILE,), "accepted"
    )
    kit.service.audit.add(patient.ins.matricule, glass)
    for page in ("accueil", "documents", "acces"):
        shown = get(mes, f"{base}/patient/{page}").response.body.decode()
        assert "<img" not in shown and "<script" not in shown
        assert "&lt;img src=x" in shown and "{{7*7}}" in shown
    for path in (
        f"{base}/patient/..%2f..%2fetc",
        f"{base}/%3Cscript%3E/accueil",
        f"{base}/representant-1/accueil",
        f"{base}/patient/accueil/encore/trop",
        "/patients/%3Cimg%20src=x%3E/patient/accueil",
        "/patients/",
        "//evil.example/",
    ):
        handled = get(mes, path)
        assert handled.response.status == 404 and b"<img" not in handled.response.body, path
        assert b"<script" not in handled.response.body
    for method in ("PUT", "POST", "DELETE"):
        assert mes.handle(Request(method, f"{base}/patient/accueil", (HOST,))).response.status in (403, 405)
    assert mes.handle(Request("GET", f"{base}/patient/gestes", (HOST,))).response.status == 405
    assert get(mes, "/favicon.ico").response.status == 204
    with pytest.raises(ValueError, match="no fault"):
        mes.refuse(Request("GET", "/"), Fault("mes", "MES.home", "x"))


def test_a_stack_offers_both(test_pki: Pki) -> None:
    """`stack.mes` for scenarios, `mes_url` for people: one state, every visit in the journal."""
    with (
        Stack(StackSettings(seed=3, pki=test_pki.folder, clock_start=START)) as stack,
        requests.Session() as session,
    ):
        session.trust_env = False
        session.verify = str(test_pki.ca_bundle)
        patient = stack.population.derive("p")
        stack.mes.block(patient, MEDECIN.id_nat)
        url = f"{stack.environment.mes_url}/api/patients/{patient.ins.matricule}/patient"
        people = session.get(f"{url}/professionnels").json()["professionals"]
        assert {one["id"]: one["state"] for one in people}[MEDECIN.id_nat] == "INTERDIT"
        web = f"{stack.environment.dmp_web_url}/AccesDirect/Documents/{patient.ins.matricule}"
        assert stack.open_web(web, MEDECIN.user).status == 403
        asked = {"gesture": "unblock", "professional": MEDECIN.id_nat}
        assert session.post(f"{url}/gestes", json=asked).json()["done"] is True
        assert "Le patient consent" in stack.open_web(web, MEDECIN.user).text
        assert stack.open_web(web, MEDECIN.user, confirm=True).status == 200
        states = {one.id_nat: held.state for one, held in stack.mes.professionals(patient)}
        assert states[MEDECIN.id_nat] is State.VALID
        with pytest.raises(ValueError, match="by"):
            stack.open_web(web, MEDECIN.user, "carte")
        told = [item.transaction for item in stack.journal.exchanges(service="mes")]
        assert told == ["MES.professionals", "MES.unblock"]
        assert stack.journal.bench_errors == []


def test_a_long_list_of_patients_is_cut_and_says_so(
    kit: Kit, mes: Mes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.dmp.mes.service.MAX_LISTED", 2)
    made = [kit.population.derive(f"p{rank}") for rank in range(3)]
    listed = told(get(mes, "/api/patients"))
    assert (listed["total"], [one["ins"] for one in listed["patients"]]) == (
        3,
        [made[2].ins.matricule, made[1].ins.matricule],
    )
    assert "Les 2 derniers, sur 3." in get(mes, "/").response.body.decode()


def test_a_refusal_says_so_in_its_title(mes: Mes) -> None:
    shown = get(mes, "/patients/1/patient/n-importe-quoi").response.body.decode()
    assert "<title>Accès impossible · Espace du patient (banc) · segur-bench</title>" in shown
