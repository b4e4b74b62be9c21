"""What the DMP remembers: entries in SQLite, bodies by their SHA-256 (in memory or in a folder)."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.xds import DocumentEntry, composite, names
from schemas.xds.model import Code
from schemas.xds.writer import entry_text

Facets = Mapping[str, list[str]]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    unique_id TEXT PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, patient TEXT NOT NULL, status TEXT NOT NULL,
    type_code TEXT NOT NULL, title TEXT NOT NULL, mime_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    is_signature INTEGER NOT NULL, facets TEXT NOT NULL, xml TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS entry_patient ON entry (patient);
CREATE TABLE IF NOT EXISTS submission (unique_id TEXT PRIMARY KEY, patient TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Held:
    """An entry as the registry holds it. `facets` are what queries filter on, by parameter name."""

    unique_id: str
    uuid: str
    patient: str  # matricule
    status: str
    type_code: str
    title: str
    mime_type: str
    sha256: str
    is_signature: bool
    facets: Facets
    xml: str  # ExtrinsicObject, `rim` prefix undeclared; empty for a signature

    @property
    def masked(self) -> bool:
        return any(value.startswith(names.MASQUE_PS) for value in self.facets["ConfidentialityCode"])


class DmpState:
    """The registry and the repository of one stack. Safe to use from several threads."""

    def __init__(self, database: str | Path = ":memory:", bodies: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(str(database), check_same_thread=False, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _SCHEMA)
        self._folder = bodies
        self._bodies: dict[str, bytes] = {}
        self._seen: set[str] = set()
        if bodies is not None:
            bodies.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def first_time(self, kind: str, identifier: str) -> bool:
        """Whether this identifier (of a VIHF, of a message) is seen for the first time; remembers it."""
        mark = f"{kind}:{identifier}"
        with self._lock:
            known = mark in self._seen
            self._seen.add(mark)
            return not known

    def find(self, unique_id: str) -> Held | None:
        with self._lock:
            row = self._db.execute("SELECT * FROM entry WHERE unique_id = ?", (unique_id,)).fetchone()
        return _held(row) if row else None

    def held(self, unique_ids: Iterable[str]) -> dict[str, str]:
        """SHA-256 by uniqueId of those that the registry already holds."""
        wanted = tuple(unique_ids)
        marks = ",".join("?" * len(wanted))
        with self._lock:
            rows = self._db.execute(
                f"SELECT unique_id, sha256 FROM entry WHERE unique_id IN ({marks})",
                wanted,
            ).fetchall()
        return dict(rows)

    def find_uuid(self, uuid: str) -> Held | None:
        with self._lock:
            row = self._db.execute("SELECT * FROM entry WHERE uuid = ?", (uuid,)).fetchone()
        return _held(row) if row else None

    def of_patient(self, matricule: str) -> list[Held]:
        """Every entry of a patient but the signatures, newest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM entry WHERE patient = ? AND is_signature = 0", (matricule,)
            ).fetchall()
        return sorted(map(_held, rows), key=lambda held: (held.facets["CreationTime"], held.unique_id))[::-1]

    def has_submission(self, unique_id: str) -> bool:
        with self._lock:
            found = self._db.execute("SELECT 1 FROM submission WHERE unique_id = ?", (unique_id,)).fetchone()
        return found is not None

    def register(
        self,
        patient: str,
        submission: str,
        entries: Iterable[tuple[DocumentEntry, bytes, str]],
        replaced: Iterable[str] = (),
    ) -> None:
        """Store a whole submission, or nothing.

        Entries are complete (id is the entryUUID, hash, size) and come with their bytes and SHA-256.
        `replaced` are entryUUIDs that become Deprecated. Raises sqlite3.IntegrityError on a duplicate.
        """
        listed = list(entries)
        rows = [_row(patient, entry, sha256) for entry, _, sha256 in listed]
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.execute("INSERT INTO submission VALUES (?, ?)", (submission, patient))
                self._db.executemany("INSERT INTO entry VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
                for uuid in replaced:
                    self._db.execute(
                        "UPDATE entry SET status = ?, xml = replace(xml, ?, ?) WHERE uuid = ?",
                        (
                            names.DEPRECATED,
                            f' status="{names.APPROVED}"',
                            f' status="{names.DEPRECATED}"',
                            uuid,
                        ),
                    )
                for _, data, sha256 in listed:
                    self._store(data, sha256)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def body(self, held: Held) -> bytes:
        """The bytes of a document."""
        if self._folder is not None:
            return (self._folder / held.sha256).read_bytes()
        with self._lock:
            return self._bodies[held.sha256]

    def _store(self, data: bytes, digest: str) -> None:
        if self._folder is not None:
            path = self._folder / digest
            if not path.exists():
                path.write_bytes(data)
        else:
            with self._lock:
                self._bodies.setdefault(digest, data)


def _row(patient: str, entry: DocumentEntry, sha256: str) -> tuple[object, ...]:
    return (
        entry.unique_id,
        entry.id,
        patient,
        entry.status,
        entry.type_code.code if entry.type_code else "",
        entry.title,
        entry.mime_type,
        sha256,
        int(entry.is_signature),
        json.dumps(facets(entry)),
        "" if entry.is_signature else entry_text(entry),  # a signature is kept, never listed
    )


def _held(row: tuple[Any, ...]) -> Held:
    unique_id, uuid, patient, status, type_code, title, mime_type, sha256, signature, filters, xml = row
    return Held(
        unique_id,
        uuid,
        patient,
        status,
        type_code,
        title,
        mime_type,
        sha256,
        bool(signature),
        json.loads(filters),
        xml,
    )


def facets(entry: DocumentEntry) -> dict[str, list[str]]:
    """What can be filtered on, under the names of the query parameters without `$XDSDocumentEntry`."""
    return {
        "ClassCode": _coded(entry.class_code),
        "TypeCode": _coded(entry.type_code),
        "FormatCode": _coded(entry.format_code),
        "HealthcareFacilityTypeCode": _coded(entry.facility),
        "PracticeSettingCode": _coded(entry.practice_setting),
        "ConfidentialityCode": _coded(*entry.confidentiality),
        "EventCodeList": _coded(*entry.events),
        "AuthorPerson": [author.person for author in entry.authors],
        "ReferenceIdList": list(entry.reference_ids),
        "CreationTime": [entry.creation_time],
        "ServiceStartTime": [entry.service_start],
        "ServiceStopTime": [entry.service_stop],
        "people": [
            composite.person_id(text)
            for text in (*(author.person for author in entry.authors), entry.legal_authenticator)
        ],
        "structures": [
            composite.institution_id(text) for author in entry.authors for text in author.institutions
        ],
    }


def _coded(*codes: Code | None) -> list[str]:
    return [f"{code.code}^^{code.system}" for code in codes if code is not None]
