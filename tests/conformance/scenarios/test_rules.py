"""A check that cannot fail is a bug: each rule of the scenarios fails alone when the software breaks it.

The whole catalogue is played once; each case is then judged again offline over its own exchanges, as they
were, and as a wrong software would have made them.
"""

import pytest

from conformance.catalogue import requirements
from conformance.catalogue.rules import all_rules
from conformance.engine.recorder import requirement_results
from reports.record import Verdict
from schemas.finding import errors

from .claims import CLAIMS, Claim
from .conftest import Played, Recording
from .examples import EXAMPLES, Example

PREFIX = "SCN-"


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


def test_every_rule_has_an_example() -> None:
    assert {example.rule for example in EXAMPLES} == scenario_rules()


def test_every_scenario_has_an_example(declared: dict[str, Played]) -> None:
    scenarios = {played.scenario.id for played in declared.values()}
    assert {declared[example.case].scenario.id for example in EXAMPLES} == scenarios


def test_every_rule_proves_a_known_requirement_of_its_scenario(recording: Recording) -> None:
    known, rules = requirements(), all_rules()
    for example in EXAMPLES:
        named = rules[example.rule].requirements
        assert named and set(named) <= set(known)
        assert set(named) & set(recording.declared[example.case].scenario.proves), example


def test_the_catalogue_is_wide_enough(declared: dict[str, Played]) -> None:
    assert len({played.scenario.id for played in declared.values()}) >= 30
    assert len(declared) >= 80
