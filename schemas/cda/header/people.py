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
    holding,
    identified,
    labelled,
    paired_in,
    said,
)
from schemas.cda.model import PROFESSIONAL_ID, STRUCTURE_ID, ClinicalDocument, Q
from schemas.cda.timestamp import parse_ts, real_date
from schemas.cda.tree import each, first
from schemas.finding import Keyword, Observation, RuleSet
from schemas.valuesets import value_set
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-people")

PROFESSIONAL = re.compile(r"8\d{11}|0[0-9A-Z]{9}|[1-9][0-9A-Z]*/\S+|3\d+/\S+")
ORGANISATIONS = (
    "representedOrganization",
    "scopingOrganization",
    "providerOrganization",
    "receivedOrganization",
    "guardianOrganization",
    "serviceProviderOrganization",
)
PEOPLE = ("assignedPerson", "associatedPerson", "relatedPerson")
ASSIGNED_PERSON, RELATED_PERSON = f"{Q}assignedPerson", f"{Q}relatedPerson"
FAMILY = f"{Q}family"
ROLES = ("assignedAuthor", "assignedEntity", "associatedEntity", "intendedRecipient")


def dated(role: Element, null: bool = False) -> Iterator[Observation]:
    """An observation when `time` is absent or no real date (a malformed zone is a warning of its own)."""
    time = first(role, "time")
    if time is None:
        yield at(role, "absent", "time 1..1", "time")
    elif not (null and time.get("nullFlavor")) and not real_date(time.get("value", "")):
        yield at(time, time.get("value", "absent"), "AAAAMMJJHHMMSS±ZZzz", "@value")


