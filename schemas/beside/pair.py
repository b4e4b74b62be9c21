"""A CDA and the PDF that is beside it, or inside it.

Sources: Référentiel #2 ECO.2.1.5 (the PDF comes from the CDA) and ECO.2.1.6 (its name), RNIV (traits on
printed documents), CSP R4071-2 (the number of a prescription on paper).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from schemas import ins
from schemas.cda.lines import prescription_lines
from schemas.cda.model import TEMPLATE_PRESCRIPTION, ClinicalDocument
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.mail import naming
from schemas.pdf import PdfRefused, read_pdf
from schemas.pdf.model import Pdf
from schemas.pdf.printed import RULES as PRINTED
from schemas.pdf.printed import Printed
from schemas.pdf.rules import judge_announced, unreadable

PAIR: RuleSet["Pair"] = RuleSet("beside-pair")

MOST = 0.6  # of the words of a line: paper abbreviates
CODE_PAGES = 2  # pages on which 2D codes are looked for: both stand on the first
_OURS = "Règle du banc"
_MONTHS = (
    *("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre"),
    *("octobre", "novembre", "decembre"),
)
_RULE_NAME = re.compile(r"\d{8}_[^_]+_[^_]+_[^_]+(?:_[^_]+)?\.pdf", re.I)
_WORD = re.compile(r"\w+")
# What the rules on the message of a mail tell already
TOLD_BY_MAIL = frozenset({"CROSS-PDF-01", "CROSS-PDF-06", "CROSS-NAM-01"})


@dataclass(frozen=True, slots=True)
class Pair:
    """A CDA and a PDF of it: `name` of the file (empty when embedded), its bytes, what was read of it.

    `codes`: its 2D codes were looked for, so that their absence means something.
    """

    document: ClinicalDocument
    name: str
    data: bytes
    pdf: Pdf
    codes: bool = False

    @property
    def where(self) -> str:
        return self.name or "PDF embarqué"

    @property
    def is_copy(self) -> bool:
        """Beside a CDA that embeds a PDF too, and not the same bytes."""
        return bool(self.name) and self.document.pdf is not None and self.document.pdf != self.data


@PAIR.rule("CROSS-PDF-01", requirements=("BEN-CDA-04", "ECO.2.1.5"), source="Référentiel #2 ECO.2.1.5")
def is_the_embedded_one(pair: Pair) -> Iterator[Observation]:
    """The PDF beside a level-1 document is the one that it embeds, to the byte."""
    if pair.document.level == 1 and pair.is_copy:
        yield _sizes(pair)


@PAIR.rule(
    "CROSS-PDF-02",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-CDA-05",),
    source=f"{_OURS} ; Référentiel #2 ECO.2.1.5, section « Copie du document »",
)
def is_the_copy_of_the_section(pair: Pair) -> Iterator[Observation]:
    """The PDF beside a structured document is the one of its section "Copie du document"."""
    if pair.document.level == 3 and pair.is_copy:
        yield _sizes(pair)


def _sizes(pair: Pair) -> Observation:
    embedded = pair.document.pdf or b""
    return Observation(pair.where, f"{len(pair.data)} octets", f"PDF du CDA ({len(embedded)} octets)")


@PAIR.rule(
    "CROSS-PDF-03",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-CDA-05",),
    source=f"{_OURS} ; Référentiel #2 ECO.2.1.5",
)
def says_what_the_embedded_one_says(pair: Pair) -> Iterator[Observation]:
    """Where the bytes differ, the words are the same at least."""
    if not pair.is_copy or pair.document.pdf is None:
        return
    try:
        embedded = read_pdf(pair.document.pdf, codes=False)
    except PdfRefused:
        return  # the embedded one is judged apart
    here, there = words(pair.pdf.text), words(embedded.text)
    if here and there and here != there:
        more, less = sorted(here - there)[:8], sorted(there - here)[:8]
        yield Observation(pair.where, f"en plus : {' '.join(more)}", f"en moins : {' '.join(less)}")


def words(text: str) -> set[str]:
    """The words of a text, without accents or case."""
    return set(_WORD.findall(naming.plain(text)))


@PAIR.rule(
    "CROSS-PDF-04",
    requires=Keyword.DEVRAIT,
    requirements=("INS/va1.15",),
    source=f"{_OURS} ; RNIV 1, diffusion des traits d'identité",
)
def shows_the_patient(pair: Pair) -> Iterator[Observation]:
    """The text shows the birth name, the first given name and the birth date of the patient."""
    patient = pair.document.patient
    plain = naming.plain(pair.pdf.text)
    if not plain.strip() or pair.document.is_a(TEMPLATE_PRESCRIPTION):
        return  # a picture, or a prescription whose print rules tell
    squeezed = _squeeze(plain)
    missing = [
        names[0]
        for names in ((patient.birth_name, patient.used_name), (patient.given, patient.used_given))
        if names[0] and not any(_squeeze(naming.plain(one)) in squeezed for one in names if one)
    ]
    if len(patient.birth_date) == 8 and not _has_date(plain, patient.birth_date):
        missing.append(naming.birth_date(patient))
    if missing:
        yield Observation(f"{pair.where} texte", "absent", ", ".join(missing))


def _squeeze(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def _has_date(plain: str, date: str) -> bool:
    year, month, day = date[:4], date[4:6], date[6:]
    if not (month.isdigit() and 1 <= int(month) <= 12 and day.isdigit()):
        return True
    forms = (
        rf"{day}\s?[/.\- ]?\s?{month}\s?[/.\- ]?\s?{year}",
        rf"{year}\s?[/.-]\s?{month}\s?[/.-]\s?{day}",
        rf"\b0?{int(day)}(?:er)?\s{_MONTHS[int(month) - 1]}\s{year}",
    )
    return any(re.search(form, plain) for form in forms)


@PAIR.rule(
    "CROSS-PDF-05", requirements=("INS/va1.03",), source="ANS, Datamatrix INS v2.2 ; RNIV 1, vigilance"
)
def carries_the_datamatrix_of_the_patient(pair: Pair) -> Iterator[Observation]:
    """An INS datamatrix on the paper is the patient's."""
    known = pair.document.patient.ins
    for code in Printed(pair.pdf).ins_codes:
        if known is not None and _sound(code.ins) and code.ins != known:
            observed, wanted = (f"{one.matricule} ({one.oid})" for one in (code.ins, known))
            yield Observation(f"{pair.where} datamatrix", observed, wanted)


