"""The e-prescription service over real mutual TLS, and against hostile input."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from simulators.cnam.epu import EpuService
from simulators.core.identities import MEDECIN
from simulators.core.service import Service

from .conftest import Hosted

Make = Callable[..., dict[str, Any]]
FORM = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token": f"psc-{MEDECIN.id_nat}",
    "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    "scope": "epu",
}


@pytest.fixture
def hosted(host: Callable[[Service], Hosted], epu_service: EpuService) -> Hosted:
    return host(epu_service)


@pytest.fixture
def client(hosted: Hosted) -> requests.Session:
    made = hosted.client("cabinet-auth")
    token = made.post(f"{hosted.url}/epu/v1/token", data=FORM, timeout=10).json()["access_token"]
    made.headers.update({"Authorization": f"Bearer {token}", "X-Software": "SIMU0001;test;1.0"})
    return made


def test_create_over_mutual_tls(hosted: Hosted, client: requests.Session, prescription: Make) -> None:
    created = client.post(f"{hosted.url}/epu/v1/prescriptions", json=prescription(), timeout=10)
    assert created.status_code == 201
    assert created.headers["X-Bench-Contract"] == "simulated"
    exchange = hosted.context.journal.exchanges()[-1]
    assert exchange.transaction == "EPU.create"
    assert exchange.tls is not None
    assert "499700100011001" in exchange.tls.client_subject
    assert hosted.context.journal.findings(exchange) == ()

    other = hosted.client("officine-auth")
    other.headers.update(client.headers)
    stolen = other.get(f"{hosted.url}/epu/v1/prescriptions/01S2TBPZ2JCNZZYGHZ", timeout=10)
    assert (stolen.status_code, stolen.json()["code"]) == (403, "SIM-EPU-1002")


@pytest.mark.parametrize("certificate", [None, "unknown-issuer", "expired"])
def test_wrong_certificate_gets_no_session(certificate: str | None, hosted: Hosted) -> None:
    with pytest.raises(requests.exceptions.RequestException):
        hosted.client(certificate).get(f"{hosted.url}/epu/v1/errors.json", timeout=10)
    assert hosted.client("cabinet-auth").get(f"{hosted.url}/epu/v1/errors.json", timeout=10).ok


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "deep": b'{"a":' * 100_000,
    "deep-list": b"[" * 900_000,
    "bad-utf8": b'{"epuId":"\xff\xfe"}',
    "bom": b'\xef\xbb\xbf{"epuId":"x"}',
    "utf-16": '{"epuId":"x"}'.encode("utf-16"),
    "huge-number": b'{"a":' + b"9" * 100_000 + b"}",
    "infinity": b'{"a":1e999}',
    "duplicate": b'{"epuId":"a","epuId":"b"}',
    "surrogate": b'{"epuId":"\\ud800"}',
    "truncated": b'{"epuId":"01S2',
    "xml": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "array": b"[1]",
    "wrong-types": json.dumps({"epuId": 1, "lines": {"a": 1}, "patient": "x", "software": []}).encode(),
    "nul": b'{"epuId":"\\u0000"}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies(name: str, hosted: Hosted, client: requests.Session) -> None:
    headers = {"Content-Type": "application/json"}
    url = f"{hosted.url}/epu/v1/prescriptions"
    response = client.post(url, data=HOSTILE[name], headers=headers, timeout=10)
    assert (response.status_code, response.json()["code"]) == (400, "SIM-EPU-1103")
    assert response.json()["detail"]
    journal = hosted.context.journal
    assert journal.bench_errors == []
    judged = [finding.rule for finding in journal.findings(journal.exchanges()[-1]) if finding.is_error]
    assert set(judged) <= {"EPU-JSON-01"}
    assert bool(judged) == (name != "empty")
    assert client.get(f"{hosted.url}/epu/v1/errors.json", timeout=10).ok


def test_oversized_bodies(hosted: Hosted, client: requests.Session) -> None:
    url = f"{hosted.url}/epu/v1/prescriptions"
    body = b'{"epuId":"' + b"x" * 2_000_000 + b'"}'
    response = client.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=10)
    assert (response.status_code, response.json()["code"]) == (413, "SIM-EPU-1104")
    assert hosted.context.journal.bench_errors == []


def test_hostile_values(hosted: Hosted, client: requests.Session, prescription: Make) -> None:
    """SQL, markup, controls and long ids are data like any other."""
    for epu_id in ("'; DROP TABLE prescription; --", "<script>", "a\u0000b", "é" * 64, "../../x"):
        created = client.post(f"{hosted.url}/epu/v1/prescriptions", json=prescription(epu_id), timeout=10)
        assert created.status_code == 201, epu_id
    for epu_id in ("%00", "%ff%fe", "A" * 10_000, "a%2Fb"):
        assert client.get(f"{hosted.url}/epu/v1/prescriptions/{epu_id}", timeout=10).status_code == 404
    crossed = client.get(f"{hosted.url}/epu/v1/prescriptions?ins=%00&oid='", timeout=10)
    assert crossed.json()["prescriptions"] == []
    headers = {"Authorization": "Bearer " + "x" * 8000}
    bad = client.get(f"{hosted.url}/epu/v1/prescriptions/x", headers=headers, timeout=10)
    assert bad.status_code == 401
    form = {**FORM, "subject_token": "\udcff".encode("utf-8", "surrogateescape")}
    assert client.post(f"{hosted.url}/epu/v1/token", data=form, timeout=10).status_code == 400
    assert hosted.context.journal.bench_errors == []


def test_same_id_at_the_same_time(hosted: Hosted, client: requests.Session, prescription: Make) -> None:
    """Two sends of one prescription: one creation, one replay."""
    message, seen = prescription(), []
    url = f"{hosted.url}/epu/v1/prescriptions"
    barrier = threading.Barrier(2)

    def send() -> None:
        other = hosted.client("cabinet-auth")
        other.headers.update(client.headers)
        barrier.wait(10)
        seen.append(other.post(url, json=message, timeout=10).status_code)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(seen) == [200, 201]
