"""The XAdES signature document of a submission set (IHE DSG; SEL-MP-037 TD2.1).

A detached signature: an IHE manifest holds one reference to the submission set (its digest is a dummy) and
one to each document, by OID. Written with SHA-256; SHA-1 is read, with an information, because the
published examples use it.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from schemas import certificates, xml
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.frozen import frozen
from schemas.xds import names
from schemas.xds.writer import escape

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.1.1#"
MANIFEST_TYPE = f"{DS}Manifest"
SIGNED_PROPERTIES_TYPE = f"{XADES}SignedProperties"
MANIFEST_ID = "IHEManifest"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA1, SHA256 = f"{DS}sha1", "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA1, RSA_SHA256 = f"{DS}rsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
DUMMY_DIGEST = "AA=="

_DIGESTS = {SHA1: "sha1", SHA256: "sha256", "http://www.w3.org/2001/04/xmlenc#sha512": "sha512"}
_SIGNATURES: dict[str, hashes.HashAlgorithm] = {
    RSA_SHA1: hashes.SHA1(),
    RSA_SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
}
_METHODS = {
    C14N: (False, False),
    f"{C14N}#WithComments": (False, True),
    EXC_C14N: (True, False),
    f"{EXC_C14N}WithComments": (True, True),
}


@frozen
class Signed:
    """A signature document with what it must cover: the submission set's uniqueId, documents by uniqueId.

    `signer`: the certificate that signed the VIHF, when known. `root` is None when the XML cannot be read.
    `certificate`: the first of KeyInfo, None when absent or unreadable. `parsed`: documents already parsed,
    by uniqueId. `info`: its ds:SignedInfo. `manifest`: its IHE manifest.
    """

    root: xml.Element | None
    set_unique_id: str
    documents: Mapping[str, bytes]
    signer: x509.Certificate | None = None
    refused: str = ""
    certificate: x509.Certificate | None = None
    parsed: Mapping[str, xml.Element] = field(default_factory=dict)
    info: xml.Element | None = None
    manifest: xml.Element | None = None


RULES: RuleSet[Signed] = RuleSet("xds-signature")


def sign_submission(
    set_unique_id: str,
    documents: Mapping[str, bytes],
    certificate: x509.Certificate,
    key: rsa.RSAPrivateKey,
    *,
    now: datetime,
    chain: Sequence[x509.Certificate] = (),
) -> bytes:
    """The signature document of a submission set, as UTF-8 with an XML declaration.

    `documents` maps each document uniqueId to the bytes that are submitted. Raises schemas.xml.XmlRefused
    when a document is not XML (only CDA is signed here).
    """
    references = "".join(
        _reference(f"urn:oid:{unique}", _digest_xml(data, f"{C14N}#WithComments"), f"{C14N}#WithComments")
        for unique, data in documents.items()
    )
    manifest = (
        f'<ds:Manifest Id="{MANIFEST_ID}">{_reference(f"urn:oid:{escape(set_unique_id)}", DUMMY_DIGEST)}'
        f"{references}</ds:Manifest>"
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    path = "".join(_xades_certificate(one) for one in (certificate, *chain))
    properties = (
        '<xad:SignedProperties Id="SignedProperties01"><xad:SignedSignatureProperties>'
        f"<xad:SigningTime>{now.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}</xad:SigningTime>"
        f"<xad:SigningCertificate>{path}</xad:SigningCertificate>"
        "<xad:SignaturePolicyIdentifier><xad:SignaturePolicyImplied/></xad:SignaturePolicyIdentifier>"
        "</xad:SignedSignatureProperties></xad:SignedProperties>"
    )
    root = xml.parse(
        f'<ds:Signature xmlns:ds="{DS}" xmlns:xad="{XADES}" Id="Signature01"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{C14N}#WithComments"/>'
        f'<ds:SignatureMethod Algorithm="{RSA_SHA256}"/>'
        f"{_reference(f'#{MANIFEST_ID}', '', kind=MANIFEST_TYPE)}"
        f"{_reference('#SignedProperties01', '', kind=SIGNED_PROPERTIES_TYPE)}"
        "</ds:SignedInfo><ds:SignatureValue/>"
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{base64.b64encode(der).decode()}"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"<ds:Object>{manifest}</ds:Object>"
        '<ds:Object><ds:SignatureProperties><ds:SignatureProperty Id="purposeOfSignature"'
        f' Target="#Signature01">{names.SIGNATURE_PURPOSE}</ds:SignatureProperty></ds:SignatureProperties>'
        '</ds:Object><ds:Object><xad:QualifyingProperties Target="#Signature01">'
        f"{properties}</xad:QualifyingProperties></ds:Object></ds:Signature>".encode()
    )
    info, value = root[0], root[1]
    for reference, target in zip(
        info.iterchildren(f"{{{DS}}}Reference"),
        (next(root.iter(f"{{{DS}}}Manifest")), next(root.iter(f"{{{XADES}}}SignedProperties"))),
        strict=True,
    ):
        reference[1].text = _b64(hashlib.sha256(_canonical(target, C14N)).digest())
    signature = key.sign(_canonical(info, f"{C14N}#WithComments"), padding.PKCS1v15(), hashes.SHA256())
    value.text = _b64(signature)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _reference(uri: str, digest: str, transform: str = "", kind: str = "") -> str:
    of_type = f' Type="{kind}"' if kind else ""
    transforms = (
        f'<ds:Transforms><ds:Transform Algorithm="{transform}"/></ds:Transforms>' if transform else ""
    )
    return (
        f'<ds:Reference URI="{uri}"{of_type}>{transforms}<ds:DigestMethod Algorithm="{SHA256}"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )


def _xades_certificate(certificate: x509.Certificate) -> str:
    return (
        f'<xad:Cert><xad:CertDigest><ds:DigestMethod Algorithm="{SHA256}"/>'
        f"<ds:DigestValue>{_b64(certificate.fingerprint(hashes.SHA256()))}</ds:DigestValue></xad:CertDigest>"
        f"<xad:IssuerSerial><ds:X509IssuerName>{escape(certificate.issuer.rfc4514_string())}"
        f"</ds:X509IssuerName><ds:X509SerialNumber>{certificate.serial_number}</ds:X509SerialNumber>"
        "</xad:IssuerSerial></xad:Cert>"
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _canonical(element: xml.Element, algorithm: str) -> bytes:
    """Canonical form of a subtree in its document context.

    Raises KeyError on an unknown algorithm, ValueError on what has no canonical form.
    """
    exclusive, comments = _METHODS[algorithm]
    tail, element.tail = element.tail, None  # canonical XML of a subtree has no tail
    try:
        return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=comments)
    except etree.C14NError as error:  # relative namespace URIs
        raise ValueError(str(error)) from None
    finally:
        element.tail = tail


def _digest_xml(
    data: bytes, algorithm: str, digest: str = "sha256", parsed: xml.Element | None = None
) -> str:
    exclusive, comments = _METHODS[algorithm]
    tree = (xml.parse(data) if parsed is None else parsed).getroottree()
    try:
        canonical = etree.tostring(tree, method="c14n", exclusive=exclusive, with_comments=comments)
    except etree.C14NError as error:
        raise ValueError(str(error)) from None
    return _b64(hashlib.new(digest, canonical).digest())


def verify_submission_signature(
    data: bytes,
    set_unique_id: str,
    documents: Mapping[str, bytes],
    *,
    signer: x509.Certificate | None = None,
    parsed: Mapping[str, xml.Element] | None = None,
) -> list[Finding]:
    """Every finding on a signature document. Never raises on hostile content.

    `parsed`: roots of documents already parsed from these very bytes, by uniqueId; others are parsed here.
    """
    return RULES.judge(open_signature(data, set_unique_id, documents, signer=signer, parsed=parsed))


def open_signature(
    data: bytes,
    set_unique_id: str,
    documents: Mapping[str, bytes],
    *,
    signer: x509.Certificate | None = None,
    parsed: Mapping[str, xml.Element] | None = None,
) -> Signed:
    """Parse a signature document for judgement; the refusal of the parser is kept in `refused`."""
    try:
        root = xml.parse(data)
    except xml.XmlRefused as error:
        return Signed(None, set_unique_id, documents, signer, str(error))
    if root.tag != f"{{{DS}}}Signature":
        return Signed(None, set_unique_id, documents, signer, f"racine {xml.local(root)}")
    return Signed(
        root,
        set_unique_id,
        documents,
        signer,
        certificate=signing_certificate(root),
        parsed=parsed or {},
        info=_child(root, "SignedInfo"),
        manifest=_manifest(root),
    )


def signing_certificate(root: xml.Element) -> x509.Certificate | None:
    """The first certificate of KeyInfo; None when absent or unreadable."""
    info = _child(root, "KeyInfo")
    found = None if info is None else next(info.iter(f"{{{DS}}}X509Certificate"), None)
    if found is None:
        return None
    try:
        return certificates.load(base64.b64decode("".join((found.text or "").split())))
    except ValueError:
        return None


def _manifest(root: xml.Element) -> xml.Element | None:
    return next((one for one in root.iter(f"{{{DS}}}Manifest") if one.get("Id") == MANIFEST_ID), None)


def _child(parent: xml.Element, name: str) -> xml.Element | None:
    """The first ds: child of this name."""
    tag = f"{{{DS}}}{name}"
    for child in parent:
        if child.tag == tag:
            return child
    return None


def _text(parent: xml.Element, name: str) -> str:
    found = _child(parent, name)
    return "" if found is None else "".join((found.text or "").split())


def _algorithm(parent: xml.Element, name: str) -> str:
    found = _child(parent, name)
    return "" if found is None else found.get("Algorithm", "")


@RULES.rule("XDS-SIG-01", requirements=("DMP/CONF.10",), source="IHE DSG; SEL-MP-037 TD2.1")
def is_a_signature(signed: Signed) -> Iterator[Observation]:
    """The document is a ds:Signature with SignedInfo, SignatureValue and the IHE manifest."""
    if signed.root is None:
        yield Observation("/", signed.refused, "ds:Signature")
        return
    if signed.info is None:
        yield Observation("/Signature", "", "ds:SignedInfo")
    if signed.manifest is None:
        yield Observation("/Signature/Object", "", f"ds:Manifest[@Id='{MANIFEST_ID}']")


@RULES.rule("XDS-SIG-02", requirements=("DMP/CONF.10",), source="XML Signature §3.2.2")
def value_is_valid(signed: Signed) -> Iterator[Observation]:
    """SignatureValue verifies with the key of the certificate in KeyInfo."""
    info = signed.info
    if signed.root is None or info is None:
        return
    certificate = signed.certificate
    if certificate is None:
        yield Observation("/Signature/KeyInfo", "", "ds:X509Certificate")
        return
    key = certificates.rsa_key(certificate)
    method = _algorithm(info, "SignatureMethod")
    canonicalization = _algorithm(info, "CanonicalizationMethod")
    if method not in _SIGNATURES or canonicalization not in _METHODS or key is None:
        yield Observation("/Signature/SignedInfo", f"{method} {canonicalization}", RSA_SHA256)
        return
    try:
        value = base64.b64decode(_text(signed.root, "SignatureValue"))
        key.verify(value, _canonical(info, canonicalization), padding.PKCS1v15(), _SIGNATURES[method])
    except (InvalidSignature, ValueError):
        subject = certificate.subject.rfc4514_string()
        yield Observation("/Signature/SignatureValue", "valeur invalide", f"signature par {subject}")


@RULES.rule("XDS-SIG-03", requirements=("DMP/CONF.10",), source="XML Signature §3.2.1; IHE DSG")
def signed_parts_are_intact(signed: Signed) -> Iterator[Observation]:
    """SignedInfo covers the manifest and the signed properties, and their digests recompute."""
    info = signed.info
    if signed.root is None or info is None:
        return
    by_id: dict[str, list[xml.Element]] = {}
    for element in signed.root.iter(etree.Element):
        if element.get("Id") is not None:
            by_id.setdefault(element.get("Id", ""), []).append(element)
    covered = set()
    for reference in info.iterchildren(f"{{{DS}}}Reference"):
        uri = reference.get("URI", "")
        targets = by_id.get(uri.removeprefix("#"), []) if uri.startswith("#") else []
        where = f"/Signature/SignedInfo/Reference[@URI='{uri}']"
        if len(targets) != 1:
            yield Observation(where, f"{len(targets)} cible(s)", "1", reference.sourceline)
            continue
        covered.add(targets[0])
        method = _DIGESTS.get(_algorithm(reference, "DigestMethod"))
        transforms = [one.get("Algorithm", "") for one in reference.iter(f"{{{DS}}}Transform")] or [C14N]
        if method is None or len(transforms) != 1 or transforms[0] not in _METHODS:
            yield Observation(where, " ".join(transforms), C14N, reference.sourceline)
            continue
        try:
            computed = _b64(hashlib.new(method, _canonical(targets[0], transforms[0])).digest())
        except ValueError as error:
            yield Observation(where, str(error), C14N, reference.sourceline)
            continue
        stated = _text(reference, "DigestValue")
        if stated != computed:
            yield Observation(where, stated, computed, reference.sourceline)
    wanted = (signed.manifest, next(signed.root.iter(f"{{{XADES}}}SignedProperties"), None))
    for name, part in zip((f"#{MANIFEST_ID}", "SignedProperties"), wanted, strict=True):
        if part is not None and part not in covered:
            yield Observation("/Signature/SignedInfo", "non couvert", name)


@RULES.rule("XDS-SIG-04", requirements=("DMP/CONF.10",), source="IHE DSG; SEL-MP-037 TD2.1")
def manifest_is_complete(signed: Signed) -> Iterator[Observation]:
    """The manifest refers to the submission set and to each document, and to nothing else."""
    manifest = signed.manifest
    if manifest is None:
        return
    stated = [one.get("URI", "") for one in manifest.iterchildren(f"{{{DS}}}Reference")]
    wanted = [f"urn:oid:{unique}" for unique in (signed.set_unique_id, *signed.documents)]
    for uri in wanted:
        if stated.count(uri) != 1:
            yield Observation("/Signature/Object/Manifest", f"{stated.count(uri)} × {uri}", f"1 × {uri}")
    for uri in stated:
        if uri not in wanted:
            yield Observation("/Signature/Object/Manifest", uri, " ".join(wanted))


@RULES.rule("XDS-SIG-05", requirements=("DMP/CONF.10",), source="IHE DSG; SEL-MP-037 TD2.1")
def document_digests_recompute(signed: Signed) -> Iterator[Observation]:
    """Each digest of the manifest is that of the document as submitted (canonical form for a CDA)."""
    manifest = signed.manifest
    if manifest is None:
        return
    for reference in manifest.iterchildren(f"{{{DS}}}Reference"):
        uri = reference.get("URI", "")
        data = signed.documents.get(uri.removeprefix("urn:oid:"))
        if data is None:
            continue
        where = f"/Signature/Object/Manifest/Reference[@URI='{uri}']"
        method = _DIGESTS.get(_algorithm(reference, "DigestMethod"))
        transforms = [one.get("Algorithm", "") for one in reference.iter(f"{{{DS}}}Transform")]
        if method is None or len(transforms) > 1 or any(one not in _METHODS for one in transforms):
            yield Observation(where, " ".join(transforms), f"{C14N}#WithComments", reference.sourceline)
            continue
        try:
            computed = (
                _digest_xml(data, transforms[0], method, signed.parsed.get(uri.removeprefix("urn:oid:")))
                if transforms
                else _b64(hashlib.new(method, data).digest())
            )
        except ValueError as error:
            yield Observation(where, str(error), "document XML", reference.sourceline)
            continue
        stated = _text(reference, "DigestValue")
        if stated != computed:
            yield Observation(where, stated, computed, reference.sourceline)


@RULES.rule("XDS-SIG-06", requirements=("DMP/CONF.10",), source="IGC-Santé, certificats ORG_SIGN et CPS")
def certificate_may_sign(signed: Signed) -> Iterator[Observation]:
    """The certificate is a signature certificate: keyUsage nonRepudiation (contentCommitment)."""
    certificate = signed.certificate
    if certificate is None:
        return
    if not certificates.may_commit(certificate):
        where = f"/Signature/KeyInfo {certificate.subject.rfc4514_string()}"
        yield Observation(where, "keyUsage sans nonRepudiation", "certificat de signature")


@RULES.rule(
    "XDS-SIG-07", requires=Keyword.PEUT, source="SEL-MP-037; ANSSI, guide des mécanismes cryptographiques"
)
def algorithms_are_recent(signed: Signed) -> Iterator[Observation]:
    """SHA-1 is still read, but is no longer to be chosen."""
    if signed.root is None:
        return
    for element in signed.root.iter(f"{{{DS}}}SignatureMethod", f"{{{DS}}}DigestMethod"):
        if element.get("Algorithm") in (SHA1, RSA_SHA1):
            yield Observation(xml.where(element), element.get("Algorithm"), SHA256, element.sourceline)
            return


@RULES.rule("XDS-SIG-08", requires=Keyword.DEVRAIT, requirements=("DMP/CONF.10",), source="SEL-MP-037 TD2.1")
def signer_is_the_sender(signed: Signed) -> Iterator[Observation]:
    """The submission set is signed with the certificate that signed the VIHF."""
    certificate = signed.certificate
    if certificate is signed.signer:  # most often: both were read once
        return
    if certificate is not None and signed.signer is not None and certificate != signed.signer:
        yield Observation(
            "/Signature/KeyInfo",
            certificate.subject.rfc4514_string(),
            signed.signer.subject.rfc4514_string(),
        )


@RULES.rule("XDS-SIG-09", requires=Keyword.DEVRAIT, requirements=("DMP/CONF.10",), source="IHE DSG")
def purpose_is_stated(signed: Signed) -> Iterator[Observation]:
    """The purpose of the signature is "source"."""
    if signed.root is None:
        return
    properties = signed.root.iter(f"{{{DS}}}SignatureProperty")
    stated = [("".join(one.itertext()) if len(one) else one.text or "").strip() for one in properties]
    if names.SIGNATURE_PURPOSE not in stated:
        where = "/Signature/Object/SignatureProperties"
        yield Observation(where, " ".join(stated), names.SIGNATURE_PURPOSE)