@RULES.rule("CDA-AUT-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def authors_aredated(document: ClinicalDocument) -> Iterator[Observation]:
    """At least one author, each with time and assignedAuthor."""
    found = list(document.top.each("author"))
    if not found:
        yield at(document.root, "absent", "author 1..*", "author")
    for author in found:
        yield from dated(author)
        if first(author, "assignedAuthor") is None:
            yield at(author, "absent", "assignedAuthor 1..1", "assignedAuthor")


@RULES.rule("CDA-AUT-02", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def authors_are_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """Each assignedAuthor/id has root and extension."""
    for role in document.top.each("author", "assignedAuthor"):
        yield from identified(first(role, "id"), role)
        for other in list(each(role, "id"))[1:]:
            yield from identified(other, role)


@RULES.rule("CDA-AUT-03", requirements=VALUE_SETS, source="ANS, JDV J01", layer="STRUCT")
def professions_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """The code of a professional is in J01."""
    for code in document.places.professions:
        yield from coded_in(code, "J01")


@RULES.rule("CDA-AUT-03C", requirements=VALUE_SETS, source="ANS, JDV J01", layer="MODCDA")
def profession_of_author_has_its_system(document: ClinicalDocument) -> Iterator[Observation]:
    """The profession of an author has the system that J01 gives it."""
    for code in document.top.each("author", "assignedAuthor", "code"):
        yield from paired_in(code, "J01")


@RULES.rule("CDA-JDV-SYS", requires=Keyword.DEVRAIT, requirements=VALUE_SETS, source="ANS, JDV J01 à J142")
def codes_have_the_system_of_their_set(document: ClinicalDocument) -> Iterator[Observation]:
    """The other codes of the header have the system of their value set."""
    for role in header_iter(document, "assignedEntity", "associatedEntity"):
        for code in each(role, "code"):
            yield from paired_in(code, "J01")
    for name, key in (("functionCode", "J47"), ("standardIndustryClassCode", "J04")):
        for code in header_iter(document, name):
            yield from paired_in(code, key)
    for name, parent, key in (
        ("healthCareFacility", "code", "J02"),
        ("encompassingEncounter", "code", "J142"),
        ("relatedEntity", "code", "J11"),
    ):
        for role in header_iter(document, name):
            for code in each(role, parent):
                yield from paired_in(code, key)


@RULES.rule(  # as in `templates`, for the header
    "CDA-JDV-OPEN",
    requires=Keyword.DEVRAIT,
    requirements=VALUE_SETS,
    source="jeu de valeurs détenu en partie par le banc",
)
def professions_may_be_newer_than_ours(document: ClinicalDocument) -> Iterator[Observation]:
    """A profession of a plausible shape that we do not know: J01 is held in part."""
    known = value_set("J01")
    for code in document.places.professions:
        value = code.get("code", "")
        if not known.contains(value) and known.may_contain(value):
            yield at(code, value, f"JDV J01, dont le banc ne connaît qu'une partie ({known.version})")


@RULES.rule("CDA-AUT-03B", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def professions_are_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """The code of a professional has code, codeSystem and displayName."""
    for code in document.places.professions:
        if code.get("code"):
            yield from labelled(code)


@RULES.rule("CDA-AUT-04", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def author_is_a_person_or_a_device(document: ClinicalDocument) -> Iterator[Observation]:
    """A person with one family name, or a device with its model and software."""
    for role in document.top.each("author", "assignedAuthor"):
        device = first(role, "assignedAuthoringDevice")
        if device is not None:
            if first(role, "assignedPerson") is not None:
                yield at(role, "assignedPerson et assignedAuthoringDevice", "l'un ou l'autre")
            for part in ("manufacturerModelName", "softwareName"):
                if first(device, part) is None:
                    yield at(device, "absent", f"{part} 1..1", part)
    for person in header_iter(document, *PEOPLE):
        names = list(each(person, "name"))
        if not names and person.tag == ASSIGNED_PERSON:
            yield at(person, "absent", "name 1..1", "name")
        for name in names:
            if not name.get("nullFlavor"):
                yield from _named(name, related=person.tag == RELATED_PERSON)


def _named(name: Element, related: bool) -> Iterator[Observation]:
    tags = [part.tag for part in name]
    families = [part for part in name if part.tag == FAMILY]
    if len(families) != 1 or not (said(families[0]) or families[0].get("nullFlavor")):
        yield at(name, f"{len(families)} family", "family 1..1", "family")
    for part in () if related or len(set(tags)) == len(tags) else ("given", "prefix", "suffix"):
        if tags.count(Q + part) > 1:
            yield at(name, f"plusieurs {part}", f"{part} 0..1", part)


@RULES.rule(
    "CDA-AUT-05",
    requirements=VALUE_SETS,
    source="ANS, JDV J245 et J246",
    layer="STRUCT",
    when=holding("prefix", "suffix"),
)
def titles_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """Civility in J245, title in J246."""
    for person in header_iter(document, *PEOPLE, "guardianPerson", "informationRecipient"):
        for name in each(person, "name"):
            for part, key in (("prefix", "J245"), ("suffix", "J246")):
                for found in each(name, part):
                    text, known = said(found), value_set(key)
                    if not known.contains(text) and not found.get("nullFlavor"):
                        yield at(found, text, " | ".join(known.systems[""]))


@RULES.rule(
    "CDA-AUT-06", requirements=VALUE_SETS, source="ANS, JDV J47", layer="STRUCT", when=holding("functionCode")
)
def functions_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """functionCode is in J47."""
    for found in header_iter(document, "functionCode"):
        yield from coded_in(found, "J47")


@RULES.rule("CDA-AUT-07", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def organisations_have_a_structure_id(document: ClinicalDocument) -> Iterator[Observation]:
    """The organisation of a professional is identified by a Struct_IdNat."""
    for found in header_iter(document, *ORGANISATIONS):
        for identifier in each(found, "id"):
            if identifier.get("root") != STRUCTURE_ID and not identifier.get("nullFlavor"):
                yield at(identifier, identifier.get("root", ""), STRUCTURE_ID, "@root")


def has_odd_professional(document: ClinicalDocument) -> bool:
    """An id of the header has the OID of professionals and not their form."""
    values = [value for _, root, value in document.ids if root == PROFESSIONAL_ID and value]
    return not all(map(PROFESSIONAL.fullmatch, values))


@RULES.rule(
    "CDA-AUT-08",
    requires=Keyword.DEVRAIT,
    requirements=SCHEMATRON,
    source="CI-SIS, PS_IdNat",
    when=has_odd_professional,
)
def professionals_have_a_national_id(document: ClinicalDocument) -> Iterator[Observation]:
    """A PS_IdNat is 8 and 11 digits (RPPS), 0 and ADELI, or a structure and its internal id."""
    for role in header_iter(document, *ROLES):
        for identifier in each(role, "id"):
            value = identifier.get("extension", "")
            if identifier.get("root") == PROFESSIONAL_ID and value and not PROFESSIONAL.fullmatch(value):
                yield at(identifier, value, "8 + 11 chiffres du RPPS", "@extension")


@RULES.rule("CDA-AE-01", requirements=SCHEMATRON, source=f"{SOURCE} ; JDV J04", layer="STRUCT")
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
    for author in document.top.each("author"):
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
        if time is not None and value and parse_ts(value) is None and real_date(value):
            yield at(time, value, "AAAAMMJJHHMMSS±ZZzz", "@value")
    if parse_ts(document.effective_time) is None and real_date(document.effective_time):
        yield at(document.root, document.effective_time, "AAAAMMJJHHMMSS±ZZzz", "effectiveTime/@value")
