"""Small hands to write CDA elements: lxml escapes everything and refuses control characters."""

import uuid

from lxml import etree

from schemas.cda.model import HL7, Code, Q
from schemas.valuesets import value_set
from schemas.xml import Element

XSI = "http://www.w3.org/2001/XMLSchema-instance"
PHARM = "urn:ihe:pharm:medication"
LOINC = "2.16.840.1.113883.6.1"
HL7_ACT_CODE = "2.16.840.1.113883.5.4"


def new_root() -> Element:
    """An empty ClinicalDocument with its namespaces."""
    return etree.Element(f"{Q}ClinicalDocument", nsmap={None: HL7, "xsi": XSI, "pharm": PHARM})


def add(parent: Element, tag: str, text: str | None = None, /, **attributes: str | None) -> Element:
    """Append a child of the HL7 namespace. `xsi_type` becomes xsi:type; None attributes are left out.

    Raises ValueError on characters that XML cannot carry.
    """
    child = etree.SubElement(parent, f"{Q}{tag}")
    for name, value in attributes.items():
        if value is not None:
            child.set(f"{{{XSI}}}type" if name == "xsi_type" else name, value)
    if text is not None:
        child.text = text
    return child


def add_templates(parent: Element, *roots: str) -> None:
    """Append one templateId a root; `root@version` gives it an extension."""
    for root in roots:
        oid, _, version = root.partition("@")
        add(parent, "templateId", root=oid, extension=version or None)


def add_code(parent: Element, tag: str, code: Code, **more: str) -> Element:
    """Append a coded element; a code without label takes its own text as label."""
    return add(
        parent,
        tag,
        code=code.code,
        displayName=code.display or code.code,
        codeSystem=code.system,
        **more,
    )


def coded(key: str, code: str) -> Code:
    """A code of a value set with its system and label. Raises ValueError when it is not in the set."""
    found = value_set(key).find(code)
    if found is None:
        raise ValueError(f"{code} is not in value set {key}")
    return Code(found.code, found.system, found.display)


def add_id(parent: Element, unique_id: str, tag: str = "id") -> Element:
    """Append an II from `root` or `root^extension`."""
    root, _, extension = unique_id.partition("^")
    return add(parent, tag, root=root, extension=extension or None)


def derived_id(unique_id: str, path: str) -> str:
    """An upper-case UUID that depends only on the document and a path in it: same input, same bytes."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{unique_id}:{path}")).upper()


def to_bytes(root: Element) -> bytes:
    """UTF-8 bytes with the XML declaration, no BOM."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
