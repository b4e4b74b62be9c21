"""Reading the DMP: the patient's choice, the way of access, what is listed, kept, traced."""

import hashlib
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest

from simulators.core.exchange import Exchange
from simulators.core.identities import MEDECIN, PHARMACIEN

from .conftest import Office

GLASS = {"mode": "bris_de_glace", "reason": "Patient inconscient"}


def deposit(office: Office, *, days_ago: int = 0, **options: Any) -> str:
    """A document of somebody else for the last patient; its uniqueId."""
    when = office.stack.clock.now() - timedelta(days=days_ago)
    return office.stack.deposit(office.patients[-1], when=when, **options).unique_id


def listed(office: Office, patient: str, **given: Any) -> list[str]:
    found = office.do("document.search", patient_id=patient, **given)["documents"]
    return [one["unique_id"] for one in found]


def told(answer: dict[str, Any]) -> str:
    return " ".join(one["text"] for one in answer["messages"])


# -- the patient's choice ------------------------------------------------------------------------------


def test_a_choice_is_kept_until_another_is_made(office: Office) -> None:
    patient = office.patient()
    said = office.do("patient.consent", patient_id=patient, feeding=False)
    assert said == {"feeding": False, "consultation": None}
    said = office.do("patient.consent", patient_id=patient, consultation=True)
    assert said == {"feeding": False, "consultation": True}
    said = office.do("patient.consent", patient_id=patient, feeding=None)
    assert said == {"feeding": None, "consultation": True}


def test_an_opposition_stops_what_was_already_open(office: Office) -> None:
    office.login()
    patient = office.patient()
    document = deposit(office)
    listed(office, patient)
    office.do("patient.consent", patient_id=patient, consultation=False)
    for action, given in (
        ("document.search", {}),
        ("document.retrieve", {"unique_id": document}),
        ("document.integrate", {"unique_ids": [document]}),
        ("document.preload", {}),
    ):
        answer = office.ask(action, patient_id=patient, **given)
        assert answer["outcome"] == "refused", action
        assert "s'oppose" in told(answer)
    assert office.seen("dmp", "TD3.2") == []


def test_an_emergency_passes_over_a_choice_recorded_here(office: Office) -> None:
    office.login()
    patient = office.patient()
    office.do("patient.consent", patient_id=patient, consultation=False)
    listed(office, patient, access=GLASS)
    [search] = office.seen("dmp", "TD3.1")
    assert (search["purpose"], search["access_reason"]) == ("bris_de_glace", GLASS["reason"])


# -- opening a file ------------------------------------------------------------------------------------


def test_a_file_opened_without_a_session_shows_the_state_alone(office: Office) -> None:
    office.ask("session.logout")
    patient = office.patient()
    deposit(office)
    answer = office.ask("patient.open", patient_id=patient)
    assert answer["data"]["dmp"] == {"exists": True, "active": True, "authorisation": "VALIDE"}
    assert answer["data"]["documents"] == []
    assert "Pro Santé Connect" in told(answer)
    assert office.seen("dmp", "TD3.1") == []
    assert office.errors() == []


def test_what_others_deposited_is_new_once_for_each_user(office: Office) -> None:
    office.login()
    office.login("pharmacien")
    patient = office.patient()
    first = deposit(office)

    def new(user: str) -> list[str]:
        return [
            one["unique_id"] for one in office.do("patient.open", user, patient_id=patient)["new_documents"]
        ]

    assert new("medecin") == [first]
    own = office.do("document.submit", patient_id=patient, kind="lettre")["unique_id"]
    second = deposit(office)
    assert new("medecin") == [second]
    assert new("medecin") == []
    assert sorted(new("pharmacien")) == sorted([first, own, second])


@pytest.mark.parametrize(
    ("state", "asked"), [("NON_EXISTE", 1), ("EXPIRE", 1), ("VALIDE", 0), ("INTERDIT", 0)]
)
def test_an_agreement_asks_for_what_is_missing(office: Office, state: str, asked: int) -> None:
    office.login()
    patient = office.patient(state, authorisation=state)
    office.do("patient.consent", patient_id=patient, consultation=True)
    office.ask("patient.open", patient_id=patient)
    assert len(office.seen("dmp", "TD0.3")) == asked
    assert office.errors() == []


