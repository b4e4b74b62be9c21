"""What a PDF/A-1 must be, from its markers. Source: ISO 19005-1; Référentiel #2 ECO.2.1.5 (PDF/A-1)."""

from collections.abc import Iterator

from schemas.finding import Finding, Observation, RuleSet
from schemas.pdf.model import Pdf, PdfRefused

RULES: RuleSet[Pdf] = RuleSet("pdf")
PDFA1 = ("DOC/va1.01",)
ISO = "ISO 19005-1"

UNREADABLE = RULES.declare("PDF-01", requirements=PDFA1, source="ISO 32000-1 7.5")


@RULES.rule("PDF-A-01", requirements=PDFA1, source=f"{ISO} 6.7.11, Référentiel #2 ECO.2.1.5")
def announces_pdfa1(pdf: Pdf) -> Iterator[Observation]:
    """The XMP announces PDF/A part 1, conformance A or B."""
    seen = pdf.markers
    if not seen.announces_pdfa1:
        yield Observation("XMP pdfaid", f"{seen.part} {seen.conformance}".strip(), "part 1, conformance B")


@RULES.rule("PDF-A-02", requirements=PDFA1, source=f"{ISO} 6.2.2")
def has_an_output_intent(pdf: Pdf) -> Iterator[Observation]:
    """A GTS_PDFA1 output intent carries an ICC profile."""
    if not pdf.markers.output_intent:
        yield Observation("/OutputIntents", "", "GTS_PDFA1 + DestOutputProfile")


@RULES.rule("PDF-A-03", requirements=PDFA1, source=f"{ISO} 6.3.4")
def fonts_are_embedded(pdf: Pdf) -> Iterator[Observation]:
    """Every font is embedded."""
    for name in pdf.markers.fonts_not_embedded:
        yield Observation("/Font", name, "FontFile, FontFile2 ou FontFile3")


@RULES.rule("PDF-A-04", requirements=PDFA1, source=f"{ISO} 6.4")
def has_no_transparency(pdf: Pdf) -> Iterator[Observation]:
    """Nothing is transparent."""
    for seen in pdf.markers.transparency:
        yield Observation("/Resources", seen, "opaque")


@RULES.rule("PDF-A-05", requirements=PDFA1, source=f"{ISO} 6.1.3")
def has_an_identifier(pdf: Pdf) -> Iterator[Observation]:
    """The trailer has an /ID."""
    if not pdf.markers.has_id:
        yield Observation("trailer /ID", "", "2 chaînes")


@RULES.rule("PDF-A-06", requirements=PDFA1, source=f"{ISO} 6.1.3, 6.1.11, 6.6.1")
def has_nothing_active(pdf: Pdf) -> Iterator[Observation]:
    """No encryption, script, attachment or active action."""
    for seen in pdf.markers.forbidden:
        yield Observation("catalogue", seen, "")


def judge(data: bytes) -> list[Finding]:
    """See `schemas.pdf.judge_pdf`."""
    from schemas.pdf.reader import read

    try:
        pdf = read(data, codes=False)
    except PdfRefused as refusal:
        return [UNREADABLE.finding("/", f"{refusal.reason} : {refusal.detail}", "%PDF-")]
    return RULES.judge(pdf)
