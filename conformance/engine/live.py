"""The live world: a running stack and a driven software."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

from conformance.sut.driver import Answer, Driver, Json, SutError
from reports.record import Software
from simulators.core.clock import iso
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.population import Patient
from simulators.dmp.mes.gestures import GESTURES
from simulators.stack import Stack

from . import browser


class LiveWorld:
    """Arranges a running stack for a scenario."""

    def __init__(self, stack: Stack, window: float, patience: float) -> None:
        self._stack = stack
        self.journal = stack.journal
        self.window = window
        self.patience = patience

    def patient(self, key: str, **persona: Any) -> Patient:
        return self._stack.population.derive(key, **persona)

    def schedule(self, fault: Fault) -> None:
        self._stack.schedule(fault)

    def shift_clock(self, by: timedelta) -> None:
        self._stack.clock.shift(by)

    def calm(self) -> None:
        self._stack.faults.clear()
        self._stack.clock.shift(timedelta(0))

    def browse(self, url: str, user: str, fault: str = "") -> str:
        try:
            page = browser.login(url, user, self._stack.pki.ca_bundle)
        except browser.LoginRefused as refused:
            self._arrange("browse", {"refused": refused.reason})
            raise
        self._arrange("browse", {}, page)
        return page

    def open_web(self, url: str, user: str, by: str) -> dict[str, str]:
        elsewhere = browser.elsewhere(url, self._stack.environment.dmp_web_url)
        if elsewhere:
            return self._arrange("open_web", {"elsewhere": elsewhere})
        try:
            shown = self._stack.open_web(url, user, by)
        except (OSError, ValueError) as error:  # a browser that gets no answer, or no page to log in on
            reason = f"{type(error).__name__}: {error}"[:400]
            self._arrange("open_web", {"refused": reason})
            raise browser.VisitRefused(reason) from None
        return self._arrange("open_web", {"status": str(shown.status)})

    def mes(self, patient: Patient, gesture: str, **fields: Any) -> None:
        GESTURES[gesture][0](self._stack.mes, patient, "", fields)
        self._arrange("mes", {"gesture": gesture})

    def deposit_report(self, patient: Patient) -> str:
        return self._arrange("deposit_report", {"unique_id": self._stack.deposit_report(patient)})[
            "unique_id"
        ]

    def deposit(self, patient: Patient, **options: Any) -> str:
        made = self._stack.deposit(patient, **options)
        return self._arrange("deposit", {"unique_id": made.unique_id})["unique_id"]

    def deposit_many(self, patient: Patient, count: int) -> tuple[str, ...]:
        made = tuple(one.unique_id for one in self._stack.deposit_many(patient, count))
        self._arrange("deposit_many", {"unique_ids": " ".join(made)})
        return made

    def authorise(self, patient: Patient, state: str, **options: Any) -> None:
        self._stack.others.authorise(patient, state, **options)

    def close_dmp(self, patient: Patient, reason: str = "") -> Patient:
        return self._stack.others.close(patient, reason)

    def oppose(self, patient: Patient, **which: bool) -> Patient:
        return self._stack.others.oppose(patient, **which)

    def change_ins(self, patient: Patient) -> Patient:
        changed = self._stack.others.change_ins(patient)
        self._arrange("change_ins", {"matricule": changed.ins.matricule})
        return changed

    def send_report(self, patient: Patient, variant: str = "nominal") -> dict[str, str]:
        return self._arrange("send_report", self._stack.send_report(patient, variant))

    def send_mail(self, patient: Patient, **options: Any) -> dict[str, str]:
        return self._arrange("send_mail", self._stack.send_mail(patient, **options))

    def together(
        self, slow: Callable[[], object], arrived: Callable[[], None], quick: Callable[[], object]
    ) -> None:
        with ThreadPoolExecutor(1) as pool:
            begun = pool.submit(slow)
            arrived()
            quick()
            begun.result()

    def kick(self) -> None:
        self._stack.kick_mail_sessions()

    def _arrange(self, what: str, result: dict[str, str], shown: str = "") -> dict[str, str]:
        """Record what the bench itself did, so that a record can be played again."""
        self.journal.append(
            Exchange(
                number=0,
                service="bench",
                transaction=f"BENCH.{what}",
                started=self._stack.clock.now(),
                duration=0.0,
                response_body=shown.encode("utf-8", "replace"),
                facts={"outcome": "refused" if "refused" in result else "accepted", "result": result},
            )
        )
        return result


class JournalledDriver:
    """A driver whose every call is evidence: recorded as an exchange `SUT.<action>`."""

    def __init__(self, driver: Driver, stack: Stack) -> None:
        self._driver = driver
        self._stack = stack
        self.name = driver.name
        self.software: Software | None = None

    def capabilities(self) -> Software:
        software = self._driver.capabilities()
        self.software = replace(software, driver=self._driver.name)
        return self.software

    def configure(self, environment: Json) -> None:
        self._driver.configure(environment)

    def call(self, action: str, context: Json, arguments: Json) -> Answer:
        clock = self._stack.clock
        follows = self.software is not None and self.software.clock == "bench"
        # a shifted service clock is a drift between the two: the software stays on the run's own time
        now = iso(clock.now() - clock.shifted) if follows else None
        full = {**context, "now": now}
        started, ticks, since = clock.now(), clock.ticks(), self._stack.journal.position
        failure = ""
        answer: Answer | None = None
        try:
            answer = self._driver.call(action, full, arguments)
        except SutError as error:
            failure = str(error)
        body = failure if answer is None else json.dumps(answer.as_dict(), ensure_ascii=False)
        sent = {"context": full, "input": dict(arguments)}
        self._stack.journal.append(
            Exchange(
                number=0,
                service="sut",
                transaction=f"SUT.{action}",
                started=started,
                duration=round(clock.ticks() - ticks, 6),
                request_head=f"{self.name} {action}",
                request_body=json.dumps(sent, ensure_ascii=False).encode(),
                response_head="error" if answer is None else answer.outcome,
                response_body=body.encode(),
                facts={
                    "outcome": "error" if answer is None else answer.outcome,
                    "action": action,
                    "user": context["user"],
                    "told": "" if answer is None else answer.told(),
                    "since": since,
                },
            )
        )
        if answer is None:
            raise SutError(failure)
        return answer

    def close(self) -> None:
        self._driver.close()
