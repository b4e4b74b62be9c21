"""The SQLite database of a DMP: in memory for one process, or a file that several processes share.

In a file: write-ahead log, so that readers never wait; every writer waits its turn; a transaction is in the
file whole or not at all, whatever becomes of the process. `durable` also makes each commit survive the loss
of the machine's power, at the price of one flush a commit.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MEMORY = ":memory:"
PATIENCE = 30  # seconds that a writer waits for another process
CHECKPOINT = 4_000  # pages written before they are moved into the file itself
PAGE = 8192  # bytes: an entry weighs two or three thousand, of which three then share a page


@dataclass(frozen=True, slots=True)
class Database:
    """One connection, for all the threads of this process. `shared`: other processes may write too."""

    connection: sqlite3.Connection
    lock: threading.RLock
    turn: int = -1  # descriptor of the file on which writers of several processes wait for each other
    durable: bool = False

    @property
    def shared(self) -> bool:
        return self.turn >= 0

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Alone to write, for one statement. Waiting is the system's: SQLite would sleep and try again."""
        with self.lock:
            if not self.shared or self.connection.in_transaction:
                yield self.connection
                return
            fcntl.flock(self.turn, fcntl.LOCK_EX)
            try:
                yield self.connection
            finally:
                fcntl.flock(self.turn, fcntl.LOCK_UN)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone to write from its first line on: what it reads can't change under it."""
        with self.changing():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    def create(self, schema: str) -> None:
        """Make the tables that are not there. `schema` says IF NOT EXISTS."""
        with self.changing():
            self.connection.executescript(schema)

    def close(self) -> None:
        with self.lock:
            self.connection.close()
            if self.shared:
                os.close(self.turn)


def open_database(path: str | Path = MEMORY, *, durable: bool = False) -> Database:
    """Open, or create, the database of this path. Raises sqlite3.Error when it can't be used."""
    connection = sqlite3.connect(str(path), timeout=PATIENCE, check_same_thread=False, isolation_level=None)
    if str(path) == MEMORY:
        return Database(connection, threading.RLock())
    turn = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    opened = Database(connection, threading.RLock(), turn, durable)
    level = "FULL" if durable else "NORMAL"
    with opened.changing():
        connection.executescript(
            f"PRAGMA page_size={PAGE}; PRAGMA journal_mode=WAL; PRAGMA synchronous={level};"
            f"PRAGMA wal_autocheckpoint={CHECKPOINT};"
        )
    return opened


def as_database(given: "str | Path | Database") -> Database:
    """The database itself, or the one of a path."""
    return given if isinstance(given, Database) else open_database(given)
