"""A whole stack on real sockets, patients with documents, and browsers that carry cards."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from schemas.finding import Finding
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.pki import Pki
from simulators.core.population import Patient
from simulators.dmp.deposit import deposit
from simulators.stack import Stack, StackSettings

from ..conftest import START
from ..kit import Kit


@pytest.fixture(scope="session")
def stack(test_pki: Pki) -> Iterator[Stack]:
    with Stack(StackSettings(seed=7, pki=test_pki.folder, clock_start=START)) as made:
        yield made
        assert made.journal.bench_errors == []
        assert made.journal.intact()


@pytest.fixture(scope="session")
def writer(test_pki: Pki) -> Kit:
    """Builds CDA documents."""
    return Kit(test_pki, Clock(START))


@pytest.fixture
def patient(stack: Stack, request: pytest.FixtureRequest) -> Callable[..., Patient]:
    """A patient of this very test."""
    return lambda **persona: stack.population.derive(f"web/{request.node.name}", **persona)


@pytest.fixture
def filed(stack: Stack, writer: Kit) -> Callable[..., str]:
    """Put a letter of the test doctor in a record; returns its uniqueId."""

    def file(patient: Patient, *flags: str, **header: Any) -> str:
        document = writer.cda(patient, **header)
        return deposit(stack.services.dmp.state, patient, document, stack.randomness, flags)

    return file


@pytest.fixture
def browse(stack: Stack) -> Iterator[Callable[..., requests.Session]]:
    """A browser with this card or certificate, or none."""
    opened: list[requests.Session] = []

    def make(pair: str = "") -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.verify = str(stack.pki.ca_bundle)
        if pair:
            files = stack.pki.pair(pair)
            session.cert = (str(files.certificate), str(files.key))
        opened.append(session)
        return session

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def seen(stack: Stack) -> Callable[..., list[tuple[Exchange, tuple[Finding, ...]]]]:
    """The exchanges of these pages since the test began, with their findings."""
    since = stack.journal.position

    def tell(transaction: str | None = None) -> list[tuple[Exchange, tuple[Finding, ...]]]:
        found = stack.journal.exchanges(since=since, service="dmp-web", transaction=transaction)
        return [(one, stack.journal.findings(one)) for one in found]

    return tell


@pytest.fixture
def at(stack: Stack) -> Callable[..., str]:
    """The URL of a contextual page."""

    def url(page: str, patient: Patient | str = "", query: str = "") -> str:
        ins = patient if isinstance(patient, str) else patient.ins.matricule
        end = f"/{ins}" if ins else ""
        return f"{stack.environment.dmp_web_url}/AccesDirect/{page}{end}{query}"

    return url
