"""What the CDA tests share: a patient, a doctor, documents of ours, the official samples when present."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.cda import (
    Code,
    DocumentSpec,
    Header,
    PatientIdentity,
    Person,
    PrescriptionLine,
    PrescriptionSpec,
    build_document,
    build_prescription,
)
from schemas.ins import Ins

SAMPLES = Path(__file__).parents[4] / "shared/data/cda"

PATIENT = PatientIdentity(
    ins=Ins("279035121518989", "1.2.250.1.213.1.4.10"),
    local_ids=(("1.2.250.1.999.1.2", "IPP-42"),),
    birth_name="PAT-TROIS",
    given="DOMINIQUE",
    given_names="DOMINIQUE MARIE-LOUISE",
    sex="F",
    birth_date="19790328",
    birth_place="51215",
)
DOCTOR = Person(
    id="899700100011",
    family="DESCHAMPS-TEST",
    given="CAMILLE",
    prefix="MME",
    suffix="DR",
    code=Code("G15_10/SM26", "1.2.250.1.213.1.1.4.5"),
    organisation_id="499700100011001",
    organisation_name="CABINET MEDICAL DU BANC",
)
CREATED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
HEADER = Header(
    unique_id="1.2.250.1.999.1.1.7",
    set_id="1.2.250.1.999.1.1.7000",
    created=CREATED,
    patient=PATIENT,
    author=DOCTOR,
)
PDF = b"%PDF-1.4\n% a stand-in that says pdfaid\n%%EOF\n"

EPU = "01S2TBPZ2JCNZZYGHZ"
LINES = (
    PrescriptionLine(
        label="PARACETAMOL MYLAN 500 mg, comprimé",
        posology="1 comprimé 3 fois par jour pendant 5 jours",
        cis="63107752",
        cip13="3400933516390",
        quantity=2,
        days=5,
        line_id="AADC9C14-F1CA-4177-B2C8-A5178D5B3CA0",
    ),
    PrescriptionLine(
        label="Préparation magistrale <émollient & co>",
        posology="2 applications par jour",
        substitution_allowed=False,
        substitution_reason="MTE",
        renewals=1,
        ald=True,
    ),
)
PRESCRIPTION = PrescriptionSpec(HEADER, LINES, PDF, EPU, valid_until=CREATED + timedelta(days=90))


@pytest.fixture(scope="session")
def prescription_spec() -> PrescriptionSpec:
    return PRESCRIPTION


@pytest.fixture
def prescription() -> bytes:
    return build_prescription(PRESCRIPTION)


@pytest.fixture(scope="session")
def patient() -> PatientIdentity:
    return PATIENT


@pytest.fixture(scope="session")
def header() -> Header:
    return HEADER


@pytest.fixture
def level1() -> bytes:
    return build_document(DocumentSpec(HEADER, "cr-bio", PDF))


@pytest.fixture
def samples() -> Path:
    """The folder of official examples; skips when it is not beside the checkout."""
    if not SAMPLES.is_dir():
        pytest.skip("official CDA examples are not beside the checkout")
    return SAMPLES
