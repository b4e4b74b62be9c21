"""Rules of who keeps, signs, informs, receives and takes part: the parties of the header but its authors."""

from collections.abc import Iterator

from schemas.cda.header.people import dated
from schemas.cda.look import SCHEMATRON, SOURCE, at, exactly_one, holding, identified
from schemas.cda.model import PROFESSIONAL_ID, STRUCTURE_ID, ClinicalDocument
from schemas.cda.tree import each, first
from schemas.finding import Keyword, Observation, RuleSet
from schemas.valuesets import value_set
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-parties")

CUSTODIAN_ROOTS = frozenset({STRUCTURE_ID, "1.2.250.1.213.4.1"})
RELATED = frozenset(["ECON", "NOK", "CON", "CAREGIVER", "PAT"])


@RULES.rule("CDA-CUS-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def custodian_is_a_structure(document: ClinicalDocument) -> Iterator[Observation]:
    """One custodian whose id has the OID of structures (or of the patients' host)."""
    found = list(document.top.each("custodian"))
    if len(found) != 1:
        yield at(document.root, f"{len(found)} custodian", "custodian 1..1", "custodian")
        return
    ids = list(each(found[0], "assignedCustodian", "representedCustodianOrganization", "id"))
    if len(ids) > 1:
        yield at(ids[1], f"{len(ids)} id", "id 1..1")
    identifier = ids[0] if ids else None
    root = "" if identifier is None else identifier.get("root", "")
    if root not in CUSTODIAN_ROOTS:
        yield at(found[0], root or "absent", STRUCTURE_ID, "…/representedCustodianOrganization/id/@root")


@RULES.rule("CDA-CUS-02", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def custodian_has_a_name(document: ClinicalDocument) -> Iterator[Observation]:
    """The custodian is named."""
    found = document.top.first("custodian")
    if found is not None and not document.custodian_name:
        yield at(found, "absent", "name", "…/representedCustodianOrganization/name")


@RULES.rule("CDA-LEG-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def legal_authenticator_signs(document: ClinicalDocument) -> Iterator[Observation]:
    """One legalAuthenticator with a date and signatureCode S."""
    yield from exactly_one(document.root, "legalAuthenticator", document.top.each("legalAuthenticator"))
    found = document.top.first("legalAuthenticator")
    if found is not None:
        yield from _signature(found)


def _signature(signer: Element, null: bool = False) -> Iterator[Observation]:
    yield from dated(signer, null)
    signature = first(signer, "signatureCode")
    if signature is None or signature.get("code") != "S":
        yield at(signer, "absent" if signature is None else signature.get("code"), "S", "signatureCode/@code")


@RULES.rule("CDA-LEG-02", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def legal_authenticator_is_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """legalAuthenticator/assignedEntity has one id with root and extension."""
    found = document.top.first("legalAuthenticator")
    if found is None:
        return
    entity = first(found, "assignedEntity")
    if entity is None:
        yield at(found, "absent", "assignedEntity 1..1", "assignedEntity")
    else:
        yield from _one_id(entity)


def _one_id(entity: Element) -> Iterator[Observation]:
    ids = list(each(entity, "id"))
    yield from identified(ids[0] if ids else None, entity)
    if len(ids) > 1:
        yield at(ids[1], f"{len(ids)} id", "id 1..1")


@RULES.rule(
    "CDA-ATN-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT", when=holding("authenticator")
)
def authenticators_sign(document: ClinicalDocument) -> Iterator[Observation]:
    """Each authenticator has a date, signatureCode S and the PS_IdNat of its professional."""
    for found in document.top.each("authenticator"):
        yield from _signature(found, null=True)
        identifier = first(found, "assignedEntity", "id")
        if identifier is None or identifier.get("root") != PROFESSIONAL_ID:
            seen = "absent" if identifier is None else identifier.get("root")
            yield at(found, seen, PROFESSIONAL_ID, "assignedEntity/id/@root")


@RULES.rule(
    "CDA-INF-01",
    requirements=SCHEMATRON,
    source=f"{SOURCE} ; JDV J11",
    layer="STRUCT",
    when=holding("informant"),
)
def informants_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """relatedEntity has a known class, a code of J11 with its label, and a named person."""
    for found in document.top.each("informant"):
        if len(list(each(found, "relatedEntity"))) + len(list(each(found, "assignedEntity"))) != 1:
            yield at(found, "", "assignedEntity ou relatedEntity")
    for found in document.top.each("informant", "relatedEntity"):
        if found.get("classCode") not in RELATED:
            yield at(found, found.get("classCode", "absent"), " | ".join(sorted(RELATED)), "@classCode")
        code = first(found, "code")
        if code is not None and not code.get("nullFlavor"):
            if not value_set("J11").contains(code.get("code", "")):
                yield at(code, code.get("code", ""), "JDV J11")
            elif not code.get("displayName"):
                yield at(code, "absent", "@displayName", "@displayName")
        for person in each(found, "relatedPerson"):
            if first(person, "name") is None:
                yield at(person, "absent", "name 1..1", "name")


@RULES.rule(
    "CDA-REC-01", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT", when=holding("informationRecipient")
)
def recipients_are_professionals(document: ClinicalDocument) -> Iterator[Observation]:
    """An identified recipient has a root, and an extension for a professional."""
    for found in document.top.each("informationRecipient", "intendedRecipient", "id"):
        if found.get("root") == PROFESSIONAL_ID and not found.get("extension"):
            yield at(found, "absent", "@extension", "@extension")


@RULES.rule(
    "CDA-PAR-01",
    requirements=SCHEMATRON,
    source=f"{SOURCE} ; JDV J144 et J141",
    layer="STRUCT",
    when=holding("participant"),
)
def participants_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """participant has a known type, a time and a PROV or AGNT entity."""
    types, classes = value_set("J144"), value_set("J141")
    for found in document.top.each("participant"):
        if not types.contains(found.get("typeCode", "")):
            yield at(found, found.get("typeCode", "absent"), "JDV J144", "@typeCode")
        if first(found, "time") is None:
            yield at(found, "absent", "time 1..1", "time")
        entity = first(found, "associatedEntity")
        if entity is None:
            yield at(found, "absent", "associatedEntity 1..1", "associatedEntity")
        elif not classes.contains(entity.get("classCode", "")):
            yield at(entity, entity.get("classCode", "absent"), "PROV | AGNT", "@classCode")


@RULES.rule(
    "CDA-AE-02",
    requirements=SCHEMATRON,
    source=SOURCE,
    layer="STRUCT",
    when=holding("authenticator", "informant"),
)
def entities_are_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """An authenticator or an informant has exactly one id: root and extension, or null."""
    for name in ("authenticator", "informant"):
        for entity in document.top.each(name, "assignedEntity"):
            ids = list(each(entity, "id"))
            if len(ids) > 1:  # none: CDA-ATN-01 says so, and the schema
                yield at(ids[1], f"{len(ids)} id", "id 1..1")
            elif ids and not ids[0].get("nullFlavor"):
                yield from identified(ids[0], entity)


@RULES.rule("CDA-DEN-01", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def other_professionals_are_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """The id of who entered the data or performed the act is complete: the official tool does not look."""
    entities = [
        *document.top.each("dataEnterer", "assignedEntity"),
        *document.top.each("documentationOf", "serviceEvent", "performer", "assignedEntity"),
    ]
    for entity in entities:
        for identifier in each(entity, "id"):
            if not identifier.get("nullFlavor"):
                yield from identified(identifier, entity)
