"""The life of a prescription, as pure functions."""

from datetime import date
from typing import Any

import pytest

from schemas.prescription.states import (
    LineStatus,
    State,
    StateRefused,
    Status,
    cancel,
    cancellable,
    dispense,
    replay,
    written,
)

from .conftest import line

DAY = date(2026, 3, 2)


def of(*lines: dict[str, Any]) -> State:
    return written({"lines": list(lines)})


def outcome(kind: str, quantity: float | None = None, line_id: str = "ligne-1") -> dict[str, Any]:
    made: dict[str, Any] = {"lineId": line_id, "outcome": kind}
    if quantity is not None:
        made["delivered"] = [{"quantity": quantity}]
    return made


def test_everything_at_once() -> None:
    state = dispense(of(line(1), line(2)), [outcome("AS_PRESCRIBED"), outcome("AS_PRESCRIBED", 2, "ligne-2")])
    assert state.status is Status.EXECUTED
    assert [item.status for item in state.lines] == [LineStatus.DELIVERED] * 2
    assert [item.completeness for item in state.lines] == ["FFC", "FFC"]


def test_partial_then_the_rest() -> None:
    state = dispense(of(line(1)), [outcome("PARTIAL", 1)])
    assert (state.status, state.lines[0].status) == (Status.IN_PROGRESS, LineStatus.PARTIAL)
    assert (state.lines[0].left, state.lines[0].completeness) == (1, "FFP")
    state = dispense(state, [outcome("AS_PRESCRIBED", 1)])
    assert (state.status, state.lines[0].completeness) == (Status.EXECUTED, "RFC")


def test_three_parts() -> None:
    state = of(line(1, quantity={"value": 3}))
    seen = []
    for _ in range(3):
        state = dispense(state, [outcome("PARTIAL", 1)])
        seen.append(state.lines[0].completeness)
    assert seen == ["FFP", "RFP", "RFC"]
    assert state.status is Status.EXECUTED


def test_renewals_are_used_by_complete_deliveries_only() -> None:
    state = of(line(1, renewals=1))
    state = dispense(state, [outcome("PARTIAL", 1)])
    assert state.lines[0].deliveries == 2
    state = dispense(state, [outcome("AS_PRESCRIBED")])
    assert (state.status, state.lines[0].deliveries) == (Status.IN_PROGRESS, 1)
    assert state.lines[0].left == 2
    state = dispense(state, [outcome("AS_PRESCRIBED")])
    assert state.status is Status.EXECUTED
    with pytest.raises(StateRefused) as refused:
        dispense(state, [outcome("AS_PRESCRIBED")])
    assert refused.value.reason == "exhausted"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("SUBSTITUTED", LineStatus.SUBSTITUTED),
        ("POSOLOGY_CHANGED", LineStatus.CHANGED),
        ("REFUSED", LineStatus.REFUSED),
        ("NOT_REQUESTED", LineStatus.REFUSED),
    ],
)
def test_outcomes(kind: str, status: LineStatus) -> None:
    state = dispense(of(line(1)), [outcome(kind)])
    assert (state.lines[0].status, state.status) == (status, Status.EXECUTED)


def test_changed_quantity_may_exceed() -> None:
    state = dispense(of(line(1)), [outcome("QUANTITY_CHANGED", 5)])
    assert state.lines[0].status is LineStatus.CHANGED


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (outcome("AS_PRESCRIBED", 3), "quantity"),
        (outcome("AS_PRESCRIBED", line_id="autre"), "unknown-line"),
    ],
)
def test_refused(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(StateRefused) as refused:
        dispense(of(line(1)), [given])
    assert refused.value.reason == reason


def test_forbidden_substitution() -> None:
    with pytest.raises(StateRefused) as refused:
        dispense(of(line(1, substitution={"allowed": False, "reason": "MTE"})), [outcome("SUBSTITUTED")])
    assert refused.value.reason == "substitution"


def test_cancellation() -> None:
    state = of(line(1), line(2))
    assert cancellable(state)
    assert cancel(state).status is Status.CANCELLED
    assert not cancellable(dispense(state, [outcome("PARTIAL", 1)]))
    assert not cancellable(dispense(of(line(1, renewals=1)), [outcome("AS_PRESCRIBED")]))
    assert not cancellable(dispense(state, [outcome("REFUSED")]))


def test_expiry_is_the_day_after_the_end(prescription: dict[str, Any]) -> None:
    def at(day: date, *done: list[dict[str, Any]], cancelled: bool = False) -> State:
        return replay(prescription, done, cancelled=cancelled, today=day)

    assert at(date(2026, 6, 2)).status is Status.RECORDED
    late = at(date(2026, 6, 3), [outcome("AS_PRESCRIBED")])
    assert late.status is Status.EXPIRED
    assert [item.status for item in late.lines] == [LineStatus.DELIVERED, LineStatus.EXPIRED]
    assert late.open_lines == ()
    whole = [outcome("AS_PRESCRIBED"), outcome("AS_PRESCRIBED", line_id="ligne-2")]
    assert at(date(2027, 1, 1), whole).status is Status.EXECUTED
    assert at(date(2027, 1, 1), cancelled=True).status is Status.CANCELLED
    prescription["validity"]["end"] = None
    assert at(date(2030, 1, 1)).status is Status.RECORDED
