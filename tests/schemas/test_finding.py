"""Rule sets: groups, guards and the number of observations kept."""

from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from schemas.finding import Keyword, Observation, RuleSet
from schemas.frozen import frozen


def words() -> tuple[RuleSet[str], list[str]]:
    """Rules on a text, and the ids of those that have looked at one."""
    rules: RuleSet[str] = RuleSet("words")
    looked: list[str] = []

    def holds_a(text: str) -> bool:
        return "a" in text

    @rules.rule("W-1")
    def always(text: str) -> Iterator[Observation]:
        looked.append("W-1")
        yield from (Observation(sign) for sign in text if sign == "!")

    @rules.rule("W-2", requires=Keyword.PEUT, when=holds_a)
    def about_a(text: str) -> Iterator[Observation]:
        looked.append("W-2")
        yield from (Observation(sign) for sign in text if sign == "a")

    @rules.rule("W-3", when=holds_a)
    def about_a_too(text: str) -> Iterator[Observation]:
        looked.append("W-3")
        yield Observation("/")

    @rules.rule("W-4")
    def last(text: str) -> Iterator[Observation]:
        looked.append("W-4")
        yield Observation("/")

    return rules, looked


def test_a_group_is_left_alone_without_what_it_looks_at() -> None:
    rules, looked = words()
    assert [found.rule for found in rules.judge("b!")] == ["W-1", "W-4"]
    assert looked == ["W-1", "W-4"]
    assert len(rules.groups) == 3


def test_findings_come_in_the_order_of_the_rules() -> None:
    rules, looked = words()
    assert [found.rule for found in rules.judge("aa!")] == ["W-1", "W-2", "W-2", "W-3", "W-4"]
    assert looked == ["W-1", "W-2", "W-3", "W-4"]


@pytest.mark.parametrize(("most", "kept"), [(-1, 5), (1, 1), (2, 2), (5, 5), (6, 5)])
def test_the_first_observations_of_each_rule_are_kept(most: int, kept: int) -> None:
    rules, _ = words()
    found = [one.rule for one in rules.judge("aaaaa", most)]
    assert found == ["W-2"] * kept + ["W-3", "W-4"]


@frozen
class Pair:
    left: str
    right: tuple[int, ...] = ()


def test_a_value_is_compared_hashed_and_copied_as_a_frozen_dataclass() -> None:
    assert Pair("a") == Pair("a", ()) != Pair("b")
    assert {Pair("a"): 1}[Pair("a")] == 1
    assert replace(Pair("a"), right=(1,)) == Pair("a", (1,))
    assert [one.name for one in fields(Pair)] == ["left", "right"]
    assert not hasattr(Pair("a"), "__dict__")
