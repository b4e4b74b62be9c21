"""A recorded scenario played again: with the software, in the same conditions, or offline over the record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from reports.evidence import EvidenceStore

from conformance.config import Config, ConfigurationError, RunSettings, StackConfig, SutConfig
from reports.record import ExchangeRecord, RunRecord, ScenarioResult, Software, Verdict
from simulators.core.exchange import Exchange, Line, Tls

from . import recorder
from .launch import play
from .recorded import Judge, RecordedJournal, RecordedSut, RecordedWorld
from .session import Session
from .settings import Settings


class Comparison(StrEnum):
    """What a replay says of the recorded verdict."""

    FIXED = "FIXED"
    STILL_FAILING = "STILL FAILING"
    NOT_REPRODUCED = "NOT REPRODUCED"
    SAME = "SAME"  # it was conforme and still is


@dataclass(frozen=True, slots=True)
class Replayed:
    comparison: Comparison
    before: ScenarioResult
    after: ScenarioResult


def find_case(record: RunRecord, name: str) -> ScenarioResult:
    """The recorded case of this key, or the only one (or the first failing one) of this scenario.

    Raises ConfigurationError with the known keys.
    """
    exact = [case for case in record.scenarios if case.key == name]
    family = [case for case in record.scenarios if case.scenario == name]
    failing = [case for case in family if case.verdict is not Verdict.CONFORME]
    for candidates in (exact, failing, family):
        if candidates:
            return candidates[0]
    known = ", ".join(case.key for case in record.scenarios)
    raise ConfigurationError(f"{name} n'est pas dans cet enregistrement. Cas joués : {known}")


def compare(before: ScenarioResult, after: ScenarioResult) -> Comparison:
    """FIXED: it failed and is conforme. STILL FAILING: one of its failing rules fails again."""
    if before.verdict is Verdict.CONFORME:
        return Comparison.SAME if after.verdict is Verdict.CONFORME else Comparison.NOT_REPRODUCED
    if after.verdict is Verdict.CONFORME:
        return Comparison.FIXED
    rules = {finding.rule for finding in before.findings if finding.is_error}
    again = {finding.rule for finding in after.findings if finding.is_error}
    same_reason = not rules and before.verdict is after.verdict
    return Comparison.STILL_FAILING if rules & again or same_reason else Comparison.NOT_REPRODUCED


def settings_of(record: RunRecord, case: ScenarioResult, run_dir: Path | None) -> Settings:
    """The settings that put the recorded conditions back together, for this case alone."""
    kept = record.settings
    sut = {**kept["sut"]}
    for name in ("command", "profiles", "actions"):
        sut[name] = tuple(sut[name])
    config = Config(
        sut=SutConfig(**sut),
        stack=StackConfig(**kept["stack"]),
        run=replace(RunSettings(**kept["run"]), seed=record.seed),
    )
    # a software on the system's clock would find itself in the past of a recorded one
    start = datetime.fromisoformat(case.started) if record.software.clock == "bench" else None
    return Settings(config=config, run_dir=run_dir, defect=record.defect, only=(case.key,), clock_start=start)


def replay_live(settings: Settings, before: ScenarioResult) -> Replayed:
    """Play the case again with the software. Raises ConfigurationError when it cannot be had."""
    session = Session(settings)
    play(session)
    return _outcome(session, before)


def replay_offline(record: RunRecord, before: ScenarioResult, run: Path, judge: Judge) -> Replayed:
    """Judge the recorded exchanges of the case again, without any software."""
    store = EvidenceStore(run / "evidence")
    wanted = set(before.exchanges)
    exchanges = [restore(item, store) for item in record.exchanges if item.number in wanted]
    stage = RecordedStage(record, exchanges, judge)
    settings = replace(settings_of(record, before, None), only=(before.key,))
    session = Session(settings, stage=stage)
    play(session)
    return _outcome(session, before)


def _outcome(session: Session, before: ScenarioResult) -> Replayed:
    if session.failure or not session.results:
        raise ConfigurationError(session.failure or f"{before.key} n'existe plus dans les scénarios")
    after = session.results[0]
    return Replayed(compare(before, after), before, after)


def restore(item: ExchangeRecord, store: EvidenceStore) -> Exchange:
    """An exchange as it was, its bodies read back from the evidence (hashes checked)."""
    tls = None
    if item.tls is not None:
        tls = Tls(
            item.tls["version"],
            item.tls["cipher"],
            None,
            item.tls["client_subject"],
            item.tls["client_issuer"],
        )
    bodies = {role: store.get(sha256) for role, sha256 in item.evidence.items()}
    return Exchange(
        number=item.number,
        service=item.service,
        transaction=item.transaction,
        started=datetime.fromisoformat(item.started),
        duration=item.duration,
        request_head=item.request_head,
        request_body=bodies.get("request", b""),
        response_head=item.response_head,
        response_body=bodies.get("response", b""),
        dialogue=tuple(Line(side, text) for side, text in item.dialogue),
        tls=tls,
        facts=item.facts,
        scenario=item.scenario,
        fault=item.fault,
        chain=item.chain,
    )


class RecordedStage:
    """A record as a place where scenarios are played. Implements the protocol `Stage`."""

    def __init__(self, record: RunRecord, exchanges: Sequence[Exchange], judge: Judge) -> None:
        self.run_id = record.run_id
        self.software: Software = record.software
        self.bench_errors: list[tuple[int, str]] = []
        self._record = record
        self._journal = RecordedJournal(exchanges, self._guard(judge))
        self.world = RecordedWorld(exchanges, self._journal, record.seed)
        self.sut = RecordedSut(exchanges, self._journal, record.software)

    def _guard(self, judge: Judge) -> Judge:
        def judged(exchange: Exchange) -> list:  # type: ignore[type-arg]
            try:
                return judge(exchange)
            except Exception as error:
                self.bench_errors.append((exchange.number, f"{type(error).__name__}: {error}"))
                return []

        return judged

    def now(self) -> str:
        return self._record.started

    def entering(self, key: str) -> None:
        """The record already says which case each exchange belongs to."""

    def watch(self, seen: Callable[[Exchange], None]) -> Callable[[], None]:
        return lambda: None

    def conclude(self, settings: Settings, results: Sequence[ScenarioResult], started: str) -> RunRecord:
        facts = recorder.Facts(
            run_id=self.run_id,
            started=started,
            ended=started,
            pki_fingerprint=self._record.pki_fingerprint,
            software=self.software,
            bench_errors=tuple(self.bench_errors),
            chain_intact=True,
        )
        return recorder.record(settings, facts, results, self._journal)

    def close(self) -> None:
        """Nothing runs."""
