"""What the PDF code shares: the blocks of a printed document, and what is read back from one."""

from dataclasses import dataclass

from schemas.pdf.faults import Family, Fault


class PdfRefused(ValueError):
    """The bytes are no PDF that can be opened. `reason`: `not-pdf`, `encrypted`, `broken` or `too-large`
    (it would cost without end)."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside the document."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a row of headings, rows of cells (each as long as `head`)."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = str | Heading | Table
"""A plain string is a paragraph."""


@dataclass(frozen=True, slots=True)
class PlacedCode:
    """A 2D code seen on a page. `page` from 1; `x`, `y` its centre as a fraction of the page, from the top
    left corner."""

    format: str  # "QRCode", "DataMatrix", …
    text: str
    page: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class PdfMarkers:
    """What a PDF says of its PDF/A conformance, and what would deny it.

    `part`, `conformance`: of the XMP (`1`, `B`), empty when not announced. `output_intent`: a GTS_PDFA1
    intent with an ICC profile. `fonts_not_embedded`: names of fonts that show text. `transparency`,
    `forbidden`: what was found. `faults`: everything with its place, by family of clauses.
    """

    part: str = ""
    conformance: str = ""
    output_intent: bool = False
    has_id: bool = False
    fonts_not_embedded: tuple[str, ...] = ()
    transparency: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    def of(self, family: Family) -> tuple[Fault, ...]:
        """The faults of one family."""
        return tuple(fault for fault in self.faults if fault.family is family)

    @property
    def announces_pdfa1(self) -> bool:
        return self.part == "1" and self.conformance in ("A", "B")


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF read back: text by page, 2D codes, PDF/A markers."""

    pages: tuple[str, ...]
    placed: tuple[PlacedCode, ...]
    markers: PdfMarkers
    truncated: bool = False  # more pages than are read

    @property
    def text(self) -> str:
        return "\n".join(self.pages)

    @property
    def codes2d(self) -> list[tuple[str, str]]:
        """(format, text) of every distinct 2D code, in order of appearance."""
        return list(dict.fromkeys((code.format, code.text) for code in self.placed))

    @property
    def qr_texts(self) -> list[str]:
        return [text for kind, text in self.codes2d if kind == "QRCode"]

    @property
    def datamatrix_texts(self) -> list[str]:
        return [text for kind, text in self.codes2d if kind == "DataMatrix"]
