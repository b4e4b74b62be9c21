"""A distinguished name as written, against the subject of a certificate. Source: RFC 2253, RFC 4514."""

import re
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

_HEX = re.compile(r"=#([0-9A-Fa-f]+)")
_SPECIAL = re.compile(r'([,+"\\<>;=#])')
# Keywords of RFC 2253 §2.3; every other type is written as its OID, with its value in hexadecimal.
_KEYWORDS = {
    NameOID.COMMON_NAME: "CN",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COUNTRY_NAME: "C",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.USER_ID: "UID",
}
# Also read, for card software writes them: `GN=` (and not `G=`).
_ALSO = {"SN": NameOID.SURNAME, "GN": NameOID.GIVEN_NAME, "T": NameOID.TITLE}


def written(subject: x509.Name) -> str:
    """The subject in RFC 2253 form, as Issuer must have it: `CN=8…+2.5.4.4=#0c…,OU=…,C=FR`."""
    return ",".join("+".join(_attribute(one) for one in rdn) for rdn in reversed(subject.rdns))


@lru_cache(maxsize=256)
def issuer_of(certificate: x509.Certificate) -> str:
    """What Issuer must be when this certificate signs: its subject in RFC 2253 form, worked out once."""
    return written(certificate.subject)


def same_subject(written: str, subject: x509.Name) -> bool:
    """Whether a DN in RFC 2253 form is this subject: same order; `S=` and `G=` are not RFC 2253 names.

    Values in hexadecimal (`2.5.4.4=#0C05…`, as card software writes SN and GN) are decoded.
    """
    if written == subject.rfc4514_string():
        return True
    try:
        return x509.Name.from_rfc4514_string(_HEX.sub(_decoded, written), _ALSO) == subject
    except (ValueError, KeyError):
        return False


def _attribute(attribute: x509.NameAttribute[str | bytes]) -> str:
    keyword = _KEYWORDS.get(attribute.oid)
    if keyword is not None:
        return attribute.rfc4514_string()
    value = attribute.value if isinstance(attribute.value, bytes) else attribute.value.encode()
    size = len(value)
    length = (
        bytes([size])
        if size < 0x80
        else b"\x81" + bytes([size])
        if size < 0x100
        else b"\x82" + size.to_bytes(2)
    )
    return f"{attribute.oid.dotted_string}=#{(bytes([0x0C]) + length + value).hex()}"


def _decoded(found: re.Match[str]) -> str:
    """`=#` and the DER of a string as `=` and its text, escaped; as it was when it is not such a DER."""
    try:
        der = bytes.fromhex(found[1])
        value = _content(der).decode("utf-8")
    except (ValueError, IndexError):
        return found[0]
    return "=" + _SPECIAL.sub(r"\\\1", value)


def _content(der: bytes) -> bytes:
    """What a DER string holds. Raises ValueError, IndexError."""
    size, start = der[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[2:start])
    if len(der) != start + size:
        raise ValueError("not the DER of one string")
    return der[start:]
