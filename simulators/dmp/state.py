"""What the DMP remembers: the registry in SQLite, bodies by their SHA-256 (in memory or in a folder).

Rows are clustered on the patient: the key of an entry is the patient's number and a rank, so that a search
reads one stretch of the table, however many other patients there are. One row is one version of the metadata
of a document; versions share uniqueId and logical id. HasMember associations are not stored: a row knows its
submission set.

The database may be a file that several processes share: what one of them remembers of it (numbers of
patients, last keys, identifiers seen) would then be wrong, so that nothing is remembered outside of the file.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.xds import DocumentEntry, SubmissionSet, names
from simulators.core.folder import Folder

from .database import MEMORY, Database, as_database
from .rows import (
    ENTRY,
    ENTRY_ROW,
    LINK,
    SCHEMA,
    SET,
    SET_ROW,
    Held,
    HeldSet,
    Link,
    entry_row,
    held,
    held_set,
    set_row,
)

EMPTY = hashlib.sha256().hexdigest()  # of no bytes, which are not stored
RANKS = 20  # bits: the entries, and the sets, that one patient may have
MARKS = 200_000  # identifiers remembered at most, the last ones: about those of 100 000 calls
PRUNED = 1_000  # the oldest marks of a file go by so many
_SEEN = "CREATE TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY, mark TEXT NOT NULL UNIQUE);"


class Stale(Exception):
    """An entry is no longer what the caller saw. `uuid`: its entryUUID."""

    def __init__(self, uuid: str) -> None:
        super().__init__(uuid)
        self.uuid = uuid


@dataclass(frozen=True, slots=True)
class Change:
    """A status that changes in place. `superseded`: by another version of the same document's metadata."""

    uuid: str
    before: str
    after: str
    superseded: bool = False


