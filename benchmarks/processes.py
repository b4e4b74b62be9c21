"""What is measured in a new process: the command line, a stack that starts, its memory, the demonstration."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from .measure import MEMORY, WALL, Measure, Sample

STACK = """
import sys
from pathlib import Path
from simulators.stack import Stack, StackSettings
with Stack(StackSettings(1, Path(sys.argv[1]))):
    print("ready", flush=True)
    sys.stdin.read()
"""
COMMAND = (sys.executable, "-m", "conformance.cli.main")


def wall(arguments: list[str], folder: Path, codes: tuple[int, ...] = (0,)) -> float:
    """Seconds that a command takes in this folder. Raises RuntimeError on another exit code."""
    start = time.perf_counter()
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode not in codes:
        raise RuntimeError(f"{arguments}: {done.returncode} {done.stderr[-2000:]}")
    return taken


@contextmanager
def _help(folder: Path) -> Iterator[Sample]:
    yield lambda: wall([*COMMAND, "--help"], folder)


@contextmanager
def _demo(folder: Path) -> Iterator[Sample]:
    yield lambda: wall([*COMMAND, "run", "--sut", "reference"], folder)


@contextmanager
def _started(folder: Path, turn: int) -> Iterator["subprocess.Popen[str]"]:
    """A stack in a new process, ready, with a PKI made for it."""
    process = subprocess.Popen(
        [sys.executable, "-c", STACK, str(folder / f"pki-{turn}")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the stack did not start")
        yield process
    finally:
        process.communicate(timeout=30)


@contextmanager
def _start(folder: Path) -> Iterator[Sample]:
    turns = count()

    def sample() -> float:
        start = time.perf_counter()
        with _started(folder, next(turns)):
            return time.perf_counter() - start

    yield sample


@contextmanager
def _memory(folder: Path) -> Iterator[Sample]:
    turns = count()

    def sample() -> float:
        with _started(folder, next(turns)) as process:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
            return int(line.split()[1]) / 1024

    yield sample


MEASURES = (
    Measure("start", "démarrage des services, PKI neuve", WALL, 1.5, _start, rounds=7),
    Measure("help", "segur-bench --help", WALL, 0.3, _help, rounds=7),
    Measure("memory", "mémoire résidente des services au repos", MEMORY, None, _memory, rounds=3),
    Measure("demo", "démonstration entière (segur-bench run)", WALL, 60.0, _demo, rounds=1, slow=True),
)
