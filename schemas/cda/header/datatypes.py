"""HL7 v3 datatypes in the header, where the official tool tests them. Source: HL7 v3 datatypes R1, CI-SIS."""

from collections.abc import Iterator

from lxml import etree

from schemas.cda.look import SCHEMATRON, at, header_iter, holding, valid_root
from schemas.cda.model import HL7, NULLS, XSI_TYPE, ClinicalDocument, Q
from schemas.cda.timestamp import earlier, real_date
from schemas.cda.tree import each, first, firsts, selected
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element, children, local

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-datatypes")
SOURCE = "HL7 v3 datatypes R1"
PARENT = f"{Q}parentDocument"
NULL_FLAVORS = frozenset({"UNK", "NASK", "ASKU", "NAV", "MSK"})
CODED = (
    "code",
    "confidentialityCode",
    "administrativeGenderCode",
    "maritalStatusCode",
    "religiousAffiliationCode",
    "raceCode",
    "ethnicGroupCode",
    "functionCode",
    "standardIndustryClassCode",
    "dischargeDispositionCode",
    "priorityCode",
    "translation",
)
UNITS = frozenset(["us", "ms", "s", "min", "h", "d", "wk", "mo", "a"])
BOUNDS = ("low", "high", "center")
IDENTIFIED = etree.XPath("h:component//*[@ID]", namespaces={"h": HL7})
LOOSE_TIMES = ("informationRecipient", "dataEnterer")


def has_nulls(document: ClinicalDocument) -> bool:
    """The header has a nullFlavor."""
    return bool(document.header[NULLS])


def has_codes_with_null(document: ClinicalDocument) -> bool:
    """The header has a nullFlavor beside a code."""
    return any(null.get("code") for null in document.header[NULLS])


@RULES.rule("CDA-DT-01", requirements=SCHEMATRON, source=f"{SOURCE}, ANY", layer="STRUCT", when=has_nulls)
def null_is_alone(document: ClinicalDocument) -> Iterator[Observation]:
    """A nullFlavor excludes text, other attributes and elements (save OTH, and what a null code says)."""
    for found in document.header[NULLS]:
        if len(found.attrib) == 1 and not len(found) and not found.text:
            continue
        null, tag = found.get("nullFlavor"), local(found)
        if null == "OTH" or tag == "id" or found.get("code") or (tag == "telecom" and found.get("value")):
            continue  # CDA-DT-02, CDA-DT-03 and CDA-PAT-14 say so
        others = [str(name) for name in found.attrib if name not in ("nullFlavor", XSI_TYPE)]
        parts = [local(part) for part in children(found)]
        if null in ("NA", "UNK") and set(parts) <= {"originalText", "translation"} and parts:
            parts, others = [], [name for name in others if name not in ("codeSystem", "codeSystemName")]
        if others or parts or (found.text or "").strip():
            yield at(found, f"nullFlavor {null} et {' '.join(others + parts) or 'texte'}", "nullFlavor seul")


@RULES.rule("CDA-DT-02", requirements=SCHEMATRON, source=f"{SOURCE}, II", layer="STRUCT")
def identifiers_have_a_valid_root(document: ClinicalDocument) -> Iterator[Observation]:
    """An identifier has a root (OID, upper-case UUID) or a nullFlavor, never both."""
    for found, root, extension in document.ids:
        null = found.get("nullFlavor")
        if root is not None and null is None and valid_root(root):
            continue
        parent = found.getparent()
        if parent is document.root or (parent is not None and parent.tag == PARENT):
            continue  # CDA-HDR-06 and CDA-REL-01 say so
        if root is None:
            if null is None and extension is None:
                yield at(found, "absent", "@root ou @nullFlavor", "@root")
            elif extension is not None:
                yield at(found, f"extension {extension} sans root", "@root", "@root")
        elif not valid_root(root):
            yield at(found, root, "OID ou UUID en majuscules", "@root")
        elif null is not None:
            yield at(found, f"{root} et nullFlavor {null}", "@root ou @nullFlavor", "@nullFlavor")


