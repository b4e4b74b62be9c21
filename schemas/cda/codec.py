"""Bytes to ClinicalDocument. Tolerant: only what is not a CDA document at all is refused."""

import base64
import binascii

from lxml import etree

from schemas.cda.model import (
    EPU_ROOT,
    NO_CODE,
    SECTION_CODE_2D,
    SECTION_PDF_COPY,
    CdaRefused,
    ClinicalDocument,
    Code,
    PatientIdentity,
    Person,
    Q,
)
from schemas.ins import INS_OIDS, Ins
from schemas.xml import Element, local, parse

DOCUMENT = f"{Q}ClinicalDocument"
BODY = f"{Q}component"


def read(data: bytes) -> ClinicalDocument:
    """Decode a CDA document, also self-presentable (inside an XSL) or enveloped by a signature.

    Raises XmlRefused when the bytes are not XML that may be read, CdaRefused when they hold no
    ClinicalDocument in the namespace urn:hl7-org:v3.
    """
    return decode(find_document(parse(data)))


def find_document(root: Element) -> Element:
    """The ClinicalDocument element of a tree. Raises CdaRefused."""
    if root.tag == DOCUMENT:
        return root
    inner = next(root.iter(DOCUMENT), None)
    if inner is not None:
        return inner
    if local(root) == "ClinicalDocument":
        namespace = str(root.tag).rpartition("}")[0].lstrip("{")
        raise CdaRefused("namespace", f"ClinicalDocument in {namespace or 'no namespace'}")
    raise CdaRefused("not-cda", f"root element {local(root)}")


def decode(root: Element) -> ClinicalDocument:
    """The values of a ClinicalDocument element."""
    authors = tuple(
        _person(author.find(f"{Q}assignedAuthor"), author) for author in root.iterfind(f"{Q}author")
    )
    acts = root.findall(f"{Q}documentationOf/{Q}serviceEvent")
    main = acts[0] if acts else None
    low = main.find(f"{Q}effectiveTime/{Q}low") if main is not None else None
    high = main.find(f"{Q}effectiveTime/{Q}high") if main is not None else None
    performer = main.find(f"{Q}performer") if main is not None else None
    legal = root.find(f"{Q}legalAuthenticator")
    custodian = root.find(f"{Q}custodian/{Q}assignedCustodian/{Q}representedCustodianOrganization")
    setting = performer.find(f".//{Q}standardIndustryClassCode") if performer is not None else None
    parent = root.find(f"{Q}relatedDocument[@typeCode='RPLC']/{Q}parentDocument/{Q}id")
    nonxml, pdf, image = _body(root)
    epu = next(
        (
            found.get("extension", "")
            for act in acts
            for found in act.iterfind(f"{Q}id")
            if found.get("root") == EPU_ROOT
        ),
        None,
    )
    return ClinicalDocument(
        unique_id=_id(root.find(f"{Q}id")),
        set_id=_id(root.find(f"{Q}setId")),
        version=_integer(root.find(f"{Q}versionNumber")),
        type_code=code(root.find(f"{Q}code")) or NO_CODE,
        title=" ".join((root.findtext(f"{Q}title") or "").split()),
        effective_time=_value(root.find(f"{Q}effectiveTime")),
        confidentiality=code(root.find(f"{Q}confidentialityCode")) or NO_CODE,
        language=_attribute(root.find(f"{Q}languageCode"), "code"),
        patient=_patient(root.find(f"{Q}recordTarget/{Q}patientRole")),
        author=authors[0] if authors else Person("", ""),
        authors=authors,
        legal_authenticator=None if legal is None else _person(legal.find(f"{Q}assignedEntity"), legal),
        custodian_id="" if custodian is None else _attribute(custodian.find(f"{Q}id"), "extension"),
        custodian_name="" if custodian is None else _text(custodian.find(f"{Q}name")),
        service_start=_value(low),
        service_stop=_value(high),
        service_code=(code(main.find(f"{Q}code")) if main is not None else None) or NO_CODE,
        service_codes=tuple(found for act in acts if (found := code(act.find(f"{Q}code")))),
        performer=None if performer is None else _person(performer.find(f"{Q}assignedEntity"), performer),
        facility=code(
            root.find(f"{Q}componentOf/{Q}encompassingEncounter/{Q}location/{Q}healthCareFacility/{Q}code")
        )
        or NO_CODE,
        practice_setting=code(setting) or NO_CODE,
        recipients=tuple(
            _person(found.find(f"{Q}intendedRecipient"), found)
            for found in root.iterfind(f"{Q}informationRecipient")
        ),
        template_ids={
            template.get("root", ""): template.get("extension", "")
            for template in root.iterfind(f"{Q}templateId")
        },
        replaces=None if parent is None else _id(parent),
        level=1 if nonxml is not None else 3,
        nonxml=nonxml,
        pdf=pdf,
        epu_id=epu,
        code_image=image,
        root=root,
        header=_index(root),
    )


def _index(root: Element) -> dict[str, list[Element]]:
    """Elements of the header by tag: the rules look there instead of walking the tree each."""
    index: dict[str, list[Element]] = {"@nullFlavor": []}
    for part in root:
        if part.tag == BODY:
            continue
        for element in part.iter(etree.Element):
            index.setdefault(str(element.tag), []).append(element)
            if element.get("nullFlavor") is not None:
                index["@nullFlavor"].append(element)
    return index


