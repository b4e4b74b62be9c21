"""Does a server grow? Memory, file descriptors, threads and tasks over time, and the slope of each."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KIB = 1024
WARM_UP = 1 / 3  # of a soak, not judged: caches fill, allocators settle
ALLOWED_MIB = 10.0  # of memory, over what is judged
ALLOWED_SHARE = 0.10  # of the memory at the start of what is judged, where that is more
ALLOWED_COUNT = 3.0  # file descriptors, threads, tasks: the median of the last quarter over the first's
SHORT_S = 300.0  # seconds judged under which memory still settles: it may then grow by SHORT_MIB
SHORT_MIB = 48.0
MEMORY = ("rss", "pss")
BOUNDED = {"kept": 2_500.0, "pending": 256.0}  # by the journal itself: by weight, by its backlog


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a server. `values`: rss and pss in MiB, the others are counts."""

    at: float  # seconds since the start
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Trend:
    """How one value went after the warm-up. `slope`: per hour; `growth`: over the seconds judged."""

    name: str
    first: float
    last: float
    top: float
    slope: float
    growth: float
    seconds: float
    allowed: float

    @property
    def grows(self) -> bool:
        return self.growth > self.allowed


def look(pids: Sequence[int], at: float, told: Mapping[str, float]) -> Look:
    """The processes, and what the stack tells of itself."""
    values: dict[str, float] = {"rss": 0.0, "pss": 0.0, "fds": 0.0, "threads": 0.0}
    for pid in pids:
        folder = Path(f"/proc/{pid}")
        status = folder.joinpath("status").read_text(encoding="ascii", errors="replace")
        values["rss"] += _kib(status, "VmRSS:") / KIB
        values["pss"] += _kib(folder.joinpath("smaps_rollup").read_text(encoding="ascii"), "Pss:") / KIB
        values["fds"] += len(list(folder.joinpath("fd").iterdir()))
        values["threads"] += _kib(status, "Threads:")
    return Look(at, {**values, **{name: told[name] for name in ("tasks", "kept", "pending")}})


def _kib(text: str, name: str) -> float:
    line = next(line for line in text.splitlines() if line.startswith(name))
    return float(line.split()[1])


def trends(looks: Sequence[Look]) -> list[Trend]:
    """The trend of each value, the warm-up left out."""
    if not looks:
        return []
    begin = looks[-1].at * WARM_UP
    judged = [one for one in looks if one.at >= begin]
    return [_trend(name, judged) for name in judged[0].values] if len(judged) >= 4 else []


def _trend(name: str, judged: Sequence[Look]) -> Trend:
    times = [one.at for one in judged]
    values = [one.values[name] for one in judged]
    seconds = times[-1] - times[0]
    quarter = max(1, len(values) // 4)
    first, last = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
    slope = statistics.linear_regression(times, values).slope
    if name in MEMORY:
        growth = min(slope * seconds, last - first)  # one burst is no slope, one step is no leak
        allowed = SHORT_MIB if seconds < SHORT_S else max(ALLOWED_MIB, ALLOWED_SHARE * first)
    else:
        growth = last - first
        allowed = BOUNDED.get(name, ALLOWED_COUNT)
    return Trend(name, first, last, max(values), slope * 3600, growth, seconds, allowed)
