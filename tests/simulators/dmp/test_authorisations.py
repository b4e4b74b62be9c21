"""The state machine of authorisations, over time and on disk."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulators.core.identities import BIOLOGISTE, CABINET, MEDECIN
from simulators.core.population import Population
from simulators.dmp.authorisations import Authorisations, State
from simulators.dmp.policy import Policy

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=40)
ME, OTHER = MEDECIN.id_nat, BIOLOGISTE.id_nat


def test_it_starts_as_the_population_says() -> None:
    population, held = Population(1), Authorisations(NOW)
    for state in State:
        patient = population.derive(state.value, authorisation=state.value)
        one = held.of(patient, ME, NOW)
        assert (one.state, one.treating) == (state, False)
        assert (one.start is None) == (state is State.NONE)
        assert one.start is None or NOW - timedelta(days=29) < one.start < NOW
    treated = population.derive("treated", treated=True)
    assert held.of(treated, ME, NOW).treating
    assert not held.of(treated, OTHER, NOW).treating  # nobody else


def test_added_withdrawn_added_again() -> None:
    patient = Population(1).derive("a", authorisation="NON_EXISTE")
    held = Authorisations(NOW)
    added = held.add(patient, ME, NOW)
    assert (added.state, added.start, added.last_action) == (State.VALID, NOW, NOW)
    assert held.add(patient, ME, LATER) == held.of(patient, ME, LATER) == added
    assert held.of(patient, OTHER, NOW).state is State.NONE
    withdrawn = held.withdraw(patient, ME, LATER, ends_treating=True)
    assert (withdrawn.state, withdrawn.start, withdrawn.last_action) == (State.NONE, None, LATER)
    assert held.add(patient, ME, LATER).start == LATER


def test_expired_is_renewed() -> None:
    patient = Population(1).derive("a", authorisation="EXPIRE")
    held = Authorisations(NOW)
    assert held.add(patient, ME, NOW).state is State.VALID
    assert held.of(patient, ME, NOW).start == NOW


def test_a_lifetime_is_a_setting() -> None:
    patient = Population(1).derive("a", authorisation="NON_EXISTE")
    held = Authorisations(NOW, lifetime=timedelta(days=30))
    held.add(patient, ME, NOW)
    assert held.of(patient, ME, NOW + timedelta(days=30, seconds=-1)).state is State.VALID
    assert held.of(patient, ME, NOW + timedelta(days=30)).state is State.EXPIRED
    assert held.add(patient, ME, LATER).start == LATER
    assert held.of(patient, ME, LATER).state is State.VALID


def test_several_treating_doctors() -> None:
    patient = Population(1).derive("a", authorisation="NON_EXISTE")
    held = Authorisations(NOW)
    assert held.add(patient, ME, NOW, treating=True).treating
    assert held.add(patient, OTHER, NOW).treating is False
    promoted = held.add(patient, OTHER, LATER, treating=True)
    assert (promoted.treating, promoted.start, promoted.last_action) == (True, NOW, LATER)
    stopped = held.stop_treating(patient, ME, LATER)
    assert (stopped.state, stopped.treating) == (State.VALID, False)
    assert held.of(patient, OTHER, LATER).treating
    assert held.withdraw(patient, OTHER, LATER, ends_treating=False).treating


def test_a_structure_shares() -> None:
    patient = Population(1).derive("a", authorisation="EXPIRE")
    held = Authorisations(NOW)
    assert held.effective(patient, ME, CABINET.id_nat, NOW).state is State.EXPIRED
    held.add(patient, CABINET.id_nat, NOW)
    shared = held.effective(patient, ME, CABINET.id_nat, NOW)
    assert (shared.holder, shared.state, shared.start) == (ME, State.VALID, NOW)
    assert held.of(patient, ME, NOW).state is State.EXPIRED
    held.block(patient, ME, LATER)
    assert held.effective(patient, ME, CABINET.id_nat, LATER).state is State.BLOCKED


def test_it_is_kept_on_disk(tmp_path: Path) -> None:
    patient = Population(1).derive("a", authorisation="NON_EXISTE")
    held = Authorisations(NOW, tmp_path / "dmp.sqlite")
    added = held.add(patient, ME, NOW, treating=True)
    held.close()
    again = Authorisations(LATER, tmp_path / "dmp.sqlite")
    assert again.of(patient, ME, LATER) == added
    again.close()


def test_another_persona_forgets() -> None:
    population, held = Population(1), Authorisations(NOW)
    held.add(population.derive("a", authorisation="NON_EXISTE"), ME, NOW)
    blocked = population.derive("a", authorisation="INTERDIT")
    assert held.of(blocked, ME, NOW).state is State.BLOCKED


def test_every_setting_says_how_sure_it_is() -> None:
    labels = dict(Policy.labels())
    assert set(labels) == set(Policy.__dataclass_fields__)
    assert all(label.startswith("supposé : ") for label in labels.values())
    assert Policy().lifetime is None
