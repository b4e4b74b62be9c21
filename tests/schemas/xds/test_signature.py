"""The signature of the submission set: our own, broken ones, and what other libraries think of it."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.xds import sign_submission, verify_submission_signature
from schemas.xds import signature as xades

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SET, ONE, TWO = "1.2.3", "1.2.3.1", "1.2.3.2"
DOCUMENTS = {ONE: b"<?xml version='1.0'?><!-- c --><a  b='1'><c/>\r\n</a>", TWO: "<é/>".encode()}


@pytest.fixture(scope="module")
def signed(signer) -> bytes:
    return sign_submission(SET, DOCUMENTS, signer.certificate, signer.key, now=NOW)


def rules(data: bytes, documents=DOCUMENTS, set_id: str = SET, **more) -> list[str]:
    return [finding.rule for finding in verify_submission_signature(data, set_id, documents, **more)]


def test_our_own(signed: bytes, signer) -> None:
    assert rules(signed) == []
    assert rules(signed, signer=signer.certificate) == []


def test_deterministic(signed: bytes, signer) -> None:
    assert sign_submission(SET, DOCUMENTS, signer.certificate, signer.key, now=NOW) == signed


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (b'<ds:Manifest Id="IHEManifest"', b'<ds:Manifest Id="Manifest"', ["XDS-SIG-01", "XDS-SIG-03"]),
        (b"2026-03-02T09:30:00Z", b"2026-03-02T09:30:01Z", ["XDS-SIG-03"]),
        (b"1.2.840.10065.1.12.1.14", b"1.2.840.10065.1.12.1.5", ["XDS-SIG-09"]),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA", ["XDS-SIG-02"]),
        (b'urn:oid:1.2.3.2"', b'urn:oid:1.2.3.9"', ["XDS-SIG-03", "XDS-SIG-04", "XDS-SIG-04"]),
        (b"<ds:X509Certificate>", b"<ds:X509Certificate>AAAA", ["XDS-SIG-02"]),
    ],
)
def test_broken(signed: bytes, old: bytes, new: bytes, wanted: list[str]) -> None:
    assert old in signed
    assert rules(signed.replace(old, new)) == wanted


def test_other_document_or_set(signed: bytes) -> None:
    assert rules(signed, {**DOCUMENTS, TWO: b"<f/>"}) == ["XDS-SIG-05"]
    assert rules(signed, {**DOCUMENTS, TWO: b"not xml"}) == ["XDS-SIG-05"]
    assert rules(signed, set_id="1.2.4") == ["XDS-SIG-04"] * 2
    assert rules(signed, {ONE: DOCUMENTS[ONE]}) == ["XDS-SIG-04"]


def test_canonical_equivalents_pass(signed: bytes) -> None:
    assert rules(signed, {**DOCUMENTS, ONE: b'<!-- c --><a b="1"><c></c>\n</a>'}) == []


def test_certificate(signer, authentication) -> None:
    wrong = sign_submission(SET, DOCUMENTS, authentication.certificate, authentication.key, now=NOW)
    assert rules(wrong) == ["XDS-SIG-06"]
    assert rules(wrong, signer=signer.certificate) == ["XDS-SIG-06", "XDS-SIG-08"]


def test_not_a_signature() -> None:
    assert rules(b"<a/>") == ["XDS-SIG-01"]
    assert rules(b"") == ["XDS-SIG-01"]
    assert rules(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>') == ["XDS-SIG-01"]


def sha1(signed: bytes, signer) -> bytes:
    """The signature of the published examples: SHA-1 all over, made with other code than ours."""
    import base64
    import hashlib

    text = signed.replace(xades.SHA256.encode(), xades.SHA1.encode())
    root = etree.fromstring(text.replace(xades.RSA_SHA256.encode(), xades.RSA_SHA1.encode()))
    ns = {"ds": xades.DS, "xad": xades.XADES}

    def digest(reference, node, comments: bool) -> None:
        data = etree.tostring(node, method="c14n", with_comments=comments)
        reference.find("ds:DigestValue", ns).text = base64.b64encode(hashlib.sha1(data).digest()).decode()

    for reference, data in zip(
        root.findall(".//ds:Manifest/ds:Reference", ns)[1:], DOCUMENTS.values(), strict=True
    ):
        digest(reference, etree.fromstring(data).getroottree(), True)
    first, second = root.findall("ds:SignedInfo/ds:Reference", ns)
    digest(first, root.find(".//ds:Manifest", ns), False)
    digest(second, root.find(".//xad:SignedProperties", ns), False)
    info = etree.tostring(root.find("ds:SignedInfo", ns), method="c14n", with_comments=True)
    value = signer.key.sign(info, padding.PKCS1v15(), hashes.SHA1())
    root.find("ds:SignatureValue", ns).text = base64.b64encode(value).decode()
    return etree.tostring(root)


def test_sha1_is_read(signed: bytes, signer) -> None:
    assert rules(sha1(signed, signer)) == ["XDS-SIG-07"]


def test_signxml_agrees(signed: bytes, signer) -> None:
    signxml = pytest.importorskip("signxml")
    verifier = pytest.importorskip("signxml.verifier")
    pem = signer.certificate.public_bytes(Encoding.PEM).decode()
    config = verifier.SignatureConfiguration(
        require_x509=True, location="./", expect_references=2, verification_time=NOW
    )
    results = signxml.XMLVerifier().verify(
        signed, x509_cert=pem, validate_schema=False, expect_config=config, ca_pem_file=None
    )
    assert {etree.QName(one.signed_xml).localname for one in results} == {"Manifest", "SignedProperties"}


def test_xmlsec_agrees(signed: bytes, signer) -> None:
    """xmlsec follows the manifest too: our documents are given to it as urn:oid resources."""
    xmlsec = pytest.importorskip("xmlsec")
    served = {f"urn:oid:{unique}": data for unique, data in DOCUMENTS.items()} | {f"urn:oid:{SET}": b"<a/>"}
    pending: dict[str, bytes] = {}

    def text(uri) -> str:
        return uri.decode() if isinstance(uri, bytes) else uri

    def opened(uri):
        pending[text(uri)] = served[text(uri)]
        return text(uri)

    def read(handle, buffer) -> int:
        data = pending[handle][: len(buffer)]
        buffer[: len(data)] = data
        pending[handle] = pending[handle][len(data) :]
        return len(data)

    xmlsec.cleanup_callbacks()
    xmlsec.register_callbacks(lambda uri: text(uri) in served, opened, read, lambda handle: None)
    try:
        root = etree.fromstring(signed)
        xmlsec.tree.add_ids(root, ["Id"])
        context = xmlsec.SignatureContext()
        pem = signer.certificate.public_bytes(Encoding.PEM)
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        context.verify(root)
    finally:
        xmlsec.cleanup_callbacks()
        xmlsec.register_default_callbacks()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_never_raises(signed_bytes_for_fuzz: bytes, data) -> None:
    cut = data.draw(st.integers(0, len(signed_bytes_for_fuzz)))
    junk = data.draw(st.binary(max_size=20))
    verify_submission_signature(
        signed_bytes_for_fuzz[:cut] + junk + signed_bytes_for_fuzz[cut + len(junk) :], SET, DOCUMENTS
    )


@pytest.fixture(scope="module")
def signed_bytes_for_fuzz(signed: bytes) -> bytes:
    return signed


def test_relative_namespace_has_no_canonical_form(signed: bytes) -> None:
    hostile = signed.replace(b"<ds:SignedInfo>", b'<ds:SignedInfo xmlns:x="relative">')
    assert "XDS-SIG-02" in rules(hostile)
