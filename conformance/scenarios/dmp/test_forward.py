"""DMP: a CDA of another application goes through the software: a sound one leaves, another does not."""

import base64
import uuid
from datetime import UTC, datetime

import pytest

from conformance.engine.bench import Bench, Known
from conformance.engine.scenario import scenario
from schemas import cda, pdf
from schemas.finding import RuleSet
from simulators.core.identities import MEDECIN

from .sent import ids_of

RULES: RuleSet[None] = RuleSet("scenarios.dmp.forward")
FORWARDED = RULES.declare("SCN-DMP-EAI-TRANSMIS", requirements=["EX_2.1-1090"], source="SEL-MP-037")
STOPPED = RULES.declare("SCN-DMP-EAI-ARRETE", requirements=["EX_2.1-1090"], source="SEL-MP-037")
STOP_TOLD = RULES.declare("SCN-DMP-EAI-DIT", requirements=["EX_2.1-1090"], source="SEL-MP-037")

NEEDS = ["patient.record", "identity.search", "document.forward"]
WRITTEN = datetime(2025, 6, 2, 9, 30, tzinfo=UTC)
SPOILT = {
    "schema": (b'<signatureCode code="S"/>', b""),
    "jeu-de-valeurs": (b"<prefix>MME</prefix>", b"<prefix>REINE</prefix>"),
}


@scenario("DMP-EAI-01", theme="DMP", proves=["EX_2.1-1090"], needs=NEEDS)
@pytest.mark.parametrize("spoilt", list(SPOILT))
def test_forward(bench: Bench, spoilt: str) -> None:
    """A sound CDA leaves as itself; one that breaks a rule does not leave, and the user is told."""
    patient = bench.patient()
    sound = letter(bench, patient, "bon")
    mark = bench.mark()
    bench.ask("document.forward", patient_id=patient.id, document_base64=encoded(sound))
    control = bench.expect("dmp", "TD2.1", rule=FORWARDED, since=mark, patient=patient.matricule)
    sent, wanted = ids_of([control]), cda.read(sound).unique_id
    bench.check(FORWARDED, sent == [wanted], where=control.id, observed=sent, expected=wanted)
    old, new = SPOILT[spoilt]
    broken = letter(bench, patient, "mauvais").replace(old, new)
    bench.provoked.update(finding.rule for finding in cda.judge(broken))  # what is wrong in it is ours
    mark = bench.mark()
    answer = bench.ask("document.forward", patient_id=patient.id, document_base64=encoded(broken))
    bench.none(STOPPED, "dmp", "TD2.1", control=control, since=mark)
    bench.told(STOP_TOLD, answer)


def letter(bench: Bench, patient: Known, name: str) -> bytes:
    """A letter of the test doctor, as another application of the practice would write it."""
    person = patient.patient

    def oid(what: str) -> str:
        return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'{bench.run_id} {bench.key} {name} {what}').int}"

    page = pdf.write_pdf(
        "Lettre",
        ("Document reçu d'une autre application.",),
        created=WRITTEN,
        identity=(person.birth_name, person.given),
        author=(MEDECIN.family,),
    )
    header = cda.Header(
        unique_id=oid("document"),
        set_id=oid("set"),
        created=WRITTEN,
        patient=cda.PatientIdentity(
            ins=person.ins,
            local_ids=(("1.2.250.1.999.1.9", name),),
            birth_name=person.birth_name,
            given=person.given,
            given_names=" ".join(person.given_names),
            sex=person.sex,
            birth_date=f"{person.birth_date:%Y%m%d}",
            birth_place=person.birth_place,
        ),
        author=cda.Person(
            MEDECIN.id_nat,
            family=MEDECIN.family,
            given=MEDECIN.given,
            prefix=MEDECIN.civility,
            code=cda.Code(MEDECIN.speciality_code, "1.2.250.1.213.1.1.4.5"),
            organisation_id=MEDECIN.structure.id_nat,
            organisation_name=MEDECIN.structure.name,
        ),
        facility=MEDECIN.structure.sector,
    )
    return cda.build_document(cda.DocumentSpec(header, "lettre", page))


def encoded(document: bytes) -> str:
    return base64.b64encode(document).decode()
