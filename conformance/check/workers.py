"""Files judged in several processes. One that dies costs its own file, never the others.

Each thread here holds one process and gives it one file at a time: when the process dies, the file at fault
is known. `multiprocessing` is not used: it runs the caller's main module again, and gives up the files of
every worker when one dies.
"""

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from reports.check.model import Checked

from .gather import Source
from .judge import Settings, broken, check_file
from .reading import STDIN

DEAD = "le processus qui jugeait ce fichier s'est arrêté (code {code})"
READY = "ready"
COMMAND = (sys.executable, "-m", "conformance.check.worker")


@dataclass(slots=True)
class Worker:
    """A process that judges the files it is given; started when first needed, and again after a death.

    `here`: held to judge in this process, one file at a time.
    """

    command: Sequence[str]
    here: threading.Lock
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def judge(self, source: Source, settings: Settings) -> Checked | None:
        """What `check_file` says of it. A file whose process dies is `trouble`."""
        process = self.process = self.process or _start(self.command)
        if process is None or source.name == STDIN:  # can't be started, or only this process has it
            with self.here:
                return check_file(source.name, named=source.named, settings=settings)
        try:
            return _asked(process, (source, settings))  # type: ignore[no-any-return]
        except Exception:  # it died, or does not speak as it should: another is started for the next file
            self.close()
            return broken(source.name, DEAD.format(code=process.returncode))

    def close(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.communicate()


def check_in_processes(
    sources: Sequence[Source],
    settings: Settings,
    jobs: int,
    told: Callable[[], None],
    command: Sequence[str] = COMMAND,
) -> list[Checked | None]:
    """What `check_file` says of each source, in their order. `told` is called after each file."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(sources)):
        waiting.put(index)
    done: dict[int, Checked | None] = {}
    here = threading.Lock()
    over = threading.Event()
    workers = [Worker(command, here) for _ in range(jobs)]
    finished: queue.SimpleQueue[int] = queue.SimpleQueue()

    def drive(worker: Worker) -> None:
        while not over.is_set():  # somebody stopped the command: no process is started again
            try:
                index = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done[index] = worker.judge(sources[index], settings)
            except Exception as error:  # nobody would wait for a thread that is gone
                done[index] = broken(sources[index].name, f"{type(error).__name__}: {error}")
            finished.put(index)

    threads = [threading.Thread(target=drive, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        for _ in sources:
            finished.get()
            told()
    finally:
        over.set()
        for worker in workers:
            worker.close()
    return [done[index] for index in range(len(sources))]


def _start(command: Sequence[str]) -> "subprocess.Popen[bytes] | None":
    """A process that said that it is ready; None when none can be had."""
    path = os.pathsep.join(dict.fromkeys(entry or os.getcwd() for entry in sys.path))  # noqa: PTH109
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
    except OSError:
        return None
    try:
        if _asked(process) == READY:
            return process
    except Exception:  # whatever it said instead
        pass
    process.kill()
    process.communicate()
    return None


def _asked(process: "subprocess.Popen[bytes]", question: object = None) -> Any:
    """The next answer of a process of ours, to a question when there is one."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    if question is not None:
        pickle.dump(question, process.stdin)
        process.stdin.flush()
    return pickle.load(process.stdout)
