"""Several processes answer the DMP: one port, one store, one journal; one of them may die."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from benchmarks.messages import Writer
from benchmarks.wire import Doubt, Unavailable, Wire
from schemas import xds
from simulators.core import pki as pkis
from simulators.core.clock import Clock
from simulators.core.ledger import verify
from simulators.core.pki import Pki
from simulators.core.population import Patient
from simulators.stack import Stack, StackSettings

CONNECTIONS = 16  # the chance that one process of two gets them all is 1 in 32 000


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return pkis.create(tmp_path_factory.mktemp("pki"), Clock().now())


@pytest.fixture
def stack(pki: Pki, tmp_path: Path) -> Iterator[Stack]:
    settings = StackSettings(1, pki.folder, store=tmp_path / "store", workers=2, memory=1 << 24)
    with Stack(settings) as running:
        yield running


@contextmanager
def wires(stack: Stack) -> Iterator[list[Wire]]:
    made = [Wire(stack.environment.dmp_url, stack.pki) for _ in range(CONNECTIONS)]
    try:
        yield made
    finally:
        for one in made:
            one.close()


def searched(wire: Wire, writer: Writer, patient: Patient) -> set[str]:
    answer = wire.send(writer.search(patient, xds.find_documents(patient.ins.cx())))
    return {one.unique_id for one in xds.read_query_response(answer.body).entries}


def test_they_share_everything_and_one_may_die(stack: Stack, pki: Pki, tmp_path: Path) -> None:
    patient = stack.population.derive("shared")  # known to the other process as well
    writer = Writer(pki, Clock(), 1)
    with wires(stack) as connections:
        sent: set[str] = set()
        for wire in connections:
            lot = writer.lot(patient, 1, 500)
            answer = wire.send(writer.feed(patient, lot))
            assert xds.read_registry_response(answer.body).succeeded
            sent |= set(lot.documents)
        assert all(searched(wire, writer, patient) == sent for wire in connections)
        assert stack.journal.position == 2 * CONNECTIONS
        assert len(stack.journal.exchanges(transaction="TD2.1")) == CONNECTIONS
        assert stack.health()["workers"] == 2 and not stack.journal.bench_errors

        failed = threading.Event()
        noted = stack.journal.bench_errors

        class Noting(list[tuple[int, str]]):
            def append(self, one: tuple[int, str]) -> None:
                super().append(one)
                failed.set()

        stack.journal.bench_errors = Noting(noted)
        assert stack._crew is not None
        (worker,) = stack._crew.processes
        worker.kill()
        assert failed.wait(10)
        assert "ended with code -9" in stack.journal.bench_errors[0][1]
        assert stack.health()["workers"] == 1
        lost = 0
        for wire in connections:
            try:
                assert searched(wire, writer, patient) == sent
            except (Doubt, Unavailable):
                lost += 1
                assert searched(wire, writer, patient) == sent  # a new connection: the other answers
        assert 0 < lost < CONNECTIONS  # both had answered
    stack.journal.settle()
    assert stack.journal.intact()
    assert verify(tmp_path / "store" / "journal").number == stack.journal.position


def test_a_refused_handshake_is_in_the_journal_whoever_saw_it(stack: Stack, pki: Pki) -> None:
    seen = 0
    for _ in range(CONNECTIONS):
        with requests.Session() as session:
            session.trust_env = False
            with pytest.raises(requests.exceptions.RequestException):
                session.post(stack.environment.dmp_url, verify=str(pki.ca_bundle), timeout=5)
        seen += 1
    deadline = Clock.ticks() + 10
    while len(found := stack.journal.exchanges(transaction="TLS.refused")) < seen:
        assert Clock.ticks() < deadline, f"{len(found)} of {seen}"
    assert {item.facts["reason"] for item in found} == {"no-certificate"}


def test_what_only_one_process_can_do_is_refused(stack: Stack) -> None:
    url = stack.environment.control_url
    fault = {"service": "dmp", "transaction": "TD2.1", "kind": "unavailable"}
    for path, asked in (("/api/faults", fault), ("/api/clock", {"shift": 60})):
        refused = requests.post(url + path, json=asked, timeout=5)
        assert refused.status_code == 400
        assert "--workers 1" in refused.json()["error"]
    carried = requests.post(f"{url}/api/patients", json={"key": "a", "incident": "soap"}, timeout=5)
    assert carried.status_code == 400 and "--workers 1" in carried.json()["error"]
    insi = {**fault, "service": "insi", "transaction": "INSi.traits"}
    assert requests.post(f"{url}/api/faults", json=insi, timeout=5).status_code == 200


def test_health(stack: Stack) -> None:
    told = requests.get(f"{stack.environment.control_url}/api/health", timeout=5).json()
    assert told["workers"] == 2 and told["bench_errors"] == 0 and told["pending"] == 0
    assert {"kept", "threads", "tasks", "last"} <= set(told)


def test_several_processes_need_a_store(pki: Pki) -> None:
    with pytest.raises(ValueError, match="store"):
        Stack(StackSettings(1, pki.folder, workers=2))


def test_a_port_that_somebody_has(stack: Stack, pki: Pki, tmp_path: Path) -> None:
    port = int(stack.environment.dmp_url.split(":")[2].partition("/")[0])
    settings = StackSettings(1, pki.folder, port_base=port, store=tmp_path / "other", workers=2)
    with pytest.raises(OSError, match="in use"):
        Stack(settings).start()
