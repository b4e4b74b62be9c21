"""What a scenario may arrange around a DMP, live, and the same over its record."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.engine.live import LiveWorld
from conformance.engine.recorded import Diverged, RecordedJournal, RecordedWorld
from conformance.engine.world import World
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
