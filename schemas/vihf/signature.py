"""The enveloped signature of a VIHF: made, and verified by hand for ONE shape.

Sources: SAML 2.0 core §5.4, XML Signature 1.1, exclusive C14N 1.0. Only one shape is accepted, so that
nothing but the assertion itself can be what was signed; every refusal names the step that failed.
"""

import base64
import binascii
import hashlib
import re

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from schemas import certificates
from schemas.frozen import frozen
from schemas.xml import Element, children, declared_encoding, local, parse

from .codec import ASSERTION, text

DS = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
HASHES: dict[str, type[hashes.HashAlgorithm]] = {"sha1": hashes.SHA1, "sha256": hashes.SHA256}
COMPUTED = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
SIGNATURES = {f"{DS}rsa-sha1": "sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "sha256"}
DIGESTS = {f"{DS}sha1": "sha1", "http://www.w3.org/2001/04/xmlenc#sha256": "sha256"}
MAX_CERTIFICATE = 16 * 1024  # characters of base64

# what `_written_twice` understands: the letters of an ID, and encodings that write them in one byte each
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]+")
_ASCII_INSIDE = re.compile(r"utf-?8|us-ascii|ascii|iso-?8859-\d+", re.IGNORECASE)
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00")
_LETTER = re.compile(rb"&#(?:x0*[0-7]?[0-9A-Fa-f]|0*(?:\d{1,2}|1[01]\d|12[0-7]));")  # &#65; or &#x41;
_NAMES = (
    "SignedInfo",
    "SignatureValue",
    "KeyInfo",
    "CanonicalizationMethod",
    "SignatureMethod",
    "Reference",
    "Transforms",
    "Transform",
    "DigestMethod",
    "DigestValue",
)
_DS = {name: f"{{{DS}}}{name}" for name in _NAMES}
_SIGNATURE = f"{{{DS}}}Signature"
_BEARERS = etree.XPath("count(descendant-or-self::*/@*[. = $identifier])")


class SignatureRefused(ValueError):
    """The assertion is not proven. `step` is where it failed, `detail` is for people.

    Steps: `absent`, `shape` (not the one accepted form), `wrapping` (something else may have been signed),
    `reference` (it points elsewhere), `algorithm`, `certificate` (unreadable), `digest` (the assertion was
    changed after signing), `signature` (the key does not match).
    """

    def __init__(self, step: str, detail: str) -> None:
        super().__init__(f"{step}: {detail}")
        self.step = step
        self.detail = detail


@frozen
class Signed:
    """A verified signature: who signed and with which hashes (`sha1`, `sha256`)."""

    certificate: x509.Certificate
    signature_hash: str
    digest_hash: str

    @property
    def weak(self) -> bool:
        return "sha1" in (self.signature_hash, self.digest_hash)


def sign(
    assertion: Element, certificate: x509.Certificate, key: RSAPrivateKey, digest: str = "sha256"
) -> bytes:
    """Sign an assertion that has an ID; the signature goes after its Issuer. Returns the whole, serialised.

    Raises ValueError for an assertion without ID or without child.
    """
    identifier = assertion.get("ID")
    if not identifier or not len(assertion):
        raise ValueError("an assertion to sign needs an ID and an Issuer")
    digest_uri = next(uri for uri, name in DIGESTS.items() if name == digest)
    signature_uri = next(uri for uri, name in SIGNATURES.items() if name == digest)
    value = base64.b64encode(hashlib.new(digest, canonical(assertion)).digest()).decode()
    der = certificate.public_bytes(serialization.Encoding.DER)
    signature = parse(
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{signature_uri}"/>'
        f'<ds:Reference URI="#{identifier}"><ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"/>'
        f'<ds:Transform Algorithm="{EXC_C14N}"/></ds:Transforms><ds:DigestMethod Algorithm="{digest_uri}"/>'
        f"<ds:DigestValue>{value}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue/>"
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{base64.b64encode(der).decode()}"
        f"</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>".encode()
    )
    assertion.insert(1, signature)
    signed_info, holder = signature[0], signature[1]
    raw = key.sign(canonical(signed_info), padding.PKCS1v15(), HASHES[digest]())
    holder.text = base64.b64encode(raw).decode()
    return etree.tostring(assertion)


