"""Is everything there, once, and nothing else? What the clients were told, against store and journal."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.xds import names
from simulators.core.exchange import Exchange
from simulators.core.folder import Folder
from simulators.core.ledger import Broken, Mark, verify
from simulators.core.population import Population

from .serving import Server
from .soak_client import Client

CALLS = 10  # documents read back in one TD3.2


@dataclass(slots=True)
class Proof:
    """Checks a store, and the server on it, while no client is at work."""

    store: Path
    clients: Sequence[Client]
    population: Population
    server: Server
    mark: Mark = field(default_factory=Mark)
    told: set[str] = field(default_factory=set)  # submission sets that the journal says were accepted
    seen: Counter[str] = field(default_factory=Counter)  # transactions
    _hashed: set[str] = field(default_factory=set)

    def check(self) -> list[str]:
        """What is wrong in the registry, the repository, the journal or the bench; empty when nothing is."""
        return [*self._registry(), *self._bodies(), *self._journal(), *self._bench()]

    def read_all(self) -> list[str]:
        """Search every patient and read every document back, as its author does. Returns what is wrong."""
        wrong = []
        for one in self.clients:
            for patient in one.cohort.everybody:
                try:
                    one.search(patient)
                    mine = [found for found in one.model.of(patient) if found.status == names.APPROVED]
                    for start in range(0, len(mine), CALLS):
                        one.read_back(patient, mine[start : start + CALLS])
                except Exception as error:
                    wrong.append(f"{one.name}, {patient.key}: {type(error).__name__}: {error}")
            one.wire.close()
        return wrong

    def journal_agrees(self) -> list[str]:
        """The journal says that the very submissions were accepted that the clients hold for accepted."""
        sets = {unique_id for one in self.clients for unique_id in one.model.sets}
        return _differ("submissions of the journal", self.told, sets)

    def _registry(self) -> list[str]:
        rows, sets, links = self._read()
        documents = {row[:6] for row in rows if not row[6]}
        signatures = [row[0] for row in rows if row[6]]
        models = [one.model for one in self.clients]
        wrong = _differ("rows", documents, set().union(*(one.expected_rows() for one in models)))
        wrong += _differ("sets", sets, set().union(*(one.sets for one in models)))
        wrong += _differ("links", links, set().union(*(one.expected_links() for one in models)))
        wrong += _differ("signatures", set(signatures), set().union(*(one.signatures for one in models)))
        if len(documents) + len(signatures) != len(rows) or len(set(signatures)) != len(signatures):
            wrong.append("a row is there twice")
        return wrong

    def _read(self) -> tuple[list[Any], set[str], set[tuple[str, str]]]:
        """Rows, sets and links of the file, read by another connection than the server's."""
        database = sqlite3.connect(f"file:{self.store / 'dmp.sqlite'}?mode=ro", uri=True)
        try:
            (state,) = database.execute("PRAGMA quick_check").fetchone()
            rows = database.execute(
                "SELECT e.unique_id, e.version, e.status, e.superseded = 1, e.sha256, p.matricule,"
                " e.is_signature FROM entry e JOIN patient p ON p.number = e.id >> 20"
            ).fetchall()
            sets = {unique_id for (unique_id,) in database.execute("SELECT unique_id FROM submission")}
            links = set(
                database.execute(
                    "SELECT n.unique_id, o.unique_id FROM link l"
                    " JOIN entry n ON n.uuid = l.source JOIN entry o ON o.uuid = l.target"
                )
            )
        finally:
            database.close()
        if state != "ok":
            raise RuntimeError(f"dmp.sqlite: {state}")
        return rows, sets, links

    def _bodies(self) -> list[str]:
        """Each document's bytes are there and have their hash; each is read once in a soak."""
        bodies, wrong = Folder(self.store / "bodies"), []
        for one in self.clients:
            for document in one.model.documents.values():
                if document.sha256 in self._hashed:
                    continue
                try:
                    found = hashlib.sha256(bodies.get(document.sha256)).hexdigest()
                except OSError as error:
                    found = str(error)
                if found != document.sha256:
                    wrong.append(f"bytes of {document.unique_id}: {found}")
                self._hashed.add(document.sha256)
        return wrong

    def _journal(self) -> list[str]:
        try:
            self.mark = verify(self.store / "journal", self.mark, self._note)
        except Broken as error:
            return [f"journal: {error}"]
        last = int(self.server.health()["last"])
        return [] if self.mark.number == last else [f"journal: {self.mark.number} of {last} exchanges"]

    def _note(self, exchange: Exchange) -> None:
        self.seen[exchange.transaction] += 1
        if exchange.accepted and "submission" in exchange.facts:
            if exchange.facts["submission"] in self.told:
                self.told.add(f"{exchange.facts['submission']} twice")
            self.told.add(str(exchange.facts["submission"]))

    def _bench(self) -> list[str]:
        health = self.server.health()
        if not health["bench_errors"]:
            return []
        return [f"bench errors: {self.server.ask('GET', '/api/findings')['bench_errors'][:5]}"]


def _differ(what: str, found: Iterable[Any], expected: Iterable[Any]) -> list[str]:
    there, wanted = set(found), set(expected)
    lines = [f"{what}: missing {one}" for one in sorted(wanted - there)[:5]]
    return lines + [f"{what}: not sent {one}" for one in sorted(there - wanted)[:5]]
