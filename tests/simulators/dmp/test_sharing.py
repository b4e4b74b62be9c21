"""One store, several processes: nothing lost, nothing twice, the same answers whichever is asked."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from schemas import habilitations
from schemas.vihf.certificates import Authorities
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.folder import Folder
from simulators.core.pki import Pki
from simulators.core.population import Population, as_text, from_text
from simulators.dmp.authorisations import State
from simulators.dmp.build import build_dmp
from simulators.dmp.routes import AUTHORISE
from simulators.dmp.settings import DmpSettings
from simulators.dmp.state import DmpState
from simulators.dmp.store import Store, open_store

from .conftest import START
from .kit import Kit, error_of, fault_of
from .test_registry import a_set, an_entry, stored

WRITER = """
import sys
from pathlib import Path
from simulators.dmp.settings import DmpSettings
from simulators.dmp.state import DmpState
from tests.simulators.dmp.test_registry import a_set, an_entry
from dataclasses import replace
folder, who, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
state = DmpState(folder / "dmp.sqlite", folder / "bodies")
print("ready", flush=True)
sys.stdin.readline()
for rank in range(who, who + count):
    entry = an_entry(rank)
    data = str(rank).encode() * 1000
    state.register("a", a_set(rank), f"urn:uuid:s{rank}", [(entry, data, f"{rank:064d}")])
    assert state.first_time("vihf", f"{rank}")
    print(rank, flush=True)
