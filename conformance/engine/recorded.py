"""The recorded world: a past run played again without any software, judged with today's rules.

Each call of the scenario takes the next recorded answer and uncovers the exchanges that it caused. What a
live world arranges (faults, clock, deposits) has already happened here.
"""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from conformance.sut.driver import Answer, Json, SutError
from reports.record import Software
from schemas.finding import Finding
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.journal import matches
from simulators.core.population import Patient, Population

Judge = Callable[[Exchange], list[Finding]]


class Diverged(SutError):
    """The scenario no longer asks what was recorded: the record cannot answer it."""


class RecordedJournal:
    """The exchanges of one case, uncovered step by step."""

    def __init__(self, exchanges: Sequence[Exchange], judge: Judge) -> None:
        self._all = list(exchanges)
        self._judge = judge
        self._judged: dict[int, tuple[Finding, ...]] = {}
        self.position = self._all[0].number - 1 if self._all else 0

    def exchanges(
        self, *, since: int = 0, service: str | None = None, transaction: str | None = None
    ) -> list[Exchange]:
        return [
            item
            for item in self._all
            if since < item.number <= self.position and matches(item, service, transaction)
        ]

    def findings(self, exchange: Exchange) -> tuple[Finding, ...]:
        if exchange.number not in self._judged:
            self._judged[exchange.number] = tuple(self._judge(exchange))
        return self._judged[exchange.number]

    def wait_for(
        self, found: Callable[[list[Exchange]], bool], *, since: int = 0, timeout: float = 10.0
    ) -> bool:
        return found(self.exchanges(since=since))

    def settle(self, timeout: float = 30.0) -> None:
        """Nothing is pending in a record."""

    def uncover(self, number: int) -> None:
        self.position = max(self.position, number)


class RecordedSut:
    """Answers as the software answered. Implements the driver's protocol."""

    name = "recorded"

    def __init__(self, exchanges: Sequence[Exchange], journal: RecordedJournal, software: Software) -> None:
        self._calls = [item for item in exchanges if item.service == "sut"]
        self._last = exchanges[-1].number if exchanges else 0
        self._journal = journal
        self._software = software
        if self._calls:
            journal.uncover(int(self._calls[0].facts["since"]))

    def capabilities(self) -> Software:
        return self._software

    def configure(self, environment: Json) -> None:
        """Already done when this was recorded."""

    def call(self, action: str, context: Json, arguments: Json) -> Answer:
        if not self._calls:
            raise Diverged(f"le scénario demande {action}, que l'enregistrement ne contient pas")
        recorded = self._calls.pop(0)
        if recorded.transaction != f"SUT.{action}":
            raise Diverged(f"le scénario demande {action}, l'enregistrement contient {recorded.transaction}")
        after = int(self._calls[0].facts["since"]) if self._calls else self._last
        self._journal.uncover(max(recorded.number, after))
        if recorded.facts["outcome"] == "error":
            raise SutError(recorded.response_body.decode())
        return Answer.from_dict(json.loads(recorded.response_body))

    def close(self) -> None:
        """Nothing runs."""


class RecordedWorld:
    """Arranges nothing; derives the same patients from the same seed."""

    window = 0.0
    patience = 0.0

    def __init__(self, exchanges: Sequence[Exchange], journal: RecordedJournal, seed: int) -> None:
        self.journal = journal
        self._population = Population(seed)
        self._arranged = [item for item in exchanges if item.service == "bench"]

    def patient(self, key: str, **persona: Any) -> Patient:
        return self._population.derive(key, **persona)

    def schedule(self, fault: Fault) -> None:
        """Already happened."""

    def shift_clock(self, by: timedelta) -> None:
        """Already happened."""

    def calm(self) -> None:
        """Already happened."""

    def browse(self, url: str, user: str, fault: str = "") -> str:
        return ""

    def deposit_report(self, patient: Patient) -> str:
        return self._next("deposit_report")["unique_id"]

    def send_report(self, patient: Patient, variant: str = "nominal") -> dict[str, str]:
        return self._next("send_report")

    def send_mail(self, patient: Patient, **options: Any) -> dict[str, str]:
        return self._next("send_mail")

    def kick(self) -> None:
        """Already happened."""

    def _next(self, what: str) -> dict[str, str]:
        recorded = self._arranged.pop(0) if self._arranged else None
        if recorded is None or recorded.transaction != f"BENCH.{what}":
            raise Diverged(f"le scénario arrange {what}, que l'enregistrement ne contient pas")
        self.journal.uncover(recorded.number)
        return dict(recorded.facts["result"])
