"""The sheets of rights, cell by cell where it matters, and who is who."""

import pytest

from schemas.vihf import AIR, DIRECT, INDIRECT, Role, Vihf, model
from simulators.dmp.rights import (
    AIR_CELLS,
    DIRECT_CELLS,
    GLASS,
    NORMAL,
    REGULATION,
    Action,
    Actor,
    Oddities,
    Permission,
    actor_of,
    allowed,
    purpose_of,
)

YES, NO, OWN = Permission.YES, Permission.NO, Permission.OWN


@pytest.mark.parametrize(
    ("action", "actor", "purpose", "mode", "expected"),
    [
        (Action.EXISTS, Actor.ORGANISATION, REGULATION, INDIRECT, YES),
        (Action.AUTHORISE, Actor.PS, NORMAL, DIRECT, YES),
        (Action.AUTHORISE, Actor.PS, GLASS, DIRECT, NO),
        (Action.AUTHORISE, Actor.CPE, NORMAL, DIRECT, Permission.STRUCTURE),
        (Action.AUTHORISE, Actor.OCCUPATIONAL, NORMAL, DIRECT, NO),
        (Action.AUTHORISE, Actor.ORGANISATION, NORMAL, INDIRECT, NO),
        (Action.WITHDRAW, Actor.CPE, NORMAL, DIRECT, NO),
        (Action.STOP_TREATING, Actor.DOCTOR, NORMAL, DIRECT, NO),
        (Action.STOP_TREATING, Actor.TREATING, NORMAL, DIRECT, YES),
        (Action.STOP_TREATING, Actor.TREATING, GLASS, DIRECT, NO),
        (Action.PATIENTS, Actor.ORGANISATION, NORMAL, INDIRECT, Permission.NEW),
        (Action.PATIENTS, Actor.ORGANISATION, REGULATION, INDIRECT, NO),
        (Action.FIND_PATIENT, Actor.DOCTOR, NORMAL, DIRECT, NO),
        (Action.FIND_PATIENT, Actor.DOCTOR, REGULATION, DIRECT, YES),
        (Action.FIND_PATIENT, Actor.ORGANISATION, REGULATION, INDIRECT, YES),
        (Action.AUTHORISED, Actor.OCCUPATIONAL, NORMAL, DIRECT, YES),
        (Action.AUTHORISED, Actor.PS, REGULATION, DIRECT, NO),
        (Action.FEED, Actor.DOCTOR, NORMAL, DIRECT, YES),
        (Action.FEED, Actor.DOCTOR, NORMAL, AIR, NO),
        (Action.FEED_CPE, Actor.CPE, NORMAL, AIR, NO),
        (Action.FEED, Actor.ORGANISATION, NORMAL, INDIRECT, Permission.STRUCTURE),
        (Action.SEARCH, Actor.OCCUPATIONAL, NORMAL, DIRECT, YES),
        (Action.SEARCH_REFERENCES, Actor.CPE, NORMAL, AIR, Permission.TO_DELETE),
        (Action.RETRIEVE, Actor.OCCUPATIONAL, NORMAL, DIRECT, NO),
        (Action.RETRIEVE_MASKED, Actor.PS, NORMAL, DIRECT, OWN),
        (Action.RETRIEVE_MASKED, Actor.PS, GLASS, DIRECT, Permission.CONSENT),
        (Action.RETRIEVE_MASKED, Actor.TREATING, NORMAL, AIR, YES),
        (Action.RETRIEVE_DELETED, Actor.PS, NORMAL, DIRECT, YES),
        (Action.MASK, Actor.DOCTOR, GLASS, AIR, NO),
        (Action.UNMASK, Actor.DOCTOR, NORMAL, AIR, OWN),
        (Action.ARCHIVE, Actor.DOCTOR, NORMAL, DIRECT, OWN),
        (Action.ARCHIVE, Actor.DOCTOR, GLASS, DIRECT, YES),
        (Action.ARCHIVE, Actor.DOCTOR, NORMAL, AIR, YES),
        (Action.DELETE, Actor.ORGANISATION, REGULATION, INDIRECT, Permission.STRUCTURE),
        # assumed: no such column
        (Action.SEARCH, Actor.TREATING, REGULATION, DIRECT, YES),
        (Action.STOP_TREATING, Actor.TREATING, REGULATION, DIRECT, NO),
        (Action.EXISTS, Actor.CPE, GLASS, DIRECT, NO),
        (Action.RETRIEVE, Actor.OCCUPATIONAL, NORMAL, AIR, NO),
    ],
)
def test_cells(action: Action, actor: Actor, purpose: str, mode: str, expected: Permission) -> None:
    assert allowed(action, actor, purpose, mode) is expected


