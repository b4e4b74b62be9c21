"""Independent SOAP stacks feed the simulated DMP and read from it: the bytes on the wire are their own.

Run by `make interop`. A stack that is not there is skipped, with what its build script said.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.soap import message
from schemas.soap.message import Carried
from schemas.xds import names
from simulators.core.exchange import Exchange
from simulators.dmp.service import recorded
from simulators.stack import Stack, StackSettings

from .prepare import WSDL, Given, prepare

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not os.environ.get("SEGUR_BENCH_INTEROP"), reason="independent stacks: make interop"),
]
HERE = Path(__file__).parent
NOT_THERE = 77  # exit code of a build script whose stack is not installed
CAPTURES = os.environ.get("SEGUR_BENCH_INTEROP_CAPTURES", "")  # folder where requests are kept as sent


@dataclass(frozen=True, slots=True)
class Client:
    """A stack, and the rules of carriage that it breaks by nature."""

    name: str
    mtom: bool
    breaks: frozenset[str] = frozenset()


CLIENTS = (
    Client("metro", True, frozenset({"SOAP-WSA-03"})),  # MessageID is uuid:…
    Client("gsoap", True),
    Client("node", True, frozenset({"SOAP-MTOM-02"})),  # start-info="text/xml"
    Client("php", False, frozenset({"SOAP-MTOM-01"})),  # documents inside the XML
)


@dataclass(frozen=True, slots=True)
class Ready:
    """A client that was built."""

    client: Client
    build: Path

    def run(self, given: Given, **more: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(HERE / self.client.name / "run.sh"), str(self.build)]
        environment = {**os.environ, **given.environment, **more}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pki")


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: client.name)
def ready(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ready:
    return build(request.param, tmp_path_factory.mktemp(request.param.name))


def build(client: Client, folder: Path) -> Ready:
    """Build a client; skips the test when its stack is not there."""
    command = ["sh", str(HERE / client.name / "build.sh"), str(folder)]
    environment = {**os.environ, "INTEROP_WSDL": str(WSDL)}
    built = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    if built.returncode == NOT_THERE:
        pytest.skip(f"{client.name}: {built.stdout.strip()}")
    assert built.returncode == 0, built.stdout + built.stderr
    return Ready(client, folder)


@pytest.fixture
def stack(pki: Path) -> Iterator[Stack]:
    with Stack(StackSettings(7, pki)) as running:
        yield running


def carried(exchange: Exchange) -> Carried:
    request = recorded(exchange)
    return message.read(request.header("Content-Type"), request.body)


def rules(stack: Stack, exchange: Exchange, family: str) -> set[str]:
    return {one.rule for one in stack.journal.findings(exchange) if one.rule.startswith(family)}


def test_the_same_bytes_come_back(ready: Ready, stack: Stack, tmp_path: Path) -> None:
    given = prepare(stack, tmp_path / "given")
    ran = ready.run(given)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.splitlines() == [f"feed {names.SUCCESS}", f"retrieve {names.SUCCESS}"]
    stack.journal.settle()
    fed, read = stack.journal.exchanges(service="dmp")
    keep(ready.client, fed)
    assert [fed.transaction, read.transaction] == ["TD2.1", "TD3.2"]
    assert fed.accepted and read.accepted
    assert given.retrieved() == given.documents
    digests = {one["unique_id"]: one["sha256"] for one in fed.facts["documents"]}
    assert given.digests().items() <= digests.items()
    assert given.digests() == {one["unique_id"]: one["sha256"] for one in read.facts["documents"]}

    sent = carried(fed)
    assert (sent.parts is not None) is ready.client.mtom
    assert len(sent.referenced()) == (3 if ready.client.mtom else 0)
    assert 'boundary="uuid-segur-bench-1"' in read.response_head  # the documents hold the usual one
    for exchange in (fed, read):
        assert rules(stack, exchange, "VIHF") == set()  # the signed assertion came through untouched
        assert rules(stack, exchange, "SOAP") <= ready.client.breaks
    assert rules(stack, fed, "SOAP") == ready.client.breaks
    assert stack.journal.bench_errors == []


def test_a_plain_feed_is_answered_in_kind(ready: Ready, stack: Stack, tmp_path: Path) -> None:
    ready.run(prepare(stack, tmp_path / "given"))
    fed = stack.journal.exchanges(transaction="TD2.1")[0]
    assert ("multipart/related" in fed.response_head) is ready.client.mtom


def test_faults_are_read(ready: Ready, stack: Stack, tmp_path: Path) -> None:
    """HTTP 500, a plain fault for TD2.1 and one in a multipart for TD3.2: the stack gives its text."""
    ran = ready.run(prepare(stack, tmp_path / "given", spoilt=True))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    fed, read = stack.journal.exchanges(service="dmp")
    assert {fed.facts["cause"], read.facts["cause"]} == {"vihf-signature"}
    assert ran.stdout.splitlines() == [
        f"feed fault {fed.facts['detail']}",
        f"retrieve fault {read.facts['detail']}",
    ]


def test_php_alone_reads_no_parts(
    stack: Stack, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """TD3.2 is always answered in a multipart, as the DMP does: SoapClient needs help to read it."""
    php = build(CLIENTS[3], tmp_path_factory.mktemp("php"))
    ran = php.run(prepare(stack, tmp_path / "given"), INTEROP_PHP_ALONE="1")
    assert ran.stdout.splitlines() == [
        f"feed {names.SUCCESS}",
        "retrieve fault looks like we got no XML document",
    ]
    assert stack.journal.exchanges(transaction="TD3.2")[0].accepted


def keep(client: Client, exchange: Exchange) -> None:
    """Keep a request as it was sent, for `tests/schemas/soap/stacks`."""
    if CAPTURES:
        head = exchange.request_head.replace("\n", "\r\n").encode()
        (Path(CAPTURES) / f"{client.name}.http").write_bytes(head + b"\r\n\r\n" + exchange.request_body)
