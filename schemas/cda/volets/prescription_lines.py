"""Rules of the lines of an e-prescription that the official tools do not see.

What they do see is in `schemas.cda.templates.pharmacy`. Sources: CI-SIS volet eP-MED-DM, eprescription.md A7
and A11.
"""

from collections.abc import Iterator

from schemas.cda.lines import device_lines, medicine_lines, narrative_texts, roots
from schemas.cda.look import at
from schemas.cda.model import ClinicalDocument, Q
from schemas.cda.ordonnance import MEDICINE_LINE
from schemas.cda.template import xpath
from schemas.cda.timestamp import earlier
from schemas.cda.tree import each, first
from schemas.cda.volets.prescription import OLD_VERSIONS, ROW, VOLET, version
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-prescription-lines")

PREVENTION = "1.2.250.1.213.1.1.3.48.34"


def _lines(document: ClinicalDocument) -> tuple[Element, ...]:
    return (*medicine_lines(document.root), *device_lines(document.root))


@RULES.rule("CDA-EP-12B", requires=Keyword.DEVRAIT, requirements=ROW, source=VOLET)
def prevention_is_said_on_medicines(document: ClinicalDocument) -> Iterator[Observation]:
    """Prevention once on every medicine (2024.01); the official assertion is commented out."""
    if version(document) in OLD_VERSIONS:
        return
    for item in medicine_lines(document.root):
        found = xpath(f"entryRelationship/observation[templateId/@root='{PREVENTION}']")(item)
        if len(found) != 1:
            yield at(
                item, f"{len(found)} fois", "GEN-295 « prévention » 1..1", "entryRelationship/observation"
            )


@RULES.rule("CDA-EP-13", requirements=ROW, source=VOLET)
def refused_substitution_has_a_reason(document: ClinicalDocument) -> Iterator[Observation]:
    """Substitution N comes with a reason in clear text."""
    texts: set[str] | None = None
    for item in medicine_lines(document.root):
        for code in xpath("entryRelationship/act[@moodCode='DEF']/code[@code='N']")(item):
            original = first(code, "originalText")
            reference = None if original is None else first(original, "reference")
            if reference is not None:
                texts = narrative_texts(document.root) if texts is None else texts
                if reference.get("value", "").lstrip("#") not in texts:
                    seen = reference.get("value", "")
                    yield at(code, seen, "motif de non-substitution", "originalText/reference")
            elif original is None or not "".join(original.itertext()).strip():
                yield at(code, "absent", "motif de non-substitution", "originalText")


@RULES.rule("CDA-EP-11", requirements=ROW, source=VOLET)
def posology_text_is_found(document: ClinicalDocument) -> Iterator[Observation]:
    """The text of each medicine line refers to an element of the narrative that says something."""
    texts = narrative_texts(document.root)
    for item in medicine_lines(document.root):
        for found in each(item, "text", "reference"):  # absent: said by the medication entry
            if found.get("value", "").lstrip("#") not in texts:
                seen = found.get("value", "absent")
                yield at(item, seen, "#ID d'un élément du texte de la section", "text/reference/@value")


@RULES.rule("CDA-EP-11B", requires=Keyword.PEUT, requirements=ROW, source="contrôle du banc")
def other_references_are_found(document: ClinicalDocument) -> Iterator[Observation]:
    """Every other reference of the entries is found in the document."""
    known = set(xpath(".//@ID")(document.root))
    for found in document.root.iter(f"{Q}reference"):
        value = found.get("value")
        if value is not None and value.lstrip("#") not in known and not _is_posology(found):
            yield at(found, value, "#ID")


def _is_posology(reference: Element) -> bool:
    """Whether it is the text of a medicine line, which another rule judges."""
    text = reference.getparent()
    line = None if text is None else text.getparent()
    return text is not None and text.tag == f"{Q}text" and line is not None and MEDICINE_LINE in roots(line)


@RULES.rule("CDA-EP-M4", requirements=ROW, source=f"{VOLET} ; IHE PRE")
def lines_are_intentions(document: ClinicalDocument) -> Iterator[Observation]:
    """A prescribed line is an intention (INT); the official tools accept EVN too."""
    for item in medicine_lines(document.root):
        if item.get("moodCode") == "EVN":
            yield at(item, "EVN", "INT", "@moodCode")


@RULES.rule("CDA-EP-M8", requirements=ROW, source="contrôle du banc")
def treatment_ends_after_its_start(document: ClinicalDocument) -> Iterator[Observation]:
    """The treatment does not end before it starts."""
    for item in _lines(document):
        for time in each(item, "effectiveTime"):
            low, high = first(time, "low"), first(time, "high")
            if low is not None and high is not None and earlier(low.get("value", ""), high.get("value", "")):
                yield at(time, f"{low.get('value')} – {high.get('value')}", "low ≤ high")


@RULES.rule("CDA-EP-M9", requirements=ROW, source=VOLET)
def renewals_are_said(document: ClinicalDocument) -> Iterator[Observation]:
    """repeatNumber on every medicine, a number or null everywhere. One is enough for the official test."""
    found = [(item, first(item, "repeatNumber")) for item in medicine_lines(document.root)]
    for item, number in found:
        if number is None and any(other is not None for _, other in found):
            yield at(item, "absent", "repeatNumber 1..1 (0 si aucun)", "repeatNumber")
    devices = [(item, first(item, "repeatNumber")) for item in device_lines(document.root)]
    for _, number in (*found, *devices):
        if number is not None and not number.get("nullFlavor") and not number.get("value", "").isdigit():
            yield at(number, number.get("value", "absent"), "entier ≥ 0", "@value")


@RULES.rule("CDA-EP-M9B", requirements=ROW, source="IHE Pharmacy, Prescription Item", layer="IHE")
def renewals_are_said_somewhere(document: ClinicalDocument) -> Iterator[Observation]:
    """At least one line of medicines says how many times it may be renewed."""
    items = medicine_lines(document.root)
    if items and all(first(item, "repeatNumber") is None for item in items):
        yield at(items[0], "absent de toutes les lignes", "repeatNumber 1..1 (0 si aucun)", "repeatNumber")
