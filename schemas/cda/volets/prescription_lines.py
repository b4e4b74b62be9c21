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
from schemas.cda.tree import each, first
from schemas.cda.volets.prescription import ROW, VOLET
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-prescription-lines")


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


@RULES.rule("CDA-EP-11", requires=Keyword.DEVRAIT, requirements=ROW, source=VOLET)
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


@RULES.rule("CDA-EP-M9", requires=Keyword.DEVRAIT, requirements=ROW, source=VOLET)
def renewals_are_said(document: ClinicalDocument) -> Iterator[Observation]:
    """repeatNumber on every medicine, a number or null everywhere. One is enough for the official test."""
    medicines = [(item, first(item, "repeatNumber")) for item in medicine_lines(document.root)]
    if any(number is not None for _, number in medicines):
        for item, number in medicines:
            if number is None:
                yield at(item, "absent", "repeatNumber 1..1 (0 si aucun)", "repeatNumber")
    for number in (*(number for _, number in medicines), *_device_renewals(document)):
        if number is not None and not number.get("nullFlavor") and not number.get("value", "").isdigit():
            yield at(number, number.get("value", "absent"), "entier ≥ 0", "@value")


def _device_renewals(document: ClinicalDocument) -> Iterator[Element | None]:
    return (first(item, "repeatNumber") for item in device_lines(document.root))


@RULES.rule("CDA-EP-M9B", requirements=ROW, source="IHE Pharmacy, Prescription Item", layer="IHE")
def renewals_are_said_somewhere(document: ClinicalDocument) -> Iterator[Observation]:
    """At least one line of medicines says how many times it may be renewed."""
    items = medicine_lines(document.root)
    if items and all(first(item, "repeatNumber") is None for item in items):
        yield at(items[0], "absent de toutes les lignes", "repeatNumber 1..1 (0 si aucun)", "repeatNumber")
