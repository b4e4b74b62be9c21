"""A distinguished name as written, against the subject of a certificate. Source: RFC 2253, RFC 4514."""

import re

from cryptography import x509

_HEX = re.compile(r"=#([0-9A-Fa-f]+)")


def same_subject(written: str, subject: x509.Name) -> bool:
    """Whether a DN in RFC 2253 form is this subject: same order; `S=` and `G=` are not RFC 2253 names.

    Values in hexadecimal (`2.5.4.4=#0C05…`, as card software writes SN and GN) are decoded.
    """
    if written == subject.rfc4514_string():
        return True
    try:
        return x509.Name.from_rfc4514_string(_HEX.sub(_decoded, written)) == subject
    except (ValueError, KeyError):
        return False


def _decoded(found: re.Match[str]) -> str:
    """`=#` and the DER of a string as `=` and its text, escaped."""
    try:
        der = bytes.fromhex(found[1])
        content = der[2:] if len(der) > 1 and der[1] == len(der) - 2 else der
        value = content.decode("utf-8")
    except ValueError:
        return found[0]
    return "=" + re.sub(r'([,+"\\<>;=#])', r"\\\1", value)