def code(element: Element | None) -> Code | None:
    """A CD/CE element as a Code; None when absent or without code."""
    if element is None or not element.get("code"):
        return None
    return Code(element.get("code", ""), element.get("codeSystem", ""), element.get("displayName", ""))


def base64_bytes(text: str) -> bytes:
    """Base64 content, blanks ignored; empty when it is not base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _attribute(element: Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")


def _value(element: Element | None) -> str:
    return _attribute(element, "value")


def _text(element: Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def _id(element: Element | None) -> str:
    if element is None:
        return ""
    root, extension = element.get("root", ""), element.get("extension", "")
    return f"{root}^{extension}" if extension else root


def _integer(element: Element | None) -> int:
    try:
        return int(_value(element))
    except ValueError:
        return 0


def _person(entity: Element | None, role: Element) -> Person:
    """A person of any role: assignedAuthor, assignedEntity, intendedRecipient."""
    if entity is None:
        return Person("", "")
    identifier = entity.find(f"{Q}id")
    name: Element | None = None
    organisation: Element | None = None
    device = ""
    for child in entity:
        tag = local(child)
        if tag in ("assignedPerson", "informationRecipient", "associatedPerson"):
            name = child.find(f"{Q}name")
        elif tag in ("representedOrganization", "receivedOrganization", "scopingOrganization"):
            organisation = child
        elif tag == "assignedAuthoringDevice":
            device = _text(child.find(f"{Q}softwareName")) or _text(child.find(f"{Q}manufacturerModelName"))
    organisation_id = organisation.find(f"{Q}id") if organisation is not None else None
    return Person(
        id=_attribute(identifier, "extension"),
        id_system=_attribute(identifier, "root"),
        family=_text(name.find(f"{Q}family")) if name is not None else "",
        given=_text(name.find(f"{Q}given")) if name is not None else "",
        prefix=_text(name.find(f"{Q}prefix")) if name is not None else "",
        code=code(entity.find(f"{Q}code")),
        organisation_id=_attribute(organisation_id, "extension"),
        organisation_name=_text(organisation.find(f"{Q}name")) if organisation is not None else "",
        suffix=_text(name.find(f"{Q}suffix")) if name is not None else "",
        organisation_system=_attribute(organisation_id, "root"),
        function=code(role.find(f"{Q}functionCode")),
        time=_value(role.find(f"{Q}time")),
        device=device,
    )


def _patient(role: Element | None) -> PatientIdentity:
    if role is None:
        return PatientIdentity(None, (), "", "", "", "", "", "")
    ins: Ins | None = None
    others: list[tuple[str, str]] = []
    for found in role.iterfind(f"{Q}id"):
        root, extension = found.get("root", ""), found.get("extension", "")
        if root in INS_OIDS and ins is None:
            ins = Ins(extension, root)
        elif root:
            others.append((root, extension))
    person = role.find(f"{Q}patient")
    names: dict[tuple[str, str], str] = {}
    birth_place = sex = birth_date = ""
    if person is not None:
        for part in person.iterfind(f"{Q}name/*"):
            if isinstance(part.tag, str):
                names.setdefault((local(part), part.get("qualifier", "")), _text(part))
        sex = _attribute(person.find(f"{Q}administrativeGenderCode"), "code")
        birth_date = _value(person.find(f"{Q}birthTime"))[:8]
        birth_place = _text(person.find(f"{Q}birthplace/{Q}place/{Q}addr/{Q}county"))
    return PatientIdentity(
        ins=ins,
        local_ids=tuple(others),
        birth_name=names.get(("family", "BR"), ""),
        given=names.get(("given", "BR"), ""),
        given_names=names.get(("given", ""), ""),
        sex=sex,
        birth_date=birth_date,
        birth_place=birth_place,
        used_name=names.get(("family", "CL"), ""),
        used_given=names.get(("given", "CL"), ""),
    )


def _body(root: Element) -> tuple[tuple[str, bytes] | None, bytes | None, bytes | None]:
    """(media type and bytes of level 1, PDF, picture of the 2D code)."""
    component = root.find(f"{Q}component")
    if component is None:
        return None, None, None
    text = component.find(f"{Q}nonXMLBody/{Q}text")
    if text is not None:
        media, content = text.get("mediaType", ""), base64_bytes(text.text or "")
        return (media, content), content if content.startswith(b"%PDF-") else None, None
    pdf: bytes | None = None
    image: bytes | None = None
    for section in component.iterfind(f"{Q}structuredBody/{Q}component/{Q}section"):
        roots = {template.get("root") for template in section.iterfind(f"{Q}templateId")}
        if SECTION_PDF_COPY in roots and pdf is None:
            pdf = _media(section)
        elif SECTION_CODE_2D in roots and image is None:
            image = _media(section)
    return None, pdf, image


def _media(section: Element) -> bytes | None:
    value = section.find(f".//{Q}observationMedia/{Q}value")
    if value is None or value.get("nullFlavor"):
        return None
    return base64_bytes(value.text or "")
