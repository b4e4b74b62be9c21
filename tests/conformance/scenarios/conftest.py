"""The whole catalogue, played once against the reference software, ready to be played again offline."""

import contextlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from conformance.engine.bench import Bench
from conformance.engine.launch import arguments
from conformance.engine.recorded import Judge
from conformance.engine.replay import RecordedStage, authentic, settings_of
from conformance.engine.runtime import stack_settings
from conformance.engine.scenario import Scenario, case_key, scenario_of
from conformance.engine.session import Session
from conformance.engine.settings import Settings
from reports import record as records
from reports.evidence import EvidenceStore
from reports.record import RunRecord, ScenarioResult
from simulators.core.exchange import Exchange
from simulators.stack import recorded_judge

from .changes import SPACING, Case


@dataclass(frozen=True, slots=True)
class Played:
    """One case as it is declared: scenario, function, arguments."""

    scenario: Scenario
    function: Callable[..., object]
    arguments: dict[str, Any]


class Catcher:
    def __init__(self) -> None:
        self.cases: dict[str, Played] = {}

    def pytest_collection_modifyitems(self, items: Sequence[pytest.Function]) -> None:
        for item in items:
            declared = scenario_of(item)
            assert declared is not None
            given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
            self.cases[case_key(item, declared)] = Played(declared, item.obj, given)


@dataclass(frozen=True, slots=True)
class Recording:
    """The record of the run, and the way to play one of its cases again over chosen exchanges."""

    record: RunRecord
    declared: dict[str, Played]
    cases: dict[str, Case]
    judge: Judge
    settings: Settings

    def play(self, key: str, exchanges: Sequence[Exchange], through: type[Bench] = Bench) -> ScenarioResult:
        """The result of this case, had the exchanges been these."""
        result = next(item for item in self.record.scenarios if item.key == key)
        numbers = tuple(item.number for item in exchanges)
        record = replace(self.record, scenarios=(replace(result, exchanges=numbers),))
        stage, declared = RecordedStage(record, exchanges, self.judge), self.declared[key]
        stage.entering(key)
        bench = through(key, declared.scenario, stage.world, stage.sut, stage.software, stage.run_id)
        session = Session(self.settings, stage=stage)
        with contextlib.suppress(pytest.fail.Exception, pytest.skip.Exception):
            session.play(bench, lambda: declared.function(bench=bench, **declared.arguments))
        return session.results[0]


@pytest.fixture(scope="session")
def declared() -> dict[str, Played]:
    """Every case of the catalogue, by key."""
    catcher = Catcher()
    with contextlib.redirect_stdout(io.StringIO()):
        assert pytest.main([*arguments(), "--collect-only"], plugins=[catcher]) == 0
    return catcher.cases


@pytest.fixture(scope="session")
def recording(whole: Path, declared: dict[str, Played]) -> Recording:
    record = records.load(whole / "record.json")
    exchanges = {item.number: spaced(item) for item in authentic(record, EvidenceStore(whole / "evidence"))}
    cases = {
        case.key: Case(tuple(exchanges[number] for number in case.exchanges), case.patients)
        for case in record.scenarios
    }
    settings = settings_of(record, record.scenarios, None)
    judge = recorded_judge(stack_settings(settings.config, whole / "pki"))
    return Recording(record, declared, cases, judge, settings)


def spaced(exchange: Exchange) -> Exchange:
    """The exchange with room for others before and after it."""
    facts = dict(exchange.facts)
    if exchange.service == "sut":
        facts["since"] = facts["since"] * SPACING + SPACING // 2
    return replace(exchange, number=exchange.number * SPACING, facts=facts)
