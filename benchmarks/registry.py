"""The DMP on disk beside 10⁴, 10⁵ and 10⁶ documents of others: feed, search, read back; load and size.

Whole calls: signed message in, answer out, what decides it judged. The store is one file that all measures of
a size share, filled with synthetic entries, twenty a patient, a few of whom are asked about. The time must
not grow with the number of entries.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from schemas import xds
from schemas.vihf.certificates import Authorities
from schemas.xds import Code, DocumentEntry, SubmissionSet, names
from simulators.core import pki as pkis
from simulators.core.clock import Clock
from simulators.core.pki import Pki
from simulators.core.population import Patient, Population
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request
from simulators.dmp.build import build_dmp
from simulators.dmp.rows import ENTRY_ROW, SET_ROW, entry_row, set_row
from simulators.dmp.service import DmpService
from simulators.dmp.state import RANKS, DmpState
from simulators.dmp.store import open_store

from .measure import CPU, DISK, WALL, Figure, Measure, Sample, cpu
from .messages import Sealed, Writer
from .world import SETTINGS, handled, shown

EACH = 20  # documents of a patient
ASKED = 40  # patients that are asked about, spread over the registry
CALLS = 20  # a sample
BATCH = 500  # patients written at once
BODIES = 16  # different contents
SEED = 7
SIZES = (("10k", 10_000), ("100k", 100_000), ("1m", 1_000_000))
ALL = ("",) * EACH  # what is returned by a call that is no search
_NUMBER, _MATRICULE = "999000999", "999888777666555"  # in the template of a row: whose it is


def asked(population: Population) -> list[Patient]:
    """The patients that are asked about."""
    return [population.derive(f"asked {rank}") for rank in range(ASKED)]


def fill(folder: Path, entries: int, patients: Sequence[Patient]) -> float:
    """Fill the store of this folder, straight into its tables; the seconds that it takes."""
    store = open_store(folder, Clock().now())
    state = DmpState(store.database, store.bodies)
    data = [f"<document>{rank}</document>".encode() * 100 for rank in range(BODIES)]
    digests = [hashlib.sha256(one).hexdigest() for one in data]
    for one, digest in zip(data, digests, strict=True):
        state._folder.put(one, digest)  # type: ignore[union-attr]
    count = entries // EACH
    step = count // len(patients)
    known = {rank * step: patient.ins.matricule for rank, patient in enumerate(patients)}
    templates = [_entry(rank, digests) for rank in range(EACH)]
    start = time.perf_counter()
    with state._lock:
        for first in range(0, count, BATCH):
            who = [(n, known.get(n) or f"{n:015d}") for n in range(first, min(first + BATCH, count))]
            _write(state, who, templates)
    taken = time.perf_counter() - start
    state.close()
    store.ledger.close()
    return taken


Row = tuple[object, ...]


def _write(state: DmpState, who: Sequence[tuple[int, str]], templates: Sequence[Row]) -> None:
    database = state._db
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO patient VALUES (?,?)", [(n + 1, matricule) for n, matricule in who])
    database.executemany(SET_ROW, (_set(n) for n, _ in who))
    database.executemany(
        ENTRY_ROW,
        (
            _of(template, n, rank, matricule)
            for n, matricule in who
            for rank, template in enumerate(templates)
        ),
    )
    database.execute("COMMIT")


def _of(template: Row, number: int, rank: int, matricule: str) -> Row:
    """The row of a template, for the patient of this number."""
    _, unique_id, version, uuid, lid, _, *middle, xml = template
    mine = str(number)
    return (
        _key(number, rank),
        str(unique_id).replace(_NUMBER, mine),
        version,
        str(uuid).replace(_NUMBER, mine),
        str(lid).replace(_NUMBER, mine),
        _key(number),
        *middle,
        str(xml).replace(_NUMBER, mine).replace(_MATRICULE, matricule),
    )


def _key(number: int, rank: int = 0) -> int:
    return (number + 1 << RANKS) + rank


def _set(number: int) -> Row:
    uuid = f"urn:uuid:s{number}"
    one = SubmissionSet(uuid, f"1.3.{number}", "1.2.250.1.999.7", "", "20260302093000", None)
    return set_row(_key(number), one, uuid)


def unique_id(number: int | str, rank: int) -> str:
    return f"1.2.250.1.999.8.{number}.{rank}"


def _entry(rank: int, digests: Sequence[str]) -> Row:
    uuid = f"urn:uuid:{_NUMBER}-{rank}"
    entry = DocumentEntry(
        id=uuid,
        unique_id=unique_id(_NUMBER, rank),
        patient_id=f"{_MATRICULE}^^^&1.2.250.1.213.1.4.10&ISO^NH",
        title="Document synthétique",
        creation_time=f"202603{rank + 1:02d}093000",
        type_code=Code("11488-4", names.LOINC),
        confidentiality=(Code("N", names.HL7_CONFIDENTIALITY),),
        status=names.APPROVED,
        lid=uuid,
        version="1",
        mime_type="text/xml",
    )
    return entry_row(0, 0, entry, digests[rank % len(digests)])


# -- measures ------------------------------------------------------------------------------------------


def filled(shared: Path, entries: int) -> Path:
    """The store of this size under `shared`: filled once, its seconds and bytes beside it."""
    folder = shared / f"store-{entries}"
    told = folder / "filled.json"
    if not told.exists():
        seconds = fill(folder, entries, asked(Population(SEED)))
        size = sum(path.stat().st_size for path in folder.glob("dmp.sqlite*"))
        told.write_text(json.dumps({"seconds": seconds, "mib": size / (1 << 20)}), encoding="utf-8")
    return folder


def _pki(shared: Path) -> Pki:
    return pkis.open_or_create(shared / "pki", Clock().now())


Calls = Callable[[Writer, list[Patient], int], list[Sealed]]


@contextmanager
def calling(folder: Path, entries: int, write: Calls, arc: int) -> Iterator[Sample]:
    """Sends so many calls a sample to a DMP of that size, without a socket."""
    clock, population, pki = Clock(), Population(SEED), _pki(folder.parent)
    patients = asked(population)
    others = [population.derive(f"fed {rank}") for rank in range(ASKED)]
    authorities = Authorities.of(pki.authorities(), pki.revoked_serials())
    store = open_store(filled(folder.parent, entries), clock.now())
    service: DmpService = build_dmp(
        SETTINGS.homologation, SETTINGS.dmp, clock, authorities, population, store.randomness(SEED), store
    )
    writer, step = Writer(pki, clock, arc), entries // EACH // ASKED
    tls = shown(pki)

    def sample() -> float:
        requests = [
            Request("POST", one.path, (("Content-Type", one.content_type),), one.body, tls)
            for one in write(writer, others if write is _feeds else patients, step)
        ]
        done: list[Handled] = []
        taken = cpu(lambda: done.extend(handled(service, one, deferred=False) for one in requests), CALLS)
        for one in done:
            if len(one.facts.get("returned", ALL)) != EACH:
                raise RuntimeError(f"not every document was found: {dict(one.facts)}")
        return taken

    try:
        yield sample
    finally:
        store.database.close()
        store.ledger.close()


def _feeds(writer: Writer, patients: list[Patient], step: int) -> list[Sealed]:
    chosen = [patients[rank % len(patients)] for rank in range(CALLS)]
    return [writer.feed(one, writer.lot(one)) for one in chosen]


def _searches(writer: Writer, patients: list[Patient], step: int) -> list[Sealed]:
    return [
        writer.search(one, xds.find_documents(one.ins.cx()))
        for one in Randomness(1).stream("asked").sample(patients, CALLS)
    ]


def _retrieves(writer: Writer, patients: list[Patient], step: int) -> list[Sealed]:
    return [
        writer.retrieve(patients[rank], [unique_id(rank * step, rank % EACH)])
        for rank in Randomness(1).stream("asked").sample(range(len(patients)), CALLS)
    ]


def _measures(rank: int, name: str, entries: int) -> Iterator[Measure]:
    among = f"parmi {entries:,}".replace(",", " ")
    slow = entries > 10_000
    what: Sequence[tuple[str, str, Calls]] = (
        ("feed", "alimentation de 60 ko", _feeds),
        ("search", f"recherche de {EACH} documents", _searches),
        ("retrieve", "lecture d'un document", _retrieves),
    )
    for own, (kind, label, write) in enumerate(what):
        prepared: Callable[[Path], AbstractContextManager[Sample]] = partial(
            calling, entries=entries, write=write, arc=100 + 10 * rank + own
        )
        yield Measure(f"{kind}-{name}", f"{label} {among}", CPU, None, prepared, slow=slow)


def _told(name: str) -> Callable[[Path], AbstractContextManager[Sample]]:
    """What filling the largest store took."""

    @contextmanager
    def prepared(folder: Path) -> Iterator[Sample]:
        told = json.loads((filled(folder.parent, SIZES[-1][1]) / "filled.json").read_text(encoding="utf-8"))
        yield lambda: float(told[name])

    return prepared


MEASURES = (
    *(one for rank, size in enumerate(SIZES) for one in _measures(rank, *size)),
    Measure("load-1m", "remplissage de 1 000 000 documents", WALL, None, _told("seconds"), 1, slow=True),
    Measure("size-1m", "fichier de 1 000 000 documents", DISK, None, _told("mib"), 1, slow=True),
)


def summary(figures: Sequence[Figure]) -> list[str]:
    """How each call grows from the smallest registry measured to the largest."""
    medians = {figure.measure.name: figure.median for figure in figures}
    lines = []
    for kind, label in (("feed", "alimentation"), ("search", "recherche"), ("retrieve", "lecture")):
        sizes = [(name, entries) for name, entries in SIZES if f"{kind}-{name}" in medians]
        if len(sizes) > 1:
            (first, few), (last, many) = sizes[0], sizes[-1]
            grown = medians[f"{kind}-{last}"] / medians[f"{kind}-{first}"]
            lines.append(f"{label}, documents ×{many // few} : temps ×{grown:.2f}")
    return lines
