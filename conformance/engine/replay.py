"""A recorded scenario played again: with the software, in the same conditions, or offline over the record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from conformance.config import Config, ConfigurationError, RunSettings, StackConfig, SutConfig
from reports.evidence import EvidenceAltered, EvidenceMissing, EvidenceStore
from reports.record import ExchangeRecord, RunRecord, ScenarioResult, Software, Verdict
from simulators.core.exchange import Exchange, Line, Tls
from simulators.dmp.settings import restored
from simulators.stack import recorded_judge

from . import recorder
from .launch import play
from .recorded import Judge, RecordedJournal, RecordedSut, RecordedWorld
from .runtime import stack_settings
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


def settings_of(record: RunRecord, cases: Sequence[ScenarioResult], run_dir: Path | None) -> Settings:
    """The settings that put the recorded conditions back together, for these cases alone."""
    kept = record.settings
    sut = {**kept["sut"]}
    for name in ("command", "profiles", "actions"):
        sut[name] = tuple(sut[name])
    config = Config(
        sut=SutConfig(**sut),
        stack=StackConfig(**kept["stack"]),
        run=replace(RunSettings(**kept["run"]), seed=record.seed),
        dmp=restored(kept.get("dmp", {})),
    )
    # a software on the system's clock would find itself in the past of a recorded one
    start = datetime.fromisoformat(cases[0].started) if record.software.clock == "bench" else None
    only = tuple(case.key for case in cases)
    return Settings(config=config, run_dir=run_dir, defect=record.defect, only=only, clock_start=start)


def replay_live(settings: Settings, before: ScenarioResult) -> Replayed:
    """Play the case again with the software. Raises ConfigurationError when it cannot be had."""
    session = Session(settings)
    play(session)
    return _outcomes(session, [before])[0]


def replay_offline(record: RunRecord, cases: Sequence[ScenarioResult], run: Path) -> list[Replayed]:
    """Judge the recorded exchanges of these cases again with today's rules, without any software.

    Raises ConfigurationError when the evidence was altered or when the PKI of the run is missing.
    """
    settings = settings_of(record, cases, None)
    exchanges = authentic(record, EvidenceStore(run / "evidence"))
    try:
        judge = recorded_judge(stack_settings(settings.config, run / "pki"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{run / 'pki'} : autorités du rapport illisibles ({error})") from None
    session = Session(settings, stage=RecordedStage(record, exchanges, judge))
    play(session)
    return _outcomes(session, cases)


def _outcomes(session: Session, cases: Sequence[ScenarioResult]) -> list[Replayed]:
    played = {result.key: result for result in session.results}
    gone = [case.key for case in cases if case.key not in played]
    if session.failure or gone:
        raise ConfigurationError(session.failure or f"{', '.join(gone)} : plus dans les scénarios")
    return [
        Replayed(compare(before, played[before.key]), before, played[before.key])
        for before in sorted(cases, key=lambda case: list(played).index(case.key))
    ]


def authentic(record: RunRecord, store: EvidenceStore) -> list[Exchange]:
    """The exchanges of a record as they were, their chain of hashes verified.

    Raises ConfigurationError naming the first exchange that is not what was recorded.
    """
    exchanges: list[Exchange] = []
    previous = ""
    for item in record.exchanges:
        try:
            exchange = restore(item, store)
        except (EvidenceMissing, EvidenceAltered) as error:
            raise ConfigurationError(f"x{item.number:06d} : preuve absente ou altérée ({error})") from None
        if exchange.seal(previous) != item.chain:
            raise ConfigurationError(f"x{item.number:06d} : l'enregistrement a été modifié (chaîne rompue)")
        exchanges.append(exchange)
        previous = item.chain
    return exchanges


def restore(item: ExchangeRecord, store: EvidenceStore) -> Exchange:
    """An exchange as it was, its bodies read back from the evidence (hashes checked)."""
    tls = None
    if item.tls is not None:
        certificate = item.tls.get("client_certificate")
        tls = Tls(
            item.tls["version"],
            item.tls["cipher"],
            store.get(certificate) if certificate else None,
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
    """A record as a place where scenarios are played, each over its own exchanges. Implements `Stage`."""

    world: RecordedWorld
    sut: RecordedSut

    def __init__(self, record: RunRecord, exchanges: Sequence[Exchange], judge: Judge) -> None:
        self.run_id = record.run_id
        self.software: Software = record.software
        self.bench_errors: list[tuple[int, str]] = []
        self._record = record
        self._exchanges = exchanges
        self._judge = self._guard(judge)
        self.entering("")

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
        """Put back the exchanges and the patients of this case."""
        case = next((item for item in self._record.scenarios if item.key == key), None)
        numbers = set(case.exchanges) if case else set()
        exchanges = [item for item in self._exchanges if item.number in numbers]
        journal = RecordedJournal(exchanges, self._judge)
        self.world = RecordedWorld(exchanges, journal, self._record.seed, case.patients if case else ())
        self.sut = RecordedSut(exchanges, journal, self.software)

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
        return recorder.record(settings, facts, results, self.world.journal)

    def close(self) -> None:
        """Nothing runs."""
