"""Rules of ours on the whole document: what the official tool does not look at, and readers trip on.

The tree is walked once for all of them. Severities: those measured on the published examples.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from lxml import etree

from schemas.cda.codec import base64_bytes
from schemas.cda.look import at, said
from schemas.cda.model import (
    PROFESSIONAL_ID,
    STRUCTURE_ID,
    TEMPLATE_PRESCRIPTION,
    XSI_TYPE,
    ClinicalDocument,
    Q,
)
from schemas.cda.timestamp import earlier, parse_ts
from schemas.cda.tree import each, first
from schemas.cda.volets.model import DocumentModel
from schemas.finding import Keyword, Observation, RuleSet
from schemas.frozen import frozen
from schemas.xml import Element, children, local

SECTION, REFERENCE, LOW = f"{Q}section", f"{Q}reference", f"{Q}low"
VALUE, TEXT, LINK = f"{Q}value", f"{Q}text", f"{Q}linkHtml"
WALKED = (SECTION, REFERENCE, LOW, VALUE, TEXT, LINK)
ALL_IDS = etree.XPath("//@ID", smart_strings=False)
TIMES = frozenset({"effectiveTime", "time", "useablePeriod", "validTime", "phase"})
RPPS = re.compile(r"8(\d{11})")
STRUCTURE = re.compile(r"0[0-9A-Z]{9,13}|1(?:\d{2}|2[AB])\d{7}|2\d{9}|3\d{14}|4\d{14}|[5-9][0-9A-Z]{8,}\S*")
JPEG = b"\xff\xd8\xff"
OURS = ("BEN-CDA-07",)


@frozen
class Walked:
    """A document and what one walk found in it: elements by qualified tag, values of ID.

    `prescription`: its own rules judge some of this already. `ids`: empty when nothing may refer to one.
    """

    document: ClinicalDocument
    prescription: bool
    found: dict[str, list[Element]]
    ids: frozenset[str]

    def of(self, tag: str) -> list[Element]:
        """The elements of this qualified tag, in document order."""
        return self.found.get(tag, [])


def walk(document: ClinicalDocument, model: DocumentModel | None) -> Walked:
    """The one walk over the tree of a document of this model."""
    found: defaultdict[str, list[Element]] = defaultdict(list)
    for element in document.root.iter(*WALKED):
        found[str(element.tag)].append(element)
    ids = ALL_IDS(document.root) if REFERENCE in found or LINK in found else []
    prescription = model is not None and model.template == TEMPLATE_PRESCRIPTION
    return Walked(
        document,
        prescription,
        dict(found),
        frozenset(map(str, ids)) if isinstance(ids, list) else frozenset(),
    )


RULES: RuleSet[Walked] = RuleSet("cda-extension")


def has_sections(walked: Walked) -> bool:
    """The body has sections."""
    return SECTION in walked.found


def has_references(walked: Walked) -> bool:
    """The body refers to its text."""
    return REFERENCE in walked.found


@RULES.rule("CDA-EXT-10", requirements=OURS, source="contrôle du banc ; HL7 v3 datatypes R1, IVL")
def intervals_go_forward(walked: Walked) -> Iterator[Observation]:
    """The high bound of an interval is not below the low one, wherever it is."""
    seen: set[Element] = set()
    for low in walked.of(LOW):
        interval = low.getparent()
        if interval is None or interval in seen:
            continue  # a crowd of bounds in one place is no interval
        seen.add(interval)
        if _said_elsewhere(interval, walked):
            continue
        high = first(interval, "high")
        start, end = low.get("value", ""), "" if high is None else high.get("value", "")
        if high is None or not start or not end:
            continue
        kind = interval.get(XSI_TYPE, "")
        if kind.endswith("_TS") or local(interval) in TIMES:
            backward = earlier(start, end)
        else:
            backward = low.get("unit") == high.get("unit") and _smaller(start, end)
        if backward:
            yield at(interval, f"{start} – {end}", "low ≤ high")


def _said_elsewhere(interval: Element, walked: Walked) -> bool:
    """What CDA-SRV-06, CDA-ENC-01, CDA-DT-05 and CDA-EP-M8 judge."""
    document = walked.document
    parent = interval.getparent()
    above = None if parent is None else parent.getparent()
    if parent is None or above is None:
        return False
    if parent is document.places.encounter or parent is document.places.act:
        return True
    if walked.prescription and local(parent) == "substanceAdministration" and local(interval) in TIMES:
        return True
    main = above is document.places.act and local(parent) == "performer"
    return (
        main or above is document.places.encounter or (above is document.root and local(interval) == "time")
    )


def _smaller(first_value: str, second_value: str) -> bool:
    try:
        return Decimal(second_value[:40]) < Decimal(first_value[:40])
    except InvalidOperation:
        return False


@RULES.rule("CDA-EXT-11", requirements=OURS, source="contrôle du banc ; ISO 32000")
def pdf_media_are_pdf(walked: Walked) -> Iterator[Observation]:
    """What says application/pdf in the body starts like a PDF."""
    for value in _media(walked, "application/pdf"):
        start = _start(value)
        if b"%PDF-" not in start:
            yield at(value, repr(start[:8]), "%PDF-")


@RULES.rule("CDA-EXT-12", requires=Keyword.DEVRAIT, requirements=OURS, source="contrôle du banc ; JFIF")
def jpeg_media_are_jpeg(walked: Walked) -> Iterator[Observation]:
    """What says image/jpeg in the body starts like a JPEG."""
    for value in _media(walked, "image/jpeg"):
        start = _start(value)
        if not start.startswith(JPEG):
            yield at(value, "PNG" if start.startswith(b"\x89PNG") else repr(start[:8]), "JPEG")


def _media(walked: Walked, media_type: str) -> Iterator[Element]:
    """Base64 contents of this type, but the one that CDA-L1-05 judges."""
    for value in (*walked.of(VALUE), *walked.of(TEXT)):
        encoded = value.get("representation") == "B64" and not value.get("nullFlavor")
        if encoded and value.get("mediaType") == media_type and value is not walked.document.places.text:
            yield value


def _start(value: Element) -> bytes:
    """The first bytes of a base64 content."""
    text = "".join((value.text or "")[:400].split())[:64]
    return base64_bytes(text[: len(text) // 4 * 4])


@RULES.rule("CDA-EXT-13", requirements=OURS, source="contrôle du banc ; CI-SIS, sections", when=has_sections)
def sections_have_text_and_code(walked: Walked) -> Iterator[Observation]:
    """A section has a code; a section without sub-section has a text."""
    for section in walked.of(SECTION):
        if first(section, "code") is None:
            yield at(section, "absent", "code 1..1", "code")
        if first(section, "text") is None and first(section, "component", "section") is None:
            yield at(section, "absent", "text 1..1", "text")


@RULES.rule(
    "CDA-EXT-14", requires=Keyword.DEVRAIT, requirements=OURS, source="CI-SIS, sections", when=has_sections
)
def sections_have_a_title(walked: Walked) -> Iterator[Observation]:
    """A section has a title: readers show it."""
    for section in walked.of(SECTION):
        if first(section, "title") is None:
            yield at(section, "absent", "title", "title")


@RULES.rule(
    "CDA-EXT-15", requires=Keyword.PEUT, requirements=OURS, source="contrôle du banc", when=has_sections
)
def section_ids_are_unique(walked: Walked) -> Iterator[Observation]:
    """Two sections do not have the same id."""
    seen: set[tuple[str, str]] = set()
    for section in walked.of(SECTION):
        identifier = first(section, "id")
        if identifier is None or not identifier.get("root"):
            continue
        key = (identifier.get("root", ""), identifier.get("extension", ""))
        if key in seen:
            yield at(identifier, " ".join(key).strip(), "identifiant unique")
        seen.add(key)


@RULES.rule(
    "CDA-EXT-16",
    requires=Keyword.PEUT,
    requirements=OURS,
    source="HL7 CDA R2, texte de la section",
    when=has_references,
)
def references_are_local(walked: Walked) -> Iterator[Observation]:
    """A reference to the text starts with #."""
    for found in walked.of(REFERENCE):
        value = found.get("value")
        if value is not None and not value.startswith("#"):
            yield at(found, value, "#ID", "@value")


