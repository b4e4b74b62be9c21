"""Rules of the header, document level: what the document is. Numbered as in the CI-SIS header model."""

import re
from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, SOURCE, VALUE_SETS, at, exactly_one, labelled, valid_root
from schemas.cda.model import (
    TEMPLATE_CI_SIS,
    TEMPLATE_HL7_FRANCE,
    ClinicalDocument,
    Q,
)
from schemas.cda.timestamp import parse_ts
from schemas.cda.tree import each, first
from schemas.finding import Keyword, Observation, RuleSet
from schemas.valuesets import value_set

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-header")
LANGUAGE = re.compile(r"[a-z]{2}-[A-Z]{2}")
INTEGER = re.compile(r"-?\d+")
HL7_CONFIDENTIALITY = frozenset("LMNRUV")


@RULES.rule("CDA-HDR-01", requirements=SCHEMATRON, source=SOURCE)
def realm_is_france(document: ClinicalDocument) -> Iterator[Observation]:
    """realmCode is FR, once."""
    codes = [element.get("code", "") for element in each(document.root, "realmCode")]
    if codes != ["FR"]:
        yield at(document.root, " ".join(codes) or "absent", "FR", "realmCode/@code")


@RULES.rule("CDA-HDR-02", requirements=SCHEMATRON, source="HL7 CDA R2")
def type_id_is_cda(document: ClinicalDocument) -> Iterator[Observation]:
    """typeId is 2.16.840.1.113883.1.3 POCD_HD000040."""
    found = first(document.root, "typeId")
    seen = "" if found is None else f"{found.get('root', '')} {found.get('extension', '')}"
    if seen != "2.16.840.1.113883.1.3 POCD_HD000040":
        yield at(document.root, seen or "absent", "2.16.840.1.113883.1.3 POCD_HD000040", "typeId")


@RULES.rule("CDA-HDR-03", requirements=SCHEMATRON, source=SOURCE)
def declares_hl7_france(document: ClinicalDocument) -> Iterator[Observation]:
    """templateId of HL7 France."""
    if not document.is_a(TEMPLATE_HL7_FRANCE):
        yield at(document.root, "absent", TEMPLATE_HL7_FRANCE, "templateId")


@RULES.rule("CDA-HDR-04", requirements=SCHEMATRON, source=SOURCE)
def declares_ci_sis(document: ClinicalDocument) -> Iterator[Observation]:
    """templateId of the CI-SIS header."""
    if not document.is_a(TEMPLATE_CI_SIS):
        yield at(document.root, "absent", TEMPLATE_CI_SIS, "templateId")


@RULES.rule("CDA-HDR-05", requirements=SCHEMATRON, source=SOURCE)
def declares_its_model(document: ClinicalDocument) -> Iterator[Observation]:
    """At least one more templateId (of level 1, another rule says which)."""
    others = set(document.template_ids) - {TEMPLATE_HL7_FRANCE, TEMPLATE_CI_SIS}
    if document.level != 1 and not others - {""}:
        yield at(document.root, "absent", "templateId du modèle de document", "templateId")


@RULES.rule("CDA-HDR-06", requirements=SCHEMATRON, source=SOURCE)
def id_is_an_oid_or_uuid(document: ClinicalDocument) -> Iterator[Observation]:
    """id once, with a root that is an OID or an upper-case UUID."""
    yield from exactly_one(document.root, "id")
    found = first(document.root, "id")
    if found is not None and not valid_root(found.get("root", "")):
        yield at(found, found.get("root") or found.get("nullFlavor") or "", "OID ou UUID en majuscules")


@RULES.rule("CDA-HDR-07", requirements=SCHEMATRON, source=SOURCE)
def code_is_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """code once, with code, codeSystem and displayName."""
    yield from exactly_one(document.root, "code")
    found = first(document.root, "code")
    if found is not None:
        if found.get("nullFlavor"):
            yield at(found, found.get("nullFlavor"), "@code")
        yield from labelled(found)


@RULES.rule("CDA-JDV-07", requirements=VALUE_SETS, source="ANS, JDV J07")
def code_is_a_known_type(document: ClinicalDocument) -> Iterator[Observation]:
    """The code and its system are in J07."""
    found = first(document.root, "code")
    seen = document.type_code
    if found is not None and seen.code and not value_set("J07").contains(seen.code, seen.system or None):
        yield at(found, f"{seen.code} ({seen.system})", "JDV J07")


@RULES.rule("CDA-HDR-08", requirements=SCHEMATRON, source=SOURCE)
def title_is_there(document: ClinicalDocument) -> Iterator[Observation]:
    """A title that is not empty."""
    if not document.title:
        yield at(document.root, "absent", "title 1..1", "title")


@RULES.rule("CDA-HDR-09", requirements=SCHEMATRON, source=SOURCE)
def creation_is_a_real_date(document: ClinicalDocument) -> Iterator[Observation]:
    """effectiveTime once, a real date."""
    if parse_ts(document.effective_time) is None:
        yield at(document.root, document.effective_time or "absent", "AAAAMMJJHHMMSS±ZZzz", "effectiveTime")


