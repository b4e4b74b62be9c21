"""One SMTP submission session: RFC 5321 with mandatory STARTTLS (RFC 3207), AUTH (RFC 4954), DSN (RFC 3461).

An own protocol rather than aiosmtpd: that one refuses DSN parameters, folds their case, and reads DATA line
by line (ten times slower); and every dialogue must end up as evidence.
"""

import asyncio
from typing import Any

from simulators.core import faults as generic
from simulators.core.faults import Fault

from . import content, errors, faults, judgement, sasl, smtp_access, smtp_mail
from .desk import APP, Desk
from .errors import Refusal
from .sasl import Attempt
from .service import OPERATOR
from .smtp_access import Handler
from .state import Mailbox
from .stream import Closed, HandshakeFailed, LineTooLong, Wire
from .transaction import MAX_FACTS, Transaction
from .transcript import Transcript

DATA_COMMANDS = frozenset({"AUTH", "MAIL", "RCPT", "DATA"})
HTTP_VERBS = frozenset({"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS"})


HANDLERS: "dict[str, Handler]" = {**smtp_access.HANDLERS, **smtp_mail.HANDLERS}


class SmtpSession:
    """A connection of a client. `run` never raises."""

    def __init__(self, wire: Wire, desk: Desk, interface: str) -> None:
        self.wire, self.desk, self.interface = wire, desk, interface
        self.transcript = Transcript()
        self.fault: Fault | None = None
        self.helo = ""
        self.mailbox: Mailbox | None = None
        self.attempt: Attempt | None = None  # the one that succeeded
        self.mail: Transaction | None = None
        self.errors = self.messages = self.commands = self.recorded = 0
        self.spoke_in_tls = False
        self.conclude = ""  # what the next refusal ends, and records: "session" or "mail"
        self.greeted_in_tls: bool | None = None
        self._reset_record()

    # evidence

    def _reset_record(self) -> None:
        """Start a new exchange."""
        self.started, self.ticks = self.desk.context.clock.now(), self.desk.context.clock.ticks()
        self.clear_commands: list[str] = []
        self.attempts: list[Attempt] = []
        self.refusals: list[str] = []
        self.more: dict[str, Any] = {}

    def _facts(self) -> dict[str, Any]:
        user = self.attempt or (self.attempts[-1] if self.attempts else None)
        facts: dict[str, Any] = {
            "interface": self.interface,
            "starttls_offered": not self.suffers(faults.NO_STARTTLS),
            "mailbox": self.mailbox.address if self.mailbox else "",
            "user": self.attempt.id_nat if self.attempt else "",
            "mechanism": user.mechanism if user else "",
            "initial_response": user.initial_response if user else None,
            "clear_commands": self.clear_commands,
            "attempts": [attempt.as_facts() for attempt in self.attempts],
            **self.more,
        }
        if self.greeted_in_tls is False:
            facts["ehlo_after_tls"] = False
        return facts

    def suffers(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind

    def note(self, text: str) -> bytes:
        self.transcript.server(text)
        return text.replace("\n", "\r\n").encode() + b"\r\n"

    def reply(self, text: str) -> None:
        self.wire.write(self.note(text))

    def record_session(self, reason: str = "") -> None:
        reason = reason or (self.refusals[-1] if self.refusals else "")
        facts = self._facts() | {
            "outcome": "refused" if reason else "accepted",
            "reason": reason,
            "refusals": self.refusals[-20:],
            "messages": self.messages,
        }
        self.desk.recorder.record(
            "SMTP.session",
            started=self.started,
            ticks=self.ticks,
            dialogue=self.transcript.take(),
            facts=facts,
            tls=self.wire.tls,
            fault=self.fault.kind if self.fault else "",
        )
        self.recorded += 1
        self._reset_record()

    def record_mail(self, outcome: str, reason: str, reply: str, source: bytes = b"", size: int = 0) -> None:
        mail, self.mail = self.mail, None
        if mail is None:
            return
        accepted = [recipient.address for recipient in mail.envelope.recipients]
        facts = self._facts() | {
            "outcome": outcome,
            "reason": reason or ("" if outcome == "accepted" else mail.reason),
            "reply": reply,
            "sender": mail.sender,
            "sender_type": mail.envelope.mailbox.kind,
            "recipients": mail.tried[:MAX_FACTS],
            "recipient_count": len(mail.tried),
            "accepted_recipients": accepted if outcome == "accepted" else [],
            "replies": mail.replies,
            "dsn": {"ret": mail.envelope.ret, "envid": mail.envelope.envid, "notify": mail.notify},
            "size": size,
        }
        read = judgement.read(source) if source else None
        if read is not None:
            facts |= content.mail_facts(source) | judgement.facts(read)
            facts["message_id_reused"] = self.desk.reused(facts["message_id"], source, outcome)
        patients = [to.rpartition("@")[0] for to in mail.tried if to.lower().endswith("@patient.mssante.fr")]
        if patients:
            facts["patient"] = patients[0]
        self.messages += outcome == "accepted"
        self.desk.recorder.record(
            "SMTP.message",
            started=mail.started,
            ticks=mail.ticks,
            dialogue=self.transcript.take(),
            facts=facts,
            tls=self.wire.tls,
            request_body=source,
            fault=mail.fault.kind if mail.fault else "",
            content=read,
        )
        self.recorded += 1
        self._reset_record()

    # the life of the connection

    async def run(self) -> None:
        """Serve the connection to its end, and record what is left of it."""
        ended = "connection-lost"
        try:
            if await self._greet():
                ended = await self._serve()
            else:
                ended = "unavailable"
        except Closed:
            pass
        except TimeoutError:  # the client does not read
            ended = "timeout"
        except Exception as error:  # ours
            self.desk.failed(error)
            self.reply(str(errors.local_error()))
            ended = "bench-error"
        finally:
            self._finish(ended)
            self.wire.close()

    def _finish(self, ended: str) -> None:
        if self.mail is not None:
            why = "abandoned" if ended == "quit" else ended
            self.record_mail("refused", self.mail.reason or why, self.mail.reply)
        if ended == "connection-lost" and self.wire.tls is not None and not self.spoke_in_tls:
            ended = "closed-after-handshake"
        abnormal = ended not in ("quit", "connection-lost")
        notable = abnormal or self.refusals or self.attempts or self.clear_commands
        if notable or (self.commands and not self.recorded):
            self.record_session(ended if abnormal else "")

    async def _greet(self) -> bool:
        self.fault = self.desk.fault("SMTP.session")
        if self.suffers(faults.REFUSE):
            self.transcript.remark("connection refused by the fault schedule")
            self.wire.abort()
            return False
        if self.suffers(generic.UNAVAILABLE) or self.suffers(generic.SERVER_ERROR):
            self.reply(str(errors.unavailable()))
            await self.wire.linger(1.0)
            return False
        if self.suffers(generic.SLOW) and self.fault:
            await asyncio.sleep(float(self.fault.params.get("seconds", 5.0)))
        self.reply(f"220 {OPERATOR} ESMTP segur-bench (operateur MSSante simule)")
        return True

    async def _serve(self) -> str:
        while True:
            try:
                if await self._command():
                    return "quit"
            except Refusal as refusal:
                if await self._refuse(refusal):
                    return "quit"
            except TimeoutError:
                await self._refuse(errors.idle())
                return "quit"
            except LineTooLong:
                await self._refuse(errors.line_too_long())
                return "quit"
            except HandshakeFailed as failure:
                self.transcript.remark(str(failure))
                self.more |= {"tls_error": str(failure), "tls_reason": failure.reason}
                return "tls-handshake"
            await self.wire.drain(self.desk.options.idle_timeout)

    async def _refuse(self, refusal: Refusal) -> bool:
        """Reply with a refusal; True when the connection ends."""
        self.errors += 500 <= refusal.code < 550 or refusal.code == 555
        if not refusal.closes and self.errors > self.desk.options.max_errors:
            self.reply(str(refusal))
            refusal = errors.too_many_errors()
        self.refusals.append(refusal.reason)
        self.more["reply"] = str(refusal)
        data = self.note(str(refusal))  # recorded before it leaves: the client may act on it at once
        conclude, self.conclude = self.conclude, ""
        if self.mail is not None and (refusal.closes or conclude == "mail"):
            self.record_mail("refused", refusal.reason, str(refusal))
        elif refusal.closes or conclude == "session":
            self.record_session(refusal.reason)
        self.wire.write(data)
        if refusal.closes:
            await self.wire.linger(1.0)
        return refusal.closes

    def kick(self) -> None:
        """The operator ends this session (421)."""
        self.reply(str(errors.stopping()))
        self.refusals.append("kicked")
        self.wire.close()

    # commands

    async def _command(self) -> bool:
        raw = await self.wire.read_line(self.desk.options.max_line, self.desk.options.idle_timeout)
        self.transcript.client(raw)
        self.commands += 1
        self.spoke_in_tls = self.wire.tls is not None
        if not raw.endswith(b"\r\n"):
            raise errors.bare_newline("LF")
        try:
            line = raw[:-2].decode("utf-8")
        except UnicodeDecodeError:
            raise errors.bad_bytes() from None
        if any(char < " " or char == "\x7f" for char in line.replace("\t", " ")):
            raise errors.bad_bytes()
        verb, _, rest = line.strip(" ").partition(" ")
        verb, rest = verb.upper(), rest.strip(" ")
        if verb in DATA_COMMANDS and self.wire.tls is None:
            self.clear_commands.append(verb)
        handler = HANDLERS.get(verb)
        if handler is None:
            if verb in HTTP_VERBS:
                raise errors.not_smtp()
            raise errors.unknown_command(verb)
        await handler(self, rest)
        return verb == "QUIT"

    # what commands stand on

    @property
    def mechanism(self) -> str:
        return sasl.PLAIN if self.interface == APP else sasl.XOAUTH2

    def need_tls(self) -> None:
        if self.wire.tls is None:
            self.conclude = "session"
            raise errors.need_starttls()

    async def challenge(self, text: str) -> bytes:
        self.reply(text)
        return await self.response()

    async def response(self) -> bytes:
        raw = await self.wire.read_line(self.desk.options.max_line, self.desk.options.idle_timeout)
        self.transcript.client(raw, secret=True)
        response = raw.rstrip(b"\r\n")
        if response == b"*":
            raise errors.cancelled()
        return response

    def refused_attempt(self, attempt: Attempt, refusal: Refusal) -> Refusal:
        """Note a refused authentication; the refusal will be recorded at once."""
        self.attempts.append(attempt)
        now = self.desk.context.clock.ticks()
        self.more["refused_last_minute"] = self.desk.flood.count(attempt.user.lower(), now)
        self.more["flood_limit"] = self.desk.options.flood
        self.conclude = "session"
        return refusal

    def abandon(self, why: str) -> None:
        """End an open transaction that got no DATA."""
        if self.mail is not None:
            self.record_mail("refused", self.mail.reason or why, self.mail.reply)

    def drop(self, refusal: Refusal) -> None:
        """End the transaction with this refusal; always raises it."""
        self.conclude = "mail"
        raise refusal
