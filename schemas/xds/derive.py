"""Metadata derived from the header of a CDA, as the CI-SIS links them.

Sources: CI-SIS "Partage de documents de santé" (lien entre en-tête CDA et métadonnées XDS), ANS ASS_X04,
ASS_A11 and ASS_A12.
"""

import hashlib
from collections.abc import Iterable

from schemas import valuesets
from schemas.cda.model import ClinicalDocument, Person
from schemas.cda.model import Code as CdaCode
from schemas.cda.timestamp import utc_stamp
from schemas.xds import composite, names
from schemas.xds.model import Author, Code, DocumentEntry

SEXES = {"UN": "U"}  # administrativeGenderCode to PID-8


def entry_from_cda(
    document: ClinicalDocument,
    data: bytes,
    *,
    entry_id: str = "Document01",
    format_code: Code | None = None,
    flags: Iterable[str] = (),
    uri: str = "",
    with_hash: bool = True,
) -> DocumentEntry:
    """The DocumentEntry of a CDA. `data` are the very bytes that will be sent.

    `flags` are French confidentiality codes (`MASQUE_PS`…) added to the level of the header; `uri` is the
    file name in an XDM archive. `format_code`, when not given, is derived from the templates, or from the
    body of a level 1. Raises ValueError when the document has no code.
    """
    if not document.type_code.code:
        raise ValueError("the document has no code")
    patient = document.patient
    family, given = patient.birth_name, patient.given
    info = (
        f"PID-5|{family}^{given}^^^^^L",
        f"PID-7|{patient.birth_date}",
        f"PID-8|{SEXES.get(patient.sex, patient.sex)}",
    )
    cx = patient.ins.cx() if patient.ins else ""
    local = next((composite.cx(value, root) for root, value in patient.local_ids), "")
    return DocumentEntry(
        id=entry_id,
        unique_id=document.unique_id,
        patient_id=cx,
        title=document.title,
        creation_time=utc_stamp(document.effective_time),
        language=document.language or "fr-FR",
        legal_authenticator=_xcn(document.legal_authenticator),
        service_start=utc_stamp(document.service_start or document.effective_time),
        service_stop=utc_stamp(document.service_stop),
        source_patient_id=local or cx,
        source_patient_info=info,
        authors=tuple(author_of(person) for person in document.authors),
        class_code=class_of(document.type_code.code),
        type_code=_code(document.type_code),
        format_code=format_code or format_of(document),
        facility=_code(document.facility),
        practice_setting=_code(document.practice_setting),
        confidentiality=confidentiality(document.confidentiality, flags),
        hash=hashlib.sha1(data, usedforsecurity=False).hexdigest() if with_hash else "",
        size=len(data) if with_hash else None,
        uri=uri,
    )


def author_of(person: Person) -> Author:
    """A CDA author as XDS author."""
    organisation = person.organisation_id
    code = person.code
    return Author(
        person=_xcn(person),
        institutions=(composite.xon(organisation, person.organisation_name),) if organisation else (),
        specialties=(f"{code.code}^{code.display}^{code.system}",) if code else (),
        roles=(person.function.display,) if person.function and person.function.display else (),
    )


def class_of(type_code: str) -> Code | None:
    """classCode of a typeCode; None when ASS_X04 does not know it."""
    found = valuesets.class_of(type_code)
    return Code(found.code, found.system, found.display) if found else None


def format_of(document: ClinicalDocument) -> Code:
    """formatCode of a CDA, by its templates or by the media type of its level-1 body."""
    media_type = document.nonxml[0] if document.nonxml else None
    found = valuesets.format_of(document.template_ids, media_type)
    if found is None:
        return Code("urn:asipSante:modelesHorsProfils:2011", names.TRE_A06, "Modèle hors profil")
    return Code(found.code, found.system, found.display or found.code)


def confidentiality(level: CdaCode, flags: Iterable[str]) -> tuple[Code, ...]:
    """The level of the header, N by default, then the French flags."""
    code = level.code or "N"
    display = names.CONFIDENTIALITY_DISPLAY
    return (
        Code(code, names.HL7_CONFIDENTIALITY, display.get(code, code)),
        *(Code(flag, names.FRENCH_CONFIDENTIALITY, display.get(flag, flag)) for flag in flags),
    )


def _xcn(person: Person | None) -> str:
    if person is None:
        return ""
    return composite.xcn(person.id, person.family, person.given, person.id_system or names.PERSON_IDS)


def _code(code: CdaCode) -> Code | None:
    return Code(code.code, code.system, code.display) if code.code else None
