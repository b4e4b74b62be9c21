"""One client of a soak: chooses what to do by chance, does it as a right client does, keeps the model true.

After a doubt (no readable answer) it asks again with the same identifiers; when that is refused, it looks
whether the first attempt was done. It never takes a refusal for granted: one that nothing explains is wrong.
"""

import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas import habilitations, hl7v3, xds
from schemas.xds import names
from simulators.core.population import Patient

from .messages import Lot, Sealed, Writer
from .soak_model import Document, Model
from .wire import Answer, Doubt, Unavailable, Wire

ATTEMPTS = 8
DOCUMENTS = 60  # of a patient, then another one comes
PAUSE = 0.05  # seconds before asking again
TRANSIENT = {"XDSRegistryError", "XDSRepositoryError", "XDSRegistryBusy"}  # asked again; others are not
MIX = (  # what is done, and how often
    ("feed", 26),
    ("replace", 10),
    ("lot", 6),
    ("exists", 8),
    ("authorise", 4),
    ("search", 15),
    ("retrieve", 15),
    ("mask", 5),
    ("archive", 5),
    ("delete", 3),
)
PDF_SIZES = (500, 2_000, 8_000, 22_000)  # bytes


class Cohort:
    """The patients of a soak: one who has enough documents is followed by another, so that answers keep
    their size. `newcomer(rank)` makes the DMP know one more. Safe to use from several threads.
    """

    def __init__(self, newcomer: Callable[[int], Patient], size: int, documents: int = DOCUMENTS) -> None:
        self._newcomer = newcomer
        self._documents = documents
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self.everybody = [newcomer(rank) for rank in range(size)]
        self._present = list(self.everybody)

    def pick(self, chance: random.Random) -> Patient:
        with self._lock:
            return chance.choice(self._present)

    def grew(self, patient: Patient, documents: int) -> None:
        with self._lock:
            self._held[patient.key] += documents
            if self._held[patient.key] >= self._documents and patient in self._present:
                newcomer = self._newcomer(len(self.everybody))
                self.everybody.append(newcomer)
                self._present[self._present.index(patient)] = newcomer


class Refused(Exception):
    """A refusal that is not transient. `after_doubt`: an earlier attempt may have been done."""

    def __init__(self, code: str, after_doubt: bool) -> None:
        super().__init__(code)
        self.code = code
        self.after_doubt = after_doubt


class Wrong(Exception):
    """What must not happen did."""


