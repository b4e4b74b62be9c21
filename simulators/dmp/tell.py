"""What the bench tells people of a DMP, as plain JSON: a record, its trail, who may read it; the settings."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from schemas.messages import text
from simulators.core.clock import iso
from simulators.core.identities import PROFESSIONALS, Professional
from simulators.core.population import Patient

from .audit import Notification, Trace, notifications
from .authorisations import State
from .rows import Held
from .service import DmpService
from .settings import DmpSettings, changed, shown, sources

Json = dict[str, Any]


def record(
    dmp: DmpService, patient: Patient, now: datetime, people: Iterable[Professional] = PROFESSIONALS
) -> Json:
    """Documents (current versions, newest first), authorisations, trail and notifications of a record.

    Instants are ISO 8601. Everything is told, masked documents included: this is the bench's own view.
    """
    traces = dmp.audit.of(patient.ins.matricule)
    entries = dmp.state.of_patient(patient.ins.matricule)
    return {
        "documents": [_document(one) for one in entries if not one.superseded],
        "authorisations": _authorisations(dmp, patient, now, people),
        "trail": [_trace(one) for one in traces],
        "notifications": [_notification(one) for one in notifications(traces)],
    }


def settings(given: DmpSettings, lang: str = "fr") -> list[Json]:
    """Every setting: its value and its default in words, what it is, where the default comes from."""
    usual, known, other = DmpSettings(), sources(), changed(given)
    return [
        {
            "name": one.name,
            "value": shown(getattr(given, one.name), lang),
            "default": shown(getattr(usual, one.name), lang),
            "changed": one.name in other,
            "what": text(f"dmp.setting.{one.name}", lang),
            "source": known[one.name] or text("dmp.settings.hypothesis", lang),
        }
        for one in fields(DmpSettings)
    ]


def _document(held: Held) -> Json:
    return {
        "unique_id": held.unique_id,
        "entry_uuid": held.uuid,
        "title": held.title,
        "type_code": held.type_code,
        "status": held.status.rpartition(":")[2],
        "flags": sorted(held.flags),
        "created": held.facets["CreationTime"][0],
        "authors": list(held.facets["AuthorPerson"]),
        "version": held.version,
    }


def _authorisations(
    dmp: DmpService, patient: Patient, now: datetime, people: Iterable[Professional]
) -> list[Json]:
    """Of each known professional, and of each structure that has one."""
    listed = tuple(people)
    names = {one.id_nat: f"{one.given} {one.family}" for one in listed}
    people_ids = frozenset(names)
    names |= {one.structure.id_nat: one.structure.name for one in listed}
    standing = []
    for holder, name in names.items():
        held = dmp.authorisations.of(patient, holder, now)
        if holder not in people_ids and not dmp.authorisations.stored(patient, holder):
            continue  # the population speaks of professionals
        if held.state is State.NONE and held.last_action is None:
            continue
        standing.append(
            {
                "holder": holder,
                "name": name,
                "state": held.state.value,
                "start": iso(held.start) if held.start else "",
                "last_action": iso(held.last_action) if held.last_action else "",
                "treating": held.treating,
            }
        )
    return standing


def _trace(one: Trace) -> Json:
    return {**asdict(one), "when": iso(one.when), "documents": list(one.documents)}


def _notification(one: Notification) -> Json:
    return {
        **asdict(one),
        "first": iso(one.first),
        "last": iso(one.last),
        "documents": list(one.documents),
    }