"""
ROOT = Path(__file__).parents[3]


def writer(folder: Path, who: int, count: int) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(who), str(count)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def go(*processes: "subprocess.Popen[str]") -> None:
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def check(folder: Path) -> set[str]:
    """The uniqueIds of a registry that is sound; each has its bytes."""
    database = sqlite3.connect(folder / "dmp.sqlite")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = database.execute("SELECT unique_id, sha256, id, submission FROM entry").fetchall()
    assert len({row[2] for row in rows}) == len(rows) == len({row[0] for row in rows})
    assert {row[0] for row in database.execute("SELECT id FROM submission")} == {row[3] for row in rows}
    database.close()
    bodies = Folder(folder / "bodies")
    assert all(bodies.get(sha256) == str(int(sha256)).encode() * 1000 for _, sha256, *_ in rows)
    return {row[0] for row in rows}


def test_two_processes_write_about_one_patient(tmp_path: Path) -> None:
    processes = [writer(tmp_path, who, 60) for who in (1000, 2000)]
    go(*processes)
    for one in processes:
        one.communicate(timeout=30)
        assert one.returncode == 0
    expected = {f"1.2.{who + rank}" for who in (1000, 2000) for rank in range(60)}
    assert check(tmp_path) == expected
    state = DmpState(tmp_path / "dmp.sqlite", tmp_path / "bodies")
    assert {one.unique_id for one in state.of_patient("a")} == expected
    assert not any(state.first_time("vihf", str(who)) for who in (1000, 1059, 2030))
    state.close()


def test_a_process_that_is_killed_leaves_a_sound_store(tmp_path: Path) -> None:
    killed, other = writer(tmp_path, 1000, 100_000), writer(tmp_path, 200_000, 40)
    go(killed, other)
    assert killed.stdout is not None and killed.stdin is not None
    told = [killed.stdout.readline().strip() for _ in range(20)]
    killed.kill()
    told += killed.stdout.read().split()
    killed.wait()
    killed.stdout.close()
    killed.stdin.close()
    other.communicate(timeout=30)
    assert other.returncode == 0
    acknowledged = {f"1.2.{rank}" for rank in told if rank.isdigit()} | {
        f"1.2.{200_000 + rank}" for rank in range(40)
    }
    there = check(tmp_path)
    assert acknowledged <= there and len(there - acknowledged) <= 1  # one was stored and not yet told


def test_what_one_remembers_is_not_wrong_for_another(tmp_path: Path) -> None:
    one, other = (DmpState(tmp_path / "dmp.sqlite", tmp_path / "bodies") for _ in range(2))
    for rank, state in enumerate([one, other, one, other, one], 1):
        stored(state, "a", rank)
        stored(state, "b", rank + 100)
    assert len(one.of_patient("a")) == len(other.of_patient("a")) == 5
    with pytest.raises(sqlite3.IntegrityError):
        other.register("a", a_set(9), "urn:uuid:s9", [(an_entry(1), b"x", "sha1")])
    assert one.held(["1.2.1"]) == {"1.2.1": "sha1"}
    assert one.first_time("vihf", "v") and not other.first_time("vihf", "v")
    for state in (one, other):
        state.close()


@pytest.mark.parametrize("shared", [False, True])
def test_marks_are_forgotten_oldest_first(tmp_path: Path, shared: bool) -> None:
    state = DmpState(tmp_path / "dmp.sqlite" if shared else ":memory:", marks=50)
    assert all(state.first_time("vihf", str(rank)) for rank in range(3_000))
    assert state.first_time("vihf", "0")
    assert not state.first_time("vihf", "2990")
    state.close()


def test_bodies_are_written_whole(tmp_path: Path) -> None:
    for durable in (False, True):
        folder = Folder(tmp_path / str(durable), durable)
        for _ in range(2):
            folder.put(b"bytes", "abcd")
        assert folder.get("abcd") == b"bytes"
        assert [path.name for path in (tmp_path / str(durable)).rglob("*") if path.is_file()] == ["abcd"]


# -- two services on one store --------------------------------------------------------------------------


@pytest.fixture
def kits(tmp_path: Path, test_pki: Pki) -> Iterator[tuple[Kit, Kit]]:
    """The same DMP in two processes, as far as it can tell; each kit asks one of them."""
    opened: list[Store] = []
    made = []
    authorities = Authorities.of(test_pki.authorities(), test_pki.revoked_serials())
    for who in range(2):
        clock = Clock(START)
        store = open_store(tmp_path, clock.now() + timedelta(days=who))
        opened.append(store)
        kit = Kit(test_pki, clock, Population(7, store.shelf), store.randomness(7))
        kit.service = build_dmp(
            "BANC-DMP-0001", DmpSettings(), clock, authorities, kit.population, store.randomness(7), store
        )
        kit._count = 1000 * who
        made.append(kit)
    yield made[0], made[1]
    for store in opened:
        store.ledger.close()
        store.database.close()


def test_conflicts_are_answered_as_ever(kits: tuple[Kit, Kit]) -> None:
    one, other = kits
    patient = one.population.derive("shared")
    assert other.population.find(patient.ins.matricule) == patient
    data = one.cda(patient)
    first = one.call(one.feed(patient, data)).facts["documents"][0]
    assert error_of(other.call(other.feed(patient, data)).response) == "XDSDuplicateUniqueIdInRegistry"
    changed = data.replace(b"<title>", b"<title> ")
    assert error_of(other.call(other.feed(patient, changed)).response) == "XDSNonIdenticalHash"
    uuid = first["entry_uuid"]
    assert other.call(other.feed(patient, replaces=uuid)).facts["outcome"] == "accepted"
    again = one.call(one.feed(patient, replaces=uuid))
    assert error_of(again.response) == "XDSRegistryDeprecatedDocumentError"
    assert (
        one.call(one.search(patient)).facts["returned"] == other.call(other.search(patient)).facts["returned"]
    )


def test_a_vihf_is_new_to_one_of_them_only(kits: tuple[Kit, Kit]) -> None:
    one, other = kits
    patient = one.population.derive("shared")
    request = one.request(one.exists(patient))
    assert one.service.handle(request).facts["outcome"] == "accepted"
    refused = other.service.handle(request)
    assert refused.facts["replayed"] == ["message", "vihf"]
    assert "VIHF" in fault_of(refused.response).reason


def test_authorisations_and_the_audit_trail(kits: tuple[Kit, Kit]) -> None:
    one, other = kits
    patient = one.population.derive("shared", authorisation="NON_EXISTE")
    add = habilitations.write_question(habilitations.SetAuthorization("AJOUT"))
    assert other.call(other.search(patient)).facts["outcome"] == "refused"
    assert one.call(one.ask(AUTHORISE, add, patient)).facts["outcome"] == "accepted"
    assert other.call(other.search(patient)).facts["outcome"] == "accepted"
    holder = "899700100011"
    states = [kit.service.authorisations.of(patient, holder, one.now) for kit in kits]
    assert states[0] == states[1] and states[0].state is State.VALID
    trails = [kit.service.audit.of(patient.ins.matricule) for kit in kits]
    assert trails[0] == trails[1]
    assert [trace.transaction for trace in trails[0]] == ["TD3.1", "TD0.3", "TD3.1"]
    given = one.population.derive("given")
    opened = [kit.service.authorisations.of(given, holder, one.now).start for kit in kits]
    assert opened[0] == opened[1]  # the store remembers when it was first opened


@pytest.mark.parametrize(("durable", "level"), [(False, 1), (True, 2)])
def test_what_is_durable_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool, level: int
) -> None:
    flushed: list[int] = []
    monkeypatch.setattr("os.fsync", flushed.append)
    store = open_store(tmp_path, Clock().now(), durable=durable)
    assert store.database.connection.execute("PRAGMA synchronous").fetchone() == (level,)
    assert store.database.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    state = DmpState(store.database, store.bodies)
    stored(state, "a", 1)
    bodies = len(flushed)
    store.ledger.append(Exchange(0, "dmp", "TD2.1", Clock().now(), 0.1, request_body=b"x"), lambda _: None)
    assert (bodies > 0, len(flushed) > bodies) == (durable, durable)
    store.ledger.close()
    state.close()


def test_draws_never_meet(tmp_path: Path) -> None:
    drawn = set()
    for rank in range(3):
        store = open_store(tmp_path, Clock().now())
        assert store.opening == rank
        drawn.add(store.randomness(7).uuid("dmp.entry"))
        store.ledger.close()
        store.database.close()
    assert len(drawn) == 3


def test_a_patient_as_text() -> None:
    population = Population(1)
    for one in (population.derive("a", minor=True), population.derive("b", ins_changed=True, corsican=True)):
        assert from_text(as_text(one)) == one


def test_patients_outlive_the_process(tmp_path: Path) -> None:
    store = open_store(tmp_path, Clock().now())
    patient = Population(1, store.shelf).derive("kept", dmp="ferme")
    again = Population(1, store.shelf)
    assert [one.key for one in again] == ["kept"]
    changed = replace(patient, dmp="actif")
    again.register(changed)
    assert Population(1, store.shelf).find(patient.ins.matricule) == changed
    store.ledger.close()
    store.database.close()


def test_another_ins_is_known_to_all(tmp_path: Path) -> None:
    store = open_store(tmp_path, Clock().now())
    one, other = Population(1, store.shelf), Population(1, store.shelf)
    before = one.derive("moves", incident="soap")
    assert other.find(before.ins.matricule) == before and before.ins.matricule in other.incidents
    after = one.change_ins(before)
    last = one.change_ins(after)
    for population in (one, other, Population(1, store.shelf)):
        assert population.find(before.ins.matricule) is None is population.find(after.ins.matricule)
        assert population.holder(before.ins.matricule) == last == population.holder(after.ins.matricule)
        assert population.holder(last.ins.matricule) == last == population.find(last.ins.matricule)
        assert list(population) == [last] and list(population.incidents) == [last.ins.matricule]
    store.ledger.close()
    store.database.close()
