"""An operator on real sockets, in its own event loop, and the clients to talk to it."""

import asyncio
import base64
import imaplib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pytest

from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.faults import FaultPlan
from simulators.core.identities import MEDECIN
from simulators.core.journal import Journal
from simulators.core.pki import Pki, create
from simulators.core.population import Population
from simulators.core.random import Randomness
from simulators.core.service import Context
from simulators.mssante.options import Options
from simulators.mssante.servers import MailServers

T = TypeVar("T")
GOOD = "jeton-du-medecin"


@dataclass(frozen=True)
class Claims:
    subject_name_id: str


class TokenRefused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Verifier:
    """Knows the token of the doctor, and one of the pharmacist."""

    def verify(self, token: str, now: datetime, /) -> Claims:
        known = {GOOD: MEDECIN.id_nat, "jeton-du-pharmacien": "899700100029"}
        if token not in known:
            raise TokenRefused("expired")
        return Claims(known[token])


def xoauth2(login: str = MEDECIN.mailbox, token: str = GOOD) -> str:
    return f"user={login}\x01auth=Bearer {token}\x01\x01"


@dataclass
class Bench:
    """A running operator, seen by a test."""

    servers: MailServers
    context: Context
    pki: Pki
    population: Population
    loop: asyncio.AbstractEventLoop

    @property
    def journal(self) -> Journal:
        return self.context.journal

    @property
    def options(self) -> Options:
        return self.servers.options

    def tls(self, pair: str | None = None, **changes: Any) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.pki.ca_bundle))
        if pair:
            context.load_cert_chain(self.pki.pair(pair).certificate, self.pki.pair(pair).key)
        for name, value in changes.items():
            setattr(context, name, value)
        return context

    def smtp(self, *, login: bool = True, app: bool = False, pair: str | None = None) -> smtplib.SMTP:
        port = self.servers.smtp_app if app else self.servers.smtp
        client = smtplib.SMTP("localhost", port, timeout=5)
        client.starttls(context=self.tls(pair))
        client.ehlo()
        if login:
            client.auth("XOAUTH2", lambda challenge=None: xoauth2() if challenge is None else "")
        return client

    def imap(self, *, login: bool = True, app: bool = False, pair: str | None = None) -> imaplib.IMAP4:
        port = self.servers.imap_app if app else self.servers.imap
        client = imaplib.IMAP4("localhost", port, timeout=5)
        client.starttls(self.tls(pair))
        if login:
            client.authenticate("XOAUTH2", lambda challenge: xoauth2().encode())
        return client

    def raw(self, port: int | None = None) -> "Raw":
        return Raw(socket.create_connection(("127.0.0.1", port or self.servers.smtp), timeout=5))

    def wait(self, transaction: str, count: int = 1) -> list[Exchange]:
        """The exchanges of this transaction, once there are that many."""

        def found(items: list[Exchange]) -> bool:
            return sum(item.transaction == transaction for item in items) >= count

        seen = [(item.transaction, item.facts.get("reason")) for item in self.journal.exchanges()]
        assert self.journal.wait_for(found, timeout=5), seen
        return self.journal.exchanges(transaction=transaction)

    def rules(self, exchange: Exchange) -> set[str]:
        """Rules broken at error level by an exchange; the offline verdict must be the same."""
        self.journal.settle()
        found = self.journal.findings(exchange)
        assert {item.rule for item in found} == {item.rule for item in self.servers.rejudge(exchange)}
        return {item.rule for item in found if item.is_error}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(5)


class Raw:
    """A socket that speaks by lines, in clear then in TLS."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.file = connection.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self) -> bytes:
        return self.file.readline()

    def reply(self) -> bytes:
        """A whole SMTP reply."""
        lines = [self.line()]
        while lines[-1][3:4] == b"-":
            lines.append(self.line())
        return b"".join(lines)

    def ask(self, data: bytes) -> bytes:
        self.send(data)
        return self.reply()

    def upgrade(self, context: ssl.SSLContext) -> None:
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def rest(self) -> bytes:
        """Everything until the server closes."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def authenticated(bench: Bench) -> Raw:
    """A raw SMTP connection after TLS, EHLO and AUTH."""
    raw = bench.raw()
    raw.reply()
    raw.ask(b"EHLO lps.test\r\n")
    assert raw.ask(b"STARTTLS\r\n").startswith(b"220")
    raw.upgrade(bench.tls())
    raw.ask(b"EHLO lps.test\r\n")
    token = base64.b64encode(xoauth2().encode())
    assert raw.ask(b"AUTH XOAUTH2 " + token + b"\r\n").startswith(b"235")
    return raw


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return create(tmp_path_factory.mktemp("pki"), Clock().now())


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever, daemon=True)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join(5)
    made.close()


@pytest.fixture
def bench(pki: Pki, loop: asyncio.AbstractEventLoop) -> Iterator[Bench]:
    clock = Clock()
    context = Context(clock, Journal(clock), FaultPlan())
    population = Population(7)
    servers = MailServers(context, pki, Verifier(), population, Randomness(7))
    asyncio.run_coroutine_threadsafe(servers.start(), loop).result(5)
    made = Bench(servers, context, pki, population, loop)
    yield made
    made.run(servers.close())
    context.journal.close()
    assert context.journal.bench_errors == []
    assert context.journal.intact()


@pytest.fixture
def mail() -> Callable[..., bytes]:
    """A plain mail to somebody, with more headers."""

    def make(to: str, *more: str, body: str = "Bonjour.") -> bytes:
        head = [
            f"From: Dr_Camille_DESCHAMPS-TEST <{MEDECIN.mailbox}>",
            f"To: {to}",
            "Subject: =?utf-8?q?R=C3=A9union?=",
            "Message-ID: <a1@lps.test>",
            "Date: Tue, 24 Nov 2026 10:00:00 +0000",
            "X-MSS-NIL: BANC000001",
            *more,
        ]
        return "\r\n".join([*head, "", body, ""]).encode()

    return make
