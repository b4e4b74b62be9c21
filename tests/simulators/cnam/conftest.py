"""The two services, a population, a PKI, and clients over real mutual TLS."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding

from schemas import insi
from simulators.cnam.insi import InsiService
from simulators.core import pki as pki_module
from simulators.core import tls
from simulators.core.clock import Clock
from simulators.core.exchange import Tls
from simulators.core.faults import FaultPlan
from simulators.core.http import listen
from simulators.core.journal import Journal
from simulators.core.pki import Pki
from simulators.core.population import Population
from simulators.core.random import Randomness
from simulators.core.service import Context, Service

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return pki_module.create(tmp_path_factory.mktemp("pki"), datetime.now(UTC))


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def population() -> Population:
    return Population(7)


@pytest.fixture
def randomness() -> Randomness:
    return Randomness(7)


@pytest.fixture
def context(clock: Clock) -> Iterator[Context]:
    journal = Journal(clock)
    yield Context(clock, journal, FaultPlan())
    journal.close()


@pytest.fixture
def insi_service(clock: Clock, population: Population) -> InsiService:
    return InsiService(clock, population)


@pytest.fixture(scope="session")
def session_of(pki: Pki) -> Callable[[str], Tls]:
    """The TLS facts that a client with this pair of the PKI gives."""

    def make(name: str) -> Tls:
        certificate, _ = pki.pair(name).load()
        der = certificate.public_bytes(Encoding.DER)
        return Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", der, certificate.subject.rfc4514_string())

    return make


@pytest.fixture
def search(clock: Clock, randomness: Randomness) -> Callable[..., bytes]:
    """The bytes of a search by traits with fresh identifiers."""

    def make(name: str, given: str, sex: str, born: str, place: str = "", *, idam: str = "SIMU0001") -> bytes:
        fresh = [randomness.uuid("test") for _ in range(4)]
        return insi.write_traits_request(
            insi.Traits(name, (given,), sex, born, place),
            insi.Software(idam, "test", "1", fresh[3]),
            message_id=fresh[0],
            bam_id=fresh[1],
            lps_id=fresh[2],
            now=clock.now(),
            emitter="499700100011001",
        )

    return make


@dataclass
class Hosted:
    """A service on a real port, and `requests` clients with certificates of the test PKI."""

    url: str
    pki: Pki
    context: Context

    def client(self, certificate: str | None) -> requests.Session:
        client = requests.Session()
        client.trust_env = False
        client.verify = str(self.pki.ca_bundle)
        if certificate:
            pair = self.pki.pair(certificate)
            client.cert = (str(pair.certificate), str(pair.key))
        return client


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


@pytest.fixture
def host(pki: Pki, context: Context) -> Iterator[Callable[[Service], Hosted]]:
    """Host a service over mutual TLS on a free port."""
    loop = Loop()
    opened = []

    def start(service: Service) -> Hosted:
        pair = pki.pair("server")
        secure = tls.server_context(pair.certificate, pair.key, client_ca=Path(pki.ca_bundle))
        listener = loop.run(listen(service, context, "127.0.0.1", 0, secure))
        opened.append(listener)
        return Hosted(f"https://localhost:{listener.port}", pki, context)

    yield start
    for listener in opened:
        loop.run(listener.close())
    loop.stop()
