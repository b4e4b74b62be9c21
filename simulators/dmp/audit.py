"""The trail of a record: every call that reached it, kept by patient.

A call is traced once its author is known for sure: what is refused because of its message or its VIHF is in
the journal, not here. Who reads the trail: the treating doctor and the patient all of it, another
professional their own traces (PDT-INF-527). Kept for the length of a run: how long the DMP keeps traces is
only partly public.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .rights import Actor
from .visibility import Kind, Viewer

DOCUMENTS = ("documents", "updates")  # facts that hold one object per document
LISTED = ("returned", "requested")  # facts that list uniqueIds


@dataclass(frozen=True, slots=True)
class Trace:
    """One call on one record."""

    when: datetime
    who: str  # NameID
    structure: str
    mode: str
    purpose: str
    reason: str  # Mode_Acces_Raison, due in a break of the glass
    transaction: str  # TD2.1
    documents: tuple[str, ...]  # uniqueIds given, found, or asked for when refused
    outcome: str  # accepted, or refused
    detail: str = ""  # wire code of a refusal


class AuditTrail:
    """The traces of one stack, by matricule. Appending is atomic: safe to use from several threads."""

    def __init__(self) -> None:
        self._traces: dict[str, list[Trace]] = {}

    def add(self, matricule: str, trace: Trace) -> None:
        self._traces.setdefault(matricule, []).append(trace)

    def of(self, matricule: str) -> tuple[Trace, ...]:
        """Every trace of a record, oldest first."""
        return tuple(self._traces.get(matricule, ()))


def documents_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The uniqueIds that an exchange is about, from its facts."""
    for name in DOCUMENTS:
        if facts.get(name):
            return tuple(str(one["unique_id"]) for one in facts[name])
    return tuple(next((facts[name] for name in LISTED if facts.get(name)), ()))


def shown(traces: Iterable[Trace], viewer: Viewer) -> tuple[Trace, ...]:
    """The traces that a viewer may read."""
    everything = viewer.kind is not Kind.CALLER or viewer.actor is Actor.TREATING
    return tuple(trace for trace in traces if everything or trace.who == viewer.id)
