"""Actions that must be answered, and actions asked beside each other."""

from typing import Any

import pytest

from conformance.engine.bench import Bench
from conformance.sut.driver import Answer, SutError
from reports.record import Verdict
from schemas.finding import Keyword, Rule
from simulators.core.exchange import Exchange

RULE = Rule("ESSAI-REGLE", Keyword.DOIT, ("BEN-DMP-05",))


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer("done"), Verdict.CONFORME),
        (Answer("failed", {}, (("error", "illisible"),)), Verdict.CONFORME),
        (SutError("HTTP 500"), Verdict.NON_CONFORME),
    ],
)
def test_a_negative_answer_is_one_and_a_crash_is_none(stage: Any, answer: Any, verdict: Verdict) -> None:
    stage.sut.answers["document.submit"] = answer
    result = stage.play(lambda bench: bench.answered(RULE, "document.submit"))
    assert (result.verdict, result.checked) == (verdict, ("ESSAI-REGLE",))


@pytest.mark.parametrize(("seconds", "free"), [(0.1, True), (1.9, False), (2.0, False), (3.0, False)])
def test_which_of_two_actions_was_answered_first(stage: Any, seconds: float, free: bool) -> None:
    """The slow one takes two seconds."""
    said: list[bool] = []

    def body(bench: Bench) -> None:
        since, now = bench.mark(), stage.clock.now()

        def slow() -> Answer:
            stage.traffic("TD3.1")
            for rank, took in enumerate((2.0, seconds)):
                facts = {"since": since + rank}
                stage.journal.append(Exchange(0, "sut", "SUT.essai", now, took, facts=facts))
            return Answer("done")

        said.append(bench.meanwhile(slow, lambda: Answer("done"), during=("dmp", "TD3.1")))

    assert stage.play(body).verdict is Verdict.CONFORME
    assert said == [free]


def test_nothing_is_told_of_two_actions_when_the_slow_one_was_not_seen(stage: Any) -> None:
    def body(bench: Bench) -> None:
        bench.meanwhile(lambda: Answer("done"), lambda: Answer("done"), during=("dmp", "TD3.1"))

    assert stage.play(body).verdict is Verdict.NON_TESTABLE
