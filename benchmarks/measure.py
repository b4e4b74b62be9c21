"""How a figure is taken: samples in interleaved rounds after a warm-up, beside a calibration loop.

CPU time (user and system) of the process is the primary figure: the wall clock of a shared machine lies. The
ratio to the calibration loop, run in the same rounds, lets figures from two machines be compared.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

Sample = Callable[[], float]

CPU, WALL, MEMORY, DISK, RATE = "cpu", "wall", "memory", "disk", "rate"
UNITS = {CPU: "ms", WALL: "s", MEMORY: "MiB", DISK: "MiB", RATE: "/s"}


@dataclass(frozen=True, slots=True)
class Measure:
    """Something to measure.

    `prepare(folder)` sets it up in an empty folder and gives the function that takes one sample: milliseconds
    of CPU, seconds of wall clock, mebibytes or calls a second, after `kind`. `aim`: not to be exceeded, None
    when there is none. `rounds`: samples at most. `slow` ones are left out by `--quick`.
    """

    name: str
    label: str
    kind: str
    aim: float | None
    prepare: Callable[[Path], AbstractContextManager[Sample]]
    rounds: int = 15
    slow: bool = False

    @property
    def unit(self) -> str:
        return UNITS[self.kind]


@dataclass(frozen=True, slots=True)
class Figure:
    """The samples of a measure; `calibration` is the calibration loop of the same rounds, in milliseconds."""

    measure: Measure
    samples: tuple[float, ...]
    calibration: float

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def ratio(self) -> float | None:
        """The median over the calibration loop, which says the same on a slow and on a fast machine."""
        if self.measure.kind not in (CPU, WALL):
            return None
        return self.median * (1000 if self.measure.kind == WALL else 1) / self.calibration

    @property
    def within(self) -> bool | None:
        return None if self.measure.aim is None else self.median < self.measure.aim


def cpu(work: Callable[[], object], count: int = 1) -> float:
    """Milliseconds of CPU of this process that the work takes, divided by `count`."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000 / count


def calibrate() -> float:
    """Milliseconds of CPU of a fixed piece of plain Python."""
    return cpu(_fixed_work)


def _fixed_work() -> int:
    seen: dict[str, int] = {}
    for number in range(20_000):
        key = f"{number % 997}"
        seen[key] = seen.get(key, 0) + number * number % 7
    return sum(seen.values())


def take(measures: Sequence[Measure], folder: Path, rounds: int | None = None) -> list[Figure]:
    """Warm each measure up, then take its samples in turn with the others."""
    with ExitStack() as opened:
        samples: list[Sample] = []
        for measure in measures:
            own = folder / measure.name
            own.mkdir()
            samples.append(opened.enter_context(measure.prepare(own)))
        counts = [measure.rounds if rounds is None else min(rounds, measure.rounds) for measure in measures]
        for sample, count in zip(samples, counts, strict=True):
            if count > 1:
                sample()
        taken: list[list[float]] = [[] for _ in measures]
        calibrations: list[float] = []
        for turn in range(max(counts, default=0)):
            calibrations.append(calibrate())
            for sample, count, kept in zip(samples, counts, taken, strict=True):
                if turn < count:
                    kept.append(sample())
    calibration = statistics.median(calibrations) if calibrations else 0.0
    return [Figure(measure, tuple(kept), calibration) for measure, kept in zip(measures, taken, strict=True)]