def verify(assertion: Element, envelope: Element, written: bytes = b"") -> Signed:
    """Verify the signature of an assertion inside its envelope (which may be the assertion itself).

    `written`: the bytes that the envelope was parsed from, when they are at hand: they can spare a search.
    The certificate is returned, not trusted: see `certificates`. Raises SignatureRefused.
    """
    signature = _own_signature(assertion)
    identifier = assertion.get("ID", "")
    if not identifier:
        raise SignatureRefused("reference", "the assertion has no ID")
    _unique(identifier, envelope, written)
    signed_info, value, key_info = _shape(signature)
    signature_hash, prefixes = _methods(signed_info)
    reference = signed_info[-1]
    if reference.get("URI") != f"#{identifier}":
        raise SignatureRefused(
            "reference", f"Reference URI is {reference.get('URI')!r}, expected '#{identifier}'"
        )
    digest_hash, digest, body_prefixes = _reference(reference)
    certificate = _certificate(key_info)
    signed_bytes = canonical(signed_info, prefixes)
    computed = COMPUTED[digest_hash](_without(assertion, signature, body_prefixes)).digest()
    if computed != digest:
        raise SignatureRefused(
            "digest",
            f"DigestValue is {base64.b64encode(digest).decode()}, computed "
            f"{base64.b64encode(computed).decode()}: the assertion was changed after signing",
        )
    public = certificates.rsa_key(certificate)
    if public is None:
        raise SignatureRefused("certificate", "the certificate's key is not RSA")
    try:
        public.verify(
            _decoded(value, "signature"), signed_bytes, padding.PKCS1v15(), HASHES[signature_hash]()
        )
    except InvalidSignature:
        raise SignatureRefused("signature", "SignatureValue does not match the certificate's key") from None
    return Signed(certificate, signature_hash, digest_hash)


def canonical(element: Element, prefixes: list[str] | None = None) -> bytes:
    """Exclusive canonical form without comments."""
    return etree.tostring(
        element,
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=prefixes or None,
    )


def _own_signature(assertion: Element) -> Element:
    if assertion.tag != ASSERTION:
        raise SignatureRefused("shape", f"{local(assertion)} is not a SAML 2.0 assertion")
    found = list(assertion.iter(_SIGNATURE))
    if not found:
        raise SignatureRefused("absent", "the assertion carries no ds:Signature")
    if len(found) > 1 or found[0].getparent() is not assertion:
        raise SignatureRefused("wrapping", "the signature is not the one and only child of its assertion")
    return found[0]


def _unique(identifier: str, envelope: Element, written: bytes) -> None:
    """No other attribute of the message may have the value of the ID: a Reference could lead there."""
    if written and _written_twice(identifier, written):
        return
    bearers = _BEARERS(envelope, identifier=identifier)
    if bearers != 1:
        raise SignatureRefused(
            "wrapping", f"{bearers:.0f} attributes of the message have the value {identifier!r}"
        )


def _written_twice(identifier: str, written: bytes) -> bool:
    """Whether the identifier stands nowhere but in the ID of the assertion and in the Reference to it.

    Attributes that have it as their value then cannot be two: each would hold its letters, unless some of
    them were character references. False when in doubt.
    """
    if not _PLAIN_ID.fullmatch(identifier) or not _ASCII_INSIDE.fullmatch(
        declared_encoding(written) or "utf-8"
    ):
        return False
    letters = identifier.encode()
    if written.startswith(_WIDE) or written.count(letters) != 2 or written.count(b"#" + letters) != 1:
        return False
    return _LETTER.search(written) is None