def test_no_purpose_is_normal() -> None:
    assert allowed(Action.AUTHORISE, Actor.PS, "", DIRECT) is YES


def test_every_line_has_every_cell() -> None:
    for cells in (DIRECT_CELLS, AIR_CELLS):
        assert {action for action, _, _ in cells} == set(Action)
        assert len(cells) == len(Action) * 12


def test_air_differs_in_three_lines_only() -> None:
    differ = {key[0] for key, value in DIRECT_CELLS.items() if AIR_CELLS[key] is not value}
    assert differ == {Action.FEED, Action.FEED_CPE, Action.ARCHIVE}


def test_oddities_are_settings() -> None:
    other = Oddities(
        deleted_readable=False,
        doctor_archives_any_in_emergency=False,
        treating_in_regulation=None,
        occupational_in_air=Actor.DOCTOR,
        unlisted_purpose=YES,
    )
    assert allowed(Action.RETRIEVE_DELETED, Actor.PS, NORMAL, DIRECT, other) is NO
    assert allowed(Action.ARCHIVE, Actor.DOCTOR, GLASS, DIRECT, other) is OWN
    assert allowed(Action.ARCHIVE, Actor.DOCTOR, NORMAL, AIR, other) is YES
    assert allowed(Action.SEARCH, Actor.TREATING, REGULATION, DIRECT, other) is NO
    assert allowed(Action.RETRIEVE, Actor.OCCUPATIONAL, NORMAL, AIR, other) is YES
    assert allowed(Action.EXISTS, Actor.CPE, GLASS, DIRECT, other) is YES


def _vihf(mode: str, *roles: Role, purpose: Role | None = None) -> Vihf:
    return Vihf("_1", "2.0", "", "", "", "", "", "", "", {model.MODE: (mode,)}, roles, purpose)


DOCTOR = Role("10", model.PROFESSIONS)


@pytest.mark.parametrize(
    ("vihf", "treating", "expected"),
    [
        (_vihf(INDIRECT, DOCTOR), True, Actor.ORGANISATION),
        (_vihf(AIR, DOCTOR, Role("SM26", model.SPECIALITIES)), False, Actor.DOCTOR),
        (_vihf(DIRECT, DOCTOR, Role("SM26", model.SPECIALITIES)), True, Actor.TREATING),
        (_vihf(DIRECT, DOCTOR, Role("SM25", model.SPECIALITIES)), True, Actor.OCCUPATIONAL),
        (_vihf(DIRECT, Role("60", model.PROFESSIONS)), True, Actor.PS),
        (_vihf(DIRECT, Role("10", "1.2.250.1.71.1.2.8")), False, Actor.PS),
        (_vihf(DIRECT, Role("AUTOMATE", "1.2.250.1.213.1.1.4.6")), False, Actor.CPE),
        (_vihf(DIRECT), False, Actor.CPE),
    ],
)
def test_actors(vihf: Vihf, treating: bool, expected: Actor) -> None:
    assert actor_of(vihf, treating) is expected


def test_purpose() -> None:
    assert purpose_of(_vihf(DIRECT)) == NORMAL
    assert purpose_of(_vihf(DIRECT, purpose=Role(GLASS, model.PURPOSES))) == GLASS
