"""One search of a patient's documents at the DMP, beside 10⁴, 10⁵ and 10⁶ entries of others.

The registry is on disk, as one that large must be, and filled with synthetic entries, twenty a patient. The
time must not grow with the number of entries.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from schemas import xds
from schemas.vihf import DIRECT
from schemas.xds import Code, DocumentEntry, SubmissionSet, names
from simulators.core.random import Randomness
from simulators.dmp import consult
from simulators.dmp.rights import Actor
from simulators.dmp.rows import ENTRY_ROW, SET_ROW, entry_row, set_row
from simulators.dmp.state import RANKS, DmpState
from simulators.dmp.visibility import Kind, Viewer

from .measure import CPU, Measure, Sample, cpu
from .world import DOCTOR

EACH = 20  # documents of a patient
SEARCHES = 50  # patients searched, a sample
BATCH = 500  # patients written at once
SIZES = (("10k", 10_000), ("100k", 100_000), ("1m", 1_000_000))


def matricule(number: int) -> str:
    return f"{number:015d}"


def fill(state: DmpState, entries: int) -> int:
    """Store so many synthetic entries, straight into the tables; how many patients that makes."""
    patients = entries // EACH
    database = state._db
    for first in range(0, patients, BATCH):
        numbers = range(first, min(first + BATCH, patients))
        database.execute("BEGIN")
        database.executemany("INSERT INTO patient VALUES (?,?)", [(n + 1, matricule(n)) for n in numbers])
        database.executemany(SET_ROW, map(_set, numbers))
        database.executemany(ENTRY_ROW, (_entry(n, rank) for n in numbers for rank in range(EACH)))
        database.execute("COMMIT")
    return patients


def _key(number: int, rank: int = 0) -> int:
    return (number + 1 << RANKS) + rank


def _set(number: int) -> tuple[object, ...]:
    one = SubmissionSet(f"urn:uuid:s{number}", f"1.3.{number}", "1.2.250.1.999.7", "", "20260302093000", None)
    return set_row(_key(number), one, f"urn:uuid:s{number}")


def _entry(number: int, rank: int) -> tuple[object, ...]:
    uuid = f"urn:uuid:{number}-{rank}"
    entry = DocumentEntry(
        id=uuid,
        unique_id=f"1.2.250.1.999.1.{number}.{rank}",
        patient_id=f"{matricule(number)}^^^&1.2.250.1.213.1.4.10&ISO^NH",
        title="Document synthétique",
        creation_time=f"202603{rank + 1:02d}093000",
        type_code=Code("11488-4", names.LOINC),
        confidentiality=(Code("N", names.HL7_CONFIDENTIALITY),),
        status=names.APPROVED,
        lid=uuid,
        version="1",
    )
    return entry_row(_key(number, rank), _key(number), entry, uuid)


def prepare(entries: int) -> Callable[[Path], AbstractContextManager[Sample]]:
    """The measure beside so many entries."""

    @contextmanager
    def prepared(folder: Path) -> Iterator[Sample]:
        state = DmpState(folder / "dmp.sqlite", folder / "bodies")
        patients = fill(state, entries)
        stream = Randomness(7).stream("registry")
        viewer = Viewer(Kind.CALLER, DOCTOR.id_nat, actor=Actor.DOCTOR, mode=DIRECT, profession="10")

        def search(who: str) -> bool:
            query = xds.find_documents(f"{who}^^^&1.2.250.1.213.1.4.10&ISO^NH")
            if len(consult.search(state, query, who, viewer)) != EACH:
                raise RuntimeError(f"not every document of {who} was found")
            return True

        def sample() -> float:
            chosen = [matricule(stream.randrange(patients)) for _ in range(SEARCHES)]
            return cpu(lambda: all(map(search, chosen)), SEARCHES)

        try:
            yield sample
        finally:
            state.close()

    return prepared


MEASURES = tuple(
    Measure(
        f"registry-{name}",
        f"recherche de {EACH} documents parmi {entries:,}".replace(",", " "),
        CPU,
        None,
        prepare(entries),
        slow=entries > 100_000,
    )
    for name, entries in SIZES
)