@RULES.rule("CDA-HDR-10", requirements=SCHEMATRON, source=SOURCE)
def confidentiality_is_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """confidentialityCode with its three attributes, in the HL7 set."""
    found = first(document.root, "confidentialityCode")
    if found is None:
        yield at(document.root, "absent", "N", "confidentialityCode")
        return
    yield from labelled(found)
    if found.get("code") and found.get("code") not in HL7_CONFIDENTIALITY:
        yield at(found, found.get("code"), "N")


@RULES.rule("CDA-HDR-11", requirements=SCHEMATRON, source=SOURCE)
def language_has_its_country(document: ClinicalDocument) -> Iterator[Observation]:
    """languageCode like fr-FR."""
    if not LANGUAGE.fullmatch(document.language):
        yield at(document.root, document.language or "absent", "fr-FR", "languageCode/@code")


@RULES.rule("CDA-HDR-12", requirements=SCHEMATRON, source=SOURCE)
def set_id_is_there(document: ClinicalDocument) -> Iterator[Observation]:
    """setId with a root."""
    found = first(document.root, "setId")
    if found is None or not valid_root(found.get("root", "")):
        seen = "absent" if found is None else found.get("root", "")
        yield at(document.root, seen, "setId 1..1, @root OID ou UUID", "setId")


@RULES.rule("CDA-HDR-13", requirements=SCHEMATRON, source=SOURCE)
def version_is_an_integer(document: ClinicalDocument) -> Iterator[Observation]:
    """versionNumber once, an integer."""
    found = first(document.root, "versionNumber")
    value = "" if found is None else found.get("value", "")
    if not INTEGER.fullmatch(value):
        yield at(document.root, value or "absent", "entier ≥ 1", "versionNumber/@value")


@RULES.rule("CDA-HDR-14", requirements=SCHEMATRON, source="HL7 CDA R2")
def root_is_a_clinical_document(document: ClinicalDocument) -> Iterator[Observation]:
    """classCode and moodCode, when present, are DOCCLIN and EVN."""
    for name, wanted in (("classCode", "DOCCLIN"), ("moodCode", "EVN")):
        if document.root.get(name, wanted) != wanted:
            yield at(document.root, document.root.get(name), wanted, f"@{name}")


@RULES.rule("CDA-HDR-15", requirements=SCHEMATRON, source=SOURCE)
def has_one_body(document: ClinicalDocument) -> Iterator[Observation]:
    """One component with a nonXMLBody or a structuredBody."""
    components = list(each(document.root, "component"))
    bodies = [
        child
        for component in components
        for child in component
        if child.tag in (f"{Q}nonXMLBody", f"{Q}structuredBody")
    ]
    if len(components) != 1 or len(bodies) != 1:
        yield at(document.root, f"{len(bodies)} corps", "nonXMLBody ou structuredBody, 1..1", "component")


@RULES.rule("CDA-REL-01", requirements=SCHEMATRON, source=SOURCE)
def replaced_document_is_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """At most one relatedDocument, whose parentDocument has an id with a root."""
    related = list(each(document.root, "relatedDocument"))
    if len(related) > 1:
        yield at(related[1], f"{len(related)} relatedDocument", "0..1")
    for found in related:
        parent = first(found, "parentDocument", "id")
        if parent is None or not valid_root(parent.get("root", "")):
            yield at(found, "" if parent is None else parent.get("root", ""), "@root", "parentDocument/id")


@RULES.rule(
    "CDA-EXT-01", requirements=("BEN-CDA-07",), source="contrôle du banc (CI-SIS : id, setId, version)"
)
def identifiers_differ(document: ClinicalDocument) -> Iterator[Observation]:
    """id, setId and the id of the replaced document are three different things."""
    if document.unique_id and document.unique_id == document.set_id:
        yield at(document.root, document.set_id, "setId différent de id", "setId")
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
    found = first(document.root, "versionNumber")
    if found is not None and INTEGER.fullmatch(found.get("value", "")) and document.version < 1:
        yield at(found, document.version, "≥ 1")


@RULES.rule("CDA-EXT-06", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def link_is_a_replacement(document: ClinicalDocument) -> Iterator[Observation]:
    """relatedDocument is a replacement (RPLC)."""
    for found in each(document.root, "relatedDocument"):
        if found.get("typeCode") != "RPLC":
            yield at(found, found.get("typeCode", "absent"), "RPLC")


@RULES.rule("CDA-EXT-07", requires=Keyword.PEUT, requirements=("BEN-CDA-08",), source=SOURCE)
def schema_location_is_left_out(document: ClinicalDocument) -> Iterator[Observation]:
    """xsi:schemaLocation is not written."""
    name = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
    if document.root.get(name):
        yield at(document.root, document.root.get(name), "", "@xsi:schemaLocation")