# -- the way of access ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "persona", "words"),
    [
        ({"mode": "bris_de_glace"}, {}, "raison"),
        ({"mode": "bris_de_glace", "reason": "  "}, {}, "raison"),
        ({"secret": True}, {}, "mineurs"),
    ],
)
def test_an_access_that_may_not_be(
    office: Office, access: dict[str, Any], persona: dict[str, Any], words: str
) -> None:
    office.login()
    patient = office.patient(**persona)
    answer = office.ask("document.search", patient_id=patient, access=access)
    assert answer["outcome"] == "refused"
    assert words in told(answer)
    assert office.seen("dmp", "*") == []


def test_a_secret_connection_is_for_each_call(office: Office) -> None:
    office.login()
    patient = office.patient("enfant", minor=True)
    listed(office, patient, access={"secret": True})
    listed(office, patient)
    assert [one["secret"] for one in office.seen("dmp", "TD3.1")] == [True, False]
    assert office.errors() == []


@pytest.mark.parametrize("opposed", ["opposes_glass", "opposes_regulation"])
def test_the_record_says_what_the_patient_opposes(office: Office, opposed: str) -> None:
    office.login()
    patient = office.patient(opposed, minor=True, **{opposed: True})
    data = office.do("dmp.record", patient_id=patient)
    assert {name for name in ("opposes_glass", "opposes_regulation") if data[name]} == {opposed}
    assert len(data["representatives"]) == 2
    assert data["mes_attached"]
    way = GLASS if opposed == "opposes_glass" else {"mode": "centre_15"}
    answer = office.ask("document.search", patient_id=patient, access=way)
    assert answer["outcome"] == "failed"


@pytest.mark.parametrize(("state", "words"), [("inexistant", "pas de DMP"), ("ferme", "fermé")])
def test_no_record_to_read(office: Office, state: str, words: str) -> None:
    office.login()
    answer = office.ask("dmp.record", patient_id=office.patient(state, dmp=state))
    assert answer["outcome"] in ("refused", "failed")
    assert words in told(answer) or office.seen("dmp", "TD1.3a")[0]["outcome"] == "refused"


# -- lists ---------------------------------------------------------------------------------------------


def test_a_patient_without_ins_is_found_in_regulation(office: Office) -> None:
    office.login()
    office.patient()
    person = office.patients[-1]
    given = {"birth_name": person.birth_name, "given_name": person.given, "sex": person.sex}
    found = office.do("dmp.find", **given, birth_date=person.birth_date.isoformat())["patients"]
    assert person.ins.matricule in [one["ins"] for one in found]
    assert [one["purpose"] for one in office.seen("dmp", "TD0.5")] == ["centre_15"]
    assert office.errors() == []


def test_rights_as_the_dmp_tells_them(office: Office) -> None:
    office.login()
    patient = office.patient()
    person = office.patients[-1]
    found = office.do("dmp.patients", since="2000-01-01", by="authorisation")["patients"]
    assert person.ins.matricule in [one["ins"] for one in found]
    people = office.do("dmp.professionals", patient_id=patient, which="active")["professionals"]
    assert MEDECIN.id_nat in [one["id"] for one in people]
    assert office.do("dmp.professionals", patient_id=patient, which="blocked")["professionals"] == []
    assert office.errors() == []


def test_a_date_of_deposit_goes_with_other_criteria(office: Office) -> None:
    office.login()
    patient = office.patient()
    old = deposit(office, days_ago=40)
    deposit(office, days_ago=40, kind="11490-0")
    new = deposit(office)
    today = office.stack.clock.now().date()
    until = (today - timedelta(days=30)).isoformat()
    filters = {"submitted_to": until, "type_code": "11502-2"}
    assert listed(office, patient, filters=filters) == [old]
    assert listed(office, patient, filters={"submitted_from": today.isoformat()}) == [new]
    assert listed(office, patient, filters={"submitted_to": "2001-01-01"}) == []
    assert office.errors() == []


