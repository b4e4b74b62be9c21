"""`python -m benchmarks.soak [--minutes N] [--seed N]`: hours of the DMP in minutes, and nothing lost.

Several clients feed, replace, search, read back, mask, archive and delete over mutual TLS, against
`segur-bench serve` with a store, while faults come on schedule. What was acknowledged must be there exactly
once, with its bytes, version and status; nothing else may; the journal's chain must hold and tell the same
story; the server must not grow. Checked as it runs, at the end, and again after the server is killed and
started again on its store. Exit code 1 when anything is wrong.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulators.core.clock import Clock
from simulators.core.pki import Pki
from simulators.core.population import Patient, Population

from . import soak_watch
from .messages import Writer
from .serving import Server
from .soak_client import Client, Cohort
from .soak_proof import Proof
from .soak_watch import Look
from .wire import Wire

LOOKS = 120  # looks at the server during a soak, one a second at most
# kind, parameters: fifteen in turn, on eight transactions in turn, so that every pair comes
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("unavailable", {}),
    ("cut-after-commit", {}),
    ("server-error", {}),
    ("malformed", {}),
    ("slow", {"seconds": 0.3}),
    ("registry-error", {"code": "XDSRegistryError"}),
    ("cut-after-commit", {}),
    ("soap-fault", {}),
    ("closed", {}),
    ("cut-in-body", {}),
    ("bad-gateway", {}),
    ("not-xml", {}),
    ("empty", {}),
    ("wrong-content-type", {}),
    ("slow-body", {"seconds": 0.3, "pieces": 5}),
)
FAULTY = ("TD2.1", "TD3.1", "TD3.3", "TD3.2", "TD2.1", "TD0.2", "TD3.3", "TD0.3")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do. `rate`: calls a second aimed at, by all clients together. `fault_every`: seconds."""

    minutes: float = 30.0
    seed: int = 1
    clients: int = 4
    patients: int = 12
    rate: float = 20.0
    workers: int = 1
    check_every: float = 60.0
    fault_every: float = 2.0
    memory: int = 16  # MiB of exchanges that the server keeps


@dataclass(slots=True)
class Report:
    """What came of it. `wrong`: everything that must not happen and did; empty when all is well."""

    plan: Plan
    seconds: float = 0.0
    done: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    bytes_kept: int = 0
    exchanges: int = 0
    checks: int = 0
    trends: list[soak_watch.Trend] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "done": dict(self.done),
            "faults": dict(self.faults),
            "trends": [{**asdict(one), "grows": one.grows} for one in self.trends],
            "verdict": "ok" if not self.wrong else "wrong",
        }


