"""Rules of the lines of an e-prescription: medicines and devices.

Sources: CI-SIS volet eP-MED-DM (EP-M…), IHE Pharmacy PRE, IHE PCC.
"""

from collections.abc import Iterator

from schemas.cda.lines import medicine_lines, narrative_ids, roots
from schemas.cda.look import at
from schemas.cda.model import TEMPLATE_PRESCRIPTION, XSI_TYPE, ClinicalDocument, Q
from schemas.cda.ordonnance import CIS, DEVICE_LINE, FLAGS
from schemas.cda.timestamp import earlier
from schemas.cda.tree import each, first
from schemas.cda.volets.prescription import ROW, VOLET
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-prescription-lines")

MODES = frozenset(f"1.3.6.1.4.1.19376.1.5.3.1.4.{end}" for end in ("7.1", "8", "9", "10", "11", "21"))
ALONE = frozenset(f"1.3.6.1.4.1.19376.1.5.3.1.4.{end}" for end in ("7.1", "21"))
LINE_TEMPLATES = (
    "2.16.840.1.113883.10.20.1.24",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7",
    "1.3.6.1.4.1.19376.1.9.1.3.2",
)
ON_MEDICINES = ("ald", "work_accident", "not_reimbursed", "off_label")
ON_DEVICES = ("ald", "work_accident", "not_reimbursed", "prevention")
MATERIAL = ("consumable", "manufacturedProduct", "manufacturedMaterial")
FLAG_NAMES = {code: name for name, (_, code, _, _) in FLAGS.items()}


def device_lines(root: Element) -> list[Element]:
    """The supply elements of the device section."""
    return [
        item
        for item in each(root, "component", "structuredBody", "component", "section", "entry", "supply")
        if DEVICE_LINE in roots(item)
    ]


def _flags(item: Element) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for observation in each(item, "entryRelationship", "observation"):
        code = first(observation, "code")
        name = None if code is None else FLAG_NAMES.get(code.get("code", ""))
        if name:
            found.setdefault(name, []).append(observation)
    return found


def _demand(item: Element, names: tuple[str, ...]) -> Iterator[Observation]:
    flags = _flags(item)
    for name in names:
        count = len(flags.get(name, ()))
        if count != 1:
            _, code, label, _ = FLAGS[name]
            yield at(item, f"{count} fois", f"{code} « {label} » 1..1", "entryRelationship/observation")


@RULES.rule("CDA-EP-12", requirements=ROW, source=VOLET)
def flags_are_said_once(document: ClinicalDocument) -> Iterator[Observation]:
    """ALD, AT/MP and non remboursable once on every line; hors AMM on medicines, prevention on devices."""
    for item in medicine_lines(document.root):
        yield from _demand(item, ON_MEDICINES)
    current = document.template_ids.get(TEMPLATE_PRESCRIPTION, "2024.01") not in ("2022.01", "2023.01")
    for item in device_lines(document.root):
        yield from _demand(item, ON_DEVICES if current else ON_DEVICES[:3])


@RULES.rule("CDA-EP-12B", requires=Keyword.DEVRAIT, requirements=ROW, source=VOLET)
def prevention_is_said_on_medicines(document: ClinicalDocument) -> Iterator[Observation]:
    """Prevention once on every medicine (2024.01)."""
    if document.template_ids.get(TEMPLATE_PRESCRIPTION) == "2024.01":
        for item in medicine_lines(document.root):
            yield from _demand(item, ("prevention",))


@RULES.rule("CDA-EP-M18", requirements=ROW, source=VOLET)
def flags_are_booleans(document: ClinicalDocument) -> Iterator[Observation]:
    """Each flag has one BL value, true or false."""
    for item in (*medicine_lines(document.root), *device_lines(document.root)):
        for observations in _flags(item).values():
            for observation in observations:
                value = first(observation, "value")
                kind = "" if value is None else value.get(XSI_TYPE, "")
                if (
                    value is None
                    or kind.rpartition(":")[2] != "BL"
                    or value.get("value") not in ("true", "false")
                ):
                    seen = "absent" if value is None else f"{kind} {value.get('value', '')}"
                    yield at(observation, seen, "BL true | false", "value")


