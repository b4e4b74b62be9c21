"""Directory entries as FHIR R4 resources and bundles."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from .entries import Entry

MAILBOX = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-mailbox-mss-metadata"
PERSON_SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"
STRUCTURE_SYSTEM = "urn:oid:1.2.250.1.71.4.2.2"
KINDS = "https://mos.esante.gouv.fr/NOS/TRE_R257-TypeBAL/FHIR/TRE-R257-TypeBAL"
PROFESSIONS = "https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante"


def resource(entry: Entry, elements: Collection[str] = ()) -> dict[str, Any]:
    """The FHIR resource of an entry; with `elements`, those alone (and what is mandatory)."""
    made: dict[str, Any] = {
        "resourceType": entry.resource,
        "id": entry.id,
        "active": True,
        "identifier": [_identifier(PERSON_SYSTEM, entry.identifier)],
        "telecom": [_telecom(item.address, item.kind) for item in entry.visible()],
        **_DETAILS[entry.resource](entry),
    }
    kept = {"resourceType", "id", *elements}
    return {name: value for name, value in made.items() if not elements or name in kept}


def _identifier(system: str, value: str) -> dict[str, str]:
    return {"system": system, "value": value}


def _profession(entry: Entry) -> dict[str, Any]:
    return {"coding": [{"system": PROFESSIONS, "code": entry.profession}]}


def _practitioner(entry: Entry) -> dict[str, Any]:
    name = {"family": entry.family, "given": [entry.given], "text": f"{entry.given} {entry.family}"}
    return {"name": [name], "qualification": [{"code": _profession(entry)}]}


def _role(entry: Entry) -> dict[str, Any]:
    where = {"identifier": _identifier(STRUCTURE_SYSTEM, entry.organization)}
    return {
        "identifier": [],
        "practitioner": {
            "reference": f"Practitioner/{entry.practitioner}",
            "identifier": _identifier(PERSON_SYSTEM, entry.identifier),
        },
        "organization": where,
        "code": [_profession(entry)],
    }


def _organization(entry: Entry) -> dict[str, Any]:
    return {"identifier": [_identifier(STRUCTURE_SYSTEM, entry.identifier)], "name": entry.family}


_DETAILS: Mapping[str, Callable[[Entry], dict[str, Any]]] = {
    "Practitioner": _practitioner,
    "PractitionerRole": _role,
    "Organization": _organization,
}


def _telecom(address: str, kind: str) -> dict[str, Any]:
    extension = {"url": "type", "valueCodeableConcept": {"coding": [{"system": KINDS, "code": kind}]}}
    return {"extension": [{"url": MAILBOX, "extension": [extension]}], "system": "email", "value": address}


def bundle(
    base: str, entries: Sequence[Entry], total: int, links: dict[str, str], elements: Collection[str] = ()
) -> dict[str, Any]:
    """A searchset: one page of entries, the total, and its links."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
        "entry": [
            {
                "fullUrl": f"{base}/{entry.resource}/{entry.id}",
                "resource": resource(entry, elements),
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
                    {
                        "type": kind,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "searchParam": params,
                    }
                    for kind in ("Practitioner", "PractitionerRole", "Organization")
                ],
            }
        ],
    }
