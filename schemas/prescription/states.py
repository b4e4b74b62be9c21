"""Life of a prescription and of its lines: pure functions that replay dispensations over what was written.

Source: the bench's contract (bench/epu v1); completeness codes are those of the public value set
1.2.250.1.213.1.1.5.765. A line is delivered `renewals + 1` times; only a completed delivery uses one up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    RECORDED = "ENREGISTREE"
    IN_PROGRESS = "EN_COURS"
    EXECUTED = "EXECUTEE"
    CANCELLED = "ANNULEE"
    EXPIRED = "EXPIREE"


class LineStatus(StrEnum):
    TO_DELIVER = "A_DELIVRER"
    PARTIAL = "PARTIELLE"
    DELIVERED = "DELIVREE"
    SUBSTITUTED = "SUBSTITUEE"
    CHANGED = "MODIFIEE"
    REFUSED = "REFUSEE"
    CANCELLED = "ANNULEE"
    EXPIRED = "EXPIREE"


class Outcome(StrEnum):
    AS_PRESCRIBED = "AS_PRESCRIBED"
    SUBSTITUTED = "SUBSTITUTED"
    POSOLOGY_CHANGED = "POSOLOGY_CHANGED"
    QUANTITY_CHANGED = "QUANTITY_CHANGED"
    PARTIAL = "PARTIAL"
    REFUSED = "REFUSED"
    NOT_REQUESTED = "NOT_REQUESTED"


NOT_DELIVERED = frozenset({Outcome.REFUSED, Outcome.NOT_REQUESTED})
OPEN = frozenset({LineStatus.TO_DELIVER, LineStatus.PARTIAL})
_DONE = {
    Outcome.SUBSTITUTED: LineStatus.SUBSTITUTED,
    Outcome.POSOLOGY_CHANGED: LineStatus.CHANGED,
    Outcome.QUANTITY_CHANGED: LineStatus.CHANGED,
}


class StateRefused(ValueError):
    """A dispensation that the state does not allow.

    `reason` is `exhausted` (nothing left on that line), `unknown-line`, `quantity` (more than what is left)
    or `substitution` (the line forbids it); `line` is its id.
    """

    def __init__(self, reason: str, line: str, observed: object = "", expected: object = "") -> None:
        super().__init__(f"{reason}: {line}")
        self.reason = reason
        self.line = line
        self.observed = observed
        self.expected = expected


@dataclass(frozen=True, slots=True)
class LineState:
    """Where a line stands. `left` is the quantity still due in the delivery under way."""

    line_id: str
    prescribed: float
    status: LineStatus
    deliveries: int  # deliveries not completed yet
    left: float
    substitutable: bool = True
    completeness: str = ""  # FFC, FFP, RFP, RFC of the last dispensation

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def untouched(self) -> bool:
        """Nothing was ever dispensed or refused on this line."""
        return self.status is LineStatus.TO_DELIVER and not self.completeness


@dataclass(frozen=True, slots=True)
class State:
    """Where a prescription stands."""

    status: Status
    lines: tuple[LineState, ...]

    @property
    def open_lines(self) -> tuple[str, ...]:
        return tuple(line.line_id for line in self.lines if line.open)


def written(prescription: Mapping[str, Any]) -> State:
    """The state of a prescription as it is created."""
    return State(Status.RECORDED, tuple(_line(line) for line in prescription["lines"]))


def _line(line: Mapping[str, Any]) -> LineState:
    quantity = float(line["quantity"]["value"])
    allowed = line.get("substitution", {}).get("allowed", True)
    return LineState(
        line["lineId"], quantity, LineStatus.TO_DELIVER, line["renewals"] + 1, quantity, bool(allowed)
    )


def dispense(state: State, outcomes: Sequence[Mapping[str, Any]]) -> State:
    """The state after the lines of one dispensation. Raises StateRefused."""
    lines = {line.line_id: line for line in state.lines}
    for outcome in outcomes:
        line = lines.get(outcome["lineId"])
        if line is None:
            raise StateRefused("unknown-line", outcome["lineId"])
        lines[line.line_id] = deliver(line, outcome)
    after = tuple(lines[line.line_id] for line in state.lines)
    done = not any(line.open for line in after)
    return State(Status.EXECUTED if done else Status.IN_PROGRESS, after)


def deliver(line: LineState, outcome: Mapping[str, Any]) -> LineState:
    """The line after one outcome. Raises StateRefused (`exhausted`, `quantity`, `substitution`)."""
    kind = Outcome(outcome["outcome"])
    if not line.open:
        raise StateRefused("exhausted", line.line_id, line.status.value)
    if kind in NOT_DELIVERED:
        return replace(line, status=LineStatus.REFUSED)
    if kind is Outcome.SUBSTITUTED and not line.substitutable:
        raise StateRefused("substitution", line.line_id, kind.value)
    changed = kind is Outcome.QUANTITY_CHANGED
    given = quantity_given(outcome)
    quantity = line.left if given is None else given
    if quantity > line.left and not changed:
        raise StateRefused("quantity", line.line_id, _number(quantity), _number(line.left))
    first = not line.completeness
    if quantity < line.left and not changed:
        return replace(
            line,
            status=LineStatus.PARTIAL,
            left=line.left - quantity,
            completeness="FFP" if first else "RFP",
        )
    left = line.deliveries - 1
    return replace(
        line,
        status=_DONE.get(kind, LineStatus.DELIVERED) if left == 0 else LineStatus.TO_DELIVER,
        deliveries=left,
        left=line.prescribed if left else 0.0,
        completeness="FFC" if first else "RFC",
    )


def quantity_given(outcome: Mapping[str, Any]) -> float | None:
    """The quantity delivered, summed over products; None when the dispensation does not say."""
    products = outcome.get("delivered") or ()
    return sum(float(item["quantity"]) for item in products) if products else None


def cancellable(state: State) -> bool:
    """Whether nothing was dispensed: only then may the author cancel."""
    return all(line.untouched for line in state.lines)


def cancel(state: State) -> State:
    """The state after cancellation of a prescription that is `cancellable`."""
    return State(Status.CANCELLED, tuple(replace(line, status=LineStatus.CANCELLED) for line in state.lines))


def expire(state: State, validity_end: str | None, today: date) -> State:
    """The state on that day: what is not finished expires after the end of validity (inclusive)."""
    final = state.status in (Status.EXECUTED, Status.CANCELLED)
    if final or validity_end is None or today.isoformat() <= validity_end:
        return state
    lines = tuple(replace(line, status=LineStatus.EXPIRED) if line.open else line for line in state.lines)
    return State(Status.EXPIRED, lines)


def replay(
    prescription: Mapping[str, Any],
    dispensations: Iterable[Sequence[Mapping[str, Any]]],
    *,
    cancelled: bool,
    today: date,
) -> State:
    """The state of a prescription after its dispensations, in order. Raises StateRefused."""
    state = written(prescription)
    for outcomes in dispensations:
        state = dispense(state, outcomes)
    if cancelled:
        return cancel(state)
    return expire(state, prescription["validity"].get("end"), today)


def _number(value: float) -> str:
    return f"{value:g}"
