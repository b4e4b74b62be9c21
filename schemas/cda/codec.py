"""Bytes to ClinicalDocument. Tolerant: only what is not a CDA document at all is refused."""

import binascii
from collections.abc import Iterator, Mapping

from lxml import etree

from schemas.cda.model import (
    EPU_ROOT,
    NO_CODE,
    NULLS,
    SECTION_CODE_2D,
    SECTION_PDF_COPY,
    CdaRefused,
    ClinicalDocument,
    Code,
    PatientIdentity,
    Person,
    Places,
    Q,
)
from schemas.cda.tree import Top, each, first, firsts
from schemas.ins import INS_OIDS, Ins
from schemas.xml import Element, local, parse

DOCUMENT = f"{Q}ClinicalDocument"
BODY = f"{Q}component"
ID = f"{Q}id"
PROFESSIONALS = (f"{Q}assignedAuthor", f"{Q}assignedEntity", f"{Q}associatedEntity")


def read(data: bytes) -> ClinicalDocument:
    """Decode a CDA document, also self-presentable (inside an XSL) or enveloped by a signature.

    Raises XmlRefused when the bytes are not XML that may be read, CdaRefused when they hold no
    ClinicalDocument in the namespace urn:hl7-org:v3.
    """
    return decode(find_document(parse(data)), len(data))


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


def decode(root: Element, size: int = 0) -> ClinicalDocument:
    """The values of a ClinicalDocument element, parsed from so many bytes."""
    top, header = _index(root)  # first: it makes the elements of the header, which the rest then finds ready
    authors = tuple([_person(first(author, "assignedAuthor"), author) for author in top.each("author")])
    acts = list(top.each("documentationOf", "serviceEvent"))
    main = acts[0] if acts else None
    act = firsts(main) if main is not None else {}
    low = high = None
    if (period := act.get(f"{Q}effectiveTime")) is not None:
        low, high = first(period, "low"), first(period, "high")
    performer = act.get(f"{Q}performer")
    legal = top.first("legalAuthenticator")
    custodian = top.first("custodian", "assignedCustodian", "representedCustodianOrganization")
    setting = next(performer.iter(f"{Q}standardIndustryClassCode"), None) if performer is not None else None
    role = top.first("recordTarget", "patientRole")
    person = None if role is None else first(role, "patient")
    encounter = top.first("componentOf", "encompassingEncounter")
    nonxml, pdf, image = _body(top)
    epu = [one for event in acts for one in each(event, "id") if one.get("root") == EPU_ROOT]
    title = top.first("title")
    return ClinicalDocument(
        unique_id=_id(top.first("id")),
        set_id=_id(top.first("setId")),
        version=_integer(top.first("versionNumber")),
        type_code=code(top.first("code")) or NO_CODE,
        title="" if title is None else " ".join((title.text or "").split()),
        effective_time=_value(top.first("effectiveTime")),
        confidentiality=code(top.first("confidentialityCode")) or NO_CODE,
        language=_attribute(top.first("languageCode"), "code"),
        patient=_patient(role, person),
        author=authors[0] if authors else Person("", ""),
        authors=authors,
        legal_authenticator=None if legal is None else _person(first(legal, "assignedEntity"), legal),
        custodian_id="" if custodian is None else _attribute(first(custodian, "id"), "extension"),
        custodian_name="" if custodian is None else _text(first(custodian, "name")),
        service_start=_value(low),
        service_stop=_value(high),
        service_code=code(act.get(f"{Q}code")) or NO_CODE,
        service_codes=tuple([found for event in acts if (found := code(first(event, "code")))]),
        performer=None if performer is None else _person(first(performer, "assignedEntity"), performer),
        facility=code(
            top.first("componentOf", "encompassingEncounter", "location", "healthCareFacility", "code")
        )
        or NO_CODE,
        practice_setting=code(setting) or NO_CODE,
        recipients=tuple(
            [_person(first(found, "intendedRecipient"), found) for found in top.each("informationRecipient")]
        ),
        template_ids={
            template.get("root", ""): template.get("extension", "") for template in top.each("templateId")
        },
        replaces=_replaced(top),
        level=1 if nonxml is not None else 3,
        nonxml=nonxml,
        pdf=pdf,
        epu_id=epu[0].get("extension", "") if epu else None,
        code_image=image,
        root=root,
        header=header,
        ids=tuple([(one, one.get("root"), one.get("extension")) for one in header.get(ID, ())]),
        top=top,
        places=Places(
            role,
            top.first("recordTarget", "patientRole", "patient"),
            main,
            encounter,
            top.first("component", "nonXMLBody", "text"),
            tuple(_professions(header)),
        ),
        size=size,
    )


