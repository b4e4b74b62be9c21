"""Write PDF/A-1b (ISO 19005-1): embedded fonts, sRGB output intent, XMP, no transparency, no clock.

Layout of a French medical document: identity traits and INS datamatrix on the first page, the QR code of an
e-prescription at the bottom left with its number below (Cnam, ordonnance numérique; RNIV, rule on printed
identity).
"""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Literal
from xml.sax.saxutils import escape

from fpdf import FPDF
from fpdf.fonts import TTFFont

from schemas.pdf.matrix import Matrix, datamatrix_matrix, qr_matrix, runs
from schemas.pdf.model import Block, Heading, Table

PRODUCER = "segur-bench"
MARGIN = 15.0  # mm
QR_SIDE = 26.0
DATAMATRIX_SIDE = 20.0

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<xmp:CreateDate>{created}</xmp:CreateDate><xmp:ModifyDate>{created}</xmp:ModifyDate>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<pdf:Producer>{producer}</pdf:Producer>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>"""


class _Sheet(FPDF):
    """Pages with a footer: notice, page number, and the prescription's code when there is one."""

    notice = ""
    code2d: Matrix | None = None
    code2d_label = ""

    def footer(self) -> None:
        bottom = self.h - 10
        if self.code2d is not None:
            draw(self, self.code2d, MARGIN, bottom - QR_SIDE - 11, QR_SIDE)
            self.set_font("DejaVu", size=8)
            self.set_xy(MARGIN, bottom - 10)
            self.cell(80, 4, self.code2d_label)
        self.set_font("DejaVu", size=7)
        self.set_xy(MARGIN, bottom - 4)
        self.cell(self.epw - 20, 4, self.notice)
        self.cell(20, 4, f"Page {self.page_no()}", align="R")


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
    if created.tzinfo is None:
        raise ValueError("a document is dated with its time zone")
    sheet = _Sheet(format="A4", enforce_compliance="PDF/A-1b")
    _declare(sheet, title, created)
    sheet.set_margins(MARGIN, MARGIN)
    sheet.set_auto_page_break(True, QR_SIDE + 26 if code2d else 20)
    sheet.notice = printable(sheet, notice)
    if code2d:
        sheet.code2d = qr_matrix(code2d)
        sheet.code2d_label = printable(sheet, code2d_label if code2d_label is not None else code2d)
    sheet.add_page()
    if ins_datamatrix:
        left = sheet.w - MARGIN - DATAMATRIX_SIDE - 2
        draw(sheet, datamatrix_matrix(ins_datamatrix), left, MARGIN, DATAMATRIX_SIDE)
        sheet.set_font("DejaVu", size=7)
        sheet.set_xy(left - 5, MARGIN + DATAMATRIX_SIDE + 1.5)
        sheet.cell(DATAMATRIX_SIDE + 10, 3, "INS à scanner", align="C")
        sheet.set_xy(MARGIN, MARGIN)
    for lines in (author, identity):
        for line in lines:
            _paragraph(sheet, line, 9, width=sheet.epw - DATAMATRIX_SIDE - 10)
        sheet.ln(2)
    if ins_datamatrix:
        sheet.set_y(max(sheet.get_y(), MARGIN + DATAMATRIX_SIDE + 6))
    _paragraph(sheet, title, 14, style="B")
    sheet.ln(2)
    for block in blocks:
        _add(sheet, block)
    return bytes(sheet.output())


def draw(sheet: FPDF, matrix: Matrix, x: float, y: float, side: float) -> None:
    """Draw dark modules as filled rectangles in a square of `side` mm."""
    module = side / max(len(matrix), 1)
    sheet.set_fill_color(0, 0, 0)
    for row, column, length in runs(matrix):
        sheet.rect(x + column * module, y + row * module, length * module, module, style="F")


def printable(sheet: FPDF, text: str) -> str:
    """Text that the embedded font can show: composed, without control characters, `\\ufffd` for the rest."""
    font = sheet.fonts["dejavu"]
    known = font.cmap if isinstance(font, TTFFont) else {}
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        char if char == "\n" or ord(char) in known else (" " if char.isspace() else "\ufffd")
        for char in composed
        if char == "\n" or char == "\t" or not unicodedata.category(char).startswith("C")
    )


def _declare(sheet: FPDF, title: str, created: datetime) -> None:
    folder = resources.files("schemas.pdf")
    for style, name in (("", "DejaVuSans.subset.ttf"), ("B", "DejaVuSans-Bold.subset.ttf")):
        with resources.as_file(folder / name) as path:
            sheet.add_font("DejaVu", style, path)
    sheet.set_font("DejaVu", size=10)
    sheet.set_creation_date(created)
    clean = "".join(char for char in title if not unicodedata.category(char).startswith("C"))
    sheet.set_title(clean)
    sheet.set_producer(PRODUCER)
    sheet.set_lang("fr-FR")
    date = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    sheet.set_xmp_metadata(XMP.format(title=escape(clean), created=date, producer=PRODUCER))


def _paragraph(sheet: FPDF, text: str, size: int, *, style: Literal["", "B"] = "", width: float = 0) -> None:
    sheet.set_font("DejaVu", style, size)
    sheet.multi_cell(width, size * 0.5, printable(sheet, text), align="L", new_x="LMARGIN", new_y="NEXT")


def _add(sheet: FPDF, block: Block) -> None:
    if isinstance(block, Heading):
        sheet.ln(1)
        _paragraph(sheet, block.text, 11, style="B")
    elif isinstance(block, Table):
        sheet.set_font("DejaVu", size=8)
        with sheet.table(line_height=4, first_row_as_headings=True) as table:
            for row in (block.head, *block.rows):
                cells = table.row()
                for value in row:
                    cells.cell(printable(sheet, value))
        sheet.ln(2)
    else:
        _paragraph(sheet, block, 10)
        sheet.ln(1)
