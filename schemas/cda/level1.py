"""Rules of level-1 documents: the PDF in the body. Sources: CI-SIS structuration minimale, IHE XDS-SD."""

from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, at
from schemas.cda.model import (
    TEMPLATE_CI_SIS,
    TEMPLATE_HL7_FRANCE,
    TEMPLATE_XDS_SD,
    ClinicalDocument,
)
from schemas.finding import Keyword, Observation, RuleSet

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-level1")
SOURCE = "CI-SIS structuration minimale ; IHE XDS-SD"
N1 = ("DOC.01",)
MEDIA = frozenset(
    {"application/pdf", "text/plain", "text/rtf", "application/rtf", "image/jpeg", "image/tiff"}
)
MAGIC = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff"}


@RULES.rule("CDA-L1-02", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def declares_exactly_the_three_templates(document: ClinicalDocument) -> Iterator[Observation]:
    """templateIds are HL7 France, CI-SIS and XDS-SD, and no model of a structured document."""
    if TEMPLATE_XDS_SD not in document.template_ids:
        yield at(document.root, "absent", TEMPLATE_XDS_SD, "templateId")
    for root in document.template_ids:
        if root not in (TEMPLATE_HL7_FRANCE, TEMPLATE_CI_SIS, TEMPLATE_XDS_SD):
            yield at(document.root, root, f"seulement {TEMPLATE_XDS_SD}", "templateId")
    declared = [template.get("root") for template in document.top.each("templateId")]
    if len(declared) > len(document.template_ids):
        yield at(document.root, f"{len(declared)} templateId", "3 templateId", "templateId")


@RULES.rule("CDA-L1-03", requires=Keyword.DEVRAIT, requirements=N1, source=SOURCE)
def body_is_base64(document: ClinicalDocument) -> Iterator[Observation]:
    """The body says representation B64 and is base64."""
    text = document.places.text
    if text is None:
        return
    if text.get("representation") != "B64":
        yield at(text, text.get("representation", "absent"), "B64", "@representation")
    elif document.nonxml is not None and not document.nonxml[1]:
        yield at(text, (text.text or "")[:40], "base64")


@RULES.rule("CDA-L1-04", requires=Keyword.DEVRAIT, requirements=N1, source=SOURCE)
def media_type_is_allowed(document: ClinicalDocument) -> Iterator[Observation]:
    """The media type is application/pdf (or one of the older ones)."""
    text = document.places.text
    if text is not None and text.get("mediaType") not in MEDIA:
        yield at(text, text.get("mediaType", "absent"), "application/pdf", "@mediaType")


@RULES.rule("CDA-L1-05", requirements=N1, source=SOURCE)
def content_is_of_its_media_type(document: ClinicalDocument) -> Iterator[Observation]:
    """The decoded bytes are of the announced type."""
    text = document.places.text
    if text is None or document.nonxml is None:
        return
    media, content = document.nonxml
    if content and not content.startswith(MAGIC.get(media, b"")):
        yield at(text, repr(content[:8]), repr(MAGIC[media]))


@RULES.rule("CDA-L1-07", requires=Keyword.PEUT, requirements=N1, source=SOURCE)
def language_of_the_body_is_another(document: ClinicalDocument) -> Iterator[Observation]:
    """The body says its language only when it is not the one of the document."""
    for found in document.top.each("component", "nonXMLBody", "languageCode"):
        if found.get("code") == document.language:
            yield at(found, found.get("code"), "rien, ou une autre langue", "@code")


@RULES.rule(
    "CDA-L1-06", requires=Keyword.DEVRAIT, requirements=("ECO.2.1.5",), source="Référentiel #2 ECO.2.1.5"
)
def pdf_announces_pdfa(document: ClinicalDocument) -> Iterator[Observation]:
    """The PDF announces PDF/A-1 (its own rules judge it)."""
    text = document.places.text
    if text is not None and document.pdf is not None and b"pdfaid" not in document.pdf:
        yield at(text, "pas de pdfaid:part", "PDF/A-1b")
