"""Printed documents: write PDF/A-1b, read text and 2D codes back, judge. The heavy libraries load on use."""

from collections.abc import Sequence
from datetime import datetime

from schemas.pdf.model import Block, Heading, Pdf, PdfMarkers, PdfRefused, PlacedCode, Table

__all__ = [
    "Block",
    "Heading",
    "Pdf",
    "PdfMarkers",
    "PdfRefused",
    "PlacedCode",
    "Table",
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
