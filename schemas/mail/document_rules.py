"""Rules on what is joined: the archive and the PDF copies.

The archive's own content is judged by schemas.xdm, once. Source: Référentiel #2 ECO.2.1.1, ECO.2.1.5,
ECO.2.1.6.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.finding import Keyword, Observation, RuleSet
from schemas.mail import naming
from schemas.mail.message_rules import Seen
from schemas.mail.model import ARCHIVE_NAME, Attachment
from schemas.pdf.model import Pdf
from schemas.xdm.zip_rules import REASONS

DOCUMENTS: RuleSet[Seen] = RuleSet("mail-documents")
COPIES: RuleSet["Copy"] = RuleSet("mail-pdf")

_ZIP_TYPES = (
    "application/zip",
    "application/octet-stream",
    "application/x-zip-compressed",
    "application/x-zip",
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A PDF joined to a mail, with the documents of the archive. `pdf` is None when it cannot be read."""

    attachment: Attachment
    seen: Seen
    pdf: Pdf | None
    refused: str = ""


@DOCUMENTS.rule("MSS-X01", requirements=("MSS/CONF.23",), source="Référentiel #2 ECO.2.1.1")
def one_archive(seen: Seen) -> Iterator[Observation]:
    """A document travels in exactly one zip, named IHE_XDM.zip."""
    zips = seen.mail.zips
    if len(zips) > 1:
        yield Observation("pièces jointes", ", ".join(one.name for one in zips), f"1 × {ARCHIVE_NAME}")
    elif zips and zips[0].name.upper() != ARCHIVE_NAME.upper():
        yield Observation("pièces jointes", zips[0].name, ARCHIVE_NAME)
    elif zips and zips[0].media_type.lower() not in _ZIP_TYPES:
        yield Observation(zips[0].name, zips[0].media_type, "application/zip")
    elif not zips and any(one.name.lower().endswith(".xml") for one in seen.mail.attachments):
        names = ", ".join(one.name for one in seen.mail.attachments)
        yield Observation("pièces jointes", names, f"CDA dans {ARCHIVE_NAME}")


@DOCUMENTS.rule(
    "MSS-X02", requirements=("BEN-CDA-06",), source="IHE ITI TF-2 §3.32; Référentiel #2 ECO.2.1.1"
)
def archive_opens(seen: Seen) -> Iterator[Observation]:
    """The archive can be opened safely."""
    if seen.mail.archive_refused:
        reason, _, detail = seen.mail.archive_refused.partition(": ")
        observed = f"{REASONS[reason][1]} : {detail}" if reason in REASONS else seen.mail.archive_refused
        yield Observation(ARCHIVE_NAME, observed, "archive zip saine")


@DOCUMENTS.rule("MSS-P01", requirements=("MSS/CONF.23",), source="Référentiel #2 ECO.2.1.1")
def one_pdf_per_document(seen: Seen) -> Iterator[Observation]:
    """As many PDF beside the archive as documents in it."""
    if seen.mail.archive is None or not seen.mail.archive.cdas:
        return
    pdfs, documents = len(seen.mail.pdfs), len(seen.mail.archive.cdas)
    if pdfs != documents:
        names = ", ".join(one.name for one in seen.mail.attachments)
        yield Observation("pièces jointes", f"{pdfs} PDF ({names})", f"{documents} PDF")


@DOCUMENTS.rule("MSS-P02", requirements=("BEN-CDA-04",), source="Référentiel #2 ECO.2.1.5")
def pdf_is_the_embedded_one(seen: Seen) -> Iterator[Observation]:
    """The copy of a level-1 document is the very PDF that the CDA embeds."""
    if seen.mail.archive is None or not seen.mail.pdfs:
        return
    joined = [one.data for one in seen.mail.pdfs]
    for document in seen.mail.archive.cdas:
        if document.level == 1 and document.pdf is not None and document.pdf not in joined:
            observed = ", ".join(f"{one.name} ({len(one.data)} octets)" for one in seen.mail.pdfs)
            yield Observation("pièces jointes", observed, f"PDF du CDA ({len(document.pdf)} octets)")


@DOCUMENTS.rule("MSS-P04", requirements=("ECO.2.1.6",), source="Référentiel #2 ECO.2.1.6")
def pdf_name(seen: Seen) -> Iterator[Observation]:
    """Each PDF is named after the act, the type and the patient."""
    if seen.mail.archive is None or not seen.mail.archive.cdas:
        return
    wanted = {_stem(naming.document_file_name(one)): one for one in seen.mail.archive.cdas}
    for one in seen.mail.pdfs:
        stem = _stem(one.name)
        if not any(stem == start or stem.startswith(f"{start}_") for start in wanted):
            expected = " | ".join(naming.document_file_name(document) for document in wanted.values())
            yield Observation("pièces jointes", one.name, expected)


def _stem(name: str) -> str:
    return naming.plain(name).removesuffix(".pdf")


@COPIES.rule("MSS-P03", requirements=("ECO.2.1.5",), source="Référentiel #2 ECO.2.1.1 et ECO.2.1.5")
def pdf_is_pdfa(copy: Copy) -> Iterator[Observation]:
    """The copy is a PDF that announces PDF/A-1."""
    if copy.pdf is None:
        yield Observation(copy.attachment.name, copy.refused, "PDF/A-1")
    elif not copy.pdf.markers.announces_pdfa1:
        part, conformance = copy.pdf.markers.part, copy.pdf.markers.conformance
        observed = f"PDF/A-{part}{conformance}" if part else "pas d'annonce PDF/A"
        yield Observation(copy.attachment.name, observed, "PDF/A-1 (pdfaid:part 1)")


@COPIES.rule(
    "MSS-P05", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-05",), source="Référentiel #2 ECO.2.1.5"
)
def pdf_shows_the_header(copy: Copy) -> Iterator[Observation]:
    """The copy of a level-3 document shows the title, the patient and the author of the header."""
    archive = copy.seen.mail.archive
    if copy.pdf is None or archive is None or not copy.pdf.text.strip():
        return
    text = naming.plain(copy.pdf.text)
    for document in archive.cdas:
        mine = _stem(copy.attachment.name).startswith(_stem(naming.document_file_name(document)))
        if document.level != 3 or not (mine or len(archive.cdas) == 1):
            continue
        wanted = (document.title, document.patient.birth_name, document.author.family)
        missing = [one for one in wanted if one and naming.plain(one) not in text]
        if missing:
            yield Observation(copy.attachment.name, "absent du texte", ", ".join(missing))
