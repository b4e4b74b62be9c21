"""What happens during a run, as typed events. Progress, live page and reports are consumers of them."""

from collections.abc import Callable
from dataclasses import dataclass

from reports.record import RunRecord, ScenarioResult, Software


@dataclass(frozen=True, slots=True)
class RunStarted:
    run_id: str
    software: Software
    total: int  # cases


@dataclass(frozen=True, slots=True)
class ScenarioStarted:
    key: str
    title: str
    theme: str


@dataclass(frozen=True, slots=True)
class ExchangeSeen:
    key: str
    service: str
    transaction: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ScenarioFinished:
    result: ScenarioResult


@dataclass(frozen=True, slots=True)
class RunFinished:
    record: RunRecord


Event = RunStarted | ScenarioStarted | ExchangeSeen | ScenarioFinished | RunFinished
Consumer = Callable[[Event], None]
