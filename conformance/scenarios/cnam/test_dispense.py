"""E-prescription, the pharmacy's side. Contract simulated: the Cnam interface is not public."""

from typing import Any

import pytest

from conformance.engine.bench import PHARMACIEN, Bench
from conformance.engine.scenario import scenario
from conformance.scenarios.cnam.acts import (
    AMOXICILLINE,
    LEVOTHYROX,
    PARACETAMOL,
    dispense_all,
    prescribe,
)
from schemas.finding import RuleSet
from simulators.core.exchange import Exchange

RULES: RuleSet[None] = RuleSet("scenarios.cnam.dispense")
READ = RULES.declare("SCN-EP-LECTURE", requirements=["BEN-EP-13"])
COMPLETE = RULES.declare("SCN-EP-DISPENSATION", requirements=["BEN-EP-14"])
PARTIAL = RULES.declare("SCN-EP-PARTIELLE", requirements=["BEN-EP-15"])
SUBSTITUTED = RULES.declare("SCN-EP-SUBSTITUTION", requirements=["BEN-EP-17"])
FORBIDDEN = RULES.declare("SCN-EP-SUBSTITUTION-INTERDITE", requirements=["BEN-EP-17"])
UNKNOWN = RULES.declare("SCN-EP-NUMERO-INCONNU", requirements=["BEN-EP-18"])
EXHAUSTED = RULES.declare("SCN-EP-EPUISEE", requirements=["BEN-EP-16"])

NEEDS = [
    "patient.record",
    "identity.search",
    "session.login",
    "prescription.create",
    "prescription.scan",
    "prescription.dispense",
]


def prescribed(bench: Bench, lines: list[dict[str, Any]]) -> str:
    """A prescription of the test doctor for a fresh patient; returns its number."""
    bench.login()
    bench.login(PHARMACIEN)
    patient = bench.patient()
    return str(prescribe(bench, patient.id, lines)["epu_id"])


def scan(bench: Bench, code: str) -> dict[str, Any]:
    """The prescription as the pharmacy reads it in the base, with at least a line."""
    mark = bench.mark()
    data = dict(bench.do("prescription.scan", user=PHARMACIEN, code=code).data)
    bench.expect("epu", "EPU.read", rule=READ, since=mark, epu_id=data["epu_id"])
    bench.check(READ, bool(data["lines"]), where=code, observed=data["lines"], expected="lines")
    return data


def dispensed(bench: Bench, epu_id: str) -> list[Exchange]:
    """Dispensations of a prescription that the base took."""
    return bench.seen("epu", "EPU.dispense", epu_id=epu_id, outcome="accepted")


@scenario("EP-D-01", theme="EP", proves=["BEN-EP-13"], needs=NEEDS, profile="pharmacie")
@pytest.mark.parametrize("typed", ["code", "espaces", "minuscules"])
def test_read(bench: Bench, typed: str) -> None:
    """Scanned or typed, with spaces or in lower case: the same prescription."""
    epu_id = prescribed(bench, [PARACETAMOL, AMOXICILLINE])
    groups = " ".join(epu_id[start : start + 4] for start in range(0, len(epu_id), 4))
    code = {"code": epu_id, "espaces": groups, "minuscules": epu_id.lower()}[typed]
    data = scan(bench, code)
    bench.check(READ, data["epu_id"] == epu_id, where=code, observed=data["epu_id"], expected=epu_id)
    bench.check(READ, len(data["lines"]) == 2, observed=len(data["lines"]), expected=2)


@scenario("EP-D-02", theme="EP", proves=["BEN-EP-14"], needs=NEEDS, profile="pharmacie")
def test_complete(bench: Bench) -> None:
    """Everything delivered: one outcome a line, prescription executed."""
    epu_id = prescribed(bench, [PARACETAMOL, AMOXICILLINE])
    dispense_all(bench, epu_id)
    done = bench.expect("epu", "EPU.dispense", rule=COMPLETE, epu_id=epu_id)
    status = done.facts.get("status")
    bench.check(COMPLETE, status == "EXECUTEE", where=done.id, observed=status, expected="EXECUTEE")
    outcomes = list(done.facts["outcomes"].values())
    bench.check(COMPLETE, len(outcomes) == 2, where=done.id, observed=outcomes, expected="AS_PRESCRIBED × 2")


