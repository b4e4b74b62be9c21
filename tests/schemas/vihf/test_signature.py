"""The VIHF's signature: both ways against xmlsec and signxml, and every wrapping refused."""

import copy
from collections.abc import Callable

import pytest
import xmlsec
from cryptography.hazmat.primitives import serialization
from lxml import etree
from signxml import SignatureConfiguration, XMLSigner, XMLVerifier
from signxml.algorithms import CanonicalizationMethod

from schemas.soap import envelope as soap
from schemas.vihf import build, find, signature
from schemas.vihf.build import assertion_xml
from schemas.vihf.model import SAML
from schemas.vihf.signature import DS, SignatureRefused, verify
from schemas.xml import Element, parse

from .conftest import Signers
from .samples import request

ASSERTION, SIGNATURE = f"{{{SAML}}}Assertion", f"{{{DS}}}Signature"


def enveloped(assertion: bytes | Element) -> Element:
    text = assertion if isinstance(assertion, bytes) else etree.tostring(assertion)
    return parse(soap.write("<x/>", action="urn:a", message_id="urn:uuid:1", security=text.decode()))


def assertion_of(root: Element) -> Element:
    found = root.find(f".//{ASSERTION}")
    assert found is not None
    return found


def checked(root: Element) -> signature.Signed:
    assertion = find(root, root.find(f".//{{{soap.WSSE}}}Security"))
    return verify(assertion, root)


@pytest.mark.parametrize("digest", ["sha256", "sha1"])
def test_ours_verifies_here_and_survives_a_second_look(signers: Signers, digest: str) -> None:
    certificate, key = signers.load("cabinet-sign")
    root = enveloped(build(request(), certificate, key, digest))
    before = etree.tostring(root)
    seen = checked(root)
    assert seen.certificate == certificate
    assert seen.weak is (digest == "sha1")
    assert etree.tostring(root) == before
    checked(root)


def test_ours_verifies_with_xmlsec_and_signxml(signers: Signers) -> None:
    certificate, key = signers.load("cabinet-sign")
    root = enveloped(build(request(subject_id="Élodie <&> «NOM»"), certificate, key))
    assertion = assertion_of(root)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    context.verify(assertion.find(SIGNATURE))
    config = SignatureConfiguration(require_x509=True, location="./", expect_references=1)
    result = XMLVerifier().verify(
        etree.tostring(assertion), x509_cert=pem.decode(), id_attribute="ID", expect_config=config
    )
    assert result.signed_xml is not None  # type: ignore[union-attr]


def test_signed_by_xmlsec(signers: Signers) -> None:
    certificate, key = signers.load("cabinet-sign")
    root = enveloped(assertion_xml(request(), certificate.subject.rfc4514_string()).encode())
    assertion = assertion_of(root)
    node = xmlsec.template.create(
        assertion, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns="ds"
    )
    assertion.insert(1, node)
    reference = xmlsec.template.add_reference(
        node, xmlsec.constants.TransformSha256, uri=f"#{assertion.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    transform = xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    inclusive = etree.SubElement(
        transform, f"{{{signature.EXC_C14N}}}InclusiveNamespaces", nsmap={"ec": signature.EXC_C14N}
    )
    inclusive.set("PrefixList", "ds saml2 #default xsi soap")
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(
        certificate.public_bytes(serialization.Encoding.PEM), xmlsec.constants.KeyDataFormatPem
    )
    context.sign(node)
    assert checked(root).certificate == certificate


def test_signed_by_signxml(signers: Signers) -> None:
    certificate, key = signers.load("cabinet-sign")
    unsigned = parse(assertion_xml(request(), certificate.subject.rfc4514_string()).encode())
    placeholder = etree.Element(SIGNATURE, {"Id": "placeholder"}, nsmap={"ds": DS})
    unsigned.insert(1, placeholder)
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    signed = signer.sign(
        unsigned,
        key=key,
        cert=[certificate],
        reference_uri=unsigned.get("ID"),
        id_attribute="ID",
    )
    assert checked(enveloped(signed)).certificate == certificate


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        (b"CAMILLE", b"CAMILLA", "digest"),
        (b"<ds:DigestValue>", b"<ds:DigestValue>@", "digest"),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA", "signature"),
        (b"<ds:X509Certificate>", b"<ds:X509Certificate>AAAA", "certificate"),
        (b"ds:X509Certificate>", b"ds:X509SKI>", "certificate"),
        (b'URI="#_', b'URI="#x', "reference"),
        (b'URI="#_0a5b5c5e-0000-4000-8000-000000000001"', b'URI=""', "reference"),
        (b"rsa-sha256", b"hmac-sha256", "algorithm"),
        (b"xmlenc#sha256", b"xmlenc#sha512", "algorithm"),
        (b"xmldsig#enveloped-signature", b"xmldsig#base64", "shape"),
        (b' ID="', b' Id="', "reference"),
        (b"</ds:SignatureValue>", b"</ds:SignatureValue><ds:Object/>", "wrapping"),
        (b"</ds:Transforms>", b'<ds:Transform Algorithm="urn:x"/></ds:Transforms>', "shape"),
        (b"<ds:Reference ", b'<ds:Reference URI="#body"/><ds:Reference ', "wrapping"),
    ],
)
def test_says_which_step_failed(signers: Signers, old: bytes, new: bytes, step: str) -> None:
    signed = build(request(), *signers.load("cabinet-sign"))
    assert old in signed
    with pytest.raises(SignatureRefused) as refused:
        root = enveloped(signed.replace(old, new))
        verify(assertion_of(root), root)
    assert refused.value.step == step


