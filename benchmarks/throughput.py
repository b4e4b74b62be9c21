"""Feeds over mutual TLS to one process, and to two that share one store: CPU a call, calls a second, memory.

The messages are written and signed before the clock starts, by two client processes; connections are kept
alive. The rate is of the wall clock, on a machine that clients and servers share: what it says is the ratio
between one process and two, taken in the same rounds. CPU a call is the servers' own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

from . import soak_watch
from .load import PATIENTS
from .measure import CPU, MEMORY, RATE, Figure, Measure, Sample
from .serving import ROOT, Server

CLIENTS = 2  # processes
THREADS = 6  # connections of each: enough for the system to share them out between two servers
CALLS = 60  # of each client, a sample
SEED = 7
ROUNDS = 7
TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def _client(server: Server, rank: int) -> Iterator["subprocess.Popen[str]"]:
    arguments = [server.url, str(server.pki), str(SEED), str(rank), str(THREADS)]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def _say(client: "subprocess.Popen[str]", line: str) -> None:
    assert client.stdin is not None
    client.stdin.write(line + "\n")
    client.stdin.flush()


def _hear(client: "subprocess.Popen[str]") -> str:
    assert client.stdout is not None
    line = client.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"a client ended with code {client.wait()}")
    return line


def load(server: Server, clients: Sequence["subprocess.Popen[str]"], calls: int) -> tuple[float, float]:
    """One sample: milliseconds of the servers' CPU a call, calls a second."""
    for one in clients:
        _say(one, f"feed {calls}")
    for one in clients:
        _hear(one)
    before = _cpu(server.pids())
    for one in clients:
        _say(one, "go")
    told = [json.loads(_hear(one)) for one in clients]
    while server.health()["pending"]:  # judgement after the answer is part of the price
        pass
    spent = _cpu(server.pids()) - before
    total = sum(one["calls"] for one in told)
    return spent * 1000 / total, total / max(one["seconds"] for one in told)


def _cpu(pids: Sequence[int]) -> float:
    """Seconds of CPU, user and system, of these processes."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


@contextmanager
def _loaded(folder: Path, workers: int) -> Iterator[tuple[Server, list["subprocess.Popen[str]"]]]:
    with ExitStack() as opened:
        server = opened.enter_context(Server.started(folder, SEED, workers=workers, memory=16))
        for rank in range(PATIENTS):
            server.post("/api/patients", {"key": f"load {rank}"})
        clients = [opened.enter_context(_client(server, rank)) for rank in range(CLIENTS)]
        yield server, clients


@contextmanager
def _cpu_of(folder: Path, workers: int) -> Iterator[Sample]:
    """CPU a call; leaves the rate of the same sample for the measure of rates."""
    with _loaded(folder, workers) as (server, clients):

        def sample() -> float:
            spent, rate = load(server, clients, CALLS)
            (folder / RATE).write_text(str(rate), encoding="ascii")
            return spent

        yield sample


@contextmanager
def _rate_of(folder: Path, workers: int) -> Iterator[Sample]:
    """Calls a second: those of the sample that CPU was just measured on, where it is measured too."""
    beside = folder.parent / f"tls-cpu-{workers}"
    if beside.exists():
        yield lambda: float((beside / RATE).read_text(encoding="ascii"))
        return
    with _loaded(folder, workers) as (server, clients):
        yield lambda: load(server, clients, CALLS)[1]


@contextmanager
def _memory(folder: Path, calls: int) -> Iterator[Sample]:
    """PSS of the process that only answers the DMP, beside the whole stack."""
    with _loaded(folder, 2) as (server, clients):
        if calls:
            load(server, clients, calls)
        *_, worker = server.pids()
        yield lambda: soak_watch.look([worker], 0.0, {"tasks": 0, "kept": 0, "pending": 0}).values["pss"]


def _measure(
    name: str, label: str, kind: str, prepared: Callable[[Path], AbstractContextManager[Sample]]
) -> Measure:
    return Measure(name, label, kind, None, prepared, ROUNDS if kind in (CPU, RATE) else 1, slow=True)


MEASURES = (
    _measure("tls-cpu-1", "alimentation TLS, 1 processus", CPU, partial(_cpu_of, workers=1)),
    _measure("tls-cpu-2", "alimentation TLS, 2 processus", CPU, partial(_cpu_of, workers=2)),
    _measure("tls-rate-1", "alimentations TLS, 1 processus", RATE, partial(_rate_of, workers=1)),
    _measure("tls-rate-2", "alimentations TLS, 2 processus", RATE, partial(_rate_of, workers=2)),
    _measure("worker-idle", "processus DMP de plus, au repos", MEMORY, partial(_memory, calls=0)),
    _measure("worker-used", "le même après 1 000 alimentations", MEMORY, partial(_memory, calls=500)),
)


def summary(figures: Sequence[Figure]) -> list[str]:
    """What a second process is worth."""
    medians = {figure.measure.name: figure.median for figure in figures}
    if not {"tls-rate-1", "tls-rate-2"} <= set(medians):
        return []
    return [f"deux processus au lieu d'un : débit ×{medians['tls-rate-2'] / medians['tls-rate-1']:.2f}"]
