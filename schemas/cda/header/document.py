"""Rules of the header, document level: what the document is. Numbered as in the CI-SIS header model."""

import re
from collections.abc import Iterator

from schemas.cda.look import (
    SCHEMATRON,
    SOURCE,
    VALUE_SETS,
    at,
    exactly_one,
    holding,
    labelled,
    paired_in,
    valid_root,
)
from schemas.cda.model import (
    TEMPLATE_CI_SIS,
    TEMPLATE_HL7_FRANCE,
    ClinicalDocument,
    Q,
)
from schemas.cda.timestamp import parse_ts, real_date
from schemas.cda.tree import each, first
from schemas.finding import Keyword, Observation, RuleSet
from schemas.valuesets import value_set

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-header")
LANGUAGE = re.compile(r"[a-z]{2}-[A-Z]{2}")
INTEGER = re.compile(r"[+-]?\d+")
HL7_CONFIDENTIALITY = frozenset("LMNRUV")
LINKED = holding("relatedDocument")


@RULES.rule("CDA-HDR-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def realm_is_france(document: ClinicalDocument) -> Iterator[Observation]:
    """realmCode is FR, once."""
    codes = [element.get("code", "") for element in document.top.each("realmCode")]
    if codes != ["FR"]:
        yield at(document.root, " ".join(codes) or "absent", "FR", "realmCode/@code")


@RULES.rule("CDA-HDR-02", requirements=SCHEMATRON, source="HL7 CDA R2")
def type_id_is_cda(document: ClinicalDocument) -> Iterator[Observation]:
    """typeId is 2.16.840.1.113883.1.3 POCD_HD000040."""
    found = document.top.first("typeId")
    seen = "" if found is None else f"{found.get('root', '')} {found.get('extension', '')}"
    if seen != "2.16.840.1.113883.1.3 POCD_HD000040":
        yield at(document.root, seen or "absent", "2.16.840.1.113883.1.3 POCD_HD000040", "typeId")


@RULES.rule("CDA-HDR-03", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def declares_hl7_france(document: ClinicalDocument) -> Iterator[Observation]:
    """templateId of HL7 France."""
    if not document.is_a(TEMPLATE_HL7_FRANCE):
        yield at(document.root, "absent", TEMPLATE_HL7_FRANCE, "templateId")


@RULES.rule("CDA-HDR-04", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def declares_ci_sis(document: ClinicalDocument) -> Iterator[Observation]:
    """templateId of the CI-SIS header."""
    if not document.is_a(TEMPLATE_CI_SIS):
        yield at(document.root, "absent", TEMPLATE_CI_SIS, "templateId")


@RULES.rule("CDA-HDR-05", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def declares_its_model(document: ClinicalDocument) -> Iterator[Observation]:
    """At least one more templateId (of level 1, another rule says which)."""
    others = set(document.template_ids) - {TEMPLATE_HL7_FRANCE, TEMPLATE_CI_SIS}
    if document.level != 1 and not others - {""}:
        yield at(document.root, "absent", "templateId du modèle de document", "templateId")


@RULES.rule("CDA-HDR-06", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def id_is_an_oid_or_uuid(document: ClinicalDocument) -> Iterator[Observation]:
    """id once, with a root that is an OID or an upper-case UUID."""
    yield from exactly_one(document.root, "id", document.top.each("id"))
    found = document.top.first("id")
    if found is not None and not valid_root(found.get("root", "")):
        yield at(found, found.get("root") or found.get("nullFlavor") or "", "OID ou UUID en majuscules")


@RULES.rule("CDA-HDR-07", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def code_is_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """code once, with code, codeSystem and displayName."""
    yield from exactly_one(document.root, "code", document.top.each("code"))
    found = document.top.first("code")
    if found is not None:
        if found.get("nullFlavor"):
            yield at(found, found.get("nullFlavor"), "@code")
        yield from labelled(found)


@RULES.rule("CDA-JDV-07", requirements=VALUE_SETS, source="ANS, JDV J07", layer="STRUCT")
def code_is_a_known_type(document: ClinicalDocument) -> Iterator[Observation]:
    """The code is in J07 (the official tool looks at the code only)."""
    found = document.top.first("code")
    seen = document.type_code
    if found is not None and seen.code and not value_set("J07").contains(seen.code):
        yield at(found, seen.code, "JDV J07")


@RULES.rule("CDA-JDV-07B", requirements=VALUE_SETS, source="ANS, JDV J07")
def code_has_the_system_of_its_set(document: ClinicalDocument) -> Iterator[Observation]:
    """A code of J07 has the system that J07 gives it."""
    found = document.top.first("code")
    if found is not None and found.get("code"):
        yield from paired_in(found, "J07")


@RULES.rule("CDA-HDR-08", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def title_is_there(document: ClinicalDocument) -> Iterator[Observation]:
    """A title that is not empty."""
    if not document.title:
        yield at(document.root, "absent", "title 1..1", "title")


@RULES.rule("CDA-HDR-09", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def creation_is_a_real_date(document: ClinicalDocument) -> Iterator[Observation]:
    """effectiveTime once, a real date."""
    if not real_date(document.effective_time):
        yield at(document.root, document.effective_time or "absent", "AAAAMMJJHHMMSS±ZZzz", "effectiveTime")


@RULES.rule("CDA-HDR-10", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def confidentiality_is_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """confidentialityCode with its three attributes, in the HL7 set."""
    found = document.top.first("confidentialityCode")
    if found is None:
        yield at(document.root, "absent", "N", "confidentialityCode")
        return
    yield from labelled(found)
    if found.get("code") and found.get("code") not in HL7_CONFIDENTIALITY:
        yield at(found, found.get("code"), "N")


@RULES.rule("CDA-HDR-11", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def language_has_its_country(document: ClinicalDocument) -> Iterator[Observation]:
    """languageCode like fr-FR."""
    if not LANGUAGE.fullmatch(document.language):
        yield at(document.root, document.language or "absent", "fr-FR", "languageCode/@code")


@RULES.rule("CDA-HDR-12", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def set_id_is_there(document: ClinicalDocument) -> Iterator[Observation]:
    """setId with a root."""
    found = document.top.first("setId")
    if found is None or not valid_root(found.get("root", "")):
        seen = "absent" if found is None else found.get("root", "")
        yield at(document.root, seen, "setId 1..1, @root OID ou UUID", "setId")


@RULES.rule("CDA-HDR-13", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def version_is_an_integer(document: ClinicalDocument) -> Iterator[Observation]:
    """versionNumber once, an integer."""
    found = document.top.first("versionNumber")
    value = "" if found is None else found.get("value", "")
    if not INTEGER.fullmatch(value):
        yield at(document.root, value or "absent", "entier ≥ 1", "versionNumber/@value")


@RULES.rule("CDA-HDR-14", requirements=SCHEMATRON, source="HL7 CDA R2", layer="STRUCT")
def root_is_a_clinical_document(document: ClinicalDocument) -> Iterator[Observation]:
    """classCode and moodCode, when present, are DOCCLIN and EVN."""
    for name, wanted in (("classCode", "DOCCLIN"), ("moodCode", "EVN")):
        if document.root.get(name, wanted) != wanted:
            yield at(document.root, document.root.get(name), wanted, f"@{name}")


@RULES.rule("CDA-HDR-15", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def has_one_body(document: ClinicalDocument) -> Iterator[Observation]:
    """One component with a nonXMLBody or a structuredBody."""
    components = list(document.top.each("component"))
    bodies = [
        child
        for component in components
        for child in component
        if child.tag in (f"{Q}nonXMLBody", f"{Q}structuredBody")
    ]
    if len(components) != 1 or len(bodies) != 1:
        yield at(document.root, f"{len(bodies)} corps", "nonXMLBody ou structuredBody, 1..1", "component")


@RULES.rule("CDA-REL-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT", when=LINKED)
def replaced_document_is_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """At most one replacement; its parentDocument has one id with a root, and an integer version."""
    related = [found for found in document.top.each("relatedDocument") if found.get("typeCode") == "RPLC"]
    if len(related) > 1:
        yield at(related[1], f"{len(related)} relatedDocument", "0..1")
    for found in related:
        ids = list(each(found, "parentDocument", "id"))
        if not ids or not valid_root(ids[0].get("root", "")):
            yield at(found, ids[0].get("root", "") if ids else "absent", "@root", "parentDocument/id")
        elif len(ids) > 1:
            yield at(ids[1], f"{len(ids)} id", "id 1..1")
        version = first(found, "parentDocument", "versionNumber")
        if version is not None and not INTEGER.fullmatch(version.get("value", "")):
            yield at(version, version.get("value", "absent"), "entier ≥ 1", "@value")


@RULES.rule("CDA-REL-02", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-07",), source=SOURCE, when=LINKED)
def replacement_follows_its_version(document: ClinicalDocument) -> Iterator[Observation]:
    """A replacement keeps the setId of the version before and has a higher number."""
    for found in document.top.each("relatedDocument"):
        if found.get("typeCode") != "RPLC":
            continue
        kept = first(found, "parentDocument", "setId")
        if kept is not None and document.set_id:
            before = "^".join(part for part in (kept.get("root"), kept.get("extension")) if part)
            if before != document.set_id:
                yield at(kept, before, document.set_id)
        version = first(found, "parentDocument", "versionNumber")
        value = "" if version is None else version.get("value", "")
        least = int(value) + 1 if INTEGER.fullmatch(value) and len(value) < 10 else 2
        if document.version < least:
            yield at(document.root, document.version, f"≥ {least}", "versionNumber/@value")


@RULES.rule(
    "CDA-EXT-01", requirements=("BEN-CDA-07",), source="contrôle du banc (CI-SIS : id, setId, version)"
)
def identifiers_differ(document: ClinicalDocument) -> Iterator[Observation]:
    """The document and its set have different identifiers."""
    if document.unique_id and document.unique_id == document.set_id:
        yield at(document.root, document.set_id, "setId différent de id", "setId")


@RULES.rule(
    "CDA-EXT-01B",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-CDA-07",),
    source="contrôle du banc (CI-SIS : id, relatedDocument)",
)
def document_does_not_replace_itself(document: ClinicalDocument) -> Iterator[Observation]:
    """The replaced document is another one."""
    if document.unique_id and document.unique_id == document.replaces:
        yield at(document.root, document.replaces, "id du document remplacé", "relatedDocument")


@RULES.rule("CDA-EXT-02", requires=Keyword.PEUT, requirements=VALUE_SETS, source="ANS, JDV J07")
def label_is_the_published_one(document: ClinicalDocument) -> Iterator[Observation]:
    """The label of the type is the one of J07."""
    seen, known = document.type_code, value_set("J07").display(document.type_code.code)
    if known and seen.display and seen.display.replace("’", "'").casefold() != known.casefold():
        yield at(document.root, seen.display, known, "code/@displayName")


@RULES.rule("CDA-EXT-03", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def creation_has_seconds_and_zone(document: ClinicalDocument) -> Iterator[Observation]:
    """The creation date goes to the second and says its time zone."""
    instant = parse_ts(document.effective_time)
    if instant is not None and (instant.tzinfo is None or len(document.effective_time) < 19):
        yield at(document.root, document.effective_time, "AAAAMMJJHHMMSS±ZZzz", "effectiveTime")


@RULES.rule("CDA-EXT-04", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source="CI-SIS J08, SEL-MP-037")
def confidentiality_is_normal(document: ClinicalDocument) -> Iterator[Observation]:
    """The DMP expects N in the header; masking is said in the XDS metadata."""
    if document.confidentiality.code in HL7_CONFIDENTIALITY - {"N"}:
        yield at(document.root, document.confidentiality.code, "N", "confidentialityCode")


@RULES.rule("CDA-EXT-05", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def version_starts_at_one(document: ClinicalDocument) -> Iterator[Observation]:
    """The version is 1 or more."""
    found = document.top.first("versionNumber")
    if found is not None and INTEGER.fullmatch(found.get("value", "")) and document.version < 1:
        yield at(found, document.version, "≥ 1")


@RULES.rule(
    "CDA-EXT-06",
    requires=Keyword.DEVRAIT,
    requirements=SCHEMATRON,
    source=SOURCE,
    layer="STRUCT",
    when=LINKED,
)
def link_is_a_replacement(document: ClinicalDocument) -> Iterator[Observation]:
    """relatedDocument is a replacement (RPLC)."""
    for found in document.top.each("relatedDocument"):
        if found.get("typeCode") != "RPLC":
            yield at(found, found.get("typeCode", "absent"), "RPLC")


@RULES.rule("CDA-L1-01", requirements=SCHEMATRON, source="HL7 CDA R2 ; IHE XDS-SD", layer="XSD")
def unstructured_body_has_its_text(document: ClinicalDocument) -> Iterator[Observation]:
    """A nonXMLBody has one text (here, because a document without it has no level)."""
    for body in document.top.each("component", "nonXMLBody"):
        yield from exactly_one(body, "text")


@RULES.rule("CDA-EXT-07", requires=Keyword.PEUT, requirements=("BEN-CDA-08",), source=SOURCE)
def schema_location_is_left_out(document: ClinicalDocument) -> Iterator[Observation]:
    """xsi:schemaLocation is not written."""
    name = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
    if document.root.get(name):
        yield at(document.root, document.root.get(name), "", "@xsi:schemaLocation")
