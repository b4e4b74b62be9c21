"""The printed prescription and its CDA, made and judged together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.cda import (
    Code,
    Header,
    PatientIdentity,
    Person,
    PrescriptionLine,
    PrescriptionSpec,
    build_prescription,
    judge,
    read,
)
from schemas.ins import Ins
from schemas.ins.datamatrix import encode
from schemas.pdf import judge_pdf, judge_print, read_pdf, write_pdf

CREATED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PATIENT = PatientIdentity(
    Ins("279035121518989"),
    (("1.2.250.1.999.1.2", "IPP-1"),),
    "PAT-TROIS",
    "DOMINIQUE",
    "DOMINIQUE MARIE-LOUISE",
    "F",
    "19790328",
    "51215",
)
DOCTOR = Person(
    "899700100011",
    family="DESCHAMPS-TEST",
    given="CAMILLE",
    code=Code("G15_10/SM26", "1.2.250.1.213.1.1.4.5"),
    organisation_id="499700100011001",
    organisation_name="CABINET MEDICAL DU BANC",
)


def prescribe(patient: PatientIdentity, number: str | None) -> bytes:
    """What a conformant software does: print, then embed the very print in the CDA."""
    lines = (PrescriptionLine("PARACETAMOL 500 mg, comprimé", "1 comprimé 3 fois par jour", cis="63107752"),)
    code = None
    identity = [f"Nom de naissance : {patient.birth_name}", f"Prénom : {patient.given}", "28/03/1979 F"]
    if patient.ins:
        identity.append(f"INS : {patient.ins.matricule} (NIR)")
        code = encode(
            patient.ins,
            given_names=patient.given_names,
            birth_name=patient.birth_name,
            sex=patient.sex,
            birth_date=patient.birth_date,
            birth_place=patient.birth_place,
        )
    pdf = write_pdf(
        "Ordonnance",
        [f"{line.label} : {line.posology}" for line in lines],
        created=CREATED,
        identity=identity,
        code2d=number,
        ins_datamatrix=code,
    )
    header = Header("1.2.250.1.999.1.1.7", "1.2.250.1.999.1.1.70", CREATED, patient, DOCTOR)
    return build_prescription(
        PrescriptionSpec(header, lines, pdf, number, valid_until=CREATED + timedelta(days=90))
    )


def test_qualified_patient_with_a_number() -> None:
    data = prescribe(PATIENT, "01S2TBPZ2JCNZZYGHZ")
    assert judge(data) == []
    document = read(data)
    assert document.pdf is not None
    assert judge_pdf(document.pdf) == []
    assert judge_print(read_pdf(document.pdf), patient=document.patient, epu_id=document.epu_id) == []


def test_degraded_mode_of_an_unqualified_patient() -> None:
    data = prescribe(replace(PATIENT, ins=None), None)
    assert [found.rule for found in judge(data)] == ["CDA-EP-10"]  # an info: no INS
    document = read(data)
    assert document.pdf is not None
    assert judge_print(read_pdf(document.pdf), patient=document.patient, epu_id=document.epu_id) == []
