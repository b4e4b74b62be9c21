"""Write documents: the header of the current CI-SIS model, and level-1 documents (XDS-SD, PDF inside).

Sources: CI-SIS "structuration minimale des documents de santé", IHE XDS-SD, RNIV (no INS when the identity
is not QUALIFIEE).
"""

import base64
from dataclasses import replace

from schemas.cda.model import (
    PROFESSIONAL_ID,
    STRUCTURE_ID,
    TEMPLATE_CI_SIS,
    TEMPLATE_HL7_FRANCE,
    TEMPLATE_XDS_SD,
    Code,
    DocumentSpec,
    Header,
    PatientIdentity,
    Person,
)
from schemas.cda.timestamp import write_ts
from schemas.cda.writer import add, add_code, add_id, add_templates, coded, new_root, to_bytes
from schemas.valuesets import value_set
from schemas.xml import Element

KINDS: dict[str, tuple[str, str]] = {
    "lettre": ("11488-4", "Lettre de consultation"),
    "lettre-liaison": ("11490-0", "Lettre de liaison à la sortie"),
    "adressage": ("96349-6", "Lettre d'adressage"),
    "cr-bio": ("11502-2", "Compte rendu d'examens biologiques"),
    "cr-imagerie": ("18748-4", "Compte rendu d'imagerie médicale"),
    "cr-hospitalier": ("34112-3", "Compte rendu hospitalier"),
    "vsm": ("60591-5", "Volet de synthèse médicale"),
    "certificat": ("89601-9", "Certificat médical"),
    "ordonnance": ("57833-6", "Prescription de produits de santé"),
    "prescription-bio": ("PRESC-BIO", "Prescription d'actes de biologie médicale"),
}
"""Kinds of level-1 documents: J07 type code and usual title."""

GENDERS = {"F": "Féminin", "M": "Masculin", "UN": "Indifférencié"}


def build_document(spec: DocumentSpec) -> bytes:
    """A level-1 CDA R2 document with the PDF in base64.

    `kind` is a key of KINDS or any J07 code. Raises ValueError on an unknown kind or code, on a patient
    without any identifier, on a naive instant.
    """
    type_code, title = KINDS.get(spec.kind, (spec.kind, ""))
    root = new_root()
    code = coded("J07", type_code)
    header = spec.header if spec.header.title else replace(spec.header, title=title or code.display)
    write_header(root, header, code, (TEMPLATE_HL7_FRANCE, TEMPLATE_CI_SIS, TEMPLATE_XDS_SD))
    add_documentation(root, header, header.service_code or code)
    add_context(root, header)
    body = add(add(root, "component"), "nonXMLBody")
    encoded = base64.b64encode(spec.pdf).decode("ascii")
    add(body, "text", encoded, mediaType="application/pdf", representation="B64")
    return to_bytes(root)


