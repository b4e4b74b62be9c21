"""The other processes that answer the DMP beside the stack: started, watched, stopped.

They share the port, the store and the journal with it; nothing else. They end when their standard input
does, so also when the stack dies.
"""

import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .core.journal import Journal
from .dmp.settings import changed
from .worker import READY, Task

if TYPE_CHECKING:
    from .stack import StackSettings

STOPPED = 10  # seconds given to a process to end
FOLLOWED = 0.5  # seconds between two looks at what the others record


@dataclass(frozen=True, slots=True)
class Crew:
    """Running processes."""

    processes: "tuple[subprocess.Popen[str], ...]"
    ending: threading.Event
    threads: list[threading.Thread]

    @classmethod
    def start(cls, settings: "StackSettings", port: int, journal: Journal) -> "Crew":
        """Start all but the first of `settings.workers`; they are ready. Raises OSError."""
        assert settings.store is not None
        task = Task(
            settings.seed,
            str(settings.pki),
            str(settings.store),
            settings.host,
            port,
            settings.homologation,
            settings.durable,
            settings.clock_start.isoformat() if settings.clock_start else "",
            changed(settings.dmp),
        )
        made = [_open(task) for _ in range(settings.workers - 1)]
        crew = cls(tuple(made), threading.Event(), [])
        for one in made:
            assert one.stdout is not None
            if one.stdout.readline().strip() != READY:
                crew.stop()
                raise OSError(f"un processus DMP n'a pas démarré (code {one.poll()})")
            crew.threads.append(threading.Thread(target=crew._watch, args=(one, journal), name="crew"))
        crew.threads.append(threading.Thread(target=crew._follow, args=(journal,), name="ledger"))
        for thread in crew.threads:
            thread.daemon = True
            thread.start()
        return crew

    @property
    def alive(self) -> int:
        return sum(one.poll() is None for one in self.processes)

    def stop(self) -> None:
        """End them all, by force in the end."""
        self.ending.set()
        for one in self.processes:
            assert one.stdin is not None
            one.stdin.close()
        for one in self.processes:
            try:
                one.wait(STOPPED)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
            if one.stdout is not None:
                one.stdout.close()
        for thread in self.threads:
            thread.join()

    def _watch(self, one: "subprocess.Popen[str]", journal: Journal) -> None:
        """Say that a process is gone: what it was doing is lost, the others go on."""
        code = one.wait()
        if not self.ending.is_set():
            journal.bench_errors.append((journal.position, f"DMP process {one.pid} ended with code {code}"))

    def _follow(self, journal: Journal) -> None:
        """Show what the others record as it comes."""
        while not self.ending.wait(FOLLOWED):
            journal.refresh()


def _open(task: Task) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "simulators.worker", task.text()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