@scenario("EP-D-03", theme="EP", proves=["BEN-EP-15"], needs=NEEDS, profile="pharmacie")
def test_partial(bench: Bench) -> None:
    """Half now, the rest later: in progress, then executed, never more than prescribed."""
    epu_id = prescribed(bench, [AMOXICILLINE])
    for step, status in (("PARTIAL", "EN_COURS"), ("AS_PRESCRIBED", "EXECUTEE")):
        line = scan(bench, epu_id)["lines"][0]["line_id"]
        mark = bench.mark()
        lines = [{"line_id": line, "outcome": step, "quantity": 1}]
        bench.do("prescription.dispense", user=PHARMACIEN, epu_id=epu_id, lines=lines)
        done = bench.expect("epu", "EPU.dispense", since=mark, epu_id=epu_id)
        seen = done.facts.get("status")
        bench.check(PARTIAL, seen == status, where=f"{done.id} {step}", observed=seen, expected=status)


@scenario("EP-D-04", theme="EP", proves=["BEN-EP-17"], needs=NEEDS, profile="pharmacie")
@pytest.mark.parametrize("allowed", [True, False], ids=["permise", "interdite"])
def test_substitution(bench: Bench, allowed: bool) -> None:
    """A generic instead: recorded when the prescriber allows it, not sent when the line forbids it."""
    epu_id = prescribed(bench, [PARACETAMOL if allowed else LEVOTHYROX])
    line = scan(bench, epu_id)["lines"][0]["line_id"]
    lines = [{"line_id": line, "outcome": "SUBSTITUTED", "substitution": "G"}]
    answer = bench.ask("prescription.dispense", user=PHARMACIEN, epu_id=epu_id, lines=lines)
    if allowed:
        taken = [item.facts["outcomes"].get(line) for item in dispensed(bench, epu_id)]
        bench.check(SUBSTITUTED, taken == ["SUBSTITUTED"], observed=taken, expected="SUBSTITUTED")
        return
    taken = [item.id for item in dispensed(bench, epu_id)]
    bench.check(FORBIDDEN, not taken, where=", ".join(taken), observed="SUBSTITUTED", expected="refus")
    bench.check(FORBIDDEN, not answer.done, observed=answer.outcome, expected="refused / failed")
    bench.told(FORBIDDEN, answer)
    dispense_all(bench, epu_id)  # positive control: what was prescribed can be delivered


@scenario("EP-D-05", theme="EP", proves=["BEN-EP-18"], needs=NEEDS, profile="pharmacie")
def test_unknown(bench: Bench) -> None:
    """A number that does not exist: refused and shown."""
    scan(bench, prescribed(bench, [PARACETAMOL]))  # positive control
    answer = bench.ask("prescription.scan", user=PHARMACIEN, code="01ZZZZZZZZZZZZZZZZ")
    bench.check(UNKNOWN, not answer.done, observed=answer.outcome, expected="failed / refused")
    bench.told(UNKNOWN, answer)


@scenario("EP-D-06", theme="EP", proves=["BEN-EP-16"], needs=NEEDS, profile="pharmacie")
def test_exhausted(bench: Bench) -> None:
    """As many deliveries as prescribed, renewals included; one more is refused and shown."""
    epu_id = prescribed(bench, [LEVOTHYROX])
    deliveries = 1 + LEVOTHYROX["renewals"]
    for _ in range(deliveries):
        lines = dispense_all(bench, epu_id)
    answer = bench.ask("prescription.dispense", user=PHARMACIEN, epu_id=epu_id, lines=lines)
    taken = len(dispensed(bench, epu_id))
    bench.check(EXHAUSTED, taken == deliveries, observed=taken, expected=deliveries)
    bench.check(EXHAUSTED, not answer.done, observed=answer.outcome, expected="failed / refused")
    bench.told(EXHAUSTED, answer)
