"""The soak runs, finds nothing, and would find what it looks for.

Six seconds of it by default; SEGUR_BENCH_SOAK_MINUTES=1 for the minute, or for as long as wanted.
"""

import json
import os
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from benchmarks import soak_watch
from benchmarks.messages import Sealed, Writer
from benchmarks.serving import Server
from benchmarks.soak import Plan, Report, main, soak, table
from benchmarks.soak_client import Client, Cohort, Refused, Wrong
from benchmarks.soak_proof import Proof
from benchmarks.soak_watch import Look
from benchmarks.wire import Doubt, Unavailable, Wire
from schemas.xds import names
from simulators.core.clock import Clock
from simulators.core.ledger import FILE
from simulators.core.pki import Pki
from simulators.core.population import Patient, Population

MINUTES = float(os.environ.get("SEGUR_BENCH_SOAK_MINUTES", "0.1"))


def test_a_soak(tmp_path: Path) -> None:
    plan = Plan(
        MINUTES, patients=4, clients=3, rate=30.0, check_every=max(3.0, MINUTES * 10), fault_every=0.4
    )
    report = soak(plan, tmp_path)
    assert report.wrong == [], table(report)
    assert report.done["feed"] and report.done["retrieve"] and report.documents and report.checks >= 3
    assert sum(report.faults.values()) > 3
    assert report.as_dict()["verdict"] == "ok" and json.dumps(report.as_dict())
    assert "rien de perdu" in table(report)


# -- it would find ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server.started(tmp_path_factory.mktemp("soak"), 1) as running:
        yield running


def made(server: Server, arc: int) -> Client:
    pki, population = Pki(server.pki), Population(1)

    def newcomer(rank: int) -> Patient:
        server.post("/api/patients", {"key": f"{arc} {rank}"})
        return population.derive(f"{arc} {rank}")

    return Client(
        "one",
        Writer(pki, Clock(), arc),
        Wire(server.url, pki),
        Cohort(newcomer, 2, 3),
        random.Random(arc),
        10.0,
        threading.Event(),
        threading.Event(),
    )


@pytest.fixture(scope="module")
def proof(server: Server) -> Iterator[Proof]:
    """One client has done one of everything; all is well."""
    client = made(server, 1)
    patient = client.cohort.everybody[0]
    client.feed(patient)
    client.replace(patient)
    client.lot(patient)
    for what in ("exists", "authorise", "search", "retrieve", "mask", "delete", "archive"):
        getattr(client, what)(patient)
    checked = Proof(server.folder / "store", [client], Population(1), server)
    assert checked.check() == [] == checked.read_all() == checked.journal_agrees()
    assert len(client.cohort.everybody) == 3  # the first one had enough documents
    yield checked
    client.wire.close()


def database(proof: Proof, statement: str) -> None:
    connection = sqlite3.connect(proof.store / "dmp.sqlite", isolation_level=None)
    connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "mend", "said"),
    [
        ("UPDATE entry SET status = status || 'x'", "UPDATE entry SET status = rtrim(status, 'x')", "rows"),
        ("UPDATE entry SET version = version + 7", "UPDATE entry SET version = version - 7", "rows"),
        (
            "UPDATE submission SET unique_id = unique_id || 'x'",
            "UPDATE submission SET unique_id = rtrim(unique_id, 'x')",
            "sets",
        ),
        (
            "UPDATE link SET target = source, source = target",
            "UPDATE link SET target = source, source = target",
            "links",
        ),
    ],
)
def test_a_registry_that_is_wrong(proof: Proof, spoil: str, mend: str, said: str) -> None:
    database(proof, spoil)
    wrong = proof.check()
    database(proof, mend)
    assert any(line.startswith(said) for line in wrong)
    assert proof.check() == []


def test_a_document_that_nobody_sent(proof: Proof) -> None:
    kept = proof.clients[0].model.documents
    unique_id, document = kept.popitem()
    assert any(unique_id in line and "not sent" in line for line in proof.check())
    kept[unique_id] = document
    assert proof.check() == []


def test_bytes_that_are_not_those_sent(proof: Proof) -> None:
    document = next(one for one in proof.clients[0].model.documents.values() if one.shown)
    path = proof.store / "bodies" / document.sha256[:2] / document.sha256
    data = path.read_bytes()
    proof._hashed.clear()
    path.write_bytes(b"other")
    assert any("bytes of" in line for line in proof.check())
    assert any("TD3.2" in line for line in proof.read_all()) or document.status != names.APPROVED
    path.unlink()
    proof._hashed.clear()
    assert any("No such file" in line for line in proof.check())
    path.write_bytes(data)
    proof._hashed.clear()
    assert proof.check() == []