def soak(plan: Plan, folder: Path, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Run a soak in an empty folder. Raises RuntimeError when the server can't be started."""
    report = Report(plan)
    with Server.started(folder, plan.seed, workers=plan.workers, memory=plan.memory) as server:
        clients = _clients(plan, server)
        proof = Proof(folder / "store", clients, Population(plan.seed), server)
        started = time.monotonic()
        looks: list[Look] = []
        with _running(clients, proof, server, plan, looks, report):
            end = started + plan.minutes * 60
            due = started + plan.check_every
            while (now := time.monotonic()) < end and len(report.wrong) < 20:
                time.sleep(min(0.2, end - now))
                if time.monotonic() >= due:
                    with _paused(clients):
                        report.wrong += proof.check()
                        server.calm()
                    report.checks += 1
                    due = time.monotonic() + plan.check_every
                    report.wrong += [line for one in clients for line in one.wrong]
                    tell(_line(report, clients, looks, time.monotonic() - started))
        report.seconds = time.monotonic() - started
        report.wrong = list(dict.fromkeys([*report.wrong, *(line for one in clients for line in one.wrong)]))
        report.wrong += proof.check()
        report.wrong += proof.read_all()
        server.kill()
        server.start()  # on its store: what was acknowledged is there
        for one in clients:
            one.wire.url = server.url
        report.wrong += proof.check()
        report.wrong += proof.read_all()
        report.wrong += proof.journal_agrees()
        report.checks += 2
    report.trends = soak_watch.trends(looks)
    report.wrong += [
        f"{one.name} grows: {one.first:.1f} → {one.last:.1f} in {one.seconds:.0f} s"
        for one in report.trends
        if one.grows
    ]
    report.done = sum((one.done for one in clients), Counter())
    report.documents = sum(len(one.model.documents) for one in clients)
    report.exchanges = proof.mark.number
    report.bytes_kept = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
    return report


def _clients(plan: Plan, server: Server) -> list[Client]:
    population, pki = Population(plan.seed), Pki(server.pki)

    def newcomer(rank: int) -> Patient:
        server.post("/api/patients", {"key": f"soak {rank}"})
        return population.derive(f"soak {rank}")

    cohort = Cohort(newcomer, plan.patients)
    return [
        Client(
            f"client {rank}",
            Writer(pki, Clock(), plan.seed * 1000 + rank),
            Wire(server.url, pki),
            cohort,
            random.Random(f"{plan.seed}:{rank}"),
            plan.rate / plan.clients,
            threading.Event(),
            threading.Event(),
        )
        for rank in range(1, plan.clients + 1)
    ]


@contextmanager
def _running(
    clients: Sequence[Client],
    proof: Proof,
    server: Server,
    plan: Plan,
    looks: list[Look],
    report: Report,
) -> Iterator[None]:
    """Clients at work, faults coming, somebody looking at the server."""
    ended = threading.Event()

    def watched(work: Callable[[], None], every: float) -> threading.Thread:
        def loop() -> None:
            while not ended.wait(every):
                try:
                    work()
                except Exception as error:
                    report.wrong.append(f"{work.__name__}: {type(error).__name__}: {error}")
                    return

        return threading.Thread(target=loop)

    began = time.monotonic()
    ranks = iter(range(1_000_000_000))

    def look() -> None:
        looks.append(soak_watch.look(server.pids(), time.monotonic() - began, server.health()))

    def fault() -> None:
        rank = next(ranks)
        kind, params = FAULTS[rank % len(FAULTS)]
        transaction = FAULTY[rank % len(FAULTY)]
        asked = {"service": "dmp", "transaction": transaction, "kind": kind, "skip": rank % 3}
        server.post("/api/faults", {**asked, "params": params})
        report.faults[f"{transaction} {kind}"] += 1

    threads = [watched(look, max(1.0, plan.minutes * 60 / LOOKS))]
    if plan.workers == 1:
        threads.append(watched(fault, plan.fault_every))
    for one in clients:
        one.going.set()
        one.start()
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        for one in clients:
            one.ended.set()
        for one in clients:
            one.join()
        server.calm()


@contextmanager
def _paused(clients: Sequence[Client]) -> Iterator[None]:
    for one in clients:
        one.idle.clear()
        one.going.clear()
    for one in clients:
        one.idle.wait(60)
    try:
        yield
    finally:
        for one in clients:
            one.going.set()


def _line(report: Report, clients: Sequence[Client], looks: Sequence[Look], seconds: float) -> str:
    calls = sum(one.done["calls"] for one in clients)
    documents = sum(len(one.model.documents) for one in clients)
    rss = f"{looks[-1].values['rss']:.0f} Mio" if looks else "?"
    told = f"{seconds:6.0f} s  {calls} appels  {documents} documents  {rss}"
    return f"{told}  {sum(report.faults.values())} pannes  {len(report.wrong)} écarts"


def table(report: Report) -> str:
    """The report as a person reads it."""
    calls = report.done["calls"]
    lines = [
        f"{report.seconds:.0f} s, {calls} appels ({calls / max(report.seconds, 1):.1f} par seconde)",
        f"{report.documents} documents, {report.exchanges} échanges au journal, {report.checks} contrôles",
        f"{report.bytes_kept >> 20} Mio sur le disque",
        f"fait : {_counts(report.done)}",
        f"pannes : {sum(report.faults.values())} ({_counts(report.faults)})",
        "",
        f"{'valeur':<10}{'début':>10}{'fin':>10}{'max':>10}{'par heure':>12}{'croissance':>12}{'permis':>9}",
    ]
    for one in report.trends:
        values = f"{one.first:>10.1f}{one.last:>10.1f}{one.top:>10.1f}{one.slope:>12.2f}{one.growth:>12.2f}"
        lines.append(f"{one.name:<10}{values}{one.allowed:>9.1f}{' ✗' if one.grows else ''}")
    if not report.trends:
        lines.append("croissance : non jugée, trop court")
    lines += ["", *(report.wrong[:40] or ["rien de perdu, rien en double, rien qui grossit, chaîne intacte"])]
    return "\n".join(lines)


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and say by the exit code whether all is well."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=plan.minutes)
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--clients", type=int, default=plan.clients)
    parser.add_argument("--rate", type=float, default=plan.rate, help="appels par seconde, en tout")
    parser.add_argument("--workers", type=int, default=plan.workers, help="plus d'un : sans pannes")
    parser.add_argument("--check-every", type=float, default=plan.check_every, help="secondes")
    parser.add_argument("--fault-every", type=float, default=plan.fault_every, help="secondes")
    parser.add_argument("--json", type=Path, help="écrit aussi le rapport dans ce fichier")
    parser.add_argument("--folder", type=Path, help="garde le serveur et son dossier ici")
    options = parser.parse_args(arguments)
    told = vars(options)
    chosen = Plan(**{name: told[name] for name in Plan.__slots__ if name in told})
    folder = options.folder or Path(tempfile.mkdtemp(prefix="segur-bench-soak-"))
    try:
        report = soak(chosen, folder, lambda line: print(line, file=sys.stderr, flush=True))
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=1), encoding="utf-8")
    print(table(report))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
