"""The mail servers of a run: four listeners, their sessions, and what a scenario may ask of the operator."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.finding import Finding
from simulators.core import tls
from simulators.core.exchange import Exchange
from simulators.core.pki import Pki
from simulators.core.population import Patient, Population
from simulators.core.random import Randomness
from simulators.core.service import Context

from .behaviours import Behaviours
from .desk import APP, PO, Desk, Upgrades
from .judgement import ContentJudge
from .options import Options
from .recorder import SERVICE, Recorder
from .sasl import Gate, TokenVerifier
from .service import Operator
from .smtp import SmtpSession
from .state import World, test_world
from .stream import Wire, reason_of

if TYPE_CHECKING:
    from .laboratory import Sent


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports wanted; 0 lets the system choose. Real ones are 587 and 143."""

    smtp: int = 0
    imap: int = 0
    smtp_app: int = 0
    imap_app: int = 0


class MailServers:
    """The MSSanté operator on its sockets. `smtp`, `imap`, `smtp_app`, `imap_app` are the bound ports.

    `nil` is the product reference declared by the vendor, compared with X-MSS-NIL (empty: not compared).
    `start`, `close` run on the servers' event loop; every other method may be called from any thread.
    """

    name = SERVICE

    def __init__(
        self,
        context: Context,
        pki: Pki,
        verifier: TokenVerifier,
        population: Population,
        randomness: Randomness,
        *,
        options: Options | None = None,
        ports: Ports = Ports(),
        host: str = "127.0.0.1",
        nil: str = "",
    ) -> None:
        self.options = options or Options()
        self.world: World = test_world(context.clock)
        self.operator = Operator(
            self.world,
            self.options,
            population,
            context.clock,
            randomness,
            Behaviours(self.options),
            send_report=lambda to, variant: self.send_lab_report(to, None, variant=variant),
        )
        self.recorder = Recorder(context, ContentJudge(nil))
        self._desk = Desk(
            context,
            self.operator,
            Gate(self.world, verifier, pki),
            self.recorder,
            self.options,
            Upgrades(pki),
        )
        self._population = population
        self._host, self._wanted = host, ports
        self._listeners: list[asyncio.Server] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deafen: Callable[[], None] = lambda: None
        self.smtp = self.imap = self.smtp_app = self.imap_app = 0

    async def start(self) -> "MailServers":
        """Bind the four listeners. Raises OSError when a port is taken."""
        self._loop = asyncio.get_running_loop()
        self._deafen = tls.watch_failures(self._refused_handshake)
        try:
            self.smtp = await self._listen(self._wanted.smtp, self._smtp_session(PO))
            self.imap = await self._listen(self._wanted.imap, self._imap_session(PO))
            self.smtp_app = await self._listen(self._wanted.smtp_app, self._smtp_session(APP))
            self.imap_app = await self._listen(self._wanted.imap_app, self._imap_session(APP))
        except OSError:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Stop listening, end every session, wait for their last evidence."""
        self._deafen()
        for listener in self._listeners:
            listener.close()
        sessions = list(self._desk.sessions)
        for session in sessions:
            session.kick()
        tasks = [session.wire.task for session in sessions if session.wire.task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=2.0)
            for session in sessions:
                session.wire.abort()
            for task in late:
                task.cancel()
        self._listeners.clear()

    async def _listen(self, port: int, connected: Callable[[Wire], "SmtpSession"]) -> int:
        async def handle(wire: Wire) -> None:
            session = connected(wire)
            self._desk.sessions.add(session)
            try:
                await session.run()
            finally:
                self._desk.sessions.discard(session)

        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Wire(handle), self._host, port, reuse_address=True)
        self._listeners.append(server)
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    def _smtp_session(self, interface: str) -> Callable[[Wire], SmtpSession]:
        return lambda wire: SmtpSession(wire, self._desk, interface)

    def _imap_session(self, interface: str) -> Callable[[Wire], "SmtpSession"]:
        def connected(wire: Wire) -> SmtpSession:
            from .imap import ImapSession  # not needed to start

            return ImapSession(wire, self._desk, interface)  # type: ignore[return-value]

        return connected

    def _refused_handshake(self, port: int, peer: str, error: BaseException) -> None:
        """Tell the session of this peer why TLS failed: the client's alert may come after the handshake."""
        if port in (self.smtp, self.imap, self.smtp_app, self.imap_app):
            for session in self._desk.sessions:
                if session.wire.peer == peer:
                    session.more |= {"tls_error": tls.explain(error), "tls_reason": reason_of(error)}

    # what a scenario may ask

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        """Every finding about a recorded mail exchange, with today's rules."""
        return self.recorder.rejudge(exchange)

    def kick(self, mailbox: str | None = None) -> None:
        """End the live sessions (of one mailbox): SMTP 421, IMAP BYE (ECO.1.2.7).

        On return they are ended, except when called from the servers' own loop.
        """

        async def end() -> None:
            for session in list(self._desk.sessions):
                open_on = session.mailbox.address if session.mailbox else None
                if mailbox is None or open_on == mailbox:
                    session.kick()

        if self._loop is None:
            return
        try:
            inside = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            inside = False
        done = asyncio.run_coroutine_threadsafe(end(), self._loop)
        if not inside:
            done.result(5)

    def reset(self) -> None:
        """Empty every mailbox; forget attempts, refusals and closed conversations."""
        self.world.clear()
        self.operator.behaviours.attempts.clear()
        self.operator.last_reports.clear()
        self._desk.accepted.clear()
        self._desk.flood.refused.clear()

    def send_lab_report(
        self, to: str, patient: Patient | None, *, variant: str = "nominal", **asked: bool
    ) -> "Sent":
        """The laboratory sends a report to a mailbox: see `laboratory.send`."""
        from . import laboratory  # pulls the document builders

        patient = patient or self._population.derive("laboratoire")
        return laboratory.send(self.operator, to, patient, variant=variant, **asked)

    def send_patient_mail(
        self,
        patient: Patient,
        to: str,
        *,
        subject: str = "Question",
        body: str = "Bonjour docteur, j'ai une question sur mon traitement.",
    ) -> str:
        """The patient writes to a professional; see `Operator.patient_mail`."""
        return self.operator.patient_mail(patient, to, subject=subject, body=body)

    def patient_reply(self, patient: Patient, source: bytes, body: str) -> str:
        """The patient answers a mail; see `Operator.patient_reply`."""
        return self.operator.patient_reply(patient, source, body)
