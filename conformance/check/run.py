"""All the files of one call, in this process or in several: the same results in the same order."""

import os
from collections.abc import Callable, Sequence

from reports.check.model import Batch, Checked, Unjudged

from .beside import judge_beside
from .gather import Source
from .judge import Settings, check_file
from .reading import STDIN

SMALL_FILES = 60  # a batch under both sizes is judged here: starting processes would cost more
SMALL_BYTES = 4_000_000

Told = Callable[[], None]


def check_all(
    sources: Sequence[Source],
    unjudged: Sequence[Unjudged] = (),
    settings: Settings | None = None,
    jobs: int = 0,
    told: Told = lambda: None,
) -> Batch:
    """Judge every source. `jobs`: processes; 0 chooses. `told` is called after each file.

    A file that nobody named and that is not recognised goes with `unjudged`.
    """
    chosen = settings or Settings()
    count = min(jobs or _enough(sources), len(sources))
    if count > 1:
        from .workers import check_in_processes

        results = check_in_processes(sources, chosen, count, told)
    else:
        results = [_one(source, chosen, told) for source in sources]
    pairs = list(zip(sources, results, strict=True))
    strangers = [Unjudged(source.name, "unrecognised") for source, item in pairs if item is None]
    return Batch(tuple(judge_beside(sources, results)), (*unjudged, *strangers))


def _one(source: Source, settings: Settings, told: Told) -> Checked | None:
    item = check_file(source.name, named=source.named, settings=settings)
    told()
    return item


def _enough(sources: Sequence[Source]) -> int:
    """As many processes as the batch is worth."""
    if len(sources) < 2:
        return 1
    size = sum(_size(source.name) for source in sources)
    if len(sources) < SMALL_FILES and size < SMALL_BYTES:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _size(name: str) -> int:
    try:
        return 0 if name == STDIN else os.stat(name).st_size  # noqa: PTH116
    except (OSError, ValueError):
        return 0