def _index(root: Element) -> tuple[Top, dict[str, list[Element]]]:
    """The children of the root, and the elements of the header, by tag: the rules look there."""
    top: dict[str, list[Element]] = {}
    index: dict[str, list[Element]] = {NULLS: []}
    for part in root.iterchildren(etree.Element):
        name = str(part.tag)
        top.setdefault(name, []).append(part)
        if name == BODY:
            continue
        for element in part.iter(etree.Element):
            index.setdefault(str(element.tag), []).append(element)
            if element.get("nullFlavor") is not None:
                index[NULLS].append(element)
    return Top(top), index


def _professions(header: Mapping[str, list[Element]]) -> Iterator[Element]:
    for tag in PROFESSIONALS:
        for role in header.get(tag, ()):
            code = first(role, "code")
            if code is not None:
                yield code


def _replaced(top: Top) -> str | None:
    """The unique id of the document that this one replaces."""
    links = [link for link in top.each("relatedDocument") if link.get("typeCode") == "RPLC"]
    parents = [parent for link in links if (parent := first(link, "parentDocument", "id")) is not None]
    return _id(parents[0]) if parents else None


def code(element: Element | None) -> Code | None:
    """A CD/CE element as a Code; None when absent or without code."""
    if element is None or not element.get("code"):
        return None
    return Code(element.get("code", ""), element.get("codeSystem", ""), element.get("displayName", ""))


def base64_bytes(text: str) -> bytes:
    """Base64 content, blanks ignored; empty when it is not base64."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        pass  # blanks, most often: they are worth a second try, not a search in each of those that have none
    try:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except (binascii.Error, ValueError):
        return b""


def _attribute(element: Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")


def _value(element: Element | None) -> str:
    return _attribute(element, "value")


def _text(element: Element | None) -> str:
    if element is None:
        return ""
    said = "".join(element.itertext()) if len(element) else element.text or ""
    return " ".join(said.split())


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
    within, around = firsts(entity), firsts(role)
    identifier = within.get(f"{Q}id")
    name: Element | None = None
    organisation: Element | None = None
    device = ""
    for child in entity:
        tag = local(child)
        if tag in ("assignedPerson", "informationRecipient", "associatedPerson"):
            name = first(child, "name")
        elif tag in ("representedOrganization", "receivedOrganization", "scopingOrganization"):
            organisation = child
        elif tag == "assignedAuthoringDevice":
            device = _text(first(child, "softwareName")) or _text(first(child, "manufacturerModelName"))
    named = firsts(name) if name is not None else {}
    organisation_id = first(organisation, "id") if organisation is not None else None
    return Person(
        id=_attribute(identifier, "extension"),
        id_system=_attribute(identifier, "root"),
        family=_text(named.get(f"{Q}family")),
        given=_text(named.get(f"{Q}given")),
        prefix=_text(named.get(f"{Q}prefix")),
        code=code(within.get(f"{Q}code")),
        organisation_id=_attribute(organisation_id, "extension"),
        organisation_name=_text(first(organisation, "name")) if organisation is not None else "",
        suffix=_text(named.get(f"{Q}suffix")),
        organisation_system=_attribute(organisation_id, "root"),
        function=code(around.get(f"{Q}functionCode")),
        time=_value(around.get(f"{Q}time")),
        device=device,
    )


def _patient(role: Element | None, person: Element | None) -> PatientIdentity:
    if role is None:
        return PatientIdentity(None, (), "", "", "", "", "", "")
    ins: Ins | None = None
    others: list[tuple[str, str]] = []
    for found in each(role, "id"):
        root, extension = found.get("root", ""), found.get("extension", "")
        if root in INS_OIDS and ins is None:
            ins = Ins(extension, root)
        elif root:
            others.append((root, extension))
    names: dict[tuple[str, str], str] = {}
    birth_place = sex = birth_date = ""
    if person is not None:
        for name in each(person, "name"):
            for part in name.iterchildren(etree.Element):
                names.setdefault((local(part), part.get("qualifier", "")), _text(part))
        sex = _attribute(first(person, "administrativeGenderCode"), "code")
        birth_date = _value(first(person, "birthTime"))[:8]
        birth_place = _text(first(person, "birthplace", "place", "addr", "county"))
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


def _body(top: Top) -> tuple[tuple[str, bytes] | None, bytes | None, bytes | None]:
    """(media type and bytes of level 1, PDF, picture of the 2D code)."""
    component = top.first("component")
    if component is None:
        return None, None, None
    text = first(component, "nonXMLBody", "text")
    if text is not None:
        media, content = text.get("mediaType", ""), base64_bytes(text.text or "")
        return (media, content), content if content.startswith(b"%PDF-") else None, None
    pdf: bytes | None = None
    image: bytes | None = None
    for section in each(component, "structuredBody", "component", "section"):
        roots = {template.get("root") for template in each(section, "templateId")}
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
