"""The recorded world: a past run played again without any software, judged with today's rules.

Each call of the scenario takes the next recorded answer and uncovers the exchanges that it caused; waiting
uncovers what came between that call and the next. What a live world arranges (faults, clock, deposits) has
already happened here.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from conformance.sut.driver import Answer, Json, SutError
from reports.record import Software
from schemas.finding import Finding
from schemas.ins import Ins
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.journal import matches
from simulators.core.population import Patient, Population, opposing

from .browser import LoginRefused, VisitRefused
from .outcomes import NonTestable

Judge = Callable[[Exchange], list[Finding]]


class Diverged(NonTestable):
    """The scenario no longer asks what was recorded: the record cannot answer it."""


class RecordedJournal:
    """The exchanges of one case, uncovered step by step: never further than the next recorded call."""

    def __init__(self, exchanges: Sequence[Exchange], judge: Judge) -> None:
        self._all = list(exchanges)
        self._judge = judge
        self._judged: dict[int, tuple[Finding, ...]] = {}
        self.position = self._all[0].number - 1 if self._all else 0
        self.limit = self._all[-1].number if self._all else 0

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
        """Uncover one exchange after another until they satisfy `found`; False when none is left to come."""
        while not found(self.exchanges(since=since)):
            if self.position >= self.limit:
                return False
            self.position += 1
        return True

    def settle(self, timeout: float = 30.0) -> None:
        """Everything that came before the next call has come."""
        self.uncover(self.limit)

    def uncover(self, number: int) -> None:
        self.position = max(self.position, number)


class RecordedSut:
    """Answers as the software answered. Implements the driver's protocol."""

    name = "recorded"

    def __init__(self, exchanges: Sequence[Exchange], journal: RecordedJournal, software: Software) -> None:
        calls = [item for item in exchanges if item.service == "sut"]
        self._calls = sorted(calls, key=lambda item: item.facts["since"])  # as they were asked
        self._last = exchanges[-1].number if exchanges else 0
        self._journal = journal
        self._software = software
        self._allow()

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
        self._allow()
        self._journal.uncover(recorded.number)
        if recorded.facts["outcome"] == "error":
            raise SutError(recorded.response_body.decode())
        return Answer.from_dict(json.loads(recorded.response_body))

    def _allow(self) -> None:
        """What may come now: everything up to the next call."""
        self._journal.limit = int(self._calls[0].facts["since"]) if self._calls else self._last

    def close(self) -> None:
        """Nothing runs."""


class RecordedWorld:
    """Arranges nothing. Patients are derived again from the seed, under the matricules of the record."""

    window = 0.0
    patience = 0.0

    def __init__(
        self, exchanges: Sequence[Exchange], journal: RecordedJournal, seed: int, patients: Sequence[str]
    ) -> None:
        self.journal = journal
        self._population = Population(seed)
        self._patients = list(patients)
        self._arranged = [item for item in exchanges if item.service == "bench"]

    def patient(self, key: str, **persona: Any) -> Patient:
        patient = self._population.derive(key, **persona)
        if not self._patients:
            return patient
        # in a whole run another patient may have held the matricule that this case alone would derive
        return replace(patient, ins=Ins(self._patients.pop(0), patient.ins.oid))

    def schedule(self, fault: Fault) -> None:
        """Already happened."""

    def shift_clock(self, by: timedelta) -> None:
        """Already happened."""

    def calm(self) -> None:
        """Already happened."""

    def browse(self, url: str, user: str, fault: str = "") -> str:
        """The page that was shown at the end. Raises LoginRefused as it was."""
        recorded = self._next("browse")
        refused = recorded.facts["result"].get("refused")
        if refused:
            raise LoginRefused(refused)
        return recorded.response_body.decode()

    def open_web(self, url: str, user: str, by: str) -> dict[str, str]:
        result = self._result("open_web")
        if "refused" in result:
            raise VisitRefused(result["refused"])
        return result

    def mes(self, patient: Patient, gesture: str, **fields: Any) -> None:
        self._next("mes")

    def deposit_report(self, patient: Patient) -> str:
        return str(self._result("deposit_report")["unique_id"])

    def deposit(self, patient: Patient, **options: Any) -> str:
        return self._result("deposit")["unique_id"]

    def deposit_many(self, patient: Patient, count: int) -> tuple[str, ...]:
        return tuple(self._result("deposit_many")["unique_ids"].split())

    def authorise(self, patient: Patient, state: str, **options: Any) -> None:
        """Already happened."""

    def close_dmp(self, patient: Patient, reason: str = "") -> Patient:
        return replace(patient, dmp="ferme", closure=reason)

    def oppose(self, patient: Patient, **which: bool) -> Patient:
        return opposing(patient, **which)

    def change_ins(self, patient: Patient) -> Patient:
        ins = Ins(self._result("change_ins")["matricule"], patient.ins.oid)
        return replace(patient, ins=ins, former=(patient.ins, *patient.former))

    def send_report(self, patient: Patient, variant: str = "nominal") -> dict[str, str]:
        return self._result("send_report")

    def send_mail(self, patient: Patient, **options: Any) -> dict[str, str]:
        return self._result("send_mail")

    def together(
        self, slow: Callable[[], object], arrived: Callable[[], None], quick: Callable[[], object]
    ) -> None:
        """In the order of asking; what overlapped is told by the numbers of the exchanges."""
        slow()
        quick()

    def kick(self) -> None:
        """Already happened."""

    def _result(self, what: str) -> dict[str, str]:
        return dict(self._next(what).facts["result"])

    def _next(self, what: str) -> Exchange:
        recorded = self._arranged.pop(0) if self._arranged else None
        if recorded is None or recorded.transaction != f"BENCH.{what}":
            raise Diverged(f"le scénario arrange {what}, que l'enregistrement ne contient pas")
        self.journal.uncover(recorded.number)
        return recorded
