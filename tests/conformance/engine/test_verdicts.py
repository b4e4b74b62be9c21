"""How what happens in a scenario becomes its verdict, a requirement's verdict, and an exit code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.engine import browser, recorder
from conformance.engine.bench import Bench
from conformance.engine.session import exit_code
from conformance.sut.driver import Answer, SutError
from reports.record import ScenarioResult, Verdict
from reports.wording import Words
from schemas.finding import Keyword, Observation, Rule, RuleSet

RULE = Rule("ESSAI-REGLE", Keyword.DOIT, ("BEN-DMP-05",))
ADVICE = Rule("ESSAI-CONSEIL", Keyword.DEVRAIT, ("BEN-DMP-05",))


def test_a_scenario_that_ends_is_conforme(stage: Any) -> None:
    result = stage.play(lambda bench: None)
    assert (result.verdict, result.findings) == (Verdict.CONFORME, ())


def test_a_failed_check_is_non_conforme_and_says_what_was_seen(stage: Any) -> None:
    result = stage.play(lambda bench: bench.check(RULE, False, where="ici", observed=2, expected=1))
    assert result.verdict is Verdict.NON_CONFORME
    assert [(f.rule, f.where, f.observed, f.expected) for f in result.findings] == [
        ("ESSAI-REGLE", "ici", "2", "1")
    ]
    assert result.checked == ("ESSAI-REGLE",)


def test_a_finding_on_the_traffic_counts_though_the_scenario_saw_nothing(stage: Any) -> None:
    result = stage.play(lambda bench: stage.traffic("TD2.1", RULE.finding("corps")))
    assert result.verdict is Verdict.NON_CONFORME
    assert result.reason == "ESSAI-REGLE"


def test_a_warning_does_not_fail(stage: Any) -> None:
    result = stage.play(lambda bench: stage.traffic("TD2.1", ADVICE.finding("corps")))
    assert result.verdict is Verdict.CONFORME
    assert [finding.rule for finding in result.findings] == ["ESSAI-CONSEIL"]


def test_traffic_before_the_case_is_not_its_own(stage: Any) -> None:
    stage.traffic("TD2.1", RULE.finding("avant"))
    assert stage.play(lambda bench: None).verdict is Verdict.CONFORME


def test_an_exception_of_ours_is_a_bench_error(stage: Any) -> None:
    result = stage.play(lambda bench: 1 / 0)
    assert result.verdict is Verdict.ERREUR_BANC
    assert "ZeroDivisionError" in result.reason


def test_a_failed_judgement_is_a_bench_error_never_a_finding(stage: Any) -> None:
    def body(bench: Bench) -> None:
        stage.journal.judge_later(stage.traffic(), lambda: 1 / 0)

    result = stage.play(body)
    assert result.verdict is Verdict.ERREUR_BANC
    assert result.findings == ()


def test_a_profile_not_declared_is_not_applicable(stage: Any) -> None:
    assert stage.play(lambda bench: None, profile="pharmacie").verdict is Verdict.NON_APPLICABLE


def test_an_action_not_declared_is_not_testable(stage: Any) -> None:
    result = stage.play(lambda bench: None, needs=("mail.send",))
    assert result.verdict is Verdict.NON_TESTABLE
    assert "mail.send" in result.reason


@pytest.mark.parametrize(
    "answer", [Answer("failed", {}, (("error", "panne"),)), SutError("http://x : injoignable")]
)
def test_a_software_that_does_nothing_is_not_testable(stage: Any, answer: Any) -> None:
    stage.sut.answers["document.submit"] = answer
    result = stage.play(lambda bench: bench.do("document.submit"))
    assert result.verdict is Verdict.NON_TESTABLE


def test_the_cause_seen_on_the_traffic_wins_over_not_testable(stage: Any) -> None:
    def submit() -> Answer:
        stage.traffic("TD2.1", RULE.finding("métadonnées"))
        return Answer("failed")

    stage.sut.answers["document.submit"] = submit
    result = stage.play(lambda bench: bench.do("document.submit"))
    assert (result.verdict, result.reason) == (Verdict.NON_CONFORME, "ESSAI-REGLE")


def test_expected_traffic_that_does_not_come(stage: Any) -> None:
    without = stage.play(lambda bench: bench.expect("dmp", "TD3.1"))
    assert without.verdict is Verdict.NON_TESTABLE
    ruled = stage.play(lambda bench: bench.expect("dmp", "TD3.1", rule=RULE))
    assert ruled.verdict is Verdict.NON_CONFORME


def test_absence_holds_over_the_window_and_names_its_control(stage: Any) -> None:
    def body(bench: Bench) -> None:
        control = stage.traffic("TD2.1", patient="A")
        bench.none(RULE, "dmp", "TD2.1", control=control, since=bench.mark(), patient="B")

    assert stage.play(body).verdict is Verdict.CONFORME


def test_absence_is_broken_by_one_exchange(stage: Any) -> None:
    def body(bench: Bench) -> None:
        control = stage.traffic("TD2.1", patient="A")
        mark = bench.mark()
        stage.traffic("TD2.1", patient="B")
        bench.none(RULE, "dmp", "TD2.1", control=control, since=mark, patient="B")

    result = stage.play(body)
    assert result.verdict is Verdict.NON_CONFORME
    assert "x000002" in result.findings[0].where


def test_absence_needs_a_control_of_the_same_service(stage: Any) -> None:
    def body(bench: Bench) -> None:
        bench.none(RULE, "mssante", "SMTP.message", control=stage.traffic())

    assert stage.play(body).verdict is Verdict.ERREUR_BANC


def test_told_wants_a_warning_with_words(stage: Any) -> None:
    for messages, verdict in [
        ((("error", "DMP fermé"),), Verdict.CONFORME),
        ((("info", "envoyé"),), Verdict.NON_CONFORME),
        ((("error", " "),), Verdict.NON_CONFORME),
        ((), Verdict.NON_CONFORME),
    ]:
        result = stage.play(lambda bench, said=messages: bench.told(RULE, Answer("failed", {}, said)))
        assert result.verdict is verdict, messages


def test_the_world_is_calmed_whatever_happens(stage: Any) -> None:
    def body(bench: Bench) -> None:
        bench.fault("dmp", "TD2.1", "unavailable")
        raise ValueError

    result = stage.play(body)
    assert stage.world.calmed == 1
    assert result.faults[0]["kind"] == "unavailable"


def test_a_fault_may_be_written_as_a_rule(stage: Any) -> None:
    def body(bench: Bench) -> None:
        bench.fault("TD2.1: 3 registry-error XDSRegistryBusy")
        bench.fault("dmp", "TLS", "bad-certificate", times=0, kind="host")

    result = stage.play(body)
    first, second = stage.world.scheduled
    assert (first.skip, first.told()) == (2, "registry-error XDSRegistryBusy")
    assert (second.times, second.told()) == (0, "bad-certificate kind=host")
    assert [fault["kind"] for fault in result.faults] == ["registry-error", "bad-certificate"]
    assert Words("fr").fault(result.faults[0]).endswith("registry-error XDSRegistryBusy (appel 3)")


@pytest.mark.parametrize("rule", ["TD2.1: earthquake", "TD2.1: registry-error XDSBusy"])
def test_a_wrong_fault_is_ours(stage: Any, rule: str) -> None:
    result = stage.play(lambda bench: bench.fault(rule))
    assert result.verdict is Verdict.ERREUR_BANC
    assert stage.world.scheduled == []


def result_with(verdict: Verdict, **changes: Any) -> ScenarioResult:
    base: dict[str, Any] = {
        "key": "E",
        "scenario": "E",
        "title_fr": "",
        "title_en": "",
        "theme": "DMP",
        "proves": ("BEN-DMP-05", "BEN-DMP-06"),
        "verdict": verdict,
        "reason": "",
        "started": "",
        "duration": 0.0,
        "clock_shift": 0.0,
        "faults": (),
        "patients": (),
        "exchanges": (),
        "findings": (),
    }
    return ScenarioResult(**{**base, **changes})


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.CONFORME], 0),
        ([Verdict.CONFORME, Verdict.NON_APPLICABLE], 0),
        ([Verdict.CONFORME, Verdict.NON_CONFORME], 1),
        ([Verdict.CONFORME, Verdict.NON_TESTABLE], 1),
        ([Verdict.CONFORME, Verdict.EN_ATTENTE], 1),
        ([Verdict.NON_CONFORME, Verdict.ERREUR_BANC], 3),
        ([Verdict.NON_TESTABLE, Verdict.NON_APPLICABLE], 4),
        ([], 4),
    ],
)
def test_exit_codes(verdicts: list[Verdict], code: int) -> None:
    assert exit_code([result_with(verdict) for verdict in verdicts]) == code


def test_a_finding_condemns_only_the_requirements_that_it_names() -> None:
    failed = result_with(Verdict.NON_CONFORME, findings=(RULE.finding("ici"),))
    verdicts = {item.id: item.verdict for item in recorder.requirement_results([failed])}
    assert verdicts == {"BEN-DMP-05": Verdict.NON_CONFORME, "BEN-DMP-06": Verdict.NON_TESTABLE}


def test_a_requirement_proved_elsewhere_stays_conforme() -> None:
    failed = result_with(Verdict.NON_CONFORME, findings=(RULE.finding("ici"),))
    passed = result_with(Verdict.CONFORME, key="F", proves=("BEN-DMP-06",))
    verdicts = {item.id: item.verdict for item in recorder.requirement_results([failed, passed])}
    assert verdicts["BEN-DMP-06"] is Verdict.CONFORME


def test_not_testable_is_never_green() -> None:
    untested = result_with(Verdict.NON_TESTABLE)
    assert {item.verdict for item in recorder.requirement_results([untested])} == {Verdict.NON_TESTABLE}


def test_what_the_traffic_shows_explains_what_the_scenario_misses(stage: Any) -> None:
    seen = Rule("ESSAI-TRAFIC", Keyword.DOIT, ("BEN-DMP-06",))

    def body(bench: Bench) -> None:
        stage.traffic("TD2.1", seen.finding("métadonnées"))
        bench.check(RULE, False, where="conséquence")

    assert [finding.rule for finding in stage.play(body).findings] == ["ESSAI-TRAFIC"]


def test_a_fact_that_could_not_be_read_is_not_our_error(stage: Any) -> None:
    def body(bench: Bench) -> None:
        stage.traffic("TD2.1", outcome="refused")
        assert bench.expect("dmp", "TD2.1").facts["documents"]

    result = stage.play(body)
    assert result.verdict is Verdict.NON_TESTABLE
    assert "documents" in result.reason


@pytest.mark.parametrize(("encoded", "verdict"), [("AAAA", Verdict.NON_CONFORME), ("MTI=", Verdict.CONFORME)])
def test_a_file_that_cannot_be_read_fails_the_rule(stage: Any, encoded: str, verdict: Verdict) -> None:
    result = stage.play(lambda bench: bench.read(RULE, "PDF", encoded, int))
    assert (result.verdict, result.checked) == (verdict, ("ESSAI-REGLE",))


POSITIVE: RuleSet[int] = RuleSet("essai")


@POSITIVE.rule("ESSAI-POSITIF", requirements=["BEN-DMP-05"])
def positive(number: int) -> Iterator[Observation]:
    if number < 0:
        yield Observation("nombre", number, "≥ 0")


@POSITIVE.rule("ESSAI-PAIR", requires=Keyword.DEVRAIT, requirements=["BEN-DMP-05"])
def even(number: int) -> Iterator[Observation]:
    if number % 2:
        yield Observation("nombre", number, "pair")


@pytest.mark.parametrize(
    ("number", "verdict", "found"),
    [
        (2, Verdict.CONFORME, []),
        (1, Verdict.CONFORME, ["ESSAI-PAIR"]),
        (-1, Verdict.NON_CONFORME, ["ESSAI-POSITIF", "ESSAI-PAIR"]),
    ],
)
def test_an_artefact_is_judged_by_every_rule_of_a_set(
    stage: Any, number: int, verdict: Verdict, found: list[str]
) -> None:
    result = stage.play(lambda bench: bench.judge(POSITIVE, number))
    assert (result.verdict, [finding.rule for finding in result.findings]) == (verdict, found)
    assert set(result.checked) == {"ESSAI-POSITIF", "ESSAI-PAIR"}


def test_what_the_traffic_shows_explains_a_wrong_artefact(stage: Any) -> None:
    def body(bench: Bench) -> None:
        stage.traffic("TD2.1", RULE.finding("corps"))
        bench.judge(POSITIVE, -1)

    result = stage.play(body)
    assert [finding.rule for finding in result.findings] == ["ESSAI-REGLE"]


def test_a_browser_that_gets_nowhere_is_not_our_error(stage: Any) -> None:
    def body(bench: Bench) -> None:
        browser.login("http://[::1", "medecin", Path(__file__))

    assert stage.play(body).verdict is Verdict.NON_TESTABLE
