"""One more process that answers the DMP of a stack: `python -m simulators.worker TASK`, see `crew`."""

import asyncio
import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.vihf.certificates import Authorities

from .core import http, tls
from .core.clock import Clock
from .core.faults import FaultPlan
from .core.journal import Journal
from .core.pki import Pki
from .core.population import Population
from .core.service import Context
from .dmp.build import build_dmp
from .dmp.settings import restored
from .dmp.store import open_store
from .port import mutual_context, refused

READY = "ready"
MEMORY = 0  # bytes of exchanges kept here: they are in the ledger


@dataclass(frozen=True, slots=True)
class Task:
    """What to answer, and where."""

    seed: int
    pki: str
    store: str
    host: str
    port: int
    homologation: str
    durable: bool = False
    clock_start: str = ""  # ISO 8601
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the DMP, but the defaults

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> "Task":
        return cls(**json.loads(text))


async def work(task: Task) -> None:
    """Answer until the standard input ends."""
    clock = Clock(datetime.fromisoformat(task.clock_start) if task.clock_start else None)
    store = open_store(Path(task.store), clock.now(), durable=task.durable)
    journal = Journal(clock, MEMORY, store.ledger)
    pki = Pki(Path(task.pki))
    service = build_dmp(
        task.homologation,
        restored(task.settings),
        clock,
        Authorities.of(pki.authorities(), pki.revoked_serials()),
        Population(task.seed, store.shelf),
        store.randomness(task.seed),
        store,
    )

    def failed(port: int, peer: str, error: BaseException) -> None:
        journal.append(refused(service.name, clock, peer, error))

    unwatch = tls.watch_failures(failed)
    context = Context(clock, journal, FaultPlan())
    listener = await http.listen(
        service, context, task.host, task.port, mutual_context(pki, pki.pair("server")), shared=True
    )
    print(READY, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    unwatch()
    await listener.close()
    journal.close()
    store.database.close()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the stack, which ends this process
    asyncio.run(work(Task.read(sys.argv[1])))
