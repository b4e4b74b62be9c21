"""Who is authorised on which DMP: states by patient and holder, in SQLite.

A holder is a professional (PS_IdNat) or a structure (Struct_IdNat). Until somebody changes it, the state is
the one that the population gives the patient; only changes are stored, and forgotten when the population
says something else of the patient.
States `VALIDE` and `INTERDIT` are known; the spelling of `EXPIRE` and `NON_EXISTE` is of medium confidence.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from simulators.core.clock import iso
from simulators.core.identities import MEDECIN
from simulators.core.population import Patient

from .database import MEMORY, Database, as_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS authorisation (
    patient TEXT NOT NULL, holder TEXT NOT NULL, state TEXT NOT NULL, start TEXT NOT NULL,
    last_action TEXT NOT NULL, treating INTEGER NOT NULL, given TEXT NOT NULL, PRIMARY KEY (patient, holder)
) WITHOUT ROWID;
"""
_COLUMNS = "holder, state, start, last_action, treating"


class State(StrEnum):
    """AUTORISATION as TD0.2 says it."""

    NONE = "NON_EXISTE"
    VALID = "VALIDE"
    EXPIRED = "EXPIRE"
    BLOCKED = "INTERDIT"


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The state of one holder on one DMP. Instants are aware, None while there never was any."""

    holder: str
    state: State = State.NONE
    start: datetime | None = None
    last_action: datetime | None = None
    treating: bool = False


class Authorisations:
    """The authorisations of one stack. `opened`: when the stack started. Safe to use from several threads.

    `lifetime` is how long an authorisation lasts: unknown in public documents, None by default.
    """

    def __init__(
        self, opened: datetime, database: str | Path | Database = MEMORY, lifetime: timedelta | None = None
    ) -> None:
        self._opened = opened.replace(microsecond=0)
        self._lifetime = lifetime
        self._database = as_database(database)
        self._database.create(_SCHEMA)
        self._lock = self._database.lock
        self._db = self._database.connection

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """What is read and changed in here happens at once: nobody changes it in between."""
        with self._database.writing():
            yield

    def of(self, patient: Patient, holder: str, now: datetime) -> Authorisation:
        """How this holder stands on this DMP."""
        return self._aged(self._stored(patient, holder) or self._initial(patient, holder), now)

    def effective(self, patient: Patient, holder: str, structure: str, now: datetime) -> Authorisation:
        """How a professional stands, by themselves or else by an authorisation given to their structure.

        Only an authorisation that was asked for the structure counts. A blocked professional stays blocked.
        """
        own = self.of(patient, holder, now)
        if own.state in (State.VALID, State.BLOCKED):
            return own
        shared = self._stored(patient, structure)
        if shared is None or (shared := self._aged(shared, now)).state is not State.VALID:
            return own
        return replace(own, state=State.VALID, start=shared.start, last_action=shared.last_action)

    def stored(self, patient: Patient, holder: str) -> bool:
        """Whether somebody changed how this holder stands."""
        return self._stored(patient, holder) is not None

    def _stored(self, patient: Patient, holder: str) -> Authorisation | None:
        with self._lock:
            row = self._db.execute(
                f"SELECT {_COLUMNS} FROM authorisation WHERE patient = ? AND holder = ? AND given = ?",
                (patient.ins.matricule, holder, _given(patient)),
            ).fetchone()
        return _read(row) if row else None

    def rename(self, former: str, present: str) -> None:
        """The patient of one matricule now has another."""
        with self._database.changing():
            self._db.execute("UPDATE authorisation SET patient = ? WHERE patient = ?", (present, former))

    def put(self, patient: Patient, one: Authorisation) -> None:
        """Store a state as it is."""
        with self._database.changing():
            self._db.execute(
                "INSERT OR REPLACE INTO authorisation VALUES (?,?,?,?,?,?,?)",
                (
                    patient.ins.matricule,
                    one.holder,
                    one.state.value,
                    iso(one.start) if one.start else "",
                    iso(one.last_action) if one.last_action else "",
                    int(one.treating),
                    _given(patient),
                ),
            )

    def add(self, patient: Patient, holder: str, now: datetime, treating: bool = False) -> Authorisation:
        """AJOUT: VALIDE from now on, or as before when it already was. The caller has refused INTERDIT."""
        before = self.of(patient, holder, now)
        if before.state is State.VALID and (before.treating or not treating):
            return before
        start = before.start if before.state is State.VALID else now
        after = Authorisation(holder, State.VALID, start, now, before.treating or treating)
        self.put(patient, after)
        return after

    def withdraw(self, patient: Patient, holder: str, now: datetime, ends_treating: bool) -> Authorisation:
        """SUPPRESSION: NON_EXISTE; with `ends_treating` the holder is no longer a treating doctor either."""
        before = self.of(patient, holder, now)
        after = replace(
            before,
            state=State.NONE,
            start=None,
            last_action=now,
            treating=before.treating and not ends_treating,
        )
        self.put(patient, after)
        return after

    def stop_treating(self, patient: Patient, holder: str, now: datetime) -> Authorisation:
        """SUPPRESSION of the role: the authorisation stays."""
        after = replace(self.of(patient, holder, now), last_action=now, treating=False)
        self.put(patient, after)
        return after

    def block(self, patient: Patient, holder: str, now: datetime) -> Authorisation:
        """The patient blocks a holder in Mon espace santé: no longer a treating doctor either."""
        after = Authorisation(holder, State.BLOCKED, now, now)
        self.put(patient, after)
        return after

    def _initial(self, patient: Patient, holder: str) -> Authorisation:
        """From the population: given 1 to 28 days before the stack started, drawn from patient and holder."""
        state = State(patient.authorisation)
        if state is State.NONE:
            return Authorisation(holder)
        digest = hashlib.sha256(f"{patient.ins.matricule}:{holder}".encode()).digest()
        start = self._opened - timedelta(days=1 + digest[0] % 28)
        treating = patient.treated and holder == MEDECIN.id_nat and state is State.VALID
        return Authorisation(holder, state, start, start, treating)

    def _aged(self, one: Authorisation, now: datetime) -> Authorisation:
        if self._lifetime is None or one.start is None or one.state is not State.VALID:
            return one
        return replace(one, state=State.EXPIRED) if now >= one.start + self._lifetime else one


def _given(patient: Patient) -> str:
    """What the population says of the patient: a change made under another saying no longer counts."""
    return f"{patient.authorisation}/{patient.treated}"


def _read(row: tuple[str, str, str, str, int]) -> Authorisation:
    holder, state, start, last, treating = row
    return Authorisation(holder, State(state), _instant(start), _instant(last), bool(treating))


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