@RULES.rule(
    "CDA-EXT-17",
    requires=Keyword.DEVRAIT,
    requirements=OURS,
    source="HL7 CDA R2, texte de la section",
    when=has_references,
)
def references_lead_somewhere(walked: Walked) -> Iterator[Observation]:
    """A reference of an entry is the ID of an element of the text."""
    if walked.prescription:
        return  # CDA-EP-11 and CDA-EP-11B say so
    for found in walked.of(REFERENCE):
        value = found.get("value", "")
        if value.startswith("#") and value[1:] not in walked.ids:
            yield at(found, value, "#ID d'un élément du texte", "@value")


@RULES.rule("CDA-EXT-18", requires=Keyword.PEUT, requirements=OURS, source="HL7 CDA R2, texte de la section")
def links_of_the_text_lead_somewhere(walked: Walked) -> Iterator[Observation]:
    """A link within the text refers to an ID of the document (pictures and footnotes: the schema says so)."""
    for found in walked.of(LINK):
        target = found.get("href", "")
        if target.startswith("#") and target[1:] not in walked.ids:
            yield at(found, target, "ID d'un élément du document", "@href")


@RULES.rule("CDA-EXT-19", requires=Keyword.PEUT, requirements=OURS, source="contrôle du banc")
def responsibility_follows_creation(walked: Walked) -> Iterator[Observation]:
    """The legal authenticator takes responsibility on the day of creation or after."""
    document = walked.document
    signer = document.top.first("legalAuthenticator")
    time = None if signer is None else first(signer, "time")
    value = "" if time is None else time.get("value", "")
    if time is None or parse_ts(value) is None or parse_ts(document.effective_time) is None:
        return
    if value[:8] < document.effective_time[:8]:
        yield at(time, value, f"≥ {document.effective_time[:8]}", "@value")