class DmpState:
    """The registry and the repository of one stack. Safe to use from several threads."""

    def __init__(
        self, database: str | Path | Database = MEMORY, bodies: Path | None = None, marks: int = MARKS
    ) -> None:
        self._database = as_database(database)
        self._database.create(SCHEMA + _SEEN)
        self._db = self._database.connection
        self._lock = self._database.lock
        self._shared = self._database.shared
        self._folder = None if bodies is None else Folder(bodies, self._database.durable)
        self._bodies: dict[str, bytes] = {}
        self._marks = marks
        self._seen: dict[str, None] = {}  # oldest first
        self._numbers: dict[str, int] = {}
        self._last: dict[tuple[str, int], int] = {}  # table and patient: the last key given

    def close(self) -> None:
        self._database.close()

    def first_time(self, kind: str, identifier: str) -> bool:
        """Whether this identifier (of a VIHF, of a message) is seen for the first time; remembers it.

        Only the last ones are remembered (see MARKS): a server that runs for weeks must not grow.
        """
        mark = f"{kind}:{identifier}"
        with self._lock:
            if self._shared:
                with self._database.changing():
                    return self._first_time_of_all(mark)
            known = mark in self._seen
            self._seen[mark] = None
            if len(self._seen) > self._marks:
                del self._seen[next(iter(self._seen))]
            return not known

    def _first_time_of_all(self, mark: str) -> bool:
        done = self._db.execute("INSERT OR IGNORE INTO seen (mark) VALUES (?)", (mark,))
        if done.rowcount and done.lastrowid and done.lastrowid % PRUNED == 0:
            self._db.execute("DELETE FROM seen WHERE id <= ?", (done.lastrowid - self._marks,))
        return done.rowcount == 1

    def find(self, unique_id: str) -> Held | None:
        """The current version of a document."""
        return self._one("e.unique_id = ? ORDER BY e.version DESC LIMIT 1", unique_id)

    def find_uuid(self, uuid: str) -> Held | None:
        """One version, by its entryUUID."""
        return self._one("e.uuid = ?", uuid)

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

    def of_patient(self, matricule: str, statuses: Sequence[str] = ()) -> list[Held]:
        """The entries of a patient but the signatures, newest first; all statuses when none is named."""
        marks = ",".join("?" * len(statuses))
        only = f" AND e.status IN ({marks})" if statuses else ""
        with self._lock:
            rows = self._db.execute(
                f"{ENTRY} WHERE e.id BETWEEN ? AND ? AND e.is_signature = 0{only}",
                (*self._range(matricule), *statuses),
            ).fetchall()
        found = [held(matricule, row[1:]) for row in rows]
        return sorted(found, key=lambda one: (one.facets["CreationTime"], one.unique_id, one.version))[::-1]

    def last_received(self, matricule: str) -> str:
        """When the newest document of a patient was deposited, YYYYMMDDhhmmss; empty when there is none."""
        with self._lock:
            (last,) = self._db.execute(
                "SELECT max(s.received) FROM entry e JOIN submission s ON s.id = e.submission"
                " WHERE e.id BETWEEN ? AND ? AND e.is_signature = 0 AND e.version = 1",
                self._range(matricule),
            ).fetchone()
        return last or ""

    def rename(self, former: str, present: str) -> None:
        """The patient of one matricule now has another: what is stored about them follows.

        Raises sqlite3.IntegrityError when something is stored about the other already.
        """
        with self._database.changing():
            self._db.execute("UPDATE patient SET matricule = ? WHERE matricule = ?", (present, former))
            number = self._numbers.pop(former, None)
            if number is not None:
                self._numbers[present] = number

    def sets_of(self, matricule: str) -> list[HeldSet]:
        """The submission sets of a patient, newest first."""
        with self._lock:
            rows = self._db.execute(f"{SET} WHERE id BETWEEN ? AND ?", self._range(matricule)).fetchall()
        return sorted(map(held_set, rows), key=lambda one: (one.set.submission_time, one.number))[::-1]

    def links(self, uuids: Iterable[str]) -> list[Link]:
        """The RPLC associations that start or end at one of these entryUUIDs."""
        found: dict[Link, None] = {}
        with self._lock:
            for uuid in uuids:
                rows = self._db.execute(f"{LINK} WHERE source = ? OR target = ?", (uuid, uuid)).fetchall()
                found |= {Link(*row): None for row in rows}
        return list(found)

    def has_submission(self, unique_id: str) -> bool:
        with self._lock:
            found = self._db.execute("SELECT 1 FROM submission WHERE unique_id = ?", (unique_id,)).fetchone()
        return found is not None

    def register(
        self,
        patient: str,
        submission: SubmissionSet,
        set_uuid: str,
        entries: Iterable[tuple[DocumentEntry, bytes, str]] = (),
        *,
        replaced: Iterable[tuple[str, str]] = (),
        changes: Iterable[Change] = (),
        received: str = "",
    ) -> None:
        """Store a whole submission, or nothing.

        `set_uuid` is the entryUUID of the set. Entries are complete (entryUUID, lid, version, hash, size) and
        come with their bytes (empty: the repository has them) and SHA-256. `replaced`: pairs (new entryUUID,
        old entryUUID); the old becomes Deprecated. `received`: when, YYYYMMDDhhmmss (by default the time that
        the set gives). Raises sqlite3.IntegrityError on a duplicate, Stale when
        a status is no longer the one to change.
        """
        listed = list(entries)
        links = list(replaced)
        changed = [*changes, *(Change(old, names.APPROVED, names.DEPRECATED) for _, old in links)]
        number = self._number(patient)
        for _, data, sha256 in listed:
            if data and self._folder is not None:  # first: a row never names a body that is not there
                self._folder.put(data, sha256)
        with self._database.writing():
            set_id = self._next("submission", number)
            self._db.execute(SET_ROW, set_row(set_id, submission, set_uuid, received))
            for change in changed:
                self._change(change)
            first = self._next("entry", number)
            self._db.executemany(
                ENTRY_ROW,
                [
                    entry_row(first + rank, set_id, entry, sha256)
                    for rank, (entry, _, sha256) in enumerate(listed)
                ],
            )
            for new, old in links:
                self._db.execute("INSERT INTO link VALUES (?,?,?,?)", (new, old, names.RPLC, set_id))
            if self._folder is None:
                for _, data, sha256 in listed:
                    if data:
                        self._bodies.setdefault(sha256, data)
        if not self._shared:
            with self._lock:
                self._last["submission", number] = set_id
                self._last["entry", number] = first + len(listed) - 1

    def body(self, one: Held) -> bytes:
        """The bytes of a document."""
        if one.sha256 == EMPTY:
            return b""
        if self._folder is not None:
            return self._folder.get(one.sha256)
        with self._lock:
            return self._bodies[one.sha256]

    def _one(self, condition: str, value: str) -> Held | None:
        with self._lock:
            row = self._db.execute(f"{ENTRY} WHERE {condition}", (value,)).fetchone()
            if row is None:
                return None
            (matricule,) = self._db.execute(
                "SELECT matricule FROM patient WHERE number = ?", (row[0] >> RANKS,)
            ).fetchone()
        return held(matricule, row[1:])

    def _change(self, change: Change) -> None:
        done = self._db.execute(
            "UPDATE entry SET status = ?, superseded = ?, xml = replace(xml, ?, ?)"
            " WHERE uuid = ? AND status = ? AND superseded = 0",
            (
                change.after,
                change.superseded,
                f' status="{change.before}"',
                f' status="{change.after}"',
                change.uuid,
                change.before,
            ),
        )
        if done.rowcount != 1:
            raise Stale(change.uuid)

    def _number(self, matricule: str) -> int:
        """The number of a patient, given now when this is the first thing stored about them."""
        known = self._known(matricule)
        if not known:
            with self._database.changing():
                self._db.execute("INSERT OR IGNORE INTO patient (matricule) VALUES (?)", (matricule,))
            known = self._known(matricule)
        return known

    def _known(self, matricule: str) -> int:
        """The number of a patient; 0, which nobody has, when nothing is stored about them."""
        known = self._numbers.get(matricule)
        if known is None:
            with self._lock:
                row = self._db.execute(
                    "SELECT number FROM patient WHERE matricule = ?", (matricule,)
                ).fetchone()
            known = int(row[0]) if row else 0
            if known and not self._shared:
                self._numbers[matricule] = known
        return known

    def _range(self, matricule: str) -> tuple[int, int]:
        return _keys(self._known(matricule))

    def _next(self, table: str, number: int) -> int:
        known = self._last.get((table, number))
        if known is not None:
            return known + 1
        low, high = _keys(number)
        (last,) = self._db.execute(
            f"SELECT max(id) FROM {table} WHERE id BETWEEN ? AND ?", (low, high)
        ).fetchone()
        return low if last is None else last + 1


def _keys(number: int) -> tuple[int, int]:
    """The first and the last key of a patient."""
    return number << RANKS, (number + 1 << RANKS) - 1
