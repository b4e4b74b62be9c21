"""The messages to the integration platform, as the software writes them."""

import base64
from collections.abc import Callable

import pytest

from reference_lps.behaviour import Behaviour
from reference_lps.defects.dmp_platform import DEFECTS
from reference_lps.defects.model import Defect
from schemas import hl7v2
from schemas.finding import errors
from schemas.hl7v2 import Transmission, identity, names, understand

from .conftest import Office

KINDS = {"lettre": "MDM", "cr-bio": "ORU", "cr-imagerie": "ORU", "vsm": "MDM", "certificat": "MDM"}


def exported(office: Office, patient: str, event: str, **given: object) -> Transmission:
    data = office.do("interface.export", patient_id=patient, event=event, **given)
    return understand(hl7v2.read(base64.b64decode(data["message_base64"])))


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_document(office: Office, kind: str) -> None:
    patient = office.patient()
    one = exported(office, patient, "document", kind=kind, confidentiality=["MASQUE_PS"])
    assert hl7v2.DOCUMENT.judge(one) == []
    assert one.kind == KINDS[kind]
    assert identity(one.message)[0] == office.patients[-1].ins
    assert [one.flag(flag) for flag in names.EXPECTED] == ["Y", "N", "N", "Y"]
    assert office.seen("dmp", "TD2.1") == []


def test_a_document_that_the_user_holds_back(office: Office) -> None:
    patient = office.patient()
    assert exported(office, patient, "document", to_dmp=False).flag(names.DESTDMP) == "N"


def test_a_document_of_another_structure_is_not_sent(office: Office) -> None:
    patient = office.patient()
    made = office.do("document.submit", patient_id=patient, kind="lettre")["unique_id"]
    answer = office.ask("interface.export", patient_id=patient, event="document", unique_id=made)
    assert answer["outcome"] == "refused"


@pytest.mark.parametrize(
    ("persona", "zfa"),
    [
        ({}, "ACTIF Y"),
        ({"authorisation": "INTERDIT"}, "ACTIF N"),
        ({"dmp": "ferme"}, "FERME"),
        ({"dmp": "inexistant"}, "INEXISTANT"),
    ],
)
def test_an_admission(office: Office, persona: dict[str, str], zfa: str) -> None:
    one = exported(office, office.patient(**persona), "admission")
    assert hl7v2.ADMISSION.judge(one) == []
    segment = one.message.first("ZFA")
    assert segment is not None
    assert f"{segment.value(1)} {segment.value(4)}".strip() == zfa


def test_a_discharge(office: Office) -> None:
    assert hl7v2.DISCHARGE.judge(exported(office, office.patient(), "discharge")) == []


@pytest.mark.parametrize(
    "defect", [one for one in DEFECTS if one.rule.startswith("HL7-")], ids=lambda one: one.id
)
def test_a_defect_breaks_its_rule_alone(open_office: Callable[[Behaviour], Office], defect: Defect) -> None:
    office = open_office(defect.behaviour)
    patient = office.patient(minor=True)
    found = {
        finding.rule
        for event, rules in (("admission", hl7v2.ADMISSION), ("discharge", hl7v2.DISCHARGE))
        for finding in errors(rules.judge(exported(office, patient, event)))
    }
    one = exported(office, patient, "document", confidentiality=["INVISIBLE_PATIENT"])
    found |= {finding.rule for finding in errors(hl7v2.DOCUMENT.judge(one))}
    assert found == {defect.rule}