@RULES.rule("CDA-DT-02B", requirements=SCHEMATRON, source=f"{SOURCE}, II", layer="STRUCT")
def identifiers_differ_within_a_parent(document: ClinicalDocument) -> Iterator[Observation]:
    """The identifiers of one thing are different."""
    seen: set[tuple[Element | None, str, str]] = set()
    for found, root, extension in document.ids:
        key = (found.getparent(), root or "", extension or "")
        if key in seen and key[1]:
            yield at(found, f"{key[1]} {key[2]}".strip(), "id différents")
        seen.add(key)


@RULES.rule(
    "CDA-DT-03", requirements=SCHEMATRON, source=f"{SOURCE}, CD", layer="STRUCT", when=has_codes_with_null
)
def no_code_with_null(document: ClinicalDocument) -> Iterator[Observation]:
    """A code excludes nullFlavor."""
    for found in header_iter(document, *CODED):
        if found.get("code") and found.get("nullFlavor"):
            yield at(found, f"{found.get('code')} et nullFlavor {found.get('nullFlavor')}", "l'un ou l'autre")


@RULES.rule("CDA-DT-03B", requirements=SCHEMATRON, source=f"{SOURCE}, CD", layer="STRUCT")
def codes_are_coherent(document: ClinicalDocument) -> Iterator[Observation]:
    """A code has its system; a label or the name of a system says of what; translations are different."""
    for found in header_iter(document, *CODED):
        parent = found.getparent()
        if parent is document.root:
            continue  # CDA-HDR-07 and CDA-HDR-10 say so
        code, system = found.get("code"), found.get("codeSystem")
        if code and not system and not _said_elsewhere(found):
            yield at(found, code, "@codeSystem", "@codeSystem")
        if found.get("displayName") and not code:
            yield at(found, found.get("displayName"), "@code", "@code")
        if not system and not code:
            for name in ("codeSystemName", "codeSystemVersion"):
                if found.get(name):
                    yield at(found, found.get(name), "@codeSystem", "@codeSystem")
        seen: set[tuple[str | None, str | None]] = set()
        for translation in each(found, "translation") if len(found) else ():
            pair = (translation.get("code"), translation.get("codeSystem"))
            if pair in seen and pair[0]:
                yield at(translation, f"{pair[0]} ({pair[1]})", "translation différentes")
            seen.add(pair)


def _said_elsewhere(found: Element) -> bool:
    parent = found.getparent()
    tag = "" if parent is None else local(parent)
    if tag in ("assignedAuthor", "assignedEntity", "associatedEntity", "serviceEvent"):
        return local(found) == "code"  # CDA-AUT-03B, CDA-SRV-05
    return local(found) in ("standardIndustryClassCode", "dischargeDispositionCode")  # CDA-AE-01, CDA-ENC-04


@RULES.rule("CDA-DT-04", requirements=SCHEMATRON, source=f"{SOURCE}, TS", layer="STRUCT")
def other_dates_are_real(document: ClinicalDocument) -> Iterator[Observation]:
    """The dates of which no other rule speaks are real ones too."""
    main, encounter = document.places.act, document.places.encounter
    for event in document.top.each("documentationOf", "serviceEvent"):
        for period in () if event is main else each(event, "effectiveTime"):
            yield from _bounds(period)
    for found in header_iter(document, *LOOSE_TIMES):
        yield from _bounds(first(found, "time"))
    for name in ("validTime", "useablePeriod", "copyTime"):
        for found in header_iter(document, name):
            yield from _bounds(found)
    location = None if encounter is None else first(encounter, "location", "time")
    yield from _bounds(location)


def _bounds(time: Element | None) -> Iterator[Observation]:
    if time is None:
        return
    bounds = [bound for name in BOUNDS for bound in each(time, name)] if len(time) else ()
    for found in (time, *bounds):
        if found.get("value") is not None and not real_date(found.get("value", "")):
            yield at(found, found.get("value"), "AAAAMMJJHHMMSS±ZZzz", "@value")


