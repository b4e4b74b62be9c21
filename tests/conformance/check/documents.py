"""Small documents to judge: one of ours that nothing is said against, and what spoils it."""

from datetime import UTC, datetime

from schemas.cda import DocumentSpec, Header, build_document
from tests.schemas.cda.conftest import DOCTOR, PATIENT


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
