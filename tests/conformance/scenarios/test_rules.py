"""A check that cannot fail is a bug: each rule of the scenarios fails alone when the software breaks it.

The whole catalogue is played once; each case is then judged again offline over its own exchanges, as they
were, and as a wrong software would have made them.
"""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import conformance.scenarios
from conformance.catalogue import requirements
from conformance.catalogue.rules import all_rules
from conformance.engine.bench import Bench
from conformance.engine.recorder import requirement_results
from reference_lps.defects import DEFECTS
from reports.record import Verdict
from schemas.finding import Rule, errors

from .claims import CLAIMS, Claim
from .conftest import Played, Recording
from .example import Example
from .examples import EXAMPLES

PREFIX = "SCN-"
SCENARIOS = Path(next(iter(conformance.scenarios.__path__)))


def scenario_rules() -> set[str]:
    return {id_ for id_ in all_rules() if id_.startswith(PREFIX)}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.rule}-{one.case}")
def test_the_rule_fails_alone(recording: Recording, example: Example) -> None:
    case = recording.cases[example.case]
    untouched = recording.play(example.case, case.exchanges)
    assert untouched.verdict is Verdict.CONFORME, untouched.reason
    assert example.rule in untouched.checked

    broken = recording.play(example.case, example.change(case).exchanges)
    assert {finding.rule for finding in errors(broken.findings)} == {example.rule}, broken.reason
    assert broken.verdict is Verdict.NON_CONFORME
    judged = {row.id for row in requirement_results([broken]) if row.verdict is Verdict.NON_CONFORME}
    assert judged == set(all_rules()[example.rule].requirements)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: f"{one.requirement}-{one.case}")
def test_the_requirement_fails(recording: Recording, claim: Claim) -> None:
    case = recording.cases[claim.case]
    broken = recording.play(claim.case, claim.change(case).exchanges)
    assert broken.verdict is Verdict.NON_CONFORME, broken.reason
    assert claim.requirement in {id_ for finding in errors(broken.findings) for id_ in finding.requirements}


def test_every_claim_of_a_scenario_has_a_proof(recording: Recording) -> None:
    """By a rule that the scenario evaluates, or by a rule of the traffic that is seen to fail there."""
    rules, declared = all_rules(), recording.declared
    by_traffic = {(declared[claim.case].scenario.id, claim.requirement) for claim in CLAIMS}
    evaluated = {
        (result.scenario, id_)
        for result in recording.record.scenarios
        for rule in result.checked
        for id_ in rules[rule].requirements
    }
    claimed = {(one.scenario.id, id_) for one in declared.values() for id_ in one.scenario.proves}
    assert claimed <= evaluated | by_traffic
    assert not by_traffic - claimed


def test_every_case_is_conforme_again_offline(recording: Recording) -> None:
    for key, case in recording.cases.items():
        result = recording.play(key, case.exchanges)
        assert (key, result.verdict, result.reason) == (key, Verdict.CONFORME, "")


def test_no_case_is_conforme_when_nothing_was_seen(recording: Recording) -> None:
    """The software answers all that is expected and talks to no service."""
    believed = []
    for key, case in recording.cases.items():
        said = [item for item in case.exchanges if item.service in ("sut", "bench")]
        if recording.play(key, said).verdict is Verdict.CONFORME:
            believed.append(key)
    assert not believed


def test_every_check_of_a_scenario_has_been_seen_to_fail(recording: Recording) -> None:
    """Not only every rule: every place where a scenario evaluates one."""
    made: set[str] = set()
    failed: set[str] = set()

    class Watched(Bench):
        def check(self, rule: Rule, ok: bool, **said: Any) -> None:
            place = in_scenario(sys._getframe(1))
            made.add(place)
            if not ok:
                failed.add(place)
            Bench.check(self, rule, ok, **said)

    for key, case in recording.cases.items():
        recording.play(key, case.exchanges, Watched)
    for example in EXAMPLES:
        recording.play(example.case, example.change(recording.cases[example.case]).exchanges, Watched)
    assert made
    assert not made - failed


def in_scenario(frame: FrameType | None) -> str:
    """The line of a scenario that led here."""
    while frame is not None and str(SCENARIOS) not in frame.f_code.co_filename:
        frame = frame.f_back
    assert frame is not None
    return f"{Path(frame.f_code.co_filename).relative_to(SCENARIOS)}:{frame.f_lineno}"


def test_every_rule_has_an_example() -> None:
    assert {example.rule for example in EXAMPLES} == scenario_rules()


def test_every_scenario_has_an_example(declared: dict[str, Played]) -> None:
    scenarios = {played.scenario.id for played in declared.values()}
    assert {declared[example.case].scenario.id for example in EXAMPLES} == scenarios


def test_every_rule_proves_a_known_requirement_that_its_scenarios_claim(declared: dict[str, Played]) -> None:
    known, rules = requirements(), all_rules()
    for id_ in scenario_rules():
        named = set(rules[id_].requirements)
        scenarios = [declared[example.case].scenario for example in EXAMPLES if example.rule == id_]
        assert named and named <= set(known), id_
        assert named <= {claimed for one in scenarios for claimed in one.proves}, id_


def test_what_a_seeded_defect_breaks_is_claimed_by_a_scenario(declared: dict[str, Played]) -> None:
    claimed = {id_ for one in declared.values() for id_ in one.scenario.proves}
    assert {id_ for defect in DEFECTS.values() for id_ in defect.requirements} <= claimed


def test_the_catalogue_is_wide_enough(declared: dict[str, Played]) -> None:
    assert len({played.scenario.id for played in declared.values()}) >= 30
    assert len(declared) >= 80
