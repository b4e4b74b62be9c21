"""The HL7 v2 composite values inside XDS metadata.

Formats as CI-SIS "Partage de documents de santé" writes them:
`id^NOM^Prénom^^^^^^&oid&ISO^D^^^IDNPS` (XCN), `Nom^^^^^&oid&ISO^IDNST^^^id` (XON), `id^^^&oid&ISO^PI` (CX).
"""

import re

from schemas.xds import names

WIRE_TIME = re.compile(r"\d{4}(?:\d{2}){0,5}")
OID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+")


def xcn(identifier: str, family: str, given: str, system: str = names.PERSON_IDS) -> str:
    """authorPerson / legalAuthenticator. XCN.13 is `EI` for an internal id or a device (it holds a `/`)."""
    kind = "NH" if system != names.PERSON_IDS else "EI" if "/" in identifier else "IDNPS"
    family, given = _flat(family), _flat(given)
    return f"{identifier}^{family}^{given}^^^^^^&{system}&ISO^{'D' if kind != 'NH' else ''}^^^{kind}"


def xon(identifier: str, name: str, system: str = names.STRUCTURE_IDS) -> str:
    """authorInstitution."""
    return f"{_flat(name)}^^^^^&{system}&ISO^IDNST^^^{identifier}"


def cx(identifier: str, system: str, kind: str = "PI") -> str:
    """sourcePatientId (kind `PI`) or patientId (kind `NH`)."""
    return f"{identifier}^^^&{system}&ISO^{kind}"


def _flat(text: str) -> str:
    return text.replace("^", " ").replace("&", " ").strip()


def person_id(text: str) -> str:
    """XCN.1."""
    return text.partition("^")[0]


def institution_id(text: str) -> str:
    """XON.10; empty when absent."""
    parts = text.split("^")
    return parts[9] if len(parts) > 9 else ""


def patient(text: str) -> str:
    """A patientId without its optional CX.7 date, to compare identifiers."""
    parts = text.strip().split("^")
    return "^".join(parts[:5])


def same_instant(one: str, other: str) -> bool:
    """Two wire times compared to the precision that both have."""
    size = min(len(one), len(other))
    return size >= 8 and one[:size] == other[:size]
