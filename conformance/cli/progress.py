"""What the terminal shows during a run and after it. A consumer of the engine's events."""

import json
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from conformance.engine.events import (
    Event,
    ExchangeSeen,
    RunStarted,
    ScenarioFinished,
    ScenarioStarted,
)
from reports.record import RunRecord, Verdict
from schemas.messages import text

COLOURS = {
    Verdict.CONFORME: "green",
    Verdict.NON_CONFORME: "red",
    Verdict.ERREUR_BANC: "magenta",
    Verdict.NON_TESTABLE: "yellow",
    Verdict.EN_ATTENTE: "yellow",
    Verdict.NON_APPLICABLE: "dim",
}


class Progress:
    """Shows each scenario as it ends; with a bar on a terminal, plain lines elsewhere."""

    def __init__(self, lang: str, quiet: bool = False) -> None:
        self._lang = lang
        self._console = Console(stderr=quiet, highlight=False)
        self._quiet = quiet
        self._bar: Bar | None = None
        self._exchanges = 0

    def __call__(self, event: Event) -> None:
        if self._quiet:
            return
        if isinstance(event, RunStarted):
            software = event.software
            self._console.print(
                text(
                    "run.started",
                    self._lang,
                    name=software.name,
                    version=software.version,
                    driver=software.driver,
                    total=event.total,
                )
            )
            if self._console.is_terminal:
                self._bar = Bar(
                    SpinnerColumn(),
                    MofNCompleteColumn(),
                    BarColumn(bar_width=24),
                    TimeElapsedColumn(),
                    TextColumn("{task.description}"),
                    console=self._console,
                    transient=True,
                )
                self._bar.start()
                self._bar.add_task("", total=event.total)
        elif isinstance(event, ScenarioStarted):
            self._exchanges = 0
            self._describe(event.key)
        elif isinstance(event, ExchangeSeen):
            self._exchanges += 1
            self._describe(f"{event.key}  {event.service} {event.transaction} ({self._exchanges})")
        elif isinstance(event, ScenarioFinished):
            self._finished(event)

    def _describe(self, what: str) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=what[:70])

    def _finished(self, event: ScenarioFinished) -> None:
        result = event.result
        colour = COLOURS[result.verdict]
        word = text(f"verdict.{result.verdict.value}", self._lang)
        title = result.title_fr if self._lang == "fr" else result.title_en
        self._console.print(f"[{colour}]{word:>15}[/] ", end="")
        self._console.print(f"{result.key}  {title}", markup=False, soft_wrap=True)
        if result.verdict is not Verdict.CONFORME and result.reason:
            self._console.print(f"{'':>16}{result.reason}", markup=False, style="dim", soft_wrap=True)
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0])

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def summarise(self, record: RunRecord, folder: Path, as_json: bool) -> None:
        """The summary by theme and where the report is; or the same in JSON."""
        if as_json:
            counts = Counter(result.verdict.value for result in record.scenarios)
            summary = {
                "run": str(folder),
                "verdicts": dict(sorted(counts.items())),
                "failing_rules": sorted(
                    {f.rule for result in record.scenarios for f in result.findings if f.is_error}
                ),
                "failing_requirements": sorted(
                    item.id for item in record.requirements if item.verdict is Verdict.NON_CONFORME
                ),
                "bench_errors": list(record.bench_errors),
            }
            print(json.dumps(summary, ensure_ascii=False, indent=1))
            return
        from reports.summary import print_summary

        print_summary(record, self._console, self._lang)
        self._console.print(text("run.report", self._lang, path=folder / "report.html"), soft_wrap=True)
