"""The detection matrix: every seeded defect played, and what it made fail held against what it should.

A defect is detected when the rule mapped to it fails and no other error-level rule does, and likewise for
requirements. The software without a defect must have no error-level finding.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Expected:
    """What one play must make fail; nothing at all for the software without a defect (`defect` empty)."""

    defect: str
    rules: frozenset[str] = frozenset()
    requirements: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Detected:
    expected: Expected
    code: int  # exit code of the run
    rules: frozenset[str]
    requirements: frozenset[str]
    trouble: str = ""  # what went wrong with the run itself

    @property
    def exact(self) -> bool:
        """Exactly what was expected failed, and the exit code says so."""
        wanted = 1 if self.expected.rules else 0
        return (
            not self.trouble
            and self.code == wanted
            and self.rules == self.expected.rules
            and self.requirements == self.expected.requirements
        )


def prove(
    plays: Iterable[Expected],
    runs: Path,
    arguments: Sequence[str] = (),
    workers: int = 2,
    *,
    quick: bool = False,
) -> Iterator[Detected]:
    """Play each defect in a process of its own, `workers` at a time; results in the order of `plays`.

    `quick`: only the scenarios that claim the requirements of the defect, instead of all.
    """
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda expected: play(expected, runs, arguments, quick=quick), plays)


def play(expected: Expected, runs: Path, arguments: Sequence[str] = (), *, quick: bool = False) -> Detected:
    """One `segur-bench run --json` with this defect."""
    if quick:
        arguments = [*arguments, *(part for id_ in expected.requirements for part in ("--requirement", id_))]
    command = [sys.executable, "-m", "conformance.cli.main", "run", "--sut", "reference", "--json"]
    command += ["--runs", str(runs / (expected.defect or "reference")), *arguments]
    if expected.defect:
        command += ["--defect", expected.defect]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        said = json.loads(done.stdout)
    except ValueError:
        trouble = (done.stderr or done.stdout).strip()[-500:]
        return Detected(expected, done.returncode, frozenset(), frozenset(), trouble or "no summary")
    return Detected(
        expected,
        done.returncode,
        frozenset(said["failing_rules"]),
        frozenset(said["failing_requirements"]),
        "; ".join(said["bench_errors"]),
    )
