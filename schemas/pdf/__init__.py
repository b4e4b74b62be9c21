"""Printed documents: write PDF/A-1b, read text and 2D codes back, judge. The heavy libraries load on use."""

from typing import TYPE_CHECKING

from schemas.finding import Finding
from schemas.pdf.model import Block, Heading, Pdf, PdfMarkers, PdfRefused, PlacedCode, Table

if TYPE_CHECKING:
    from schemas.cda.model import PatientIdentity
    from schemas.pdf.writer import write_pdf

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


def __getattr__(name: str) -> object:
    """`write_pdf` is loaded when it is first asked for, with its library."""
    if name == "write_pdf":
        from schemas.pdf.writer import write_pdf

        return write_pdf
    raise AttributeError(name)


def read_pdf(data: bytes, *, codes: bool = True, code_pages: int = 20) -> Pdf:
    """Text, 2D codes (rendered and decoded; not when `codes` is False) and PDF/A markers of a PDF.

    At most `reader.MAX_PAGES` pages; codes on the first `code_pages`, at some 20 ms each. Raises PdfRefused
    (not a PDF, encrypted, broken, too large once inflated).
    """
    from schemas.pdf.reader import read

    return read(data, codes=codes, code_pages=code_pages)


def judge_pdf(data: bytes) -> list[Finding]:
    """Whether this is a PDF/A-1: what it announces, and each clause that its structure shows broken; widths
    and pictures are not decoded."""
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
