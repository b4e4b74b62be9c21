"""A whole stack on real sockets, and raw clients to try it with."""

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.core import pki as pkis
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.pki import Pki
from simulators.stack import Stack, StackSettings


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return pkis.create(tmp_path_factory.mktemp("pki"), Clock().now())


@pytest.fixture(scope="session")
def stack(pki: Pki) -> Iterator[Stack]:
    with Stack(StackSettings(seed=5, pki=pki.folder)) as made:
        yield made
        assert made.journal.bench_errors == []
        assert made.journal.intact()


@pytest.fixture
def seen(stack: Stack) -> Callable[..., Exchange]:
    """Wait for the next exchange of this transaction since the test began."""
    since = stack.journal.position

    def wait(transaction: str) -> Exchange:
        def there(exchanges: list[Exchange]) -> bool:
            return any(item.transaction == transaction for item in exchanges)

        assert stack.journal.wait_for(there, since=since, timeout=5)
        return stack.journal.exchanges(since=since, transaction=transaction)[-1]

    return wait


@pytest.fixture
def port(stack: Stack) -> Callable[[str], int]:
    return lambda name: stack._listeners[name].port


@pytest.fixture
def client(pki: Pki) -> Callable[..., ssl.SSLContext]:
    """A client context that trusts the bench and shows this pair of the PKI."""

    def make(name: str = "", version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(pki.ca_bundle))
        if name:
            pair = pki.pair(name)
            context.load_cert_chain(pair.certificate, pair.key)
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    return make


def talk(context: ssl.SSLContext, port: int, data: bytes) -> bytes:
    """Send bytes over TLS and return all that comes back. Raises ssl.SSLError on an alert."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as secure,
    ):
        secure.sendall(data)
        return read(secure)


def read(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def pem(path: Path) -> str:
    return path.read_text(encoding="ascii")
