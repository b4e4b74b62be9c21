"""A stage made by hand: a real journal, a scripted software, no service."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from conformance.engine import recorder
from conformance.engine.bench import Bench
from conformance.engine.scenario import Scenario
from conformance.engine.session import Session
from conformance.engine.settings import Settings
from conformance.sut.driver import Answer, SutError
from reports.record import ScenarioResult, Software
from schemas.finding import Finding
from simulators.core.clock import Clock, iso
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.journal import Journal
from simulators.core.population import Patient, Population

SOFTWARE = Software(
    "essai", "1", "", "NIL", ("medecin",), ("patient.record", "identity.search", "document.submit"), "test"
)


@dataclass
class World:
    journal: Journal
    window: float = 0.05
    patience: float = 0.2
    scheduled: list[Fault] = field(default_factory=list)
    calmed: int = 0

    def patient(self, key: str, **persona: Any) -> Patient:
        return Population(1).derive(key, **persona)

    def schedule(self, fault: Fault) -> None:
        self.scheduled.append(fault)

    def shift_clock(self, by: timedelta) -> None: ...

    def together(
        self, slow: Callable[[], object], arrived: Callable[[], None], quick: Callable[[], object]
    ) -> None:
        slow()
        arrived()
        quick()

    def calm(self) -> None:
        self.calmed += 1


@dataclass
class Scripted:
    """Answers with what the test put in `answers`, by action."""

    answers: dict[str, Answer | Callable[[], Answer] | SutError] = field(default_factory=dict)
    name: str = "test"

    def call(self, action: str, context: Any, arguments: Any) -> Answer:
        answer = self.answers.get(action, Answer("done"))
        if isinstance(answer, SutError):
            raise answer
        return answer() if callable(answer) else answer

    def close(self) -> None: ...


class Stage:
    run_id = "run"
    software = SOFTWARE

    def __init__(self) -> None:
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.world = World(self.journal)
        self.sut = Scripted()

    @property
    def bench_errors(self) -> list[tuple[int, str]]:
        return self.journal.bench_errors

    def now(self) -> str:
        return iso(self.clock.now())

    def entering(self, key: str) -> None:
        self.journal.scenario = key

    def watch(self, seen: Callable[[Exchange], None]) -> Callable[[], None]:
        return self.journal.subscribe(lambda exchange, _: seen(exchange))

    def conclude(self, settings: Settings, results: Any, started: str) -> Any:
        facts = recorder.Facts("run", started, self.now(), "", self.software, (), self.journal.intact())
        return recorder.record(settings, facts, results, self.journal)

    def close(self) -> None:
        self.journal.close()

    # -- for tests ---------------------------------------------------------------------------------

    def traffic(self, transaction: str = "TD2.1", *findings: Finding, **facts: Any) -> Exchange:
        """Put an exchange in the journal, as a service would."""
        exchange = Exchange(0, "dmp", transaction, self.clock.now(), 0.0, facts=facts)
        return self.journal.append(exchange, findings)

    def play(self, body: Callable[[Bench], object], **scenario: Any) -> ScenarioResult:
        """Play one case and return its result."""
        declared = Scenario(
            scenario.get("id", "ESSAI-01"),
            "DMP",
            scenario.get("proves", ("BEN-DMP-05",)),
            scenario.get("needs", ()),
            scenario.get("profile", "medecin"),
        )
        bench = Bench(declared.id, declared, self.world, self.sut, self.software, "run")  # type: ignore[arg-type]
        session = Session(Settings(), stage=self)  # type: ignore[arg-type]
        with contextlib.suppress(pytest.fail.Exception, pytest.skip.Exception):
            session.play(bench, lambda: body(bench))
        return session.results[0]


@pytest.fixture
def stage() -> Any:
    made = Stage()
    yield made
    made.close()