@PAIR.rule(
    "CROSS-PDF-06",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-CDA-05",),
    source=f"{_OURS} ; Référentiel #2 ECO.2.1.5",
)
def shows_title_and_author(pair: Pair) -> Iterator[Observation]:
    """The text shows the title of the document or at least its author."""
    squeezed = _squeeze(naming.plain(pair.pdf.text))
    document = pair.document
    wanted = [one for one in (document.title, document.author.family) if one]
    if squeezed and wanted and not any(_squeeze(naming.plain(one)) in squeezed for one in wanted):
        yield Observation(f"{pair.where} texte", "absent", ", ".join(wanted))


@PAIR.rule(
    "CROSS-PDF-07", requires=Keyword.DEVRAIT, requirements=("INS/va1.03",), source="ANS, Datamatrix INS v2.2"
)
def carries_a_sound_datamatrix(pair: Pair) -> Iterator[Observation]:
    """An INS datamatrix on the paper holds a matricule with its key, and an OID of INS."""
    for code in Printed(pair.pdf).ins_codes:
        if not _sound(code.ins):
            observed = f"{code.ins.matricule} ({code.ins.oid})"
            yield Observation(f"{pair.where} datamatrix", observed, "matricule de 15 caractères et OID d'INS")


def _sound(found: ins.Ins) -> bool:
    return ins.well_formed(found.matricule) and found.oid in ins.INS_OIDS


@PAIR.rule(
    "CROSS-PDF-08",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-EP-02",),
    source=f"{_OURS} ; CSP R4071-2 ; section « Copie du document » du volet e-prescription",
)
def embedded_print_carries_the_number(pair: Pair) -> Iterator[Observation]:
    """The print inside a prescription carries its number, as the one that is handed over must."""
    if not pair.name:
        for finding in _prescription(pair):
            yield Observation(f"{pair.where} {finding.where}", finding.observed, finding.expected)


def _prescription(pair: Pair) -> Iterator[Finding]:
    """What the rules on a printed prescription say, when this is one and its codes were looked for."""
    document = pair.document
    if pair.codes and document.is_a(TEMPLATE_PRESCRIPTION):
        for finding in PRINTED.judge(Printed(pair.pdf, document.patient, document.epu_id)):
            if finding.rule.startswith("PDF-EP-"):
                yield finding


