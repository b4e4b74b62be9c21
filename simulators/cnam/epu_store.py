"""What the e-prescription service remembers, in SQLite (in memory unless a path is given)."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from schemas.prescription import states

_TABLES = """
CREATE TABLE IF NOT EXISTS prescription (
  epu_id TEXT PRIMARY KEY, digest TEXT NOT NULL, author TEXT NOT NULL, patient TEXT NOT NULL,
  body TEXT NOT NULL, created TEXT NOT NULL, cancelled TEXT, replaces TEXT, replaced_by TEXT);
CREATE INDEX IF NOT EXISTS of_patient ON prescription (patient);
CREATE TABLE IF NOT EXISTS dispensation (
  rank INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, epu_id TEXT NOT NULL,
  digest TEXT NOT NULL, dispenser TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL, withdrawn TEXT);
CREATE INDEX IF NOT EXISTS of_prescription ON dispensation (epu_id);
CREATE TABLE IF NOT EXISTS event (
  rank INTEGER PRIMARY KEY AUTOINCREMENT, epu_id TEXT NOT NULL, at TEXT NOT NULL, type TEXT NOT NULL,
  by TEXT NOT NULL, ref TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS event_of ON event (epu_id);
CREATE TABLE IF NOT EXISTS token (
  digest TEXT PRIMARY KEY, user TEXT NOT NULL, thumbprint TEXT NOT NULL, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS exchanged (digest TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS opposition (patient TEXT PRIMARY KEY, opposes INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A prescription in the base. `patient` is the 15-character matricule, empty without INS."""

    epu_id: str
    digest: str
    author: str
    patient: str
    body: Mapping[str, Any]
    created: str
    cancelled: str | None
    replaces: str | None
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class StoredDispensation:
    id: str
    epu_id: str
    digest: str
    dispenser: str
    at: str
    body: Mapping[str, Any]
    withdrawn: str | None


@dataclass(frozen=True, slots=True)
class Event:
    at: str
    type: str
    by: str
    ref: str

    def as_dict(self) -> dict[str, str]:
        made = {"at": self.at, "type": self.type, "by": self.by, "ref": self.ref}
        return {key: value for key, value in made.items() if value}


class Store:
    """The base. Every operation of the service runs inside one `transaction`."""

    def __init__(self, database: str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        self._db.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: an exception undoes what was written."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def add(self, item: Stored) -> None:
        self._db.execute(
            "INSERT INTO prescription VALUES (?,?,?,?,?,?,?,?,?)",
            (
                item.epu_id,
                item.digest,
                item.author,
                item.patient,
                json.dumps(item.body, ensure_ascii=False),
                item.created,
                item.cancelled,
                item.replaces,
                item.replaced_by,
            ),
        )

    def find(self, epu_id: str) -> Stored | None:
        row = self._db.execute("SELECT * FROM prescription WHERE epu_id = ?", (epu_id,)).fetchone()
        return None if row is None else _stored(row)

    def of_patient(self, patient: str) -> list[Stored]:
        rows = self._db.execute("SELECT * FROM prescription WHERE patient = ? ORDER BY rowid", (patient,))
        return [_stored(row) for row in rows]

    def cancel(self, epu_id: str, at: str, replaced_by: str | None) -> None:
        self._db.execute(
            "UPDATE prescription SET cancelled = ?, replaced_by = ? WHERE epu_id = ?",
            (at, replaced_by, epu_id),
        )

    def dispensations(self, epu_id: str) -> list[StoredDispensation]:
        """Those that were not withdrawn, in order."""
        rows = self._db.execute(
            "SELECT id, epu_id, digest, dispenser, at, body, withdrawn FROM dispensation"
            " WHERE epu_id = ? AND withdrawn IS NULL ORDER BY rank",
            (epu_id,),
        )
        return [_dispensation(row) for row in rows]

    def find_dispensation(self, id: str) -> StoredDispensation | None:
        row = self._db.execute(
            "SELECT id, epu_id, digest, dispenser, at, body, withdrawn FROM dispensation WHERE id = ?", (id,)
        ).fetchone()
        return None if row is None else _dispensation(row)

    def add_dispensation(self, item: StoredDispensation) -> None:
        self._db.execute(
            "INSERT INTO dispensation (id, epu_id, digest, dispenser, at, body) VALUES (?,?,?,?,?,?)",
            (
                item.id,
                item.epu_id,
                item.digest,
                item.dispenser,
                item.at,
                json.dumps(item.body, ensure_ascii=False),
            ),
        )

    def withdraw(self, id: str, at: str) -> None:
        self._db.execute("UPDATE dispensation SET withdrawn = ? WHERE id = ?", (at, id))

    def record(self, epu_id: str, at: str, kind: str, by: str, ref: str = "") -> None:
        """Add an event to a prescription's history."""
        self._db.execute(
            "INSERT INTO event (epu_id, at, type, by, ref) VALUES (?,?,?,?,?)", (epu_id, at, kind, by, ref)
        )

    def events(self, epu_id: str) -> list[Event]:
        rows = self._db.execute(
            "SELECT at, type, by, ref FROM event WHERE epu_id = ? ORDER BY rank", (epu_id,)
        )
        return [Event(*row) for row in rows]

    def version(self, epu_id: str) -> int:
        """Number of changes: a consultation is not one."""
        query = "SELECT COUNT(*) FROM event WHERE epu_id = ? AND type <> 'CONSULTED'"
        return int(self._db.execute(query, (epu_id,)).fetchone()[0])

    def state(self, item: Stored, today: date) -> states.State:
        """Where a prescription stands today."""
        done = [dispensation.body["lines"] for dispensation in self.dispensations(item.epu_id)]
        return states.replay(item.body, done, cancelled=item.cancelled is not None, today=today)

    def add_token(self, digest: str, user: str, thumbprint: str, expires: float) -> None:
        self._db.execute("INSERT INTO token VALUES (?,?,?,?)", (digest, user, thumbprint, expires))

    def token(self, digest: str) -> tuple[str, str, float] | None:
        """User, certificate thumbprint and expiry (epoch seconds) of a token."""
        row = self._db.execute(
            "SELECT user, thumbprint, expires FROM token WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else (str(row[0]), str(row[1]), float(row[2]))

    def mark_exchanged(self, digest: str) -> bool:
        """Remember that a subject token was exchanged; True when it already had been."""
        done = self._db.execute("INSERT OR IGNORE INTO exchanged VALUES (?)", (digest,))
        return done.rowcount == 0

    def oppose(self, patient: str, opposes: bool) -> None:
        self._db.execute("INSERT OR REPLACE INTO opposition VALUES (?,?)", (patient, int(opposes)))

    def opposes(self, patient: str) -> bool | None:
        row = self._db.execute("SELECT opposes FROM opposition WHERE patient = ?", (patient,)).fetchone()
        return None if row is None else bool(row[0])


def _stored(row: tuple[Any, ...]) -> Stored:
    epu_id, digest, author, patient, body, created, cancelled, replaces, replaced_by = row
    return Stored(
        epu_id, digest, author, patient, json.loads(body), created, cancelled, replaces, replaced_by
    )


def _dispensation(row: tuple[Any, ...]) -> StoredDispensation:
    id, epu_id, digest, dispenser, at, body, withdrawn = row
    return StoredDispensation(id, epu_id, digest, dispenser, at, json.loads(body), withdrawn)
