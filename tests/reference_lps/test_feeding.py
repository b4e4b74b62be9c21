"""The software feeds the DMP by itself: rules at validation, queue, documents of the past, figures."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from reference_lps.behaviour import CONFORMANT, Behaviour
from reference_lps.documents import PARIS
from schemas import cda

from .conftest import Office

KIND = "certificat"


@pytest.fixture
def office(open_office: Callable[[Behaviour], Office]) -> Office:
    """The conformant software, in a hurry."""
    return open_office(replace(CONFORMANT, pause=0.01))


def validate(office: Office, patient: str, **given: Any) -> dict[str, Any]:
    return office.ask("document.validate", patient_id=patient, **{"kind": KIND, **given})


def fed(office: Office) -> list[str]:
    """The uniqueIds that the DMP accepted, in order."""
    taken = [one for one in office.seen("dmp", "TD2.1") if one["outcome"] == "accepted"]
    return [document["unique_id"] for one in taken for document in one["documents"]]


def test_a_validated_document_leaves_by_itself(office: Office) -> None:
    patient = office.patient()
    for kind in ("lettre", "cr-bio", "vsm", "cr-imagerie", "certificat"):
        data = validate(office, patient, kind=kind)["data"]
        assert data["dmp"] == "fed" and fed(office)[-1] == data["unique_id"]
    assert office.errors() == []


@pytest.mark.parametrize("given", [{"withhold": True}, {"empty": True}])
def test_what_must_stay_stays(office: Office, given: dict[str, bool]) -> None:
    answer = validate(office, office.patient(), **given)
    assert answer["data"]["dmp"] == "not-sent" and answer["messages"]
    assert office.seen("dmp", "TD2.1") == []


def test_an_unchanged_document_is_sent_once(office: Office) -> None:
    patient = office.patient()
    first = validate(office, patient)["data"]["unique_id"]
    assert validate(office, patient, same_as=first)["data"]["dmp"] == "not-sent"
    assert fed(office) == [first]


def test_a_partial_report_is_completed(office: Office) -> None:
    patient = office.patient()
    partial = validate(office, patient, kind="cr-bio", partial=True)["data"]["unique_id"]
    complete = validate(office, patient, kind="cr-bio", replaces=partial)["data"]["unique_id"]
    assert office.seen("dmp", "TD2.1")[-1]["documents"][0]["replaces"] == partial
    held = office.software.store.documents
    assert held[partial].set_id == held[complete].set_id
    assert office.errors() == []


def test_a_document_in_its_style_sheet(office: Office) -> None:
    assert validate(office, office.patient(), stylesheet=True)["data"]["dmp"] == "fed"
    assert office.errors() == []


def test_the_patient_s_choice_is_kept_and_followed(office: Office) -> None:
    patient = office.patient()
    assert office.do("patient.consent", patient_id=patient, consultation=False) == {
        "feeding": None,
        "consultation": False,
    }
    said = office.do("patient.consent", patient_id=patient, feeding=False)
    assert said == {"feeding": False, "consultation": False}
    assert validate(office, patient)["data"]["dmp"] == "not-sent"
    assert office.ask("document.submit", patient_id=patient, kind=KIND)["outcome"] == "refused"
    filed = office.do("document.record", patient_id=patient, kind=KIND)["unique_id"]
    assert office.ask("document.feed", patient_id=patient, unique_ids=[filed])["outcome"] == "refused"
    assert office.seen("dmp", "TD2.1") == []
    office.do("patient.consent", patient_id=patient, feeding=None)
    assert validate(office, patient)["data"]["dmp"] == "fed"


@pytest.mark.parametrize("fault", ["unavailable", "cut-after-commit", "malformed"])
def test_what_waits_leaves_in_order_and_once(office: Office, fault: str) -> None:
    patient = office.patient()
    office.fault("dmp", "TD2.1", fault, times=0)
    first = validate(office, patient)
    second = validate(office, patient)
    assert (first["data"]["dmp"], second["data"]["dmp"]) == ("queued", "queued")
    assert first["messages"] and second["messages"]
    ids = [one["data"]["unique_id"] for one in (first, second)]
    assert office.do("document.resend") == {"sent": [], "pending": ids}
    office.stack.faults.clear()
    assert office.do("document.resend") == {"sent": ids, "pending": []}
    assert fed(office) == ids
    assert office.do("document.resend") == {"sent": [], "pending": []}
    states = office.do("document.history", patient_id=patient)["documents"]
    assert [(one["unique_id"], one["dmp"]) for one in states] == [(id_, "fed") for id_ in ids]


def test_what_waits_stays_here_after_an_opposition(office: Office) -> None:
    patient = office.patient()
    office.fault("dmp", "TD2.1", "unavailable", times=0)
    validate(office, patient)
    office.stack.faults.clear()
    office.do("patient.consent", patient_id=patient, feeding=False)
    answer = office.ask("document.resend")
    assert answer["data"] == {"sent": [], "pending": []} and "s'oppose" in answer["messages"][0]["text"]
    assert fed(office) == []


def test_a_rejected_document_is_shown_as_not_sent(office: Office) -> None:
    patient = office.patient()
    office.fault("dmp", "TD2.1", "registry-error", code="XDSRepositoryError")
    answer = validate(office, patient)
    assert answer["data"]["dmp"] == "not-sent" and answer["messages"]
    [state] = office.do("document.history", patient_id=patient)["documents"]
    assert state["dmp"] == "not-sent"


def test_the_past_is_dated_and_signed_by_the_structure(office: Office) -> None:
    patient = office.patient()
    given = {"patient_id": patient, "kind": "lettre", "act_date": "2023-03-11", "author_left": True}
    filed = office.do("document.record", **given)["unique_id"]
    assert office.do("document.feed", patient_id=patient, unique_ids=[filed]) == {"fed": [filed]}
    read = cda.read(office.software.store.documents[str(filed)].data)
    assert read.service_start.startswith("20230311")
    assert [author.id for author in read.authors][1] == read.authors[0].organisation_id
    assert office.errors() == []


def test_chosen_documents_in_one_lot(office: Office) -> None:
    patient = office.patient()
    ids = [office.do("document.record", patient_id=patient, kind="lettre")["unique_id"] for _ in range(3)]
    chosen = {"patient_id": patient, "unique_ids": ids[:2]}
    assert office.do("document.feed", **chosen, together=True) == {"fed": ids[:2]}
    [lot] = office.seen("dmp", "TD2.1")
    assert [one["unique_id"] for one in lot["documents"]] == ids[:2]
    assert office.errors() == []


def test_the_automatic_feeding_of_the_past(office: Office) -> None:
    alive = office.patient()
    person = office.stack.population.derive(f"{office.start}/mort")
    dead = office.do("patient.record", traits=person.traits(), document_checked=True, deceased=True)
    office.do("identity.search", patient_id=dead["patient_id"])
    doubtful, opposed = office.patient("doute", qualified=False), office.patient("opposant")
    office.do("patient.consent", patient_id=opposed, feeding=False)
    wanted = [office.do("document.record", patient_id=alive, kind=KIND)["unique_id"] for _ in range(2)]
    for other in (str(dead["patient_id"]), doubtful, opposed):
        office.do("document.record", patient_id=other, kind=KIND)
    assert office.do("document.backlog") == {"fed": wanted}
    assert office.do("document.backlog") == {"fed": []}
    assert fed(office) == wanted


def test_figures_of_the_month(office: Office) -> None:
    patient = office.patient()
    validate(office, patient)
    filed = [office.do("document.record", patient_id=patient, kind="lettre")["unique_id"] for _ in range(2)]
    office.do("document.feed", patient_id=patient, unique_ids=filed, together=True)
    figures = office.do("dmp.indicators", month=f"{datetime.now(PARIS):%Y-%m}")
    assert figures == {"fed": 3, "history": 2, "by_type": {"89601-9": 1, "11488-4": 2}}
    assert office.do("dmp.indicators", month="2001-01") == {"fed": 0, "history": 0, "by_type": {}}


def test_a_document_of_another_application(office: Office) -> None:
    patient, other = office.patient(), office.patient("autre")
    made = office.do("document.record", patient_id=patient, kind=KIND)["unique_id"]
    sound = office.software.store.documents.pop(str(made)).data
    for wrong, owner in (
        (sound.replace(b"<signatureCode", b"<wrongCode"), patient),
        (b"rien", patient),
        (sound, other),
    ):
        given = {"patient_id": owner, "document_base64": base64.b64encode(wrong).decode()}
        assert office.ask("document.forward", **given)["outcome"] == "refused"
    assert office.seen("dmp", "TD2.1") == []
    given = {"patient_id": patient, "document_base64": base64.b64encode(sound).decode()}
    assert office.do("document.forward", **given) == {"unique_id": made}
    assert fed(office) == [made] and office.errors() == []
