"""The patient of a call, found without reading it: the resource-id of its VIHF, or the end of its address."""

import re

REACH = 64 * 1024  # bytes in which the SOAP header is expected
_NAME = b"resource:resource-id"
_MATRICULE = re.compile(rb"(?<![0-9A-Z])([0-9]{6}[0-9AB]{2}[0-9]{7})\^\^\^")

_LAST = re.compile(r"/([0-9]{6}[0-9AB]{2}[0-9]{7})\Z")


def patient_of(body: bytes) -> str:
    """The 15-character matricule that the VIHF names; empty without one."""
    at = body.find(_NAME, 0, REACH)
    if at < 0:
        return ""
    found = _MATRICULE.search(body, at, at + 1_000)
    return found[1].decode("ascii") if found else ""


def patient_at(path: str) -> str:
    """The 15-character matricule that ends a contextual address of Web PS; empty without one."""
    found = _LAST.search(path)
    return found[1] if found else ""
