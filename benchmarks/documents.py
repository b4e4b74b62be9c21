"""CDA documents judged alone: milliseconds a document by size, documents per second, growth with size.

5 kB is a letter; the others are prescriptions full of lines, the heaviest structure for their size; 200 kB is
what is met in practice, four lines and a PDF. The official rules, where the user's folder is named by
SEGUR_BENCH_ANS_RULES, judge the same documents in the same rounds.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from schemas.cda import (
    DocumentSpec,
    PrescriptionLine,
    PrescriptionSpec,
    build_document,
    build_prescription,
    judge,
)
from schemas.finding import errors
from simulators.core.population import Population
from simulators.core.random import Randomness

from .measure import CPU, WALL, Figure, Measure, Sample, cpu
from .world import START, cda_header

KB = 1000
REAL = 200  # kB of the prescription met in practice
SIZES = (5, 50, 150, 1500)  # kB
AIMS = {REAL: 20.0}  # milliseconds
LINE_BYTES = 6_050  # of a line in a prescription
REST_BYTES = 7_700  # of a prescription without its lines
VARIANTS = 4  # different documents of a size, so that nothing is remembered from one to the next
RULES_FOLDER = "SEGUR_BENCH_ANS_RULES"


def document(kilobytes: int, rank: int = 0) -> bytes:
    """A document of about that size that breaks no rule; another rank, another patient and identifiers."""
    header = cda_header(Population(7).derive(f"document {rank}"), rank, START)
    if kilobytes < 20:
        return build_document(DocumentSpec(header, "lettre", _pdf(0, rank)))
    written = 4 if kilobytes == REAL else max(1, (kilobytes * KB - REST_BYTES) // LINE_BYTES)
    filling = (kilobytes * KB - REST_BYTES - written * LINE_BYTES) * 3 // 4 if kilobytes == REAL else 0
    line = PrescriptionLine(
        "PARACETAMOL 1 g, comprimé", "1 comprimé matin et soir", "63107752", "3400933516390"
    )
    until = START + timedelta(days=90)
    lines = (line,) * written
    return build_prescription(
        PrescriptionSpec(header, lines, _pdf(filling, rank), "01S2TBPZ2JCNZZYGHZ", valid_until=until)
    )


def _pdf(size: int, rank: int) -> bytes:
    return b"%PDF-1.4 pdfaid\n" + Randomness(rank).stream("pdf").randbytes(size) + b"\n%%EOF\n"


@contextmanager
def prepare(folder: Path, kilobytes: int, judge_one: Callable[[bytes], object] = judge) -> Iterator[Sample]:
    """Judges documents of one size, about 600 kB of them a sample."""
    kept = [document(kilobytes, rank) for rank in range(VARIANTS)]
    wrong = errors(judge(kept[0]))
    if wrong:
        raise RuntimeError(f"the measured document breaks {wrong[0].rule} at {wrong[0].where}")
    batch = max(1, 600 // kilobytes)
    ranks = count()
    yield lambda: cpu(lambda: [judge_one(kept[next(ranks) % VARIANTS]) for _ in range(batch)], batch)


@contextmanager
def prepare_official(folder: Path, kilobytes: int) -> Iterator[Sample]:
    """The official rules through Saxon on the same documents."""
    from conformance.ans import open_rules

    rules = open_rules(Path(os.environ[RULES_FOLDER]))
    with prepare(folder, kilobytes, rules.judge) as sample:
        yield sample


@contextmanager
def _check(folder: Path) -> Iterator[Sample]:
    from .processes import COMMAND, wall

    path = folder / "document.xml"
    path.write_bytes(document(REAL))
    yield lambda: wall([*COMMAND, "check", str(path)], folder)


def _measure(kilobytes: int) -> Measure:
    prepared: Callable[[Path], AbstractContextManager[Sample]] = partial(prepare, kilobytes=kilobytes)
    what = "ordonnance et son PDF jugées" if kilobytes == REAL else "document CDA jugé"
    return Measure(f"document-{kilobytes}", f"{what}, {kilobytes} ko", CPU, AIMS.get(kilobytes), prepared)


def _official() -> tuple[Measure, ...]:
    if not os.environ.get(RULES_FOLDER):
        return ()
    prepared: Callable[[Path], AbstractContextManager[Sample]] = partial(prepare_official, kilobytes=REAL)
    label = f"règles officielles (Saxon), {REAL} ko"
    return (Measure("document-ans", label, CPU, None, prepared, rounds=5, slow=True),)


MEASURES: tuple[Measure, ...] = (
    *(_measure(kilobytes) for kilobytes in (*SIZES, REAL)),
    Measure("check", "segur-bench check, une ordonnance de 200 ko", WALL, 0.5, _check, rounds=7),
    *_official(),
)


def summary(figures: Sequence[Figure]) -> list[str]:
    """Documents per second on a core, growth with size, ratio to the official rules where measured."""
    medians = {figure.measure.name: figure.median for figure in figures}
    sizes = [size for size in (*SIZES[:3], REAL, SIZES[3]) if f"document-{size}" in medians]
    lines = []
    if sizes:
        rates = ", ".join(f"{size} ko {1000 / medians[f'document-{size}']:.0f}/s" for size in sizes)
        lines.append(f"documents par seconde et par cœur : {rates}")
    if {"document-150", "document-1500"} <= set(medians):
        grown = medians["document-1500"] / medians["document-150"]
        lines.append(f"de 150 à 1500 ko (×10) : temps ×{grown:.1f}")
    if {"document-ans", f"document-{REAL}"} <= set(medians):
        ratio = medians["document-ans"] / medians[f"document-{REAL}"]
        lines.append(f"règles officielles / nôtres, {REAL} ko : ×{ratio:.0f}")
    elif sizes:
        lines.append(f"règles officielles non mesurées : {RULES_FOLDER} ne désigne pas leur dossier")
    return lines
