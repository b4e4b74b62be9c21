"""What a PDF/A-1 must be, from what a survey of it found. Source: ISO 19005-1; Référentiel #2 ECO.2.1.5.

PDF-A-01 to PDF-A-06 are told of any PDF. The others are the finer clauses: they are told of a PDF that
announces PDF/A-1, and so claims to follow them.
"""

from collections.abc import Callable, Iterator

from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.pdf.faults import Family, Fault
from schemas.pdf.model import Pdf, PdfRefused

RULES: RuleSet[Pdf] = RuleSet("pdf")
PDFA1 = ("DOC/va1.01",)
ISO = "ISO 19005-1"
ANNOUNCED = "PDF-A-01"

UNREADABLE = RULES.declare("PDF-01", requirements=PDFA1, source="ISO 32000-1 7.5")


@RULES.rule("PDF-02", requires=Keyword.PEUT, source="Règle du banc : texte que le destinataire peut chercher")
def text_can_be_extracted(pdf: Pdf) -> Iterator[Observation]:
    """A page holds text, not only a picture of it."""
    if pdf.pages and not pdf.text.strip():
        yield Observation("pages", "aucun texte", "texte extractible")


@RULES.rule("PDF-03", requires=Keyword.PEUT, source="Règle du banc : lecture bornée")
def read_whole(pdf: Pdf) -> Iterator[Observation]:
    """All pages were read: what follows the last one that was is not judged."""
    if pdf.truncated:
        yield Observation("pages", f"seules les {len(pdf.pages)} premières sont lues", "document plus court")


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
    """Every font that shows text is embedded."""
    yield from _told(pdf, Family.FONT_FILE, "FontFile, FontFile2 ou FontFile3")


@RULES.rule("PDF-A-04", requirements=PDFA1, source=f"{ISO} 6.4, 6.5.3")
def has_no_transparency(pdf: Pdf) -> Iterator[Observation]:
    """Nothing is transparent."""
    yield from _told(pdf, Family.TRANSPARENCY, "opaque")


@RULES.rule("PDF-A-05", requirements=PDFA1, source=f"{ISO} 6.1.3")
def has_an_identifier(pdf: Pdf) -> Iterator[Observation]:
    """The trailer has an /ID."""
    if not pdf.markers.has_id:
        yield Observation("trailer /ID", "", "2 chaînes")


@RULES.rule("PDF-A-06", requirements=PDFA1, source=f"{ISO} 6.1.3, 6.1.11, 6.6.1, 6.6.2")
def has_nothing_active(pdf: Pdf) -> Iterator[Observation]:
    """No encryption, script, attachment or active action."""
    yield from _told(pdf, Family.ACTIVE, "")


def _told(pdf: Pdf, family: Family, expected: str) -> Iterator[Observation]:
    for fault in pdf.markers.of(family):
        yield _observed(fault, expected)


def _observed(fault: Fault, expected: str = "") -> Observation:
    return Observation(fault.where, fault.observed, fault.expected or expected)


def _clause(family: Family) -> Callable[[Pdf], Iterator[Observation]]:
    """The rule of one family, told of a PDF that announces PDF/A-1."""

    def rule(pdf: Pdf) -> Iterator[Observation]:
        if pdf.markers.announces_pdfa1:
            yield from _told(pdf, family, "")

    return rule


CLAUSES: tuple[tuple[str, Family, str], ...] = (
    ("PDF-A-07", Family.HEADER, "6.1.2"),
    ("PDF-A-08", Family.END, "6.1.3"),
    ("PDF-A-09", Family.OBJECT_STREAMS, "6.1.4 ; PDF 1.4 3.4"),
    ("PDF-A-10", Family.EXTERNAL, "6.1.7"),
    ("PDF-A-11", Family.FILTER, "6.1.10 ; PDF 1.4 3.3"),
    ("PDF-A-12", Family.LAYERS, "6.1.13"),
    ("PDF-A-13", Family.COLOUR, "6.2.2, 6.2.3"),
    ("PDF-A-14", Family.GRAPHICS, "6.2.4 à 6.2.9"),
    ("PDF-A-15", Family.XMP, "6.7.2, 6.7.5, 6.7.9"),
    ("PDF-A-16", Family.INFO, "6.7.3"),
    ("PDF-A-17", Family.FONT, "6.3.2 à 6.3.7"),
    ("PDF-A-18", Family.ANNOTATION, "6.5.2, 6.5.3"),
    ("PDF-A-19", Family.FORM, "6.9"),
    ("PDF-A-20", Family.LIMIT, "6.1.12, 6.2.10"),
    ("PDF-A-21", Family.TAGS, "6.8.2, 6.8.3"),
)
for _id, _family, _section in CLAUSES:
    RULES.rule(_id, requirements=PDFA1, source=f"{ISO} {_section}")(_clause(_family))


def judge(data: bytes) -> list[Finding]:
    """See `schemas.pdf.judge_pdf`."""
    from schemas.pdf.reader import read

    try:
        pdf = read(data, codes=False)
    except PdfRefused as refusal:
        return [unreadable(refusal)]
    return RULES.judge(pdf)


def unreadable(refusal: PdfRefused, where: str = "/") -> Finding:
    """The finding of a PDF that was not opened."""
    return UNREADABLE.finding(where, f"{refusal.reason} : {refusal.detail}", "%PDF-")


def judge_announced(pdf: Pdf) -> list[Finding]:
    """What denies the PDF/A-1 that a PDF announces; nothing of one that does not announce it."""
    if not pdf.markers.announces_pdfa1:
        return []
    return [finding for finding in RULES.judge(pdf) if finding.rule != ANNOUNCED]