def write_header(root: Element, header: Header, code: Code, templates: tuple[str, ...]) -> None:
    """Everything from realmCode to legalAuthenticator, in the order of the schema."""
    add(root, "realmCode", code="FR")
    add(root, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040")
    add_templates(root, *templates)
    add_id(root, header.unique_id)
    add_code(root, "code", code)
    add(root, "title", header.title)
    add(root, "effectiveTime", value=write_ts(header.created))
    add_code(root, "confidentialityCode", coded("J08", header.confidentiality))
    add(root, "languageCode", code="fr-FR")
    add_id(root, header.set_id, "setId")
    add(root, "versionNumber", value=str(header.version))
    _add_patient(root, header.patient)
    for person in (header.author, *header.co_authors):
        author = add(root, "author")
        add(author, "time", value=write_ts(header.created))
        assigned = add(author, "assignedAuthor")
        _fill_entity(assigned, person)
        _add_organisation(assigned, person)
    _add_custodian(root, header)
    for recipient in header.recipients:
        _add_recipient(root, recipient)
    legal = add(root, "legalAuthenticator")
    add(legal, "time", value=write_ts(header.created))
    add(legal, "signatureCode", code="S")
    entity = add(legal, "assignedEntity")
    _fill_entity(entity, header.legal_authenticator or header.author)
    _add_organisation(entity, header.legal_authenticator or header.author)


def add_documentation(
    root: Element,
    header: Header,
    code: Code,
    *,
    act_id: tuple[str, str] | None = None,
    open_end: bool = False,
) -> None:
    """The main act. `act_id`: (OID, value) of the act. `open_end` writes an unknown end (`high` UNK)."""
    act = add(add(root, "documentationOf"), "serviceEvent", classCode="ACT")
    if act_id is not None:
        add(act, "id", root=act_id[0], extension=act_id[1])
    add_code(act, "code", code)
    period = add(act, "effectiveTime")
    add(period, "low", value=write_ts(header.service_start or header.created))
    if header.service_stop is not None:
        add(period, "high", value=write_ts(header.service_stop))
    elif open_end:
        add(period, "high", nullFlavor="UNK")
    performer = add(act, "performer", typeCode="PRF")
    person = header.performer or header.author
    entity = add(performer, "assignedEntity")
    _fill_entity(entity, person)
    organisation = _add_organisation(entity, person, demanded=True)
    add_code(organisation, "standardIndustryClassCode", coded("J04", header.practice_setting))


def add_context(root: Element, header: Header) -> None:
    """relatedDocument (replacement) and componentOf (encounter and place of care)."""
    if header.replaces:
        related = add(root, "relatedDocument", typeCode="RPLC")
        add_id(add(related, "parentDocument"), header.replaces)
    encounter = add(add(root, "componentOf"), "encompassingEncounter")
    add_code(encounter, "code", coded("J142", header.encounter))
    period = add(encounter, "effectiveTime")
    add(period, "low", value=write_ts(header.service_start or header.created))
    facility = add(add(encounter, "location"), "healthCareFacility")
    if header.author.organisation_id:
        add(facility, "id", root=STRUCTURE_ID, extension=header.author.organisation_id)
    add_code(facility, "code", coded("J02", header.facility))


def _add_patient(root: Element, patient: PatientIdentity) -> None:
    role = add(add(root, "recordTarget"), "patientRole")
    if patient.ins is None and not patient.local_ids:
        raise ValueError("a patient needs an INS or a local identifier")
    if patient.ins is not None:
        add(role, "id", root=patient.ins.oid, extension=patient.ins.matricule)
    for oid, value in patient.local_ids:
        add(role, "id", root=oid, extension=value)
    add(role, "addr", nullFlavor="NAV")
    if patient.ins is not None:
        add(role, "telecom", value=f"mailto:{patient.ins.mail}")
    else:
        add(role, "telecom", nullFlavor="NASK")
    person = add(role, "patient", classCode="PSN")
    name = add(person, "name")
    add(name, "family", patient.birth_name, qualifier="BR")
    add(name, "given", patient.given_names or patient.given)
    add(name, "given", patient.given, qualifier="BR")
    if patient.used_name:
        add(name, "family", patient.used_name, qualifier="CL")
    if patient.used_given:
        add(name, "given", patient.used_given, qualifier="CL")
    add(
        person,
        "administrativeGenderCode",
        code=patient.sex,
        displayName=GENDERS.get(patient.sex, patient.sex),
        codeSystem="2.16.840.1.113883.5.1",
    )
    add(person, "birthTime", value=patient.birth_date)
    if patient.birth_place:
        address = add(add(add(person, "birthplace"), "place"), "addr")
        add(address, "county", patient.birth_place)


def _fill_entity(entity: Element, person: Person) -> None:
    """id, code, addr, telecom and the person (or the device) of a role."""
    add(entity, "id", root=person.id_system or PROFESSIONAL_ID, extension=person.id)
    if person.code is not None:
        label = person.code.display or value_set("J01").display(person.code.code)
        add_code(entity, "code", replace(person.code, display=label))
    add(entity, "addr", nullFlavor="NAV")
    add(entity, "telecom", nullFlavor="NAV")
    if person.device:
        device = add(entity, "assignedAuthoringDevice")
        add(device, "manufacturerModelName", person.device)
        add(device, "softwareName", person.device)
        return
    _add_name(add(entity, "assignedPerson"), person)


def _add_name(parent: Element, person: Person) -> None:
    name = add(parent, "name")
    if person.prefix:
        add(name, "prefix", person.prefix)
    if person.given:
        add(name, "given", person.given)
    add(name, "family", person.family)
    if person.suffix:
        add(name, "suffix", person.suffix)


def _add_organisation(entity: Element, person: Person, *, demanded: bool = False) -> Element:
    if not (person.organisation_id or person.organisation_name or demanded):
        return entity
    organisation = add(entity, "representedOrganization")
    if person.organisation_id:
        add(organisation, "id", root=person.organisation_system, extension=person.organisation_id)
    if person.organisation_name:
        add(organisation, "name", person.organisation_name)
        add(organisation, "telecom", nullFlavor="NAV")
        add(organisation, "addr", nullFlavor="NAV")
    return organisation


def _add_custodian(root: Element, header: Header) -> None:
    custodian = add(add(root, "custodian"), "assignedCustodian")
    organisation = add(custodian, "representedCustodianOrganization")
    identifier = header.custodian_id or header.author.organisation_id
    add(organisation, "id", root=STRUCTURE_ID, extension=identifier)
    name = header.custodian_name or header.author.organisation_name
    if name:
        add(organisation, "name", name)


def _add_recipient(root: Element, person: Person) -> None:
    recipient = add(add(root, "informationRecipient"), "intendedRecipient")
    add(recipient, "id", root=person.id_system, extension=person.id)
    _add_name(add(recipient, "informationRecipient"), person)
    if person.organisation_id:
        organisation = add(recipient, "receivedOrganization")
        add(organisation, "id", root=person.organisation_system, extension=person.organisation_id)
        if person.organisation_name:
            add(organisation, "name", person.organisation_name)
