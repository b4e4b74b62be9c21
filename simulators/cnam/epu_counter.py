"""What the base does for a pharmacy: dispense, and withdraw a dispensation of the day."""

from typing import Any

from schemas.prescription import digest, states
from schemas.prescription.states import Status
from simulators.core.clock import iso

from .epu_desk import PHARMACISTS, Asked, Desk, Done, of
from .epu_store import Stored, StoredDispensation
from .errors import Refusal

_REFUSED = {
    "exhausted": "SIM-EPU-2101",
    "unknown-line": "SIM-EPU-2216",
    "quantity": "SIM-EPU-2206",
    "substitution": "SIM-EPU-2210",
}


class Counter:
    """The pharmacy's operations."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store

    def dispense(self, asked: Asked) -> Done:
        """Record a dispensation; the same id with the same content answers 200 again."""
        self._desk.only(asked, PHARMACISTS)
        item = self._desk.found(asked.address)
        state = self._store.state(item, asked.now.date())
        dispensation_id = asked.message.get("dispensationId")
        facts: dict[str, Any] = {**of(item), "status": state.status.value}
        if isinstance(dispensation_id, str):
            facts["dispensation_id"] = dispensation_id[:64]
            if (again := self._again(asked, item, dispensation_id, facts)) is not None:
                return again
        if state.status is Status.EXPIRED:
            raise Refusal("SIM-EPU-2003", facts=facts)
        facts["open_lines"] = list(state.open_lines)
        self._check(asked, facts)
        if not state.open_lines:
            raise Refusal("SIM-EPU-2101", f"ordonnance {state.status.value}", facts=facts)
        self._fresh(asked, item, facts)
        try:
            states.dispense(state, asked.message["lines"])
        except states.StateRefused as error:
            field = {
                "field": f"$.lines[?lineId={error.line}]",
                "observed": str(error.observed),
                "expected": str(error.expected),
            }
            raise Refusal(_REFUSED[error.reason], f"ligne {error.line}", (field,), facts) from None
        self._store.add_dispensation(
            StoredDispensation(
                asked.message["dispensationId"],
                item.epu_id,
                digest(asked.message),
                asked.user,
                iso(asked.now),
                asked.message,
                None,
            )
        )
        self._store.record(item.epu_id, iso(asked.now), "DISPENSED", asked.user, facts["dispensation_id"])
        more = {"dispensation_id": facts["dispensation_id"], "open_lines": facts["open_lines"]}
        return self._desk.answered(201, item, asked, **more, outcomes=_outcomes(asked))

    def _again(self, asked: Asked, item: Stored, id: str, facts: dict[str, Any]) -> Done | None:
        known = self._store.find_dispensation(id)
        if known is None:
            return None
        same = (known.digest, known.epu_id, known.dispenser) == (
            digest(asked.message),
            item.epu_id,
            asked.user,
        )
        if not same or known.withdrawn:
            raise Refusal("SIM-EPU-2001", f"dispensation {id} déjà enregistrée", facts=facts)
        return self._desk.answered(200, item, asked, replayed=True, dispensation_id=id)

    def _check(self, asked: Asked, facts: dict[str, Any]) -> None:
        try:
            self._desk.check(asked, asked.message, open_lines=facts["open_lines"])
        except Refusal as refusal:
            refusal.facts = {**(refusal.facts or {}), **facts}
            raise

    def _fresh(self, asked: Asked, item: Stored, facts: dict[str, Any]) -> None:
        version = str(self._store.version(item.epu_id))
        given = asked.if_match.strip().removeprefix("W/").strip('"')
        if given not in (version, "*"):
            field = {"field": "If-Match", "observed": asked.if_match, "expected": f'"{version}"'}
            raise Refusal("SIM-EPU-2102", "", (field,), facts)

    def withdraw(self, asked: Asked) -> Done:
        """Withdraw a dispensation: by the same pharmacist, the same day, when nothing came after it."""
        known = self._store.find_dispensation(asked.address)
        if known is None:
            raise Refusal("SIM-EPU-2004", facts={"dispensation_id": asked.address[:64]})
        item = self._desk.found(known.epu_id)
        facts = {**of(item), "dispensation_id": known.id}
        if known.dispenser != asked.user:
            raise Refusal("SIM-EPU-1004", "seul le pharmacien qui a dispensé peut le faire", facts=facts)
        if known.withdrawn:
            return self._desk.answered(200, item, asked, replayed=True, dispensation_id=known.id)
        if known.at[:10] != iso(asked.now)[:10]:
            raise Refusal("SIM-EPU-2104", "délai dépassé : le jour même seulement", facts=facts)
        if self._store.dispensations(item.epu_id)[-1].id != known.id:
            raise Refusal("SIM-EPU-2104", "une dispensation l'a suivie", facts=facts)
        self._store.withdraw(known.id, iso(asked.now))
        self._store.record(item.epu_id, iso(asked.now), "UNDISPENSED", asked.user, known.id)
        return self._desk.answered(200, item, asked, dispensation_id=known.id)


def _outcomes(asked: Asked) -> dict[str, str]:
    return {line["lineId"]: line["outcome"] for line in asked.message["lines"]}
