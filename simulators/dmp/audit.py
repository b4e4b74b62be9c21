"""The trail of a record: every call that reached it, kept by patient.

A call is traced once its author is known for sure: what is refused because of its message or its VIHF is in
the journal, not here. Who reads the trail: the treating doctor and the patient all of it, another
professional their own traces (PDT-INF-527). Kept for the length of a run, or in the file of the registry for
as long as it: how long the DMP keeps traces is only partly public.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from .database import Database
from .rights import GLASS, Actor
from .visibility import Kind, Viewer

DOCUMENTS = ("documents", "updates")  # facts that hold one object per document
LISTED = ("returned", "requested")  # facts that list uniqueIds
_SCHEMA = """
CREATE TABLE IF NOT EXISTS trace (id INTEGER PRIMARY KEY, patient TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS trace_patient ON trace (patient);
"""


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


@dataclass(frozen=True, slots=True)
class Notification:
    """What the patient is told of one break of the glass: by whom, why, and what was read."""

    first: datetime
    last: datetime
    who: str  # NameID
    structure: str
    reason: str  # Mode_Acces_Raison
    documents: tuple[str, ...]  # uniqueIds read (TD3.2)
    calls: int


class AuditTrail:
    """The traces of one stack, by matricule; in a database when there is one that is shared.

    Appending is atomic: safe to use from several threads, and processes where the database is shared.
    """

    def __init__(self, database: Database | None = None) -> None:
        self._traces: dict[str, list[Trace]] = {}
        self._database = database if database is not None and database.shared else None
        if self._database is not None:
            self._database.create(_SCHEMA)

    def add(self, matricule: str, trace: Trace) -> None:
        if self._database is None:
            self._traces.setdefault(matricule, []).append(trace)
            return
        body = json.dumps({**asdict(trace), "when": trace.when.isoformat()}, ensure_ascii=False)
        with self._database.changing() as connection:
            connection.execute("INSERT INTO trace (patient, body) VALUES (?,?)", (matricule, body))

    def rename(self, former: str, present: str) -> None:
        """The patient of one matricule now has another."""
        if self._database is not None:
            with self._database.changing() as connection:
                connection.execute("UPDATE trace SET patient = ? WHERE patient = ?", (present, former))
        elif former in self._traces:
            self._traces[present] = self._traces.pop(former) + self._traces.get(present, [])

    def of(self, matricule: str) -> tuple[Trace, ...]:
        """Every trace of a record, oldest first."""
        if self._database is None:
            return tuple(self._traces.get(matricule, ()))
        with self._database.lock:
            rows = self._database.connection.execute(
                "SELECT body FROM trace WHERE patient = ? ORDER BY id", (matricule,)
            ).fetchall()
        return tuple(_read(json.loads(body)) for (body,) in rows)


def _read(told: dict[str, Any]) -> Trace:
    return Trace(
        **{
            **told,
            "when": datetime.fromisoformat(told["when"]),
            "documents": tuple(told["documents"]),
        }
    )


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


def notifications(traces: Iterable[Trace]) -> tuple[Notification, ...]:
    """What the patient is told in Mon espace santé: each access in break of the glass, oldest first.

    Known: each is notified and justified. Assumed: calls of the same person, structure and reason on the same
    day (UTC) are one access; refused calls are not told.
    """
    told: dict[tuple[str, ...], Notification] = {}
    for one in traces:
        if one.purpose != GLASS or one.outcome != "accepted":
            continue
        key = (one.who, one.structure, one.reason, f"{one.when:%Y%m%d}")
        read = one.documents if one.transaction == "TD3.2" else ()
        known = told.get(key) or Notification(one.when, one.when, one.who, one.structure, one.reason, (), 0)
        documents = tuple(dict.fromkeys(known.documents + read))
        told[key] = replace(known, last=one.when, documents=documents, calls=known.calls + 1)
    return tuple(told.values())