# -- documents kept here -------------------------------------------------------------------------------


def test_a_preloaded_document_is_opened_without_the_dmp_until_it_is_old(office: Office) -> None:
    office.login()
    patient = office.patient()
    document = deposit(office)
    assert office.do("document.preload", patient_id=patient)["unique_ids"] == [document]
    opened = office.do("document.retrieve", patient_id=patient, unique_id=document)
    assert len(office.seen("dmp", "TD3.2")) == 1
    [held] = office.software.store.preloaded.values()
    assert hashlib.sha256(held.content).hexdigest() == opened["sha256"]
    for key, one in list(office.software.store.preloaded.items()):
        office.software.store.preloaded[key] = type(one)(
            one.content, one.mime_type, office.software.clock.now()
        )
    office.do("document.retrieve", patient_id=patient, unique_id=document)
    assert len(office.seen("dmp", "TD3.2")) == 2


def test_nothing_to_preload(office: Office) -> None:
    office.login()
    patient = office.patient()
    assert office.do("document.preload", patient_id=patient, type_codes=["11490-0"])["unique_ids"] == []
    assert office.seen("dmp", "TD3.2") == []


def test_documents_that_do_not_come_are_told(office: Office) -> None:
    office.login()
    patient = office.patient()
    document = deposit(office)
    answer = office.ask("document.integrate", patient_id=patient, unique_ids=[document, "2.25.1"])
    assert [one["unique_id"] for one in answer["data"]["documents"]] == [document]
    assert "partie" in told(answer)


def test_an_unreadable_document_is_shown_with_a_warning(office: Office) -> None:
    office.login()
    patient = office.patient()
    broken = deposit(office, data=b"<ClinicalDocument")
    answer = office.ask("document.retrieve", patient_id=patient, unique_id=broken)
    assert answer["outcome"] == "done"
    assert "pas lisible" in told(answer)


# -- traces, and a slow DMP ----------------------------------------------------------------------------


def test_a_call_without_an_answer_is_traced(office: Office) -> None:
    office.login()
    patient = office.patient()
    office.fault("dmp", "TD0.2", "unavailable")
    office.ask("dmp.status", patient_id=patient)
    [trace] = office.do("dmp.traces", patient_id=patient)["traces"]
    assert (trace["transaction"], trace["user"]) == ("TD0.2", MEDECIN.id_nat)


def test_every_call_is_traced_under_its_assertion(office: Office) -> None:
    office.login("pharmacien")
    patient = office.patient()
    document = deposit(office)
    for action, given in (
        ("document.search", {}),
        ("document.retrieve", {"unique_id": document}),
        ("dmp.record", {}),
        ("dmp.professionals", {"which": "all"}),
    ):
        office.do(action, "pharmacien", patient_id=patient, **given)
    traces = office.do("dmp.traces", "pharmacien", patient_id=patient)["traces"]
    calls = [
        (one.transaction, one.facts["message_id"], one.facts["vihf_id"], one.facts["user"])
        for one in office.stack.journal.exchanges(since=office.start, service="dmp")
    ]
    kept = [(one["transaction"], one["message_id"], one["vihf_id"], one["user"]) for one in traces]
    assert kept == calls
    assert {one["user"] for one in traces} == {PHARMACIEN.id_nat}


def test_something_else_is_done_while_the_dmp_is_waited_for(office: Office) -> None:
    office.login()
    patient = office.patient()
    office.fault("dmp", "TD3.1", "slow", seconds=1.0)
    arrived, done = Event(), Event()

    def watch(exchange: Exchange, _: object) -> None:
        if exchange.transaction == "TD3.1":
            arrived.set()

    def search() -> None:
        office.do("document.search", patient_id=patient)
        done.set()

    stop = office.stack.journal.subscribe(watch)
    thread = Thread(target=search)
    thread.start()
    assert arrived.wait(10)
    assert office.do("session.status")["authenticated"]
    office.do("patient.consent", patient_id=patient, consultation=True)
    assert not done.is_set()
    thread.join(10)
    stop()
    assert done.is_set()