@dataclass(slots=True)
class Client:
    """A client with its own documents and connection; patients are everybody's.

    `wrong`: what must not happen and did.
    """

    name: str
    writer: Writer
    wire: Wire
    cohort: Cohort
    chance: random.Random
    rate: float  # calls a second that are aimed at
    going: threading.Event  # cleared: wait
    ended: threading.Event
    model: Model = field(default_factory=Model)
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    idle: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name=self.name)
        self._thread.start()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()
        self.wire.close()

    def _work(self) -> None:
        names_, weights = zip(*MIX, strict=True)
        due = time.monotonic()
        while not self.ended.is_set():
            if not self.going.is_set():
                self.idle.set()
                self.going.wait(0.2)
                due = time.monotonic()
                continue
            self.idle.clear()
            (what,) = self.chance.choices(names_, weights)
            try:
                getattr(self, what)(self.cohort.pick(self.chance))
                self.done[what] += 1
            except Exception as error:
                self.wrong.append(f"{self.name} {what}: {type(error).__name__}: {error}")
            due += 1 / self.rate
            self.ended.wait(max(0.0, due - time.monotonic()))
        self.idle.set()

    # -- what is done -----------------------------------------------------------------------------------

    def feed(self, patient: Patient) -> None:
        self._feed(patient, self.writer.lot(patient, 1, self.chance.choice(PDF_SIZES)))

    def lot(self, patient: Patient) -> None:
        self._feed(patient, self.writer.lot(patient, self.chance.randint(2, 4), PDF_SIZES[0]))

    def replace(self, patient: Patient) -> None:
        old = self._pick(patient, names.APPROVED)
        if old is None:
            self.feed(patient)
            return
        uuid = self.entry(patient, old.unique_id).id
        self._feed(patient, self.writer.lot(patient, 1, self.chance.choice(PDF_SIZES)), old, uuid)

    def _feed(self, patient: Patient, lot: Lot, old: Document | None = None, uuid: str = "") -> None:
        try:
            self._ask(lambda: self.writer.feed(patient, lot, uuid), _registry)
        except Refused as refused:
            if not refused.after_doubt:
                raise
            found = {one.unique_id for one in self.entries(patient, *lot.documents)}
            if found != set(lot.documents):
                raise Wrong(f"{refused.code} after a doubt, and {found} of {set(lot.documents)}") from None
            self.done["doubt: was done"] += 1
        self.model.fed(patient, lot, old)
        self.cohort.grew(patient, len(lot.documents))

    def exists(self, patient: Patient) -> None:
        def read(answer: Answer) -> str:
            found = hl7v3.read_answer(answer.body)
            return "" if found.ack == "AA" else found.error or "AE"

        self._ask(lambda: self.writer.exists(patient), read)

    def authorise(self, patient: Patient) -> None:
        def read(answer: Answer) -> str:
            outcome = habilitations.read_outcome(answer.body)
            return "" if outcome.done else outcome.status

        self._ask(lambda: self.writer.authorise(patient, "AJOUT"), read)

    def search(self, patient: Patient) -> None:
        """What is found must be what the model knows, no more, no less."""
        found = {key: value for key, value in self.found(patient).items() if self.writer.wrote(key)}
        expected = {one.unique_id: (one.status, one.version) for one in self.model.of(patient) if one.shown}
        if found != expected:
            raise Wrong(f"search of {patient.ins.matricule}: {_difference(found, expected)}")

    def retrieve(self, patient: Patient) -> None:
        chosen = [one for one in self.model.of(patient) if one.status == names.APPROVED]
        self.read_back(patient, self.chance.sample(chosen, min(len(chosen), 3)))

    def read_back(self, patient: Patient, chosen: Sequence[Document]) -> None:
        """TD3.2 gives the very bytes."""
        if not chosen:
            return
        answer = self._ask(
            lambda: self.writer.retrieve(patient, [one.unique_id for one in chosen]),
            lambda got: _first(xds.read_retrieve_response(got.body, got.attachments)),
        )
        given = xds.read_retrieve_response(answer.body, answer.attachments).documents
        digests = {one.unique_id: hashlib.sha256(one.content).hexdigest() for one in given}
        expected = {one.unique_id: one.sha256 for one in chosen}
        if digests != expected or len(given) != len(chosen):
            raise Wrong(f"TD3.2 of {patient.ins.matricule}: {_difference(digests, expected)}")

    def mask(self, patient: Patient) -> None:
        one = self._pick(patient, names.APPROVED)
        if one is None:
            return
        entry, masked, set_id = self.entry(patient, one.unique_id), not one.masked, self.writer.oid(6)

        def now_so() -> bool:
            seen = self.entry(patient, one.unique_id)
            return int(seen.version) == one.version + 1 and _masked(seen) is masked

        self._update(set_id, lambda: self.writer.mask(patient, set_id, entry, masked), now_so)
        one.version, one.masked = one.version + 1, masked

    def archive(self, patient: Patient) -> None:
        before = self.chance.choice((names.APPROVED, names.ARCHIVED))
        after = names.ARCHIVED if before == names.APPROVED else names.APPROVED
        self._status(patient, before, after)

    def delete(self, patient: Patient) -> None:
        self._status(patient, names.APPROVED, names.DELETED)

    def _status(self, patient: Patient, before: str, after: str) -> None:
        one = self._pick(patient, before)
        if one is None:
            return
        uuid, set_id = self.entry(patient, one.unique_id).id, self.writer.oid(6)

        def now_so() -> bool:
            seen = [entry.status for entry in self.entries(patient, one.unique_id)]
            return seen == [after] or (after == names.DELETED and not seen)

        self._update(set_id, lambda: self.writer.status(patient, set_id, uuid, before, after), now_so)
        one.status = after

    def _update(self, set_id: str, write: Callable[[], Sealed], now_so: Callable[[], bool]) -> None:
        try:
            self._ask(write, _registry)
        except Refused as refused:
            if not refused.after_doubt:
                raise
            if not now_so():
                raise Wrong(f"{refused.code} after a doubt, and it was not done") from None
            self.done["doubt: was done"] += 1
        self.model.sets.add(set_id)

    # -- looking ----------------------------------------------------------------------------------------

    def found(self, patient: Patient) -> dict[str, tuple[str, int]]:
        """Status and version of what is approved or archived. Raises Wrong when one is there twice."""
        query = xds.find_documents(patient.ins.cx(), (names.APPROVED, names.ARCHIVED))
        entries = self._entries(patient, query)
        found = {one.unique_id: (one.status, int(one.version)) for one in entries}
        if len(found) != len(entries):
            raise Wrong(f"search of {patient.ins.matricule}: the same document twice")
        return found

    def entry(self, patient: Patient, unique_id: str) -> xds.DocumentEntry:
        (found,) = self.entries(patient, unique_id)
        return found

    def entries(self, patient: Patient, *unique_ids: str) -> list[xds.DocumentEntry]:
        return self._entries(patient, xds.get_documents(unique_ids=unique_ids))

    def _entries(self, patient: Patient, query: xds.Query) -> list[xds.DocumentEntry]:
        answer = self._ask(
            lambda: self.writer.search(patient, query),
            lambda got: _first(xds.read_query_response(got.body)),
        )
        return list(xds.read_query_response(answer.body).entries)

    def _pick(self, patient: Patient, status: str) -> Document | None:
        fitting = [one for one in self.model.of(patient) if one.status == status]
        return self.chance.choice(fitting) if fitting else None

    # -- asking -----------------------------------------------------------------------------------------

    def _ask(self, write: Callable[[], Sealed], code_of: Callable[[Answer], str]) -> Answer:
        """Ask until there is an answer. `code_of`: the error code of an answer, empty when it is done.

        Raises Refused, and Wrong when there never is an answer.
        """
        doubt, said = False, ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE)
            self.done["calls"] += 1
            try:
                answer = self.wire.send(write())
                if answer.fault is not None:
                    said = answer.fault.subcode or answer.fault.reason
                    if answer.fault.code != "Receiver":
                        raise Refused(said, doubt)
                    continue
                said = code_of(answer)
            except Unavailable as error:
                said = f"unavailable {error}"
                continue
            except (Doubt, ValueError) as error:
                doubt, said = True, f"doubt: {error}"
                continue
            if not said:
                return answer
            if said not in TRANSIENT:
                raise Refused(said, doubt)
        raise Wrong(f"no answer in {ATTEMPTS} attempts, the last: {said}")


def _registry(answer: Answer) -> str:
    return _first(xds.read_registry_response(answer.body))


def _first(response: xds.RegistryResponse | xds.QueryResponse | xds.RetrieveResponse) -> str:
    """The code of a negative or partial answer."""
    if response.status == names.SUCCESS:
        return ""
    return response.errors[0].code if response.errors else response.status


def _masked(entry: xds.DocumentEntry) -> bool:
    return any(code.code == names.MASQUE_PS for code in entry.confidentiality)


def _difference(found: Mapping[str, object], expected: Mapping[str, object]) -> str:
    missing = sorted(set(expected) - set(found))[:3]
    extra = sorted(set(found) - set(expected))[:3]
    other = [key for key in set(found) & set(expected) if found[key] != expected[key]][:3]
    told = [(key, found[key], expected[key]) for key in other]
    return f"missing {missing}, not sent {extra}, different {told}"