@RULES.rule("CDA-EP-13", requirements=ROW, source=VOLET)
def refused_substitution_has_a_reason(document: ClinicalDocument) -> Iterator[Observation]:
    """Substitution N comes with a reason in clear text."""
    texts: set[str] | None = None
    for item in medicine_lines(document.root):
        code = item.find(f"{Q}entryRelationship/{Q}act[@moodCode='DEF']/{Q}code[@code='N']")
        if code is None:
            continue
        original = first(code, "originalText")
        reference = None if original is None else first(original, "reference")
        if reference is not None:
            texts = _narrative(document) if texts is None else texts
            if reference.get("value", "").lstrip("#") not in texts:
                yield at(
                    code, reference.get("value", ""), "motif de non-substitution", "originalText/reference"
                )
        elif original is None or not "".join(original.itertext()).strip():
            yield at(code, "absent", "motif de non-substitution", "originalText")


def _narrative(document: ClinicalDocument) -> set[str]:
    """The IDs of the narrative elements that say something."""
    return {
        identifier
        for identifier, found in narrative_ids(document.root).items()
        if any(text.strip() for text in found.itertext())
    }


@RULES.rule("CDA-EP-11", requirements=ROW, source=VOLET)
def posology_text_is_found(document: ClinicalDocument) -> Iterator[Observation]:
    """The text of each medicine line refers to an element of the narrative."""
    texts = _narrative(document)
    for item in medicine_lines(document.root):
        found = list(each(item, "text", "reference"))
        value = found[0].get("value", "") if found else ""
        if len(found) != 1 or value.lstrip("#") not in texts:
            yield at(
                item, value or "absent", "#ID d'un élément du texte de la section", "text/reference/@value"
            )


@RULES.rule("CDA-EP-11B", requires=Keyword.PEUT, requirements=ROW, source="contrôle du banc")
def other_references_are_found(document: ClinicalDocument) -> Iterator[Observation]:
    """Every other reference of the entries is found in the narrative."""
    known = {found.get("ID", "") for found in document.root.iterfind(".//*[@ID]")}
    said = [found for item in medicine_lines(document.root) for found in each(item, "text", "reference")]
    lines = set(map(id, said))  # `said` keeps the elements, and their identities, alive
    for found in document.root.iter(f"{Q}reference"):
        if (
            found.get("value") is not None
            and id(found) not in lines
            and found.get("value", "").lstrip("#") not in known
        ):
            yield at(found, found.get("value"), "#ID")


@RULES.rule("CDA-EP-M1", requirements=ROW, source="IHE PRE et PCC")
def lines_declare_their_templates(document: ClinicalDocument) -> Iterator[Observation]:
    """A medicine line declares its parents and exactly one dosing mode; a mode with steps has steps."""
    for item in medicine_lines(document.root):
        declared = roots(item)
        for template in LINE_TEMPLATES:
            if template not in declared:
                yield at(item, "absent", template, "templateId")
        modes = declared & MODES
        if len(modes) != 1:
            yield at(item, " ".join(sorted(modes)) or "absent", "un mode d'administration", "templateId")
            continue
        steps = list(each(item, "entryRelationship", "substanceAdministration"))
        if bool(steps) == bool(modes & ALONE):
            yield at(
                item, f"{len(steps)} ligne(s) subordonnée(s)", f"mode {modes.pop()}", "entryRelationship"
            )


