"""Rules of recordTarget: the patient and the traits of the INS (CI-SIS, RNIV)."""

import re
from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, SOURCE, VALUE_SETS, at, exactly_one, header_iter, holding, paired_in
from schemas.cda.model import ClinicalDocument
from schemas.cda.timestamp import real_date
from schemas.cda.tree import each, first
from schemas.finding import Keyword, Observation, RuleSet
from schemas.ins import INS_OIDS, MATRICULE, well_formed

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-identity")
COG = re.compile(r"\d[\dAB]\d{3}")
BIRTH = re.compile(r"\d{4}(?:\d{2}){0,5}(?:[+-]\d{1,4})?")
SDTC = "{urn:hl7-org:sdtc}"
EXTENSIONS = ("deceasedInd", "deceasedTime", "multipleBirthInd", "multipleBirthOrderNumber")
TRAITS_ROW = ("INS/va1.56",)


@RULES.rule("CDA-PAT-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def one_patient(document: ClinicalDocument) -> Iterator[Observation]:
    """One recordTarget."""
    yield from exactly_one(document.root, "recordTarget", document.top.each("recordTarget"))


@RULES.rule("CDA-PAT-02", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def patient_is_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """At least one id, each with root and extension."""
    role = document.places.role
    if role is None:
        return
    found = list(each(role, "id"))
    if not found:
        yield at(role, "absent", "id 1..*", "id")
    for identifier in found:
        if not identifier.get("root") or not identifier.get("extension"):
            yield at(identifier, identifier.get("extension", "absent"), "@root, @extension")


@RULES.rule("CDA-PAT-03", requires=Keyword.DEVRAIT, requirements=("BEN-INS-06",), source=SOURCE)
def ins_is_the_first_id(document: ClinicalDocument) -> Iterator[Observation]:
    """One INS, before the local identifiers."""
    role = document.places.role
    roots = [] if role is None else [identifier.get("root") for identifier in each(role, "id")]
    ranks = [rank for rank, root in enumerate(roots) if root in INS_OIDS]
    if role is not None and ranks and ranks != [0]:
        yield at(role, f"rang {' et '.join(str(rank + 1) for rank in ranks)}", "un INS, premier id", "id")


@RULES.rule("CDA-PAT-05", requirements=TRAITS_ROW, source=f"{SOURCE} ; RNIV 1", layer="STRUCT")
def ins_comes_with_its_traits(document: ClinicalDocument) -> Iterator[Observation]:
    """With an INS: birth name, first and all birth given names, sex, birth date and birth place (COG)."""
    patient, person = document.patient, document.places.person
    if patient.ins is None or person is None:
        return
    if first(person, "name") is None:
        return  # CDA-PAT-06 says so
    traits = {
        "name/family[@qualifier='BR']": patient.birth_name,
        "name/given[@qualifier='BR']": patient.given,
        "name/given[not(@qualifier)]": patient.given_names,
        "birthplace/place/addr/county": patient.birth_place,
    }
    for place, value in traits.items():
        if not value:
            yield at(person, "absent", "trait de l'INS", place)


@RULES.rule("CDA-PAT-06", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def patient_has_a_name(document: ClinicalDocument) -> Iterator[Observation]:
    """One name, not null."""
    person = document.places.person
    if person is None:
        role = document.places.role
        if role is not None:
            yield at(role, "absent", "patient 1..1", "patient")
        return
    name = first(person, "name")
    if name is None or name.get("nullFlavor"):
        yield at(person, "absent", "name 1..1", "name")


@RULES.rule("CDA-PAT-07", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def family_names_are_qualified(document: ClinicalDocument) -> Iterator[Observation]:
    """Each family name is BR (birth) or CL (used); at least one."""
    person = document.places.person
    name = None if person is None else first(person, "name")
    if name is None:
        return
    found = list(each(name, "family"))
    if not found:
        yield at(name, "absent", "family 1..*", "family")
    for family in found:
        if family.get("qualifier") not in ("BR", "CL"):
            yield at(family, family.get("qualifier", "absent"), "BR | CL", "@qualifier")


@RULES.rule("CDA-PAT-08", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def given_names_are_qualified(document: ClinicalDocument) -> Iterator[Observation]:
    """Each given name is BR, CL or the unqualified list; at least one."""
    person = document.places.person
    name = None if person is None else first(person, "name")
    if name is None:
        return
    found = list(each(name, "given"))
    if not found and document.patient.ins is None:
        yield at(name, "absent", "given 1..*", "given")
    for given in found:
        if given.get("qualifier") not in (None, "BR", "CL"):
            yield at(given, given.get("qualifier"), "BR | CL | sans qualifier", "@qualifier")


@RULES.rule(
    "CDA-PAT-09", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT", when=holding("prefix", "suffix")
)
def one_prefix_and_suffix(document: ClinicalDocument) -> Iterator[Observation]:
    """At most one prefix and one suffix."""
    person = document.places.person
    for name in () if person is None else each(person, "name"):
        for tag in ("prefix", "suffix"):
            if len(list(each(name, tag))) > 1:
                yield at(name, f"plusieurs {tag}", f"{tag} 0..1", tag)


@RULES.rule("CDA-PAT-10", requirements=SCHEMATRON, source=f"{SOURCE} ; JDV J143", layer="STRUCT")
def sex_is_known(document: ClinicalDocument) -> Iterator[Observation]:
    """administrativeGenderCode is F, M or UN."""
    person = document.places.person
    if person is not None and document.patient.sex not in ("F", "M", "UN"):
        yield at(person, document.patient.sex or "absent", "F | M | UN", "administrativeGenderCode/@code")


@RULES.rule("CDA-PAT-10B", requirements=VALUE_SETS, source="ANS, JDV J143", layer="MODCDA")
def sex_has_its_system(document: ClinicalDocument) -> Iterator[Observation]:
    """The code of the sex is one of HL7 AdministrativeGender."""
    person = document.places.person
    found = None if person is None else first(person, "administrativeGenderCode")
    if found is not None and found.get("code") and found.get("codeSystem"):
        yield from paired_in(found, "J143")


@RULES.rule("CDA-PAT-11", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def birth_date_is_given(document: ClinicalDocument) -> Iterator[Observation]:
    """birthTime with a value made of digits."""
    person = document.places.person
    if person is None:
        return
    found = first(person, "birthTime")
    value = "" if found is None else found.get("value", "")
    if not BIRTH.fullmatch(value):
        seen = value or ("absent" if found is None else found.get("nullFlavor", "absent"))
        yield at(person, seen, "AAAAMMJJ", "birthTime/@value")


@RULES.rule("CDA-PAT-11B", requires=Keyword.DEVRAIT, requirements=TRAITS_ROW, source=f"{SOURCE} ; RNIV 1")
def birth_date_is_a_day(document: ClinicalDocument) -> Iterator[Observation]:
    """The birth date is a day, neither less nor more."""
    person = document.places.person
    found = None if person is None else first(person, "birthTime")
    value = "" if found is None else found.get("value", "")
    if found is not None and BIRTH.fullmatch(value) and len(value) != 8:
        yield at(found, value, "AAAAMMJJ", "@value")


@RULES.rule(
    "CDA-PAT-12",
    requires=Keyword.DEVRAIT,
    requirements=TRAITS_ROW,
    source="INSEE, code officiel géographique ; RNIV 1",
)
def birth_place_is_a_cog_code(document: ClinicalDocument) -> Iterator[Observation]:
    """The birth place is a COG code of 5 characters."""
    person, place = document.places.person, document.patient.birth_place
    if person is not None and place and not COG.fullmatch(place):
        yield at(person, place, "code officiel géographique (5 caractères)", "birthplace/place/addr/county")


@RULES.rule("CDA-PAT-15", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT", when=holding("guardian"))
def guardians_are_a_person_or_an_organisation(document: ClinicalDocument) -> Iterator[Observation]:
    """A guardian is a person with 1 to 3 family names (BR, SP, CL or unqualified), or an organisation."""
    for guardian in header_iter(document, "guardian"):
        people, organisations = (
            list(each(guardian, "guardianPerson")),
            list(each(guardian, "guardianOrganization")),
        )
        if len(people) + len(organisations) != 1:
            yield at(
                guardian, f"{len(people) + len(organisations)}", "guardianPerson ou guardianOrganization"
            )
        for name in (name for person in people for name in each(person, "name")):
            families = list(each(name, "family"))
            if not name.get("nullFlavor") and not 1 <= len(families) <= 3:
                yield at(name, f"{len(families)} family", "family 1..3", "family")
            for family in families:
                if family.get("qualifier", "BR") not in ("BR", "SP", "CL"):
                    yield at(family, family.get("qualifier"), "BR | SP | CL", "@qualifier")


def has_extensions(document: ClinicalDocument) -> bool:
    """The header says a death or a multiple birth."""
    return not document.header.keys().isdisjoint(map(SDTC.__add__, EXTENSIONS))


@RULES.rule("CDA-PAT-16", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT", when=has_extensions)
def extensions_of_the_patient_are_said_once(document: ClinicalDocument) -> Iterator[Observation]:
    """Death and multiple birth (sdtc) at most once each."""
    person = document.places.person
    for name in EXTENSIONS:
        found = list(person.iterchildren(SDTC + name)) if person is not None else []
        if len(found) > 1:
            yield at(found[1], f"{len(found)} {name}", f"sdtc:{name} 0..1")


@RULES.rule(
    "CDA-PAT-18", requires=Keyword.DEVRAIT, requirements=("BEN-INS-07",), source="RNIV, clé du matricule"
)
def matricule_has_its_key(document: ClinicalDocument) -> Iterator[Observation]:
    """The INS is 13 characters and their key."""
    role, ins = document.places.role, document.patient.ins
    if role is not None and ins is not None and ins.matricule and not well_formed(ins.matricule):
        wanted = "clé = 97 − (n mod 97)" if MATRICULE.fullmatch(ins.matricule) else "15 caractères"
        yield at(role, ins.matricule, wanted, f"id[@root='{ins.oid}']")


@RULES.rule(
    "CDA-PAT-19", requires=Keyword.DEVRAIT, requirements=("BEN-INS-06",), source="CI-SIS, OID de l'INS"
)
def matricule_has_an_ins_oid(document: ClinicalDocument) -> Iterator[Observation]:
    """What looks like a matricule with its key has the OID of an INS authority."""
    role = document.places.role
    for identifier in () if role is None else each(role, "id"):
        if identifier.get("root") not in INS_OIDS and well_formed(identifier.get("extension", "")):
            yield at(identifier, identifier.get("root", ""), " | ".join(sorted(INS_OIDS)), "@root")


@RULES.rule("CDA-PAT-21", requirements=SCHEMATRON, source="HL7 v3 datatypes, TS", layer="STRUCT")
def birth_date_exists(document: ClinicalDocument) -> Iterator[Observation]:
    """The birth date is a day of the calendar, or a lunar date (month 00 or 20 to 42)."""
    person, value = document.places.person, _birth(document)
    if person is not None and value and not _lunar(value) and not real_date(value):
        yield at(person, value, "AAAAMMJJ", "birthTime/@value")


@RULES.rule(
    "CDA-PAT-21B", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source="HL7 v3 datatypes, TS ; RNIV"
)
def lunar_birth_dates_are_said(document: ClinicalDocument) -> Iterator[Observation]:
    """A lunar date is lawful for an INS, and no date of HL7: the official tool may refuse it."""
    person, value = document.places.person, _birth(document)
    if person is not None and _lunar(value):
        yield at(person, value, "AAAAMMJJ", "birthTime/@value")


def _birth(document: ClinicalDocument) -> str:
    person = document.places.person
    found = None if person is None else first(person, "birthTime")
    value = "" if found is None else found.get("value", "")
    return value if BIRTH.fullmatch(value) else ""


def _lunar(value: str) -> bool:
    if len(value) != 8:
        return False
    return value[4:6] == "00" or 20 <= int(value[4:6]) <= 42 or value[6:] == "00"
