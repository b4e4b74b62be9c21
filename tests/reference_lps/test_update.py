"""Changing documents of the DMP, with the certificates of the structure and with a card."""

from collections.abc import Callable

import pytest

from reference_lps.behaviour import CONFORMANT, Behaviour
from schemas.xds import names

from .conftest import Office

MODES = ["structure", "carte"]


@pytest.fixture(params=MODES)
def either(request: pytest.FixtureRequest, open_office: Callable[[Behaviour], Office]) -> Office:
    """The conformant software, by each kind of certificates."""
    office = open_office(CONFORMANT)
    office.software._direct = request.param == "carte"
    office.login()
    return office


def submitted(office: Office, *flags: str, **persona: bool) -> dict[str, str]:
    patient = office.patient(**persona)
    made = office.do("document.submit", patient_id=patient, kind="lettre", confidentiality=list(flags))
    return {"patient_id": patient, "unique_id": made["unique_id"]}


def changed(office: Office) -> list[list[str]]:
    """What each accepted change did, as the DMP understood it."""
    return [
        update["actions"]
        for facts in office.seen("dmp", "TD3.3")
        if facts["outcome"] == "accepted"
        for update in facts["updates"]
    ]


@pytest.mark.parametrize(
    ("flag", "change", "left"),
    [
        (names.MASQUE_PS, "unmask", ["N"]),
        (names.INVISIBLE_PATIENT, "show_patient", ["N"]),
        (names.INVISIBLE_REPRESENTANTS, "show_representatives", ["N"]),
    ],
)
def test_a_flag_is_lifted(either: Office, flag: str, change: str, left: list[str]) -> None:
    document = submitted(either, flag, minor=flag == names.INVISIBLE_REPRESENTANTS)
    done = either.do("document.update", change=change, confirmed=True, **document)
    assert done == {"status": "approved", "confidentiality": left}
    assert changed(either) == [[change.replace("_", "-")]]
    assert either.ask("document.update", change=change, confirmed=True, **document)["outcome"] == "refused"
    assert either.errors() == []


def test_masked_then_shown_again_then_archived_then_deleted(either: Office) -> None:
    document = submitted(either)
    seen = [
        either.do("document.update", change=change, confirmed=True, **document)["status"]
        for change in ("mask", "unmask", "archive", "unarchive", "archive", "delete")
    ]
    assert seen == ["approved", "approved", "archived", "approved", "archived", "deleted"]
    assert changed(either) == [["mask"], ["unmask"], ["archive"], ["unarchive"], ["archive"], ["delete"]]
    assert either.errors() == []


@pytest.mark.parametrize(
    "change", ["mask", "unmask", "show_patient", "show_representatives", "archive", "delete"]
)
def test_nothing_is_sent_without_confirmation(office: Office, change: str) -> None:
    office.login()
    document = submitted(office)
    answer = office.ask("document.update", change=change, confirmed=False, **document)
    assert (answer["outcome"], answer["messages"][0]["level"]) == ("refused", "error")
    assert "?" in answer["messages"][0]["text"]
    assert office.seen("dmp", "TD3.3") == []


def test_both_flags_are_refused(office: Office) -> None:
    office.login()
    document = submitted(office, names.INVISIBLE_PATIENT)
    assert office.ask("document.update", change="mask", confirmed=True, **document)["outcome"] == "refused"
    assert office.seen("dmp", "TD3.3") == []


def test_a_document_of_another_is_not_deleted(either: Office) -> None:
    patient = either.patient()
    theirs = either.stack.deposit_report(either.patients[-1])
    answer = either.ask(
        "document.update", patient_id=patient, unique_id=theirs, change="delete", confirmed=True
    )
    assert answer["outcome"] == "refused"
    assert either.seen("dmp", "TD3.3") == []


def test_a_deletion_asks_for_no_authorisation(office: Office) -> None:
    document = submitted(office)
    person = office.patients[-1]
    office.stack.population.derive(person.key, authorisation="NON_EXISTE")
    assert office.do("document.update", change="delete", confirmed=True, **document)["status"] == "deleted"
    assert office.seen("dmp", "TD0.3") == []


def test_what_changed_meanwhile_is_told(office: Office) -> None:
    office.login()
    document = submitted(office)
    office.fault("dmp", "TD3.3", "registry-error", code="XDSMetadataVersionError")
    answer = office.ask("document.update", change="mask", confirmed=True, **document)
    assert answer["outcome"] == "failed"
    assert "XDSMetadataVersionError" in answer["messages"][0]["text"]
    office.fault("dmp", "TD3.3", "registry-error", code="XDSRegistryBusy")
    assert office.ask("document.update", change="mask", confirmed=True, **document)["outcome"] == "failed"


def test_a_professional_without_access_changes_nothing(office: Office) -> None:
    office.login()
    document = submitted(office)
    office.stack.population.derive(office.patients[-1].key, authorisation="INTERDIT")
    assert office.ask("document.update", change="mask", confirmed=True, **document)["outcome"] == "refused"


@pytest.mark.parametrize("change", ["mask", "delete"])
def test_an_unknown_document(office: Office, change: str) -> None:
    office.login()
    patient = office.patient()
    answer = office.ask(
        "document.update", patient_id=patient, unique_id="2.25.1", change=change, confirmed=True
    )
    assert answer["outcome"] == "refused"