@RULES.rule("CDA-EP-M4", requirements=ROW, source=f"{VOLET} ; IHE PRE")
def lines_are_intentions(document: ClinicalDocument) -> Iterator[Observation]:
    """A prescribed line has moodCode INT, one id and statusCode completed."""
    for item in medicine_lines(document.root):
        if item.get("moodCode") != "INT":
            yield at(item, item.get("moodCode", "absent"), "INT", "@moodCode")
        if len(list(each(item, "id"))) != 1:
            yield at(item, f"{len(list(each(item, 'id')))} id", "id 1..1", "id")
        status = first(item, "statusCode")
        if status is None or status.get("code") != "completed":
            yield at(
                item, "absent" if status is None else status.get("code"), "completed", "statusCode/@code"
            )


@RULES.rule("CDA-EP-M8", requirements=ROW, source=f"{VOLET} ; HL7 v3 datatypes, IVL_TS")
def treatment_ends_after_its_start(document: ClinicalDocument) -> Iterator[Observation]:
    """The treatment does not end before it starts."""
    for item in (*medicine_lines(document.root), *device_lines(document.root)):
        for time in each(item, "effectiveTime"):
            low, high = first(time, "low"), first(time, "high")
            if low is not None and high is not None and earlier(low.get("value", ""), high.get("value", "")):
                yield at(time, f"{low.get('value')} – {high.get('value')}", "low ≤ high")


@RULES.rule("CDA-EP-M9", requirements=ROW, source=VOLET)
def renewals_are_said(document: ClinicalDocument) -> Iterator[Observation]:
    """repeatNumber on every line: a number, or null NI on a medicine."""
    for item in (*medicine_lines(document.root), *device_lines(document.root)):
        found = first(item, "repeatNumber")
        if found is None:
            yield at(item, "absent", "repeatNumber 1..1 (0 si aucun)", "repeatNumber")
        elif not found.get("nullFlavor") and not found.get("value", "").isdigit():
            yield at(found, found.get("value", "absent"), "entier ≥ 0", "@value")


@RULES.rule("CDA-EP-M13", requirements=ROW, source=VOLET)
def product_is_coded_and_named(document: ClinicalDocument) -> Iterator[Observation]:
    """The product has a CIS code (or none) and a name (or none)."""
    for item in medicine_lines(document.root):
        material = first(item, *MATERIAL)
        if material is None:
            yield at(item, "absent", "consumable/manufacturedProduct/manufacturedMaterial 1..1", "consumable")
            continue
        code = first(material, "code")
        if code is None or (not code.get("nullFlavor") and code.get("codeSystem") != CIS):
            yield at(material, "absent" if code is None else code.get("codeSystem"), CIS, "code/@codeSystem")
        name = first(material, "name")
        if name is None or (not name.get("nullFlavor") and not "".join(name.itertext()).strip()):
            yield at(material, "absent", "name 1..1", "name")


@RULES.rule("CDA-EP-M15", requirements=ROW, source=f"{VOLET} ; IHE PRE")
def substitution_is_said_once(document: ClinicalDocument) -> Iterator[Observation]:
    """One substitution permission, N or G."""
    for item in medicine_lines(document.root):
        found = item.findall(f"{Q}entryRelationship/{Q}act[@moodCode='DEF']/{Q}code")
        codes = [code.get("code", "") for code in found]
        if len(codes) != 1 or codes[0] not in ("N", "G"):
            yield at(item, " ".join(codes) or "absent", "N | G, 1..1", "entryRelationship/act/code/@code")


@RULES.rule("CDA-EP-M19", requirements=ROW, source=VOLET)
def quantity_has_a_value(document: ClinicalDocument) -> Iterator[Observation]:
    """A quantity to dispense, when there is one, has a value."""
    for item in medicine_lines(document.root):
        for supply in item.iterfind(f"{Q}entryRelationship/{Q}supply[@moodCode='RQO']"):
            if "1.3.6.1.4.1.19376.1.9.1.3.8" not in roots(supply):
                continue
            quantity = first(supply, "quantity")
            if quantity is None or not quantity.get("value"):
                yield at(supply, "absent", "quantity/@value", "quantity/@value")
