"""The DMP behind real mutual TLS: it answers, refuses with a diagnosis, and stays up."""

import asyncio
import http.client
import queue
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from schemas import hl7v3, xds
from schemas.soap import envelope, message
from simulators.core import tls
from simulators.core.clock import Clock
from simulators.core.faults import Fault, FaultPlan
from simulators.core.http import listen
from simulators.core.journal import Journal
from simulators.core.pki import Pki
from simulators.core.service import Context, Request
from simulators.core.tls import DMP_CIPHERS, server_context

from .conftest import START
from .kit import Kit


@dataclass
class Running:
    kit: Kit
    context: Context
    port: int
    refusals: "queue.Queue[str]"

    def post(self, request: Request, pair: str = "cabinet-auth") -> requests.Response:
        files = self.kit.pki.pair(pair)
        return requests.post(
            f"https://localhost:{self.port}{request.target}",
            data=request.body,
            headers=dict(request.headers),
            cert=(str(files.certificate), str(files.key)),
            verify=str(self.kit.pki.ca_bundle),
            timeout=10,
        )


@pytest.fixture
def running(test_pki: Pki) -> Iterator[Running]:
    clock = Clock(START)
    kit = Kit(test_pki, clock)
    context = Context(clock, Journal(clock), FaultPlan())
    server = test_pki.pair("server")
    secured = server_context(
        server.certificate,
        server.key,
        client_ca=test_pki.ca_bundle,
        ciphers=DMP_CIPHERS,
        crl=test_pki.crl,
    )
    refusals: queue.Queue[str] = queue.Queue()
    undo = tls.watch_failures(lambda _port, _peer, error: refusals.put(tls.explain(error)))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listener = asyncio.run_coroutine_threadsafe(
        listen(kit.service, context, "127.0.0.1", 0, secured), loop
    ).result(10)
    yield Running(kit, context, listener.port, refusals)
    asyncio.run_coroutine_threadsafe(listener.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
    undo()
    context.journal.close()


def read(response: requests.Response) -> envelope.Envelope:
    return envelope.read(message.read(response.headers["Content-Type"], response.content).root)


def test_a_whole_visit(running: Running) -> None:
    kit = running.kit
    patient = kit.population.derive("a")
    exists = running.post(kit.request(kit.exists(patient)))
    assert hl7v3.read_answer(read(exists).body).active
    data = kit.cda(patient)
    fed = running.post(kit.request(kit.feed(patient, data)))
    assert xds.read_registry_response(read(fed).body).succeeded
    found = running.post(kit.request(kit.search(patient)))
    (entry,) = xds.read_query_response(read(found).body).entries
    got = running.post(kit.request(kit.retrieve(patient, entry.unique_id)))
    carried = message.read(got.headers["Content-Type"], got.content)
    answer = xds.read_retrieve_response(envelope.read(carried.root).body, carried.referenced())
    assert answer.documents[0].content == data
    running.context.journal.settle()
    exchanges = running.context.journal.exchanges(service="dmp")
    assert [exchange.transaction for exchange in exchanges] == ["TD0.2", "TD2.1", "TD3.1", "TD3.2"]
    assert all(exchange.accepted for exchange in exchanges)
    assert exchanges[0].tls is not None and "OU=499700100011001" in exchanges[0].tls.client_subject
    assert running.context.journal.bench_errors == []
    for exchange in exchanges:
        assert running.context.journal.findings(exchange) == tuple(kit.service.rejudge(exchange))


def test_it_survives_hostile_bodies(running: Running) -> None:
    kit = running.kit
    patient = kit.population.derive("a")
    request = kit.request(kit.feed(patient))
    hostile = [
        b"",
        b"\x00" * 1000,
        b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x'><a/>",
        request.body[:2000],
        request.body.replace(b"<saml2:NameID>", b"<saml2:NameID>x"),
    ]
    for body in hostile:
        response = running.post(Request("POST", request.target, request.headers, body))
        assert response.status_code == 500
        assert envelope.read_fault(read(response).body) is not None
    last = running.context.journal.exchanges()[-1]
    assert (last.facts["outcome"], last.facts["cause"]) == ("refused", "vihf-signature")
    assert running.post(kit.request(kit.feed(patient))).status_code == 200
    assert running.context.journal.bench_errors == []


@pytest.mark.parametrize("pair", ["expired", "revoked", "unknown-issuer", "wrong-usage", "cabinet-sign"])
def test_client_certificates_refused_by_tls(running: Running, pair: str) -> None:
    request = running.kit.request(running.kit.exists(running.kit.population.derive("a")))
    with pytest.raises(requests.RequestException):
        running.post(request, pair)
    assert running.post(request).status_code == 200


def test_no_client_certificate_is_diagnosed(running: Running) -> None:
    context = ssl.create_default_context(cafile=str(running.kit.pki.ca_bundle))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    connection = http.client.HTTPSConnection("localhost", running.port, context=context, timeout=10)
    with pytest.raises(OSError):
        connection.request("GET", "/")
        connection.getresponse()
    assert "pas présenté de certificat" in running.refusals.get(timeout=5)  # the alert leaves first


def test_injected_accidents(running: Running) -> None:
    kit, plan = running.kit, running.context.faults
    patient = kit.population.derive("a")
    plan.schedule(Fault("dmp", "TD2.1", "soap-fault"))
    plan.schedule(Fault("dmp", "TD2.1", "cut-after-commit", skip=1))
    plan.schedule(Fault("dmp", "TD2.1", "registry-error", skip=2, params={"code": "XDSRepositoryError"}))
    assert running.post(kit.request(kit.feed(patient))).status_code == 500
    request = kit.request(kit.feed(patient))
    with pytest.raises(requests.RequestException):
        running.post(request)
    assert xds.read_registry_response(read(running.post(request)).body).errors
    again = running.post(request)  # the lost answer was committed
    errors = xds.read_registry_response(read(again).body).errors
    assert errors[0].code == "XDSDuplicateUniqueIdInRegistry"
