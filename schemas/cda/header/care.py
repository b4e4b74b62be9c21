"""Rules of the documented act and of the encounter."""

from collections.abc import Iterator

from schemas.cda.header.datatypes import interval
from schemas.cda.look import SCHEMATRON, SOURCE, VALUE_SETS, at, coded_in, exactly_one, holding
from schemas.cda.model import PROFESSIONAL_ID, ClinicalDocument
from schemas.cda.timestamp import earlier, real_date
from schemas.cda.tree import each, first
from schemas.finding import Observation, RuleSet
from schemas.valuesets import value_set

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-care")
DISCHARGE = "1.2.250.1.213.2.14"


@RULES.rule("CDA-SRV-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def an_act_is_documented(document: ClinicalDocument) -> Iterator[Observation]:
    """At least one documentationOf."""
    if document.places.act is None:
        yield at(document.root, "absent", "documentationOf 1..*", "documentationOf/serviceEvent")


@RULES.rule("CDA-SRV-02", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def main_act_has_one_performer(document: ClinicalDocument) -> Iterator[Observation]:
    """The main act has one performer, of type PRF."""
    act = document.places.act
    if act is None:
        return
    found = list(each(act, "performer"))
    if len(found) != 1:
        yield at(act, f"{len(found)} performer", "performer 1..1", "performer")
    elif found[0].get("typeCode") != "PRF":
        yield at(found[0], found[0].get("typeCode", "absent"), "PRF", "@typeCode")


@RULES.rule("CDA-SRV-03", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def main_act_is_dated(document: ClinicalDocument) -> Iterator[Observation]:
    """The main act has one effectiveTime whose low is a real date."""
    act = document.places.act
    if act is None:
        return
    found = list(each(act, "effectiveTime"))
    if len(found) != 1:
        yield at(act, f"{len(found)} effectiveTime", "effectiveTime 1..1", "effectiveTime")
        return
    low = first(found[0], "low")
    if low is None or not real_date(low.get("value", "")):
        yield at(found[0], "absent" if low is None else low.get("value", ""), "AAAAMMJJ…", "low/@value")
    high = first(found[0], "high")
    if high is not None and high.get("value") is not None and not real_date(high.get("value", "")):
        yield at(high, high.get("value"), "AAAAMMJJ…", "@value")


@RULES.rule("CDA-SRV-04", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def performer_has_a_practice_setting(document: ClinicalDocument) -> Iterator[Observation]:
    """The performer has an id and an organisation with its practice setting."""
    act = document.places.act
    entity = None if act is None else first(act, "performer", "assignedEntity")
    if entity is None:
        return
    yield from exactly_one(entity, "id")
    organisation = first(entity, "representedOrganization")
    if organisation is None:
        yield at(entity, "absent", "representedOrganization 1..1", "representedOrganization")
    else:
        setting = first(organisation, "standardIndustryClassCode")
        if setting is None or setting.get("nullFlavor"):
            seen = "absent" if setting is None else setting.get("nullFlavor")
            yield at(organisation, seen, "standardIndustryClassCode 1..1", "standardIndustryClassCode")


@RULES.rule("CDA-SRV-05", requirements=SCHEMATRON, source="HL7 v3 datatypes, CD", layer="STRUCT")
def act_code_has_its_system(document: ClinicalDocument) -> Iterator[Observation]:
    """The code of an act has its system."""
    for found in document.top.each("documentationOf", "serviceEvent", "code"):
        if found.get("code") and not found.get("codeSystem"):
            yield at(found, found.get("code"), "@codeSystem", "@codeSystem")


@RULES.rule("CDA-SRV-06", requirements=SCHEMATRON, source="contrôle du banc (CI-SIS : période de l'acte)")
def act_ends_after_its_start(document: ClinicalDocument) -> Iterator[Observation]:
    """The end of the main act is not before its start."""
    act = document.places.act
    if act is not None and earlier(document.service_start, document.service_stop):
        yield at(act, document.service_stop, f"≥ {document.service_start}", "effectiveTime/high/@value")


@RULES.rule("CDA-ENC-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def encounter_is_dated(document: ClinicalDocument) -> Iterator[Observation]:
    """One encompassingEncounter with an effectiveTime: a value, or bounds with low before high."""
    encounter = document.places.encounter
    if encounter is None:
        yield at(document.root, "absent", "componentOf/encompassingEncounter 1..1", "componentOf")
        return
    time = first(encounter, "effectiveTime")
    if time is None:
        yield at(encounter, "absent", "effectiveTime 1..1", "effectiveTime")
    else:
        yield from interval(time)


@RULES.rule("CDA-ENC-02", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def place_of_care_is_coded(document: ClinicalDocument) -> Iterator[Observation]:
    """location/healthCareFacility/code is there and not null."""
    encounter = document.places.encounter
    if encounter is None:
        return
    code = first(encounter, "location", "healthCareFacility", "code")
    if code is None or not code.get("code"):
        yield at(encounter, "absent", "code 1..1", "location/healthCareFacility/code")


@RULES.rule(
    "CDA-ENC-03",
    requirements=SCHEMATRON,
    source=f"{SOURCE} ; JDV J140",
    layer="STRUCT",
    when=holding("responsibleParty", "encounterParticipant"),
)
def encounter_participants_are_professionals(document: ClinicalDocument) -> Iterator[Observation]:
    """Who is responsible or takes part has a PS_IdNat; a participation is of J140."""
    encounter = document.places.encounter
    if encounter is None:
        return
    for found in each(encounter, "encounterParticipant"):
        if not value_set("J140").contains(found.get("typeCode", "")):
            yield at(found, found.get("typeCode", "absent"), "JDV J140", "@typeCode")
    for name in ("responsibleParty", "encounterParticipant"):
        for identifier in each(encounter, name, "assignedEntity", "id"):
            if identifier.get("root") != PROFESSIONAL_ID and not identifier.get("nullFlavor"):
                yield at(identifier, identifier.get("root", "absent"), PROFESSIONAL_ID, "@root")


@RULES.rule(
    "CDA-ENC-04",
    requirements=SCHEMATRON,
    source=SOURCE,
    layer="STRUCT",
    when=holding("dischargeDispositionCode"),
)
def discharge_is_coded(document: ClinicalDocument) -> Iterator[Observation]:
    """dischargeDispositionCode is of its code system."""
    encounter = document.places.encounter
    for found in () if encounter is None else each(encounter, "dischargeDispositionCode"):
        if found.get("codeSystem") != DISCHARGE and not found.get("nullFlavor"):
            yield at(found, found.get("codeSystem", "absent"), DISCHARGE, "@codeSystem")


@RULES.rule("CDA-ENC-05", requirements=VALUE_SETS, source="ANS, JDV J02 et J142", layer="STRUCT")
def encounter_codes_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """The sector is in J02, the kind of encounter in J142."""
    encounter = document.places.encounter
    if encounter is None:
        return
    sector = first(encounter, "location", "healthCareFacility", "code")
    if sector is not None and sector.get("code"):
        yield from coded_in(sector, "J02")
    kind = first(encounter, "code")
    if kind is not None and kind.get("code"):
        yield from coded_in(kind, "J142")


@RULES.rule("CDA-ORD-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT", when=holding("order"))
def orders_are_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """Each order has an id, and at most one code."""
    for order in document.top.each("inFulfillmentOf", "order"):
        if first(order, "id") is None:
            yield at(order, "absent", "id 1..*", "id")
        if len(list(each(order, "code"))) > 1:
            yield at(order, "plusieurs code", "code 0..1", "code")


@RULES.rule("CDA-CON-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT", when=holding("consent"))
def consents_are_coded(document: ClinicalDocument) -> Iterator[Observation]:
    """authorization/consent has a code and is completed."""
    for consent in document.top.each("authorization", "consent"):
        if first(consent, "code") is None:
            yield at(consent, "absent", "code 1..1", "code")
        status = first(consent, "statusCode")
        if status is None or status.get("code") != "completed":
            yield at(consent, "absent" if status is None else status.get("code"), "completed", "statusCode")
