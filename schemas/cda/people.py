"""Rules of the professionals and organisations of the header."""

import re
from collections.abc import Iterator

from schemas.cda.look import (
    SCHEMATRON,
    SOURCE,
    VALUE_SETS,
    at,
    coded_in,
    header_iter,
    identified,
    labelled,
)
from schemas.cda.model import PROFESSIONAL_ID, STRUCTURE_ID, ClinicalDocument
from schemas.cda.timestamp import parse_ts
from schemas.cda.tree import each, first
from schemas.finding import Keyword, Observation, RuleSet
from schemas.valuesets import value_set
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-people")

PREFIXES = frozenset({"M", "MME"})  # J245
SUFFIXES = frozenset({"DR", "MC", "MG", "PC", "PG", "PR"})  # J246
CUSTODIAN_ROOTS = frozenset({STRUCTURE_ID, "1.2.250.1.213.4.1"})
PARTICIPATIONS = frozenset(["REF", "REFB", "INF", "RESP", "PRF", "CON", "VRF"])  # J144
RELATED = frozenset(["ECON", "NOK", "CON", "CAREGIVER", "PAT"])
PROFESSIONAL = re.compile(r"8\d{11}|0[0-9A-Z]{9}|[1-9][0-9A-Z]*/\S+|3\d+/\S+")
ZONE = re.compile(r"[+-]\d*$")  # a malformed zone is a warning of its own
ROLES = ("assignedAuthor", "assignedEntity", "associatedEntity", "intendedRecipient")


def _dated(role: Element, demanded: bool = True) -> Iterator[Observation]:
    time = first(role, "time")
    if time is None:
        if demanded:
            yield at(role, "absent", "time 1..1", "time")
    elif not time.get("nullFlavor") and parse_ts(ZONE.sub("", time.get("value", ""))) is None:
        yield at(time, time.get("value", "absent"), "AAAAMMJJHHMMSS±ZZzz", "@value")


@RULES.rule("CDA-AUT-01", requirements=SCHEMATRON, source=SOURCE)
def authors_are_dated(document: ClinicalDocument) -> Iterator[Observation]:
    """At least one author, each with time and assignedAuthor."""
    found = list(each(document.root, "author"))
    if not found:
        yield at(document.root, "absent", "author 1..*", "author")
    for author in found:
        yield from _dated(author)
        if first(author, "assignedAuthor") is None:
            yield at(author, "absent", "assignedAuthor 1..1", "assignedAuthor")


@RULES.rule("CDA-AUT-02", requirements=SCHEMATRON, source=SOURCE)
def authors_are_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """assignedAuthor/id with root and extension."""
    for role in each(document.root, "author", "assignedAuthor"):
        yield from identified(first(role, "id"), role)


@RULES.rule("CDA-AUT-03", requirements=VALUE_SETS, source="ANS, JDV J01")
def professions_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """The code of a professional is in J01."""
    for role in header_iter(document, "assignedAuthor", "assignedEntity", "associatedEntity"):
        code = first(role, "code")
        if code is not None:
            yield from coded_in(code, "J01")


@RULES.rule("CDA-AUT-03B", requirements=SCHEMATRON, source=SOURCE)
def professions_are_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """The code of a professional has code, codeSystem and displayName."""
    for role in header_iter(document, "assignedAuthor", "assignedEntity", "associatedEntity"):
        code = first(role, "code")
        if code is not None and code.get("code"):
            yield from labelled(code)


@RULES.rule("CDA-AUT-04", requirements=SCHEMATRON, source=SOURCE)
def author_is_a_person_or_a_device(document: ClinicalDocument) -> Iterator[Observation]:
    """A person with one family name, or a device with its model and software."""
    for role in each(document.root, "author", "assignedAuthor"):
        device = first(role, "assignedAuthoringDevice")
        if device is not None:
            if first(role, "assignedPerson") is not None:
                yield at(role, "assignedPerson et assignedAuthoringDevice", "l'un ou l'autre")
            for part in ("manufacturerModelName", "softwareName"):
                if first(device, part) is None:
                    yield at(device, "absent", f"{part} 1..1", part)
    for name in _names(document):
        if name.get("nullFlavor"):
            continue
        families = list(each(name, "family"))
        if len(families) != 1 or not (_said(families[0]) or families[0].get("nullFlavor")):
            yield at(name, f"{len(families)} family", "family 1..1", "family")
        for part in ("given", "prefix", "suffix"):
            if len(list(each(name, part))) > 1:
                yield at(name, f"plusieurs {part}", f"{part} 0..1", part)


