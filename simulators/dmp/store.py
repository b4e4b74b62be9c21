"""A folder that outlives the process, and that several may share: the whole memory of a DMP.

| what | where | shared by the processes |
|---|---|---|
| registry, authorisations, audit trail, identifiers already seen, derived patients | `dmp.sqlite` | yes |
| documents | `bodies/`, by SHA-256 | yes |
| exchanges and their judgement | `journal/journal.jsonl`, `journal/evidence.bin` | yes, one chain |
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from simulators.core.ledger import Ledger
from simulators.core.random import Randomness

from .database import Database, open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person (matricule TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. `opened`: when it was first opened; `opening`: how many times it was before."""

    folder: Path
    database: Database
    ledger: Ledger
    opened: datetime
    opening: int

    @property
    def bodies(self) -> Path:
        return self.folder / "bodies"

    @property
    def shelf(self) -> "PatientShelf":
        return PatientShelf(self.database)

    def randomness(self, seed: int) -> Randomness:
        """Draws that no other opening of this store makes: the identifiers of two processes never collide."""
        return Randomness(seed) if self.opening == 0 else Randomness(seed, f"opening {self.opening}")


def open_store(folder: Path, now: datetime, *, durable: bool = False) -> Store:
    """Open a store, or make it. Raises OSError or sqlite3.Error when it can't be used.

    `durable`: what was answered survives the loss of the machine's power.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database = open_database(folder / "dmp.sqlite", durable=durable)
    database.create(_SCHEMA)
    with database.writing() as connection:
        told = dict(connection.execute("SELECT name, value FROM meta"))
        opened = datetime.fromisoformat(told.get("opened") or now.isoformat())
        opening = int(told.get("openings", "0"))
        connection.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?,?)",
            [("opened", opened.isoformat()), ("openings", str(opening + 1))],
        )
    return Store(folder, database, Ledger(folder / "journal", durable=durable), opened, opening)


@dataclass(frozen=True, slots=True)
class PatientShelf:
    """The derived patients of a store. Implements `simulators.core.population.Shelf`."""

    database: Database

    def put(self, matricule: str, text: str) -> None:
        with self.database.changing() as connection:
            connection.execute("INSERT OR REPLACE INTO person VALUES (?,?)", (matricule, text))

    def get(self, matricule: str) -> str | None:
        with self.database.lock:
            row = self.database.connection.execute(
                "SELECT body FROM person WHERE matricule = ?", (matricule,)
            ).fetchone()
        return str(row[0]) if row else None

    def all(self) -> list[tuple[str, str]]:
        with self.database.lock:
            return self.database.connection.execute("SELECT matricule, body FROM person").fetchall()
