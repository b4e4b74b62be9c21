"""One run of scenarios: cases opened, judged, collected; the record written at the end."""

import traceback
from collections.abc import Callable, Sequence

import pytest

from conformance.config import ConfigurationError
from reports.record import RunRecord, ScenarioResult, Verdict
from schemas.finding import errors
from schemas.messages import text
from simulators.core.clock import Clock, iso
from simulators.core.exchange import Exchange

from . import recorder, runtime
from .bench import Bench
from .events import Consumer, Event, ExchangeSeen, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted
from .outcomes import ErreurBanc, NonConforme, Outcome
from .runtime import Runtime
from .scenario import case_key, scenario_of
from .settings import Settings

EXIT_OK, EXIT_NON_CONFORME, EXIT_USAGE, EXIT_BENCH, EXIT_NOTHING = 0, 1, 2, 3, 4


class Session:
    """Holds the runtime and the results of a run, and tells consumers what happens."""

    def __init__(self, settings: Settings, consumers: Sequence[Consumer] = ()) -> None:
        self.settings = settings
        self.results: list[ScenarioResult] = []
        self.record: RunRecord | None = None
        self.failure = ""
        self._consumers = tuple(consumers)
        self._runtime: Runtime | None = None
        self._started = ""

    def emit(self, event: Event) -> None:
        for consumer in self._consumers:
            consumer(event)

    def wants(self, item: pytest.Item) -> bool:
        """Whether this item is asked for (items that are no scenario are left alone)."""
        declared = scenario_of(item)
        if declared is None:
            return True
        only, themes = self.settings.only, self.settings.themes
        if only and declared.id not in only and case_key(item, declared) not in only:
            return False
        return not themes or declared.theme in themes

    def start(self, items: Sequence[pytest.Item]) -> None:
        """Start stack and software. Ends pytest with the usage code when they can't be had."""
        total = sum(scenario_of(item) is not None for item in items)
        if not total:
            return
        clock = Clock(self.settings.clock_start)
        run_id = self.settings.run_dir.name if self.settings.run_dir else "run"
        self._started = iso(clock.now())
        try:
            self._runtime = runtime.start(self.settings, run_id)
        except ConfigurationError as error:
            self.failure = str(error)
            pytest.exit(str(error), returncode=EXIT_USAGE)
        self.emit(RunStarted(run_id, self._runtime.software, total))

    def open_case(self, item: pytest.Item) -> Bench:
        """The bench of one collected scenario."""
        declared = scenario_of(item)
        if declared is None or self._runtime is None:
            raise pytest.UsageError(f"{item.nodeid} demande `bench` sans être un scénario")
        running = self._runtime
        return Bench(
            key=case_key(item, declared),
            scenario=declared,
            world=running.world,
            sut=running.sut,
            software=running.software,
            run_id=running.run_id,
        )

    def play(self, case: Bench, scenario: Callable[[], object]) -> None:
        """Play one case: whatever happens inside becomes its verdict, told to pytest."""
        running = self._runtime
        assert running is not None
        journal = running.stack.journal
        case.start = journal.position
        journal.scenario = case.key
        bench_errors = len(journal.bench_errors)
        started, ticks = iso(running.stack.clock.now()), Clock.ticks()
        self.emit(
            ScenarioStarted(case.key, case.scenario.title(self.settings.config.run.lang), case.scenario.theme)
        )
        stop = journal.subscribe(lambda exchange, _: self._seen(case.key, exchange))
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
        journal.scenario = ""
        self.results.append(result)
        self.emit(ScenarioFinished(result))
        tell_pytest(result)

    def _conclude(self, case: Bench, outcome: Outcome | None, bench_errors: int) -> Outcome | None:
        """Findings on the traffic count even when the scenario saw nothing wrong; our own errors win."""
        assert self._runtime is not None
        journal = self._runtime.stack.journal
        try:
            seen = errors(case.observed_findings(case.start))
        except TimeoutError as error:
            return ErreurBanc(text("outcome.bench-error", "fr", error=error))
        ours = journal.bench_errors[bench_errors:]
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
        if self._runtime is None:
            return None
        running, self._runtime = self._runtime, None
        try:
            running.stack.journal.settle()
            self.record = recorder.record(self.settings, running, self.results, self._started)
            if self.settings.run_dir is not None:
                recorder.write(self.record, running, self.settings.run_dir, self.settings.config.run.lang)
        finally:
            running.close()
        self.emit(RunFinished(self.record))
        return exit_code(self.results)


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
