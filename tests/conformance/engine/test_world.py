"""What a scenario may arrange around a DMP, live, and the same over its record."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.engine.browser import VisitRefused, elsewhere
from conformance.engine.live import LiveWorld
from conformance.engine.recorded import Diverged, RecordedJournal, RecordedWorld
from conformance.engine.world import World
from simulators.core.identities import MEDECIN
from simulators.core.population import Patient
from simulators.stack import Stack, StackSettings


def played(world: World) -> tuple[Patient, str, tuple[str, ...]]:
    patient = world.patient("case/nominal")
    unique_id = world.deposit(patient, kind="lettre", data=b"<a")
    many = world.deposit_many(patient, 5)
    world.authorise(patient, "INTERDIT")
    patient = world.change_ins(patient)
    patient = world.oppose(patient, glass=True)
    return world.close_dmp(patient, "voilà"), unique_id, many


def test_a_record_gives_the_same_as_the_live_world(tmp_path: Path) -> None:
    with Stack(StackSettings(seed=3, pki=tmp_path)) as stack:
        live = played(LiveWorld(stack, 0.0, 0.0))
        exchanges = stack.journal.exchanges()
        holder = stack.population.find(live[0].ins.matricule)
        assert len(stack.record(live[0])["documents"]) == 6
    assert holder == live[0]
    assert [one.transaction for one in exchanges] == [
        "BENCH.deposit",
        "BENCH.deposit_many",
        "BENCH.change_ins",
    ]
    first = live[0].former[0].matricule
    journal = RecordedJournal(exchanges, lambda exchange: [])
    # when it was closed is the services' affair: a record holds it in their exchanges only
    told = (replace(live[0], closed_at=""), *live[1:])
    assert played(RecordedWorld(exchanges, journal, 3, [first])) == told
    with pytest.raises(Diverged):
        RecordedWorld(exchanges, journal, 3, [first]).change_ins(live[0])


def visited(world: World, base: str) -> tuple[list[dict[str, str]], str]:
    """What each visit gives, and why the last one failed. The patient blocks the doctor before the third."""
    patient = world.patient("case/nominal")
    home = f"{base}/AccesDirect/DossierPatient/{patient.ins.matricule}"
    given = [world.open_web(home, MEDECIN.user, "card"), world.open_web(home, MEDECIN.user, "login")]
    world.mes(patient, "block", professional=MEDECIN.id_nat)
    given += [world.open_web(home, MEDECIN.user, "card"), world.open_web("https://x.example/", "", "card")]
    with pytest.raises(VisitRefused) as caught:
        world.open_web(home, "nobody", "card")
    return given, caught.value.reason


def test_visits_are_the_same_over_a_record(tmp_path: Path) -> None:
    with Stack(StackSettings(seed=3, pki=tmp_path)) as stack:
        base = stack.environment.dmp_web_url
        live = visited(LiveWorld(stack, 0.0, 0.0), base)
        exchanges = stack.journal.exchanges()
        assert stack.journal.bench_errors == []
    assert live[0] == [
        {"status": "200"},
        {"status": "200"},
        {"status": "403"},
        {"elsewhere": "https://x.example:443"},
    ]
    causes = [one.facts.get("cause") for one in exchanges if one.transaction in ("TD0.9", "TD0.10")]
    assert causes == [None, None, "authorisation-interdit"]
    journal = RecordedJournal(exchanges, lambda exchange: [])
    assert visited(RecordedWorld(exchanges, journal, 3, []), base) == live


HOME = "https://localhost:18450"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"{HOME}/AccesDirect/Documents/1", ""),
        ("https://LOCALHOST:18450", ""),
        ("https://localhost:18451/", "https://localhost:18451"),
        ("http://localhost:18450/", "http://localhost:18450"),
        ("https://localhost/", "https://localhost:443"),
        ("https://web-ps.example/AccesDirect", "https://web-ps.example:443"),
        (f"{HOME}@web-ps.example/", f"{HOME}@web-ps.example/"),
        (f"{HOME}\\@web-ps.example/", f"{HOME}\\@web-ps.example/"),
        ("https://localhost:port/", "https://localhost:port/"),
        ("/AccesDirect/Documents", "/AccesDirect/Documents"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("", "?"),
    ],
)
def test_only_web_ps_is_opened(url: str, found: str) -> None:
    assert elsewhere(url, HOME) == found
