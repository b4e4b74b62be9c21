"""Small documents to judge: one of ours that nothing is said against, and what spoils it."""

from datetime import UTC, datetime

from schemas.cda import Code, DocumentSpec, Header, PatientIdentity, Person, build_document
from schemas.ins import Ins

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


def letter(number: int = 7) -> bytes:
    """A level-1 letter; each number makes another one."""
    header = Header(
        unique_id=f"1.2.250.1.999.1.1.{number}",
        set_id=f"1.2.250.1.999.1.1.{number}000",
        created=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
        patient=PATIENT,
        author=DOCTOR,
    )
    pdf = b"%PDF-1.4\n% a stand-in that says pdfaid\n%%EOF\n"
    return build_document(DocumentSpec(header, "lettre", pdf))


def without_title(data: bytes) -> bytes:
    return data.replace(b"<title>", b"<titre>").replace(b"</title>", b"</titre>")
