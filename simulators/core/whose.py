"""The patient of a call, found in its bytes without reading the message: the resource-id of its VIHF."""

import re

REACH = 64 * 1024  # bytes in which the SOAP header is expected
_NAME = b"resource:resource-id"
_MATRICULE = re.compile(rb"(?<![0-9A-Z])([0-9]{6}[0-9AB]{2}[0-9]{7})\^\^\^")


def patient_of(body: bytes) -> str:
    """The 15-character matricule that the VIHF names; empty without one."""
    at = body.find(_NAME, 0, REACH)
    if at < 0:
        return ""
    found = _MATRICULE.search(body, at, at + 1_000)
    return found[1].decode("ascii") if found else ""
