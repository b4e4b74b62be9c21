"""The two services, a population, a PKI, and clients over real mutual TLS."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding

from schemas import insi
from schemas.prescription import shape
from simulators.cnam.epu import EpuService
from simulators.cnam.insi import InsiService
from simulators.core import pki as pki_module
from simulators.core import tls
from simulators.core.clock import Clock
from simulators.core.exchange import Tls
from simulators.core.faults import FaultPlan
from simulators.core.http import listen
from simulators.core.identities import MEDECIN, PHARMACIEN
from simulators.core.journal import Journal
from simulators.core.pki import Pki
from simulators.core.population import Population
from simulators.core.random import Randomness
from simulators.core.service import Context, Request, Response, Service, serve

Search = Callable[..., bytes]
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


class TokenRefused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Claims:
    subject_name_id: str


class Verifier:
    """Accepts `psc-<PS_IdNat>[-anything]`."""

    def verify(self, token: str, now: datetime) -> Claims:
        kind, _, rest = token.partition("-")
        if kind != "psc":
            raise TokenRefused("expired")
        return Claims(rest.partition("-")[0])


@pytest.fixture
def epu_service(clock: Clock, population: Population, randomness: Randomness) -> Iterator[EpuService]:
    service = EpuService(clock, population, randomness, Verifier())
    yield service
    service.close()


class Caller:
    """A vendor's software in front of the e-prescription service, in process."""

    def __init__(self, service: EpuService, context: Context, session: Tls, user: str) -> None:
        self.service = service
        self.context = context
        self.session: Tls | None = session
        self.user = user
        self.token = ""
        self.headers: dict[str, str] = {}

    def exchange(self, **changed: str) -> Response:
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": f"psc-{self.user}",
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "scope": "epu",
            **changed,
        }
        headers = (("Content-Type", "application/x-www-form-urlencoded"),)
        body = urlencode(form).encode()
        return self._serve(Request("POST", "/epu/v1/token", headers, body, self.session))

    def login(self) -> "Caller":
        self.token = json.loads(self.exchange().body)["access_token"]
        return self

    def call(self, method: str, path: str, message: object = None, **headers: str) -> Response:
        given = {"Authorization": f"Bearer {self.token}", "X-Software": "SIMU0001;test;1.0"}
        body = b""
        if message is not None:
            body = message if isinstance(message, bytes) else json.dumps(message).encode()
            given["Content-Type"] = "application/json"
        given |= self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = tuple((name, value) for name, value in given.items() if value)
        return self._serve(Request(method, f"/epu/v1{path}", sent, body, self.session))

    def _serve(self, request: Request) -> Response:
        """Serve, then check what must hold for every exchange."""
        response = serve(self.service, request, self.context)
        journal = self.context.journal
        exchange = journal.exchanges()[-1]
        assert journal.bench_errors == []
        assert self.service.rejudge(exchange) == list(journal.findings(exchange))
        if not exchange.fault:
            assert response.header("X-Bench-Contract") == "simulated"
            body = json.loads(response.body)
            if exchange.transaction != "EPU.schema":
                assert body["_contract"].startswith("SIMULATED")
            if response.status >= 400 and exchange.transaction != "EPU.token":
                assert list(shape("problem", body)) == []
        return response

    @property
    def facts(self) -> dict[str, Any]:
        return dict(self.context.journal.exchanges()[-1].facts)

    @property
    def rules(self) -> set[str]:
        journal = self.context.journal
        return {finding.rule for finding in journal.findings(journal.exchanges()[-1])}


@pytest.fixture
def doctor(epu_service: EpuService, context: Context, session_of: Callable[[str], Tls]) -> Caller:
    return Caller(epu_service, context, session_of("cabinet-auth"), MEDECIN.id_nat).login()


@pytest.fixture
def pharmacist(epu_service: EpuService, context: Context, session_of: Callable[[str], Tls]) -> Caller:
    return Caller(epu_service, context, session_of("officine-auth"), PHARMACIEN.id_nat).login()


def line(number: int, **changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "lineId": f"ligne-{number}",
        "category": "MED",
        "product": {"cis": "63107752", "label": "PARACETAMOL 1 g"},
        "posologyText": "1 comprimé matin et soir",
        "quantity": {"value": 2},
        "renewals": 0,
        "substitution": {"allowed": True},
        "ald": False,
        "atmp": False,
        "prevention": False,
        "notReimbursable": False,
        "offLabel": False,
    }
    return {**made, **changed}


@pytest.fixture
def prescription(population: Population) -> Callable[..., dict[str, Any]]:
    """A prescription of the test doctor that breaks no rule."""

    def make(epu_id: str = "01S2TBPZ2JCNZZYGHZ", **changed: Any) -> dict[str, Any]:
        patient = changed.pop("patient", None) or population.derive("patient")
        made = {
            "epuId": epu_id,
            "writtenAt": "2026-03-02T09:10:00+01:00",
            "validity": {"start": "2026-03-02", "end": "2026-06-02"},
            "types": [],
            "software": {"idam": "SIMU0001", "name": "urn:lps:test:1.0", "version": "1.0"},
            "prescriber": {
                "rpps": MEDECIN.rpps,
                "name": "DESCHAMPS-TEST CAMILLE",
                "structure": {"finessOrAm": "499700100011001", "name": "CABINET MEDICAL DU BANC"},
            },
            "patient": {
                "ins": {"value": patient.ins.matricule, "oid": patient.ins.oid},
                "birthName": patient.birth_name,
                "firstNames": " ".join(patient.given_names),
                "sex": patient.sex,
                "birthDate": patient.birth_date.isoformat(),
                "birthPlace": patient.birth_place,
            },
            "lines": [line(1), line(2)],
        }
        return {**made, **changed}

    return make


def dispensation(id: str, epu_id: str = "01S2TBPZ2JCNZZYGHZ", *lines: dict[str, Any]) -> dict[str, Any]:
    """A dispensation of the test pharmacist: everything as prescribed, unless lines are given."""
    whole = [{"lineId": f"ligne-{rank}", "outcome": "AS_PRESCRIBED"} for rank in (1, 2)]
    return {
        "dispensationId": id,
        "epuId": epu_id,
        "dispensedAt": "2026-03-02T11:00:00+01:00",
        "dispenser": {"rpps": PHARMACIEN.rpps, "finess": "750000029", "name": "PHARMACIE DU BANC"},
        "lines": list(lines) or whole,
    }