@RULES.rule("CDA-DT-05", requirements=SCHEMATRON, source=f"{SOURCE}, IVL_TS", layer="STRUCT")
def periods_are_coherent(document: ClinicalDocument) -> Iterator[Observation]:
    """The period of a participant, of the main performer, of a participant in the encounter."""
    times = list(document.top.each("participant", "time"))
    if document.places.act is not None:
        times += each(document.places.act, "performer", "time")
    if document.places.encounter is not None:  # its own period: CDA-ENC-01
        times += each(document.places.encounter, "encounterParticipant", "time")
    for time in times:
        yield from interval(time)


def interval(time: Element) -> Iterator[Observation]:
    """What is wrong in an IVL_TS: a value or bounds; centre alone; no width with both; low before high."""
    found = firsts(time)
    parts = {name: found.get(Q + name) for name in ("low", "center", "width", "high")}
    held = [name for name, part in parts.items() if part is not None]
    if time.get("value") is not None and held:
        yield at(time, "value et " + "/".join(held), "value, ou low/high")
    if "center" in held and len(held) > 1 and held != ["center", "width"]:
        yield at(time, " ".join(held), "center sans low ni high")
    if {"low", "width", "high"} <= set(held):
        yield at(time, "low, width et high", "deux des trois")
    yield from _bounds(time)
    low, high, width = parts["low"], parts["high"], parts["width"]
    if low is not None and high is not None and low.get("value") and high.get("value"):
        start, end = low.get("value", ""), high.get("value", "")
        if start == end or earlier(start, end):
            yield at(time, f"{start} – {end}", "low < high")
    if width is not None and width.get("value") and width.get("unit") not in UNITS:
        yield at(width, width.get("unit", "absent"), " | ".join(sorted(UNITS)), "@unit")


@RULES.rule("CDA-DT-06", requirements=SCHEMATRON, source=f"{SOURCE}, AD et EN", layer="STRUCT")
def parts_are_not_empty(document: ClinicalDocument) -> Iterator[Observation]:
    """The parts of an address or a name are not empty, and no text stands beside them."""
    for found in header_iter(document, "addr", "name"):
        parts = [part for part in found if isinstance(part.tag, str)]
        beside = (found.text or "").strip() if parts else ""
        for part in parts:
            beside = beside or (part.tail or "").strip()
            if (part.text or "").strip() or len(part) or part.get("nullFlavor"):
                continue
            if local(part) not in ("validTime", "useablePeriod"):
                yield at(part, "", "texte")
        if beside:
            yield at(found, beside, "éléments, ou texte")


@RULES.rule(
    "CDA-DT-06B",
    requirements=SCHEMATRON,
    source=f"{SOURCE}, ST",
    layer="STRUCT",
    when=holding("manufacturerModelName", "softwareName", "originalText"),
)
def texts_are_not_empty(document: ClinicalDocument) -> Iterator[Observation]:
    """The model and the software of a device, the text of a code, are said."""
    for found in header_iter(document, "manufacturerModelName", "softwareName", "originalText"):
        if not found.get("nullFlavor") and not len(found) and not (found.text or "").strip():
            yield at(found, "", "texte")


@RULES.rule(
    "CDA-DT-07",
    requires=Keyword.PEUT,
    requirements=SCHEMATRON,
    source="CI-SIS, valeurs nulles de l'en-tête",
    when=has_nulls,
)
def null_flavors_are_the_five(document: ClinicalDocument) -> Iterator[Observation]:
    """nullFlavor in the header is UNK, NASK, ASKU, NAV or MSK."""
    for found in document.header[NULLS]:
        if found.get("nullFlavor") not in NULL_FLAVORS:
            yield at(found, found.get("nullFlavor"), " | ".join(sorted(NULL_FLAVORS)), "@nullFlavor")


@RULES.rule("CDA-DT-08", requirements=("BEN-CDA-01",), source="XML Schema, xs:ID", layer="XSD")
def narrative_ids_are_unique(document: ClinicalDocument) -> Iterator[Observation]:
    """An ID attribute is unique in the document."""
    seen: set[str] = set()
    for found in selected(IDENTIFIED, document.root):
        identifier = found.get("ID", "")
        if identifier in seen:
            yield at(found, identifier, "ID unique", "@ID")
        seen.add(identifier)