def test_a_journal_that_was_altered(proof: Proof) -> None:
    path = proof.store / "journal" / FILE
    data = path.read_bytes()
    whole = proof.mark
    proof.mark = type(whole)()
    proof.told.clear()
    path.write_bytes(data.replace(b'"accepted"', b'"refused!"', 1))
    assert any("journal:" in line for line in proof.check())
    path.write_bytes(data)
    proof.mark = type(whole)()
    proof.told.clear()
    assert proof.check() == []
    proof.told.add("1.2.3")
    assert proof.journal_agrees() == ["submissions of the journal: not sent 1.2.3"]
    proof.told.remove("1.2.3")


class Broken:
    """A connection on which the given outcomes come first, then what the true one says."""

    def __init__(self, wire: Wire, *outcomes: Exception | str) -> None:
        self.wire, self.outcomes, self.sent = wire, list(outcomes), 0

    def send(self, sent: Sealed) -> object:
        self.sent += 1
        outcome = self.outcomes.pop(0) if self.outcomes else ""
        if isinstance(outcome, Exception):
            raise outcome
        answer = self.wire.send(sent)
        if outcome == "lost":
            raise Doubt("the answer was lost")
        return answer


def test_a_right_client_asks_again(server: Server) -> None:
    client = made(server, 2)
    patient, wire = client.cohort.everybody[0], client.wire
    for outcomes in ([Unavailable()], [Doubt("")], ["lost"], ["lost", Unavailable(), Doubt("")]):
        client.wire = Broken(wire, *outcomes)  # type: ignore[assignment]
        client.feed(patient)
        assert client.wire.sent >= 1 + len(outcomes)  # type: ignore[attr-defined]
    client.wire = wire
    client.search(patient)  # each is there once
    assert client.done["doubt: was done"] == 2
    for what in (client.mask, client.archive, client.delete, client.replace):
        client.wire = Broken(wire, "", "lost")  # type: ignore[assignment]
        what(patient)
        client.wire = wire
        client.search(patient)
    client.wire = Broken(wire, *[Unavailable()] * 8)  # type: ignore[assignment]
    with pytest.raises(Wrong, match="no answer in 8 attempts"):
        client.feed(patient)
    client.wire = wire
    lot = client.writer.lot(patient, 1, 500)
    client._feed(patient, lot)
    with pytest.raises(Refused, match="XDSDuplicateUniqueIdInRegistry"):
        client._feed(patient, lot)
    client.model.documents.popitem()
    with pytest.raises(Wrong, match="not sent"):
        client.search(patient)
    wire.close()


def looks(value: Callable[[float], float]) -> list[Look]:
    def values(at: float) -> Mapping[str, float]:
        return {"rss": value(at), "fds": value(at) / 10}

    return [Look(float(at), values(at)) for at in range(0, 1800, 15)]


@pytest.mark.parametrize(
    ("value", "grows"),
    [
        (lambda at: 100.0, []),
        (lambda at: 100.0 + (at % 120) / 20, []),  # up and down
        (lambda at: 100.0 + min(at, 500) / 10, []),  # while it warms up
        (lambda at: 100.0 + at / 60, ["rss"]),  # one MiB a minute
        (lambda at: 100.0 + at, ["rss", "fds"]),
    ],
)
def test_growth(value: Callable[[float], float], grows: list[str]) -> None:
    assert [one.name for one in soak_watch.trends(looks(value)) if one.grows] == grows


def test_too_short_to_say() -> None:
    assert soak_watch.trends([]) == [] == soak_watch.trends(looks(lambda at: at)[:3])


@pytest.mark.parametrize(("wrong", "code"), [([], 0), (["rows: missing x"], 1)])
def test_the_command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wrong: list[str],
    code: int,
) -> None:
    asked: list[Plan] = []

    def played(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Report:
        asked.append(plan)
        tell("one line")
        return Report(plan, 1.0, wrong=wrong)

    monkeypatch.setattr("benchmarks.soak.soak", played)
    kept = tmp_path / "report.json"
    assert main(["--minutes", "2", "--seed", "3", "--workers", "2", "--json", str(kept)]) == code
    assert (asked[0].minutes, asked[0].seed, asked[0].workers) == (2.0, 3, 2)
    assert json.loads(kept.read_text(encoding="utf-8"))["wrong"] == wrong
    said = capsys.readouterr().out
    assert "croissance : non jugée" in said
    assert ("rien de perdu" in said) is (code == 0) and all(line in said for line in wrong)
