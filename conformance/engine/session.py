"""One run of scenarios: cases opened, judged, collected; the record written at the end."""

import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

import pytest

from conformance.config import ConfigurationError
from reports.record import RunRecord, ScenarioResult, Verdict
from schemas.finding import errors
from schemas.messages import text
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange

from . import recorder
from .bench import Bench
from .events import Consumer, Event, ExchangeSeen, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted
from .outcomes import ErreurBanc, NonConforme, Outcome
from .scenario import case_key, scenario_of
from .settings import Settings
from .stage import Stage

EXIT_OK, EXIT_NON_CONFORME, EXIT_USAGE, EXIT_BENCH, EXIT_NOTHING = 0, 1, 2, 3, 4
EXIT_INTERRUPTED = 130  # as a shell says it


class Session:
    """Holds the runtime and the results of a run, and tells consumers what happens."""

    def __init__(
        self, settings: Settings, consumers: Sequence[Consumer] = (), stage: Stage | None = None
    ) -> None:
        self.settings = settings
        self.results: list[ScenarioResult] = []
        self.record: RunRecord | None = None
        self.failure = ""  # why nothing could be played: usage or configuration
        self.troubles: list[str] = []  # our own failures outside the cases
        self._consumers = tuple(consumers)
        self._stage = stage  # None: a live one is started with the first scenario
        self._started = ""

    def emit(self, event: Event) -> None:
        for consumer in self._consumers:
            consumer(event)

    def wants(self, item: pytest.Item) -> bool:
        """Whether this item is asked for (items that are no scenario are left alone)."""
        declared = scenario_of(item)
        if declared is None:
            return True
        only, themes, wanted = self.settings.only, self.settings.themes, self.settings.requirements
        if only and declared.id not in only and case_key(item, declared) not in only:
            return False
        if wanted and not set(wanted) & set(declared.proves):
            return False
        return not themes or declared.theme in themes

    def choose(self, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """The items that are asked for. Ends pytest with the usage code when a name leads to none."""
        played = [(item, declared) for item in items if (declared := scenario_of(item)) is not None]
        names = {name for item, declared in played for name in (declared.id, case_key(item, declared))}
        themes = {declared.theme for _, declared in played}
        unknown = [name for name in self.settings.only if name not in names]
        unknown += [theme for theme in self.settings.themes if theme not in themes]
        claimed = {id_ for _, declared in played for id_ in declared.proves}
        unknown += [id_ for id_ in self.settings.requirements if id_ not in claimed]
        if unknown and not self.troubles:  # what could not be collected is not unknown
            self._refuse(f"inconnu : {', '.join(unknown)} (voir `segur-bench scenarios`)")
        return [item for item in items if self.wants(item)]

    def _refuse(self, reason: str) -> NoReturn:
        self.failure = reason
        pytest.exit(reason, returncode=EXIT_USAGE)

    def start(self, items: Sequence[pytest.Item]) -> None:
        """Start stack and software. Ends pytest with the usage code when they can't be had."""
        if self.troubles:
            pytest.exit("\n".join(self.troubles), returncode=EXIT_BENCH)
        total = sum(scenario_of(item) is not None for item in items)
        if not total:
            return
        try:
            if self._stage is None:
                from .runtime import start_live  # late: a recorded stage needs no stack

                self._stage = start_live(self.settings)
        except ConfigurationError as error:
            self._refuse(str(error))
        self._started = self._stage.now()
        self.emit(RunStarted(self._stage.run_id, self._stage.software, total))

    def open_case(self, item: pytest.Item) -> Bench:
        """The bench of one collected scenario."""
        declared = scenario_of(item)
        if declared is None or self._stage is None:
            raise pytest.UsageError(f"{item.nodeid} demande `bench` sans être un scénario")
        stage, key = self._stage, case_key(item, declared)
        stage.entering(key)
        return Bench(
            key=key,
            scenario=declared,
            world=stage.world,
            sut=stage.sut,
            software=stage.software,
            run_id=stage.run_id,
        )

    def play(self, case: Bench, scenario: Callable[[], object]) -> None:
        """Play one case: whatever happens inside becomes its verdict, told to pytest."""
        stage = self._stage
        assert stage is not None
        case.start = stage.world.journal.position
        bench_errors = len(stage.bench_errors)
        started, ticks = stage.now(), Clock.ticks()
        self.emit(
            ScenarioStarted(case.key, case.scenario.title(self.settings.config.run.lang), case.scenario.theme)
        )
        stop = stage.watch(lambda exchange: self._seen(case.key, exchange))
        outcome: Outcome | None = None
        try:
            case.require_applicable()
            scenario()
        except Outcome as reached:
            outcome = reached
        except Exception as error:
            trace = traceback.format_exc(limit=-3)
            outcome = ErreurBanc(text("outcome.bench-error", "fr", error=f"{error!r}\n{trace}"))
        finally:
            stop()
            case.calm()
        outcome = self._conclude(case, outcome, bench_errors)
        result = recorder.result(case, outcome, started, round(Clock.ticks() - ticks, 3))
        stage.entering("")
        self.results.append(result)
        self.emit(ScenarioFinished(result))
        tell_pytest(result)

    def _conclude(self, case: Bench, outcome: Outcome | None, bench_errors: int) -> Outcome | None:
        """Findings on the traffic count even when the scenario saw nothing wrong; our own errors win."""
        assert self._stage is not None
        try:
            seen = errors(case.observed_findings(case.start))
        except TimeoutError as error:
            return ErreurBanc(text("outcome.bench-error", "fr", error=error))
        ours = self._stage.bench_errors[bench_errors:]
        if ours:
            return ErreurBanc(text("outcome.bench-error", "fr", error="; ".join(m for _, m in ours)))
        if seen and not isinstance(outcome, NonConforme | ErreurBanc):
            return NonConforme(tuple(seen))
        return outcome

    def _seen(self, key: str, exchange: Exchange) -> None:
        outcome = str(exchange.facts.get("outcome", ""))
        self.emit(ExchangeSeen(key, exchange.service, exchange.transaction, outcome))

    def finish(self) -> int | None:
        """Stop everything, build and write the record; the exit code, or None when nothing was played."""
        if self._stage is None:
            return None
        stage, self._stage = self._stage, None
        try:
            stage.world.journal.settle()
            self.record = stage.conclude(self.settings, self.results, self._started)
        finally:
            stage.close()
        self.emit(RunFinished(self.record))
        return EXIT_BENCH if self.troubles else exit_code(self.results)


def exit_code(results: Sequence[ScenarioResult]) -> int:
    """0 all conforme · 1 non-conformity, or something that should have been tested was not · 3 · 4."""
    verdicts = [result.verdict for result in results]
    if Verdict.ERREUR_BANC in verdicts:
        return EXIT_BENCH
    if Verdict.NON_CONFORME in verdicts:
        return EXIT_NON_CONFORME
    if Verdict.CONFORME not in verdicts:
        return EXIT_NOTHING
    if Verdict.NON_TESTABLE in verdicts or Verdict.EN_ATTENTE in verdicts:
        return EXIT_NON_CONFORME  # no silent green
    return EXIT_OK


def tell_pytest(result: ScenarioResult) -> None:
    """Say the verdict in pytest's words: pass, fail, or skip with its reason."""
    if result.verdict is Verdict.CONFORME:
        return
    lines = [f"{text('verdict.' + result.verdict.value, 'fr')} : {result.reason}"]
    for finding in errors(result.findings):
        lines.append(f"  {finding.rule} {text(finding.rule, 'fr')}")
        lines.append(f"    où : {finding.where}")
        lines.append(f"    observé : {finding.observed}")
        lines.append(f"    attendu : {finding.expected}")
        lines.append(f"    exigence : {', '.join(finding.requirements) or '—'}")
    message = "\n".join(lines)
    if result.verdict in (Verdict.NON_CONFORME, Verdict.ERREUR_BANC):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