def _named(parent: Element, *names: str) -> list[Element]:
    """The children, which must be exactly these ds: elements."""
    found = list(children(parent))
    if [item.tag for item in found] != [_DS[name] for name in names]:
        seen = ", ".join(local(item) for item in found)
        raise SignatureRefused(
            "shape", f"{local(parent)} holds {seen or 'nothing'}, expected {', '.join(names)}"
        )
    return found


def _shape(signature: Element) -> tuple[Element, Element, Element]:
    try:
        signed_info, value, key_info = _named(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    except SignatureRefused:
        if any(local(item) == "Object" for item in children(signature)):
            raise SignatureRefused("wrapping", "the signature holds a ds:Object") from None
        raise
    return signed_info, value, key_info


def _methods(signed_info: Element) -> tuple[str, list[str]]:
    try:
        method, algorithm, _ = _named(signed_info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    except SignatureRefused:
        if sum(local(item) == "Reference" for item in children(signed_info)) > 1:
            raise SignatureRefused("wrapping", "the signature has more than one Reference") from None
        raise
    if method.get("Algorithm") != EXC_C14N:
        raise SignatureRefused("algorithm", f"CanonicalizationMethod {method.get('Algorithm')}")
    uri = algorithm.get("Algorithm", "")
    if uri not in SIGNATURES:
        raise SignatureRefused("algorithm", f"SignatureMethod {uri}")
    return SIGNATURES[uri], _prefixes(method)


def _reference(reference: Element) -> tuple[str, bytes, list[str]]:
    transforms, method, value = _named(reference, "Transforms", "DigestMethod", "DigestValue")
    steps = _named(transforms, *["Transform"] * sum(1 for _ in children(transforms)))
    if [step.get("Algorithm") for step in steps] != [ENVELOPED, EXC_C14N]:
        seen = ", ".join(step.get("Algorithm", "") for step in steps)
        raise SignatureRefused("shape", f"transforms are {seen}, expected enveloped-signature then exc-c14n")
    uri = method.get("Algorithm", "")
    if uri not in DIGESTS:
        raise SignatureRefused("algorithm", f"DigestMethod {uri}")
    return DIGESTS[uri], _decoded(value, "digest"), _prefixes(steps[1])


def _prefixes(method: Element) -> list[str]:
    found = list(children(method))
    if not found:
        return []
    if len(found) > 1 or found[0].tag != f"{{{EXC_C14N}}}InclusiveNamespaces":
        raise SignatureRefused("shape", f"{local(method)} holds something else than InclusiveNamespaces")
    return found[0].get("PrefixList", "").split()


def _certificate(key_info: Element) -> x509.Certificate:
    holder = key_info.find(f"{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    if holder is None:
        raise SignatureRefused("certificate", "KeyInfo holds no X509Certificate")
    content = "".join(text(holder).split())
    if len(content) > MAX_CERTIFICATE:
        raise SignatureRefused("certificate", "X509Certificate is too large")
    try:
        return certificates.load(base64.b64decode(content, validate=True))
    except (binascii.Error, ValueError) as error:
        raise SignatureRefused("certificate", f"X509Certificate can't be read: {error}") from None


def _decoded(holder: Element, step: str) -> bytes:
    try:
        return base64.b64decode("".join(text(holder).split()), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureRefused(step, f"{local(holder)} is not base64") from None


def _without(assertion: Element, signature: Element, prefixes: list[str]) -> bytes:
    """Canonical form of the assertion without its signature, taken in place: namespaces stay in scope."""
    position, tail = assertion.index(signature), signature.tail
    signature.tail = None
    before = assertion[position - 1] if position else None
    kept = before.tail if before is not None else assertion.text
    if before is not None:
        before.tail = (kept or "") + (tail or "")
    else:
        assertion.text = (kept or "") + (tail or "")
    assertion.remove(signature)
    try:
        return canonical(assertion, prefixes)
    finally:
        if before is not None:
            before.tail = kept
        else:
            assertion.text = kept
        assertion.insert(position, signature)
        signature.tail = tail
