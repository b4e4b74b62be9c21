"""Directory entries as FHIR R4 resources and bundles."""

from collections.abc import Sequence
from typing import Any

from .entries import Entry

MAILBOX = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-mailbox-mss-metadata"
PERSON_SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"
STRUCTURE_SYSTEM = "urn:oid:1.2.250.1.71.4.2.2"
KINDS = "https://mos.esante.gouv.fr/NOS/TRE_R257-TypeBAL/FHIR/TRE-R257-TypeBAL"
PROFESSIONS = "https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante"


def resource(entry: Entry) -> dict[str, Any]:
    """The FHIR resource of an entry."""
    made: dict[str, Any] = {
        "resourceType": entry.resource,
        "id": entry.id,
        "active": True,
        "identifier": [
            {
                "system": PERSON_SYSTEM if entry.resource == "Practitioner" else STRUCTURE_SYSTEM,
                "value": entry.identifier,
            }
        ],
        "telecom": [_telecom(item.address, item.kind) for item in entry.visible()],
    }
    if entry.resource == "Practitioner":
        made["name"] = [
            {"family": entry.family, "given": [entry.given], "text": f"{entry.given} {entry.family}"}
        ]
        coding = [{"system": PROFESSIONS, "code": entry.profession}]
        made["qualification"] = [{"code": {"coding": coding}}]
    else:
        made["name"] = entry.family
    return made


def _telecom(address: str, kind: str) -> dict[str, Any]:
    extension = {"url": "type", "valueCodeableConcept": {"coding": [{"system": KINDS, "code": kind}]}}
    return {"extension": [{"url": MAILBOX, "extension": [extension]}], "system": "email", "value": address}


def bundle(base: str, entries: Sequence[Entry], total: int, links: dict[str, str]) -> dict[str, Any]:
    """A searchset: one page of entries, the total, and its links."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
        "entry": [
            {
                "fullUrl": f"{base}/{entry.resource}/{entry.id}",
                "resource": resource(entry),
                "search": {"mode": "match"},
            }
            for entry in entries
        ],
    }


def outcome(code: str, diagnostics: str) -> dict[str, Any]:
    """An OperationOutcome of error level."""
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def capability() -> dict[str, Any]:
    """The CapabilityStatement of this service."""
    searches = ["identifier", "name", "family", "given", "mailbox-mss", "_count", "_elements"]
    params = [{"name": name, "type": "string"} for name in searches]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "description": "Annuaire Santé simulé (segur-bench)",
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {"type": kind, "interaction": [{"code": "search-type"}], "searchParam": params}
                    for kind in ("Practitioner", "PractitionerRole", "Organization")
                ],
            }
        ],
    }