@PAIR.rule(
    "CROSS-PDF-09",
    requires=Keyword.DEVRAIT,
    requirements=("ECO.2.1.5",),
    source=f"{_OURS} ; ISO 19005-1 ; Référentiel #2 ECO.2.1.5",
)
def embedded_pdf_keeps_its_word(pair: Pair) -> Iterator[Observation]:
    """The PDF inside a document is the PDF/A-1 that it announces."""
    if not pair.name:
        for finding in judge_announced(pair.pdf):
            if finding.is_error:
                observed = f"{finding.rule} : {finding.observed}"
                yield Observation(f"{pair.where} {finding.where}", observed, finding.expected)


@PAIR.rule(
    "CROSS-PDF-10",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-EP-02",),
    source="CSP R4071-2 (contenu identique sur papier et dans la base)",
)
def prints_each_medicine(pair: Pair) -> Iterator[Observation]:
    """Each medicine line of a prescription is on the paper: most words of its label, and its posology."""
    document = pair.document
    if not pair.pdf.text.strip() or not document.is_a(TEMPLATE_PRESCRIPTION):
        return
    shown = words(pair.pdf.text)
    for rank, line in enumerate(prescription_lines(document), 1):
        for name, text in (("produit", line.label), ("posologie", line.posology)):
            wanted = words(text)
            if wanted and len(wanted & shown) < MOST * len(wanted):
                missing = " ".join(sorted(wanted - shown)[:8])
                yield Observation(f"{pair.where} ligne {rank}, {name}", f"absent : {missing}", text)


@PAIR.rule(
    "CROSS-NAM-01", requires=Keyword.DEVRAIT, requirements=("ECO.2.1.6",), source="Référentiel #2 ECO.2.1.6"
)
def is_named_after_the_document(pair: Pair) -> Iterator[Observation]:
    """A name of the prescribed form is that of this document; any other name is left alone."""
    name = pair.name.rpartition("/")[2]
    if _RULE_NAME.fullmatch(name) and not named_after(name, pair.document):
        yield Observation(pair.where, name, naming.document_file_name(pair.document))


def named_after(name: str, document: ClinicalDocument) -> bool:
    """Whether a file name is the prescribed one of this document, with or without a record number."""
    stem = naming.plain(name).removesuffix(".pdf")
    wanted = naming.plain(naming.document_file_name(document)).removesuffix(".pdf")
    return stem == wanted or stem.startswith(f"{wanted}_")


def judge_pair(pair: Pair, *, without: Iterable[str] = ()) -> list[Finding]:
    """Every finding on a pair, those of the print of a prescription included; `without`: rules left out."""
    left = frozenset(without)
    findings = [finding for finding in PAIR.judge(pair) if finding.rule not in left]
    if pair.name:
        findings += [replace(one, where=f"{pair.where} {one.where}") for one in _prescription(pair)]
    return findings


def judge_embedded(document: ClinicalDocument, *, codes: bool = True) -> list[Finding]:
    """The PDF that a CDA embeds (level 1, or section "Copie du document"): whether it opens, the PDF/A-1 that
    it announces, and what it shows against the header. Nothing when it embeds none.

    Warnings, but for a PDF that does not open and for the datamatrix of somebody else: published examples
    embed prints of other documents. `codes` False: its 2D codes are not looked for (20 ms a page saved).
    """
    data = document.pdf
    if not data:
        return []
    try:
        pdf = read_pdf(data, codes=codes, code_pages=CODE_PAGES)
    except PdfRefused as refusal:
        return [unreadable(refusal, "PDF embarqué")]
    return judge_pair(Pair(document, "", data, pdf, codes))


def match(
    documents: Sequence[tuple[str, ClinicalDocument]], pdfs: Sequence[tuple[str, bytes]]
) -> list[tuple[int, int]]:
    """(place of the document, place of the PDF) of those that belong together, (path, content) each.

    A PDF belongs to the document that embeds it, else to the one that it is named after, else to the one of
    the same file name, else to the only document there is when it is the only PDF.
    """
    found = []
    for rank, (name, data) in enumerate(pdfs):
        base = name.rpartition("/")[2]
        stem = name.rpartition(".")[0].casefold()
        tests = (
            [one.pdf == data for _, one in documents],
            [named_after(base, one) for _, one in documents],
            [bool(path) and path.rpartition(".")[0].casefold() == stem for path, _ in documents],
            [len(documents) == len(pdfs) == 1 for _ in documents],
        )
        for test in tests:
            if any(test):
                found.append((test.index(True), rank))
                break
    return found
