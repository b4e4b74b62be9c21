"""What each page of Web PS shows, to whom, and what can be done on it; over real TLS sockets."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from lxml import html

from schemas.xds import names
from simulators.core.identities import BIOLOGISTE, CORRESPONDANT, MEDECIN, PHARMACIEN, Professional
from simulators.core.population import Patient
from simulators.dmp.audit import Trace
from simulators.dmp.authorisations import State
from simulators.dmp.update import by_the_patient
from simulators.dmp.web.views import recent
from simulators.stack import Stack

from ..kit import PDF

Any_ = Callable[..., Any]
HOSTILE = "<img src=x onerror=\"document.title='RUN'\"><script>document.title='RUN'</script>{{7*7}}"


def listed(page: requests.Response) -> list[str]:
    """The uniqueIds that a page lets open, in order."""
    links = html.fromstring(page.content).xpath("//main//a[contains(@href,'forme=cda')]/@href")
    return [link.partition("document=")[2].partition("&")[0] for link in links]


def card(browse: Any_, one: Professional = MEDECIN) -> requests.Session:
    session: requests.Session = browse(f"cps-{one.user}-auth")
    return session


def state_of(stack: Stack, patient: Patient, one: Professional) -> State:
    return stack.services.dmp.authorisations.of(patient, one.id_nat, stack.clock.now()).state


def form(page: requests.Response, gesture: str) -> dict[str, str]:
    """The fields of the first form of a page with this button."""
    for found in html.fromstring(page.content).forms:
        if found.xpath(f".//button[@value='{gesture}']"):
            return {**{key: value or "" for key, value in found.form_values()}, "geste": gesture}
    raise AssertionError(f"no form {gesture}")


# --- documents


def test_home_shows_the_last_five_added(
    browse: Any_, patient: Any_, filed: Any_, at: Any_, seen: Any_
) -> None:
    """Added last, not created last: the order of arrival."""
    one = patient()
    filed_ = [filed(one, created=datetime(2026, 3, 20 - day, tzinfo=UTC)) for day in range(7)]
    home = card(browse).get(at("DossierPatient", one))
    assert listed(home) == filed_[:1:-1]
    assert listed(card(browse).get(at("Documents", one))) == filed_  # these by date
    facts = seen("TD0.9")[0][0].facts
    assert facts["returned"] == filed_[:1:-1]


def test_who_sees_which_document(browse: Any_, patient: Any_, filed: Any_, at: Any_, stack: Stack) -> None:
    one = patient(treated=True)
    plain, masked = filed(one), filed(one, names.MASQUE_PS, author=person_of(BIOLOGISTE))
    unseen = filed(one, names.INVISIBLE_PATIENT)
    asked = {
        MEDECIN: {plain, masked, unseen},
        BIOLOGISTE: {plain, masked, unseen},
        CORRESPONDANT: {plain, unseen},
    }
    for professional, expected in asked.items():
        browser = card(browse, professional)
        assert set(listed(browser.get(at("Documents", one)))) == expected
        status = browser.get(at("Documents", one, f"?document={masked}&forme=cda")).status_code
        assert status == (200 if masked in expected else 404)
    page = card(browse).get(at("Documents", one))
    assert page.text.count("Masqué aux professionnels") == 1 and page.text.count("Invisible au patient") == 1


def person_of(one: Professional) -> Any:
    from ..kit import doctor

    structure = one.structure
    return replace(
        doctor(),
        id=one.id_nat,
        family=one.family,
        organisation_id=structure.id_nat,
        organisation_name=structure.name,
    )


def test_a_document_is_opened(
    stack: Stack, browse: Any_, patient: Any_, filed: Any_, at: Any_, seen: Any_
) -> None:
    one = patient()
    unique_id = filed(one)
    browser = card(browse, PHARMACIEN)
    pdf = browser.get(at("Documents", one, f"?document={unique_id}&forme=pdf"))
    assert pdf.content == PDF and pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.headers["Content-Disposition"] == f'inline; filename="{unique_id}.pdf"'
    cda = browser.get(at("Documents", one, f"?document={unique_id}&forme=cda"))
    held = stack.services.dmp.state.find(unique_id)
    assert held is not None and hashlib.sha256(cda.content).hexdigest() == held.sha256
    assert cda.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in cda.headers["Content-Security-Policy"]
    facts = [exchange.facts for exchange, _ in seen("WEB.document")]
    assert [fact["documents"][0]["unique_id"] for fact in facts] == [unique_id] * 2
    (trace, _) = stack.services.dmp.audit.of(one.ins.matricule)
    assert (trace.transaction, trace.documents, trace.who) == (
        "WEB.document",
        (unique_id,),
        PHARMACIEN.id_nat,
    )


def test_documents_that_are_not_opened(
    stack: Stack, browse: Any_, patient: Any_, filed: Any_, at: Any_, seen: Any_
) -> None:
    one, browser = patient(), card(browse)
    other = stack.population.derive("web/somebody else")
    theirs, without = filed(other), filed(one)
    stack.services.dmp.state._bodies[stack.services.dmp.state.find(without).sha256] = b"<not-a-cda/>"  # type: ignore[union-attr]
    for unique_id, cause in (
        ("1.2.3", "document-unknown"),
        (theirs, "document-unknown"),
        (HOSTILE, "document-unknown"),
        (without, "document-without-pdf"),
    ):
        answer = browser.get(at("Documents", one), params={"document": unique_id})
        assert answer.status_code == 404 and "<img" not in answer.text
        assert seen("WEB.document")[-1][0].facts["cause"] == cause
    asked = patient(authorisation="NON_EXISTE")
    window = browser.get(at("Documents", asked, f"?document={without}"))
    assert "Le patient consent" in window.text  # nothing is given before the confirmation


def test_archived_and_replaced_documents_on_request(
    stack: Stack, browse: Any_, patient: Any_, filed: Any_, at: Any_
) -> None:
    one, browser = patient(), card(browse)
    kept, archived, deleted = (filed(one) for _ in range(3))
    for unique_id, status in ((archived, names.ARCHIVED), (deleted, names.DELETED)):
        stack.services.dmp.state._db.execute(
            "UPDATE entry SET status=? WHERE unique_id=?", (status, unique_id)
        )
    assert listed(browser.get(at("Documents", one))) == [kept]
    every = browser.get(at("Documents", one, "?tous=1"))
    assert set(listed(every)) == {kept, archived} and "Archivé" in every.text


def test_vaccines_and_pathway(stack: Stack, browse: Any_, patient: Any_, filed: Any_, at: Any_) -> None:
    one, browser = patient(), card(browse)
    letter, note = filed(one), filed(one)
    stack.services.dmp.state._db.execute("UPDATE entry SET type_code='87273-9' WHERE unique_id=?", (note,))
    assert listed(browser.get(at("CarnetVaccination", one))) == [note]
    assert set(listed(browser.get(at("ParcoursDeSoins", one)))) == {letter, note}


def test_hostile_names_are_shown_as_text(
    stack: Stack, browse: Any_, patient: Any_, filed: Any_, at: Any_
) -> None:
    one = patient(minor=True, treated=True)
    unique_id = filed(one)
    parents = tuple(replace(parent, family=HOSTILE) for parent in one.representatives)
    stack.population.register(replace(one, birth_name=HOSTILE, representatives=parents))
    stack.services.dmp.state._db.execute("UPDATE entry SET title=? WHERE unique_id=?", (HOSTILE, unique_id))
    stack.services.dmp.audit.add(
        one.ins.matricule,
        Trace(
            stack.clock.now(),
            HOSTILE,
            HOSTILE,
            HOSTILE,
            "bris_de_glace",
            HOSTILE,
            HOSTILE,
            (HOSTILE,),
            "x",
            HOSTILE,
        ),
    )
    shown = {}
    for page in ("TableauDeBord", "DossierPatient", "GestionDMPPatient", "HistoriqueAcces"):
        shown[page] = card(browse).get(at(page, one)).text
        assert "<img" not in shown[page] and "<script" not in shown[page]
        assert "&lt;img src=x" in shown[page]
    assert shown["HistoriqueAcces"].count("{{7*7}}") >= 5


# --- history


def test_the_history_is_the_treating_doctor_s_whole_and_others_own(
    stack: Stack, browse: Any_, patient: Any_, filed: Any_, at: Any_
) -> None:
    one = patient(treated=True)
    card(browse, PHARMACIEN).get(at("DossierPatient", one))
    card(browse, CORRESPONDANT).get(at("Documents", one))
    mine = card(browse, CORRESPONDANT).get(at("HistoriqueAcces", one)).text
    assert CORRESPONDANT.id_nat in mine and PHARMACIEN.id_nat not in mine and "Vos accès seulement" in mine
    whole = card(browse).get(at("HistoriqueAcces", one)).text
    assert CORRESPONDANT.id_nat in whole and PHARMACIEN.id_nat in whole and "tous les accès" in whole


def test_the_history_is_a_year_or_a_hundred() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)

    def made(days: int) -> Trace:
        return Trace(now - timedelta(days=days), "x", "", "", "", "", "TD3.1", (), "accepted")

    old = [made(400 + rank) for rank in range(150, 0, -1)]
    assert recent(old, now) == old[::-1][:100]
    young = [made(rank) for rank in range(120, 0, -1)]
    assert recent(old + young, now) == young[::-1]
    assert len(recent(old + young[:30], now)) == 100


# --- gestures


def test_the_treating_doctor_blocks_and_unblocks(
    stack: Stack, browse: Any_, patient: Any_, at: Any_, seen: Any_
) -> None:
    one, browser = patient(treated=True), card(browse)
    page = browser.get(at("VolontesEtDroits", one))
    fields = {**form(page, "block"), "professionnel": CORRESPONDANT.id_nat}
    assert browser.post(at("VolontesEtDroits", one), data=fields).status_code == 200
    assert state_of(stack, one, CORRESPONDANT) is State.BLOCKED
    assert card(browse, CORRESPONDANT).get(at("Documents", one)).status_code == 403
    assert seen("WEB.block")[0][0].facts["holder"] == CORRESPONDANT.id_nat
    again = {**fields, "geste": "unblock"}
    assert browser.post(at("VolontesEtDroits", one), data=again).status_code == 200
    assert state_of(stack, one, CORRESPONDANT) is State.NONE
    for wrong, status in (
        ({**again}, 400),  # not blocked
        ({**fields, "professionnel": MEDECIN.id_nat}, 403),  # oneself
        ({**fields, "professionnel": HOSTILE}, 403),
        ({**fields, "geste": HOSTILE}, 400),
    ):
        answer = browser.post(at("VolontesEtDroits", one), data=wrong)
        assert answer.status_code == status and "<img" not in answer.text


def test_others_do_not_block(stack: Stack, browse: Any_, patient: Any_, at: Any_) -> None:
    one, browser = patient(treated=True), card(browse, CORRESPONDANT)
    page = browser.get(at("VolontesEtDroits", one))
    assert page.status_code == 200 and 'value="block"' not in page.text
    token = _token(stack, one, CORRESPONDANT)
    fields = {"jeton": token, "geste": "block", "professionnel": PHARMACIEN.id_nat}
    assert browser.post(at("VolontesEtDroits", one), data=fields).status_code == 403
    assert state_of(stack, one, PHARMACIEN) is State.VALID


def _token(stack: Stack, patient: Patient, one: Professional) -> str:
    from simulators.dmp.web.visitor import Visitor

    return stack.services.web._token(Visitor(one, "DIRECTE"), patient)


def test_forged_forms_do_nothing(stack: Stack, browse: Any_, patient: Any_, at: Any_, seen: Any_) -> None:
    one, browser = patient(authorisation="NON_EXISTE"), card(browse)
    other = stack.population.derive("web/another", authorisation="NON_EXISTE")
    good = form(browser.get(at("DossierPatient", one)), "authorise")
    elsewhere = form(browser.get(at("DossierPatient", other)), "authorise")
    somebody = form(card(browse, PHARMACIEN).get(at("DossierPatient", one)), "authorise")
    origin = stack.environment.dmp_web_url
    for fields, headers in [
        ({"geste": "authorise"}, {}),
        ({**good, "jeton": ""}, {}),
        ({**good, "jeton": "é" * 64}, {}),
        (elsewhere, {}),
        (somebody, {}),
        (good, {"Origin": "https://evil.example"}),
        (good, {"Origin": "null"}),
        (good, {"Origin": origin, "Sec-Fetch-Site": "cross-site"}),
    ]:
        assert browser.post(at("DossierPatient", one), data=fields, headers=headers).status_code == 403
        assert state_of(stack, one, MEDECIN) is State.NONE
    assert {exchange.facts["cause"] for exchange, _ in seen("WEB.authorise")} == {"forged"}
    assert (
        browser.get(at("DossierPatient", one), params=good).text.count("Le patient consent") == 1
    )  # no GET acts
    done = browser.post(
        at("DossierPatient", one), data=good, headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    )
    assert done.status_code == 200 and state_of(stack, one, MEDECIN) is State.VALID


def test_a_pharmacist_reads_but_an_occupational_doctor_does_not_authorise(
    stack: Stack, browse: Any_, patient: Any_, at: Any_, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rights are those of the services: the occupational doctor has no TD0.3."""
    one = patient(authorisation="NON_EXISTE")
    known = dict(stack.services.dmp.desk.habilitations.professionals)
    known[CORRESPONDANT.id_nat] = replace(CORRESPONDANT, speciality="SM25")
    monkeypatch.setattr(type(stack.services.web), "_professionals", property(lambda _: known))
    shown = stack.open_web(at("DossierPatient", one), CORRESPONDANT.user, confirm=True)
    assert shown.status == 403 and "rights" in shown.text
    assert state_of(stack, one, CORRESPONDANT) is State.NONE


def test_inside_links_are_told_apart_from_calls(browse: Any_, patient: Any_, at: Any_, seen: Any_) -> None:
    one, browser = patient(), card(browse)
    browser.get(at("DossierPatient", one))
    browser.get(at("Documents", one), headers={"Sec-Fetch-Site": "same-origin"})
    assert [exchange.facts["inside"] for exchange, _ in seen("TD0.9")] == [False, True]


def test_a_document_of_the_patient_is_told(
    stack: Stack, browse: Any_, patient: Any_, filed: Any_, at: Any_
) -> None:
    one = patient()
    unique_id = filed(one)
    stack.services.dmp.state._db.execute(
        "UPDATE entry SET type_code='EXPPAT_1' WHERE unique_id=?", (unique_id,)
    )
    held = stack.services.dmp.state.find(unique_id)
    assert held is not None and by_the_patient(held)
    assert "Déposé par le patient" in card(browse).get(at("Documents", one)).text
