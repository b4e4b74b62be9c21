"""Every account of the installation, by each kind of certificates: the DMP knows who calls."""

import pytest

from simulators.core.identities import EMPLOYEES, PROFESSIONALS

from .conftest import Office

KNOWN = {one.user: one.id_nat for one in (*PROFESSIONALS, *EMPLOYEES)}


def by(office: Office, mode: str) -> None:
    office.software._direct = mode == "carte"


@pytest.mark.parametrize("mode", ["carte", "structure"])
@pytest.mark.parametrize("user", ["medecin", "pharmacien", "infirmier", "sage-femme"])
def test_feed_then_read(office: Office, user: str, mode: str) -> None:
    by(office, mode)
    office.login(user)
    patient = office.patient(f"{user}-{mode}")
    made = office.do("document.submit", user, patient_id=patient, kind="lettre")["unique_id"]
    found = office.do("document.search", user, patient_id=patient)["documents"]
    assert [one["unique_id"] for one in found] == [made]
    office.do("document.update", user, patient_id=patient, unique_id=made, change="mask", confirmed=True)
    office.do("document.update", user, patient_id=patient, unique_id=made, change="delete", confirmed=True)
    calls = [facts for name in ("TD0.2", "TD2.1", "TD3.1", "TD3.3") for facts in office.seen("dmp", name)]
    assert {facts["user"] for facts in calls} == {KNOWN[user]}
    assert {facts["outcome"] for facts in calls} == {"accepted"}
    assert office.errors() == []


def test_a_secretary_feeds_for_the_structure_with_a_card(office: Office) -> None:
    by(office, "carte")
    patient = office.patient()
    first = office.do("document.submit", "secretaire", patient_id=patient, kind="lettre")["unique_id"]
    second = office.do("document.submit", "secretaire", patient_id=patient, kind="lettre", replaces=first)[
        "unique_id"
    ]
    fed = office.seen("dmp", "TD2.2")
    assert [(one["outcome"], one["user"], one["mode"]) for one in fed] == [
        ("accepted", KNOWN["secretaire"], "DIRECTE")
    ] * 2
    office.do(
        "document.update", "secretaire", patient_id=patient, unique_id=second, change="delete", confirmed=True
    )
    assert office.errors() == []