@RULES.rule("CDA-EXT-20", requires=Keyword.PEUT, requirements=OURS, source="RPPS, clé de Luhn")
def rpps_have_their_key(walked: Walked) -> Iterator[Observation]:
    """The 11 digits of an RPPS end with their Luhn key (test identities often do not)."""
    for identifier, root, extension in walked.document.ids:
        found = RPPS.fullmatch(extension or "") if root == PROFESSIONAL_ID else None
        if found and not _luhn(found[1]):
            yield at(identifier, found[0], "clé de Luhn", "@extension")


@lru_cache(maxsize=256)  # a header says the same RPPS many times
def _luhn(digits: str) -> bool:
    total = 0
    for rank, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if rank % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


@RULES.rule("CDA-EXT-21", requires=Keyword.DEVRAIT, requirements=OURS, source="CI-SIS, Struct_IdNat")
def structures_have_a_national_id(walked: Walked) -> Iterator[Observation]:
    """A Struct_IdNat is 1 and a FINESS, 2 and a SIREN, 3 and a SIRET, 0 or 4 and a practice."""
    for identifier, root, value in walked.document.ids:
        if root == STRUCTURE_ID and value and not STRUCTURE.fullmatch(value):
            yield at(identifier, value, "1 + FINESS, 2 + SIREN, 3 + SIRET, 0 ou 4 + cabinet", "@extension")


@RULES.rule("CDA-EXT-22", requires=Keyword.DEVRAIT, requirements=OURS, source="CI-SIS, en-tête")
def organisations_are_named_when_they_say_so(walked: Walked) -> Iterator[Observation]:
    """The name of an organisation is not empty."""
    header = walked.document.header
    for tag in [tag for tag in header if tag.endswith("Organization")]:
        for organisation in header[tag]:
            for name in each(organisation, "name"):
                if not said(name) and not name.get("nullFlavor") and next(children(name), None) is None:
                    yield at(name, "", "texte")
