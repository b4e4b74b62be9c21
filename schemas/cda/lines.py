"""Read the medicine lines of an e-prescription, to compare them with the paper and the national base."""

from dataclasses import dataclass

from lxml import etree

from schemas.cda.model import HL7, ClinicalDocument, Q
from schemas.cda.ordonnance import CIP, CIS, DEVICE_LINE, FLAGS, MEDICINE_LINE
from schemas.cda.tree import each
from schemas.xml import Element

NARRATIVE = tuple(
    f"{Q}{name}"
    for name in (
        *("content", "paragraph", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "col", "colgroup"),
        *("list", "item", "caption", "linkHtml", "sub", "sup", "footnote", "br", "renderMultiMedia"),
    )
)
"""Elements of a section's text (NarrativeBlock)."""


def _xpath(path: str) -> etree.XPath:
    return etree.XPath(path, namespaces={"h": HL7}, smart_strings=False)


_ENTRY = "h:component/h:structuredBody/h:component/h:section/h:entry"
_MEDICINES = _xpath(f"{_ENTRY}/h:substanceAdministration[h:templateId/@root='{MEDICINE_LINE}']")
_DEVICES = _xpath(f"{_ENTRY}/h:supply[h:templateId/@root='{DEVICE_LINE}']")
_SAYING = _xpath("descendant::*[@ID][ancestor::h:text][normalize-space()]/@ID")  # linear: one step down


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A medicine line as a document says it, to compare with the paper and the national base.

    `flags`: name in FLAGS → True or False, absent names are absent from the document.
    """

    line_id: str
    label: str
    posology: str
    cis: str
    cip13: str
    quantity: str
    renewals: str
    substitution: str  # "G" or "N"
    substitution_reason: str
    flags: dict[str, bool]


def prescription_lines(document: ClinicalDocument) -> tuple[ReadLine, ...]:
    """The medicine lines of an e-prescription, in order; empty when it has none."""
    narrative = narrative_ids(document.root)
    return tuple(_read_line(item, narrative) for item in medicine_lines(document.root))


def narrative_ids(root: Element) -> dict[str, Element]:
    """The narrative elements that carry an ID."""
    return {found.get("ID", ""): found for found in root.iter(*NARRATIVE) if found.get("ID")}


def narrative_texts(root: Element) -> set[str]:
    """The IDs of the narrative elements that say something."""
    return set(_SAYING(root))


def medicine_lines(root: Element) -> list[Element]:
    """The substanceAdministration elements of the prescription, without their subordinates."""
    found: list[Element] = _MEDICINES(root)
    return found


def device_lines(root: Element) -> list[Element]:
    """The supply elements of the prescribed devices."""
    found: list[Element] = _DEVICES(root)
    return found


def roots(element: Element) -> set[str]:
    """The templateId roots of an element."""
    return {template.get("root", "") for template in each(element, "templateId")}


def _read_line(item: Element, narrative: dict[str, Element]) -> ReadLine:
    def attribute(path: str, name: str) -> str:
        found = item.find(path)
        return "" if found is None else found.get(name, "")

    def said(identifier: str) -> str:
        found = narrative.get(identifier)
        return "" if found is None else " ".join("".join(found.itertext()).split())

    material = f"{Q}consumable/{Q}manufacturedProduct/{Q}manufacturedMaterial"
    anchor = attribute(f"{Q}text/{Q}reference", "value").lstrip("#")
    product = attribute(f"{material}/{Q}code/{Q}originalText/{Q}reference", "value").lstrip("#")
    label = (item.findtext(f"{material}/{Q}name") or "").strip() or said(product)
    flags: dict[str, bool] = {}
    by_code = {code: name for name, (_, code, _, _) in FLAGS.items()}
    for seen in item.iterfind(f"{Q}entryRelationship/{Q}observation"):
        code, value = seen.find(f"{Q}code"), seen.find(f"{Q}value")
        if code is not None and value is not None and code.get("code") in by_code:
            flags[by_code[code.get("code", "")]] = value.get("value") == "true"
    permission = f"{Q}entryRelationship/{Q}act[@moodCode='DEF']/{Q}code"
    reason = attribute(f"{permission}/{Q}originalText/{Q}reference", "value").lstrip("#")
    return ReadLine(
        line_id=attribute(f"{Q}id", "root"),
        label=label,
        posology=said(f"{anchor}-posologie") or said(anchor),
        cis=attribute(f"{material}/{Q}code[@codeSystem='{CIS}']", "code"),
        cip13=attribute(f"{material}/{Q}code/{Q}translation[@codeSystem='{CIP}']", "code"),
        quantity=attribute(f"{Q}entryRelationship/{Q}supply[@moodCode='RQO']/{Q}quantity", "value"),
        renewals=attribute(f"{Q}repeatNumber", "value"),
        substitution=attribute(permission, "code"),
        substitution_reason=said(reason),
        flags=flags,
    )