def _said(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _names(document: ClinicalDocument) -> Iterator[Element]:
    for person in header_iter(document, "assignedPerson", "associatedPerson"):
        yield from each(person, "name")


@RULES.rule("CDA-AUT-05", requirements=VALUE_SETS, source="ANS, JDV J245 et J246")
def titles_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """Civility in J245, title in J246."""
    for name in _names(document):
        for part, known in (("prefix", PREFIXES), ("suffix", SUFFIXES)):
            for found in each(name, part):
                text = _said(found)
                if text not in known and not found.get("nullFlavor"):
                    yield at(found, text, " | ".join(sorted(known)))


@RULES.rule("CDA-AUT-06", requirements=VALUE_SETS, source="ANS, JDV J47")
def functions_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """functionCode is in J47."""
    for found in header_iter(document, "functionCode"):
        yield from coded_in(found, "J47")


@RULES.rule("CDA-AUT-07", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def organisations_have_a_structure_id(document: ClinicalDocument) -> Iterator[Observation]:
    """The organisation of a professional is identified by a Struct_IdNat."""
    for found in header_iter(document, "representedOrganization", "scopingOrganization"):
        for identifier in each(found, "id"):
            if identifier.get("root") != STRUCTURE_ID and not identifier.get("nullFlavor"):
                yield at(identifier, identifier.get("root", ""), STRUCTURE_ID, "@root")


@RULES.rule("CDA-AUT-08", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source="CI-SIS, PS_IdNat")
def professionals_have_a_national_id(document: ClinicalDocument) -> Iterator[Observation]:
    """A PS_IdNat is 8 and 11 digits (RPPS), 0 and ADELI, or a structure and its internal id."""
    for role in header_iter(document, *ROLES):
        for identifier in each(role, "id"):
            value = identifier.get("extension", "")
            if identifier.get("root") == PROFESSIONAL_ID and value and not PROFESSIONAL.fullmatch(value):
                yield at(identifier, value, "8 + 11 chiffres du RPPS", "@extension")


@RULES.rule("CDA-CUS-01", requirements=SCHEMATRON, source=SOURCE)
def custodian_is_a_structure(document: ClinicalDocument) -> Iterator[Observation]:
    """One custodian whose id has the OID of structures (or of the patients' host)."""
    found = list(each(document.root, "custodian"))
    if len(found) != 1:
        yield at(document.root, f"{len(found)} custodian", "custodian 1..1", "custodian")
        return
    identifier = first(found[0], "assignedCustodian", "representedCustodianOrganization", "id")
    root = "" if identifier is None else identifier.get("root", "")
    if root not in CUSTODIAN_ROOTS:
        yield at(found[0], root or "absent", STRUCTURE_ID, "…/representedCustodianOrganization/id/@root")


@RULES.rule("CDA-CUS-02", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def custodian_has_a_name(document: ClinicalDocument) -> Iterator[Observation]:
    """The custodian is named."""
    found = first(document.root, "custodian")
    if found is not None and not document.custodian_name:
        yield at(found, "absent", "name", "…/representedCustodianOrganization/name")


@RULES.rule("CDA-LEG-01", requirements=SCHEMATRON, source=SOURCE)
def legal_authenticator_signs(document: ClinicalDocument) -> Iterator[Observation]:
    """One legalAuthenticator with a date and signatureCode S."""
    found = first(document.root, "legalAuthenticator")
    if found is None:
        yield at(document.root, "absent", "legalAuthenticator 1..1", "legalAuthenticator")
        return
    yield from _signature(found)


def _signature(signer: Element) -> Iterator[Observation]:
    yield from _dated(signer)
    signature = first(signer, "signatureCode")
    if signature is None or signature.get("code") != "S":
        yield at(signer, "absent" if signature is None else signature.get("code"), "S", "signatureCode/@code")


@RULES.rule("CDA-LEG-02", requirements=SCHEMATRON, source=SOURCE)
def legal_authenticator_is_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """legalAuthenticator/assignedEntity has one id with root and extension."""
    found = first(document.root, "legalAuthenticator")
    if found is None:
        return
    entity = first(found, "assignedEntity")
    if entity is None:
        yield at(found, "absent", "assignedEntity 1..1", "assignedEntity")
    else:
        yield from identified(first(entity, "id"), entity)


@RULES.rule("CDA-ATN-01", requirements=SCHEMATRON, source=SOURCE)
def authenticators_sign(document: ClinicalDocument) -> Iterator[Observation]:
    """Each authenticator has a date, signatureCode S and the PS_IdNat of its professional."""
    for found in each(document.root, "authenticator"):
        yield from _signature(found)
        identifier = first(found, "assignedEntity", "id")
        if identifier is None or identifier.get("root") != PROFESSIONAL_ID:
            seen = "absent" if identifier is None else identifier.get("root")
            yield at(found, seen, PROFESSIONAL_ID, "assignedEntity/id/@root")


@RULES.rule("CDA-INF-01", requirements=SCHEMATRON, source=f"{SOURCE} ; JDV J11")
def informants_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """relatedEntity has a known class and a code of J11 with its label."""
    for found in each(document.root, "informant", "relatedEntity"):
        if found.get("classCode") not in RELATED:
            yield at(found, found.get("classCode", "absent"), " | ".join(sorted(RELATED)), "@classCode")
        code = first(found, "code")
        if code is not None and not code.get("nullFlavor"):
            if not value_set("J11").contains(code.get("code", ""), code.get("codeSystem")):
                yield at(code, code.get("code", ""), "JDV J11")
            elif not code.get("displayName"):
                yield at(code, "absent", "@displayName", "@displayName")


@RULES.rule("CDA-REC-01", requirements=SCHEMATRON, source=SOURCE)
def recipients_are_professionals(document: ClinicalDocument) -> Iterator[Observation]:
    """An identified recipient has a root, and an extension for a professional."""
    for found in each(document.root, "informationRecipient", "intendedRecipient", "id"):
        if found.get("root") == PROFESSIONAL_ID and not found.get("extension"):
            yield at(found, "absent", "@extension", "@extension")


@RULES.rule("CDA-PAR-01", requirements=SCHEMATRON, source=f"{SOURCE} ; JDV J144")
def participants_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """participant has a known type, a time and a PROV or AGNT entity."""
    for found in each(document.root, "participant"):
        if found.get("typeCode") not in PARTICIPATIONS:
            yield at(found, found.get("typeCode", "absent"), " | ".join(sorted(PARTICIPATIONS)), "@typeCode")
        if first(found, "time") is None:
            yield at(found, "absent", "time 1..1", "time")
        entity = first(found, "associatedEntity")
        if entity is None:
            yield at(found, "absent", "associatedEntity 1..1", "associatedEntity")
        elif entity.get("classCode") not in ("PROV", "AGNT"):
            yield at(entity, entity.get("classCode", "absent"), "PROV | AGNT", "@classCode")


@RULES.rule("CDA-AE-01", requirements=SCHEMATRON, source=f"{SOURCE} ; JDV J04")
def practice_settings_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """standardIndustryClassCode is complete and in J04."""
    for found in header_iter(document, "standardIndustryClassCode"):
        yield from coded_in(found, "J04")
        if found.get("code"):
            yield from labelled(found)


@RULES.rule("CDA-EXT-08", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source="contrôle du banc")
def author_does_not_write_after_creation(document: ClinicalDocument) -> Iterator[Observation]:
    """The author's date is not after the creation of the document."""
    created = parse_ts(document.effective_time)
    for author in each(document.root, "author"):
        time = first(author, "time")
        seen = None if time is None else parse_ts(time.get("value", ""))
        if seen and created and seen.tzinfo and created.tzinfo and seen > created and time is not None:
            yield at(time, time.get("value"), f"≤ {document.effective_time}", "@value")


@RULES.rule("CDA-EXT-09", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source="HL7 v3 datatypes R1, TS")
def zones_have_four_digits(document: ClinicalDocument) -> Iterator[Observation]:
    """The time zone of a signature or of an author has four digits."""
    for role in header_iter(document, "author", "legalAuthenticator", "authenticator"):
        time = first(role, "time")
        value = "" if time is None else time.get("value", "")
        if time is not None and value and parse_ts(value) is None and parse_ts(ZONE.sub("", value)):
            yield at(time, value, "AAAAMMJJHHMMSS±ZZzz", "@value")