def test_signature_value_of_another_key(signers: Signers) -> None:
    ours = build(request(), *signers.load("cabinet-sign"))
    other = build(request(), *signers.load("officine-sign"))
    value = ours.split(b"SignatureValue>")[1]
    with pytest.raises(SignatureRefused, match="signature: SignatureValue does not match"):
        root = enveloped(other.replace(other.split(b"SignatureValue>")[1], value))
        verify(assertion_of(root), root)


def test_unsigned(signers: Signers) -> None:
    root = enveloped(assertion_xml(request(), "CN=x").encode())
    with pytest.raises(SignatureRefused, match="absent"):
        checked(root)


def forged(original: Element) -> Element:
    """A copy that claims somebody else."""
    evil = copy.deepcopy(original)
    name = evil.find(f".//{{{SAML}}}NameID")
    assert name is not None
    name.text = "899700100029"
    return evil


def _drop_signature(evil: Element) -> Element:
    node = evil.find(SIGNATURE)
    assert node is not None
    evil.remove(node)
    return node


def xsw_sibling_first(root: Element, original: Element) -> None:
    evil = forged(original)
    _drop_signature(evil)
    evil.set("ID", "_evil")
    original.addprevious(evil)


def xsw_sibling_last(root: Element, original: Element) -> None:
    evil = forged(original)
    _drop_signature(evil)
    evil.set("ID", "_evil")
    original.addnext(evil)


def xsw_same_id(root: Element, original: Element) -> None:
    original.addprevious(forged(original))


def xsw_original_in_object(root: Element, original: Element) -> None:
    evil = forged(original)
    node = _drop_signature(evil)
    evil.set("ID", "_evil")
    evil.insert(1, node)
    original.addprevious(evil)
    inner = copy.deepcopy(original)
    _drop_signature(inner)
    etree.SubElement(node, f"{{{DS}}}Object").append(inner)
    security = original.getparent()
    assert security is not None
    security.remove(original)


def xsw_original_in_header(root: Element, original: Element) -> None:
    evil = forged(original)
    original.addprevious(evil)
    evil.set("ID", "_evil")
    header = root.find(f"{{{soap.SOAP}}}Header")
    assert header is not None
    wrapper = etree.SubElement(header, "wrapper")
    wrapper.append(original)


def xsw_original_inside_evil(root: Element, original: Element) -> None:
    evil = forged(original)
    evil.set("ID", "_evil")
    original.addprevious(evil)
    evil.append(original)


def xsw_original_inside_signature(root: Element, original: Element) -> None:
    evil = forged(original)
    node = _drop_signature(evil)
    evil.set("ID", "_evil")
    evil.insert(1, node)
    original.addprevious(evil)
    node.append(original)


def xsw_body_bears_the_id(root: Element, original: Element) -> None:
    body = root.find(f"{{{soap.SOAP}}}Body")
    assert body is not None
    body.set("id", original.get("ID", ""))


def xsw_advice(root: Element, original: Element) -> None:
    evil = forged(original)
    evil.set("ID", "_evil")
    original.addprevious(evil)
    advice = etree.SubElement(evil, f"{{{SAML}}}Advice")
    advice.append(original)


def xsw_signature_moved(root: Element, original: Element) -> None:
    node = _drop_signature(original)
    original.append(etree.Element("wrapper"))
    original[-1].append(node)


@pytest.mark.parametrize(
    "wrap",
    [
        xsw_sibling_first,
        xsw_sibling_last,
        xsw_same_id,
        xsw_original_in_object,
        xsw_original_in_header,
        xsw_original_inside_evil,
        xsw_original_inside_signature,
        xsw_body_bears_the_id,
        xsw_advice,
        xsw_signature_moved,
    ],
    ids=lambda function: function.__name__,
)
def test_wrapping_is_refused(signers: Signers, wrap: Callable[[Element, Element], None]) -> None:
    root = enveloped(build(request(), *signers.load("cabinet-sign")))
    wrap(root, assertion_of(root))
    root = parse(etree.tostring(root))
    with pytest.raises(ValueError) as refused:
        checked(root)
    assert getattr(refused.value, "step", "") == "wrapping" or getattr(refused.value, "reason", "") in (
        "several-vihf",
        "misplaced",
    )


def test_comment_inside_a_value_hides_nothing(signers: Signers) -> None:
    from schemas.vihf import read

    signed = build(request(name_id="899700100011-suite"), *signers.load("cabinet-sign"))
    root = enveloped(signed.replace(b"899700100011-suite", b"899700100011<!-- -->-suite"))
    checked(root)  # comments are no part of what is signed
    assert read(assertion_of(root)).name_id == "899700100011-suite"


def test_pretty_printing_after_signing_breaks_the_digest(signers: Signers) -> None:
    signed = build(request(), *signers.load("cabinet-sign"))
    root = enveloped(signed.replace(b"</saml2:Issuer>", b"</saml2:Issuer>\n  "))
    with pytest.raises(SignatureRefused) as refused:
        checked(root)
    assert refused.value.step == "digest"
