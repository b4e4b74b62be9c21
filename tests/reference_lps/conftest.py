"""The reference software inside the test process, against the real simulators on loopback ports."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from conformance.engine.browser import login
from reference_lps.behaviour import CONFORMANT, Behaviour
from reference_lps.environment import Environment
from reference_lps.server import Server
from reference_lps.software import Software
from schemas.actions import actions, problems
from schemas.finding import Finding, errors
from simulators.core.faults import Fault
from simulators.core.population import Patient
from simulators.stack import Stack, StackSettings

LINE: dict[str, Any] = {
    "label": "PARACETAMOL 1 g, comprimé",
    "cis": "63107752",
    "cip13": "3400933516390",
    "posology": "1 comprimé matin et soir pendant 5 jours",
    "quantity": 2,
}


@dataclass(slots=True)
class Office:
    """An installation of the software, and the services around it."""

    software: Software
    stack: Stack
    server: Server
    start: int
    patients: list[Patient] = field(default_factory=list)

    def ask(self, action: str, user: str = "medecin", /, **given: Any) -> dict[str, Any]:
        """Do an action; its answer follows the contract."""
        context = {"run": "test", "scenario": "test", "user": user, "now": None}
        answer = self.software.call(action, context, given)
        assert list(problems(actions()[action].answer_schema(), answer)) == []
        return answer

    def do(self, action: str, user: str = "medecin", /, **given: Any) -> Mapping[str, Any]:
        """An action that must succeed; its data."""
        answer = self.ask(action, user, **given)
        assert answer["outcome"] == "done", answer
        data: Mapping[str, Any] = answer["data"]
        return data

    def login(self, user: str = "medecin") -> str:
        url = self.do("session.login", user)["authorization_url"]
        return login(url, user, self.stack.pki.ca_bundle)

    def patient(self, key: str = "patient", *, qualified: bool = True, **persona: Any) -> str:
        """A patient of the services, recorded here and searched with INSi; the file's number."""
        person = self.stack.population.derive(f"{self.start}/{key}", **persona)
        self.patients.append(person)
        known = self.do("patient.record", traits=person.traits(), document_checked=qualified)
        self.do("identity.search", patient_id=known["patient_id"])
        return str(known["patient_id"])

    def fault(self, service: str, transaction: str, kind: str, times: int = 1, **params: Any) -> None:
        self.stack.faults.schedule(Fault(service, transaction, kind, 0, times, params))

    def seen(self, service: str, transaction: str) -> list[Mapping[str, Any]]:
        """Facts of the exchanges of this test."""
        found = self.stack.journal.exchanges(since=self.start, service=service, transaction=transaction)
        return [exchange.facts for exchange in found]

    def errors(self) -> list[Finding]:
        """Findings of error level about this test's traffic."""
        self.stack.journal.settle()
        exchanges = self.stack.journal.exchanges(since=self.start)
        return errors(finding for one in exchanges for finding in self.stack.journal.findings(one))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(StackSettings(seed=7, pki=tmp_path_factory.mktemp("pki"))) as running:
        yield running


@pytest.fixture
def open_office(stack: Stack, tmp_path: Path) -> Iterator[Callable[[Behaviour], Office]]:
    """Installs the software with a behaviour; everything is closed at the end."""
    opened: list[Office] = []

    def install(behaviour: Behaviour) -> Office:
        path = tmp_path / "environment.json"
        stack.environment.write(path)
        software = Software(Environment.read(path), behaviour)
        server = Server(software, 0)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        opened.append(Office(software, stack, server, stack.journal.position))
        return opened[-1]

    yield install
    stack.faults.clear()
    for office in opened:
        office.server.shutdown()
        office.server.server_close()
        office.software.close()


@pytest.fixture
def office(open_office: Callable[[Behaviour], Office]) -> Office:
    """The conformant software."""
    return open_office(CONFORMANT)
