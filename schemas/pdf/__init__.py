"""Printed documents: write PDF/A-1b, read text and 2D codes back, judge. The heavy libraries load on use."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from schemas.finding import Finding
from schemas.pdf.model import Block, Heading, Pdf, PdfMarkers, PdfRefused, PlacedCode, Table

if TYPE_CHECKING:
    from schemas.cda.model import PatientIdentity

__all__ = [
    "Block",
    "Heading",
    "Pdf",
    "PdfMarkers",
    "PdfRefused",
    "PlacedCode",
    "Table",
    "judge_pdf",
    "judge_print",
    "read_pdf",
    "write_pdf",
]


def write_pdf(
    title: str,
    blocks: Sequence[Block],
    *,
    created: datetime,
    identity: Sequence[str] = (),
    author: Sequence[str] = (),
    code2d: str | None = None,
    code2d_label: str | None = None,
    ins_datamatrix: str | None = None,
    notice: str = "",
) -> bytes:
    """A PDF/A-1b document in A4; the same arguments give the same bytes.

    `created`: aware. `identity`, `author`: lines at the top of the first page. `code2d`: text of the QR code
    at the bottom left of each page, its readable form `code2d_label` (the text itself when None) below.
    `ins_datamatrix`: text of the INS datamatrix, printed on the first page with "INS à scanner"; give it for
    a QUALIFIEE identity only. `notice`: privacy notice at the foot of each page. Characters that the embedded
    font lacks are shown as U+FFFD. Raises ValueError on a naive instant.
    """
    from schemas.pdf.writer import write

    return write(
        title,
        blocks,
        created=created,
        identity=identity,
        author=author,
        code2d=code2d,
        code2d_label=code2d_label,
        ins_datamatrix=ins_datamatrix,
        notice=notice,
    )


def read_pdf(data: bytes, *, codes: bool = True) -> Pdf:
    """Text, 2D codes (rendered and decoded; not when `codes` is False) and PDF/A markers of a PDF.

    At most `reader.MAX_PAGES` pages. Raises PdfRefused (not a PDF, encrypted, broken).
    """
    from schemas.pdf.reader import read

    return read(data, codes=codes)


def judge_pdf(data: bytes) -> list[Finding]:
    """Whether this is a PDF/A-1: its markers and what would deny them; not a full validator."""
    from schemas.pdf.rules import judge

    return judge(data)


def judge_print(
    pdf: Pdf, *, patient: "PatientIdentity | None" = None, epu_id: str | None = None
) -> list[Finding]:
    """What a document printed for this patient must show: strict traits and INS datamatrix when `patient`
    carries an INS and none otherwise, the prescription's code and number when `epu_id` is given and no QR
    code that looks like one otherwise."""
    from schemas.pdf.printed import Printed, judge

    return judge(Printed(pdf, patient, epu_id))
