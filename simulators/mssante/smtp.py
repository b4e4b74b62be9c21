"""One SMTP submission session: RFC 5321 with mandatory STARTTLS (RFC 3207), AUTH (RFC 4954), DSN (RFC 3461).

An own protocol rather than aiosmtpd: that one refuses DSN parameters, folds their case, and reads DATA line
by line (ten times slower); and every dialogue must end up as evidence.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from simulators.core import faults as generic
from simulators.core.faults import Fault

from . import content, errors, faults, judgement, sasl
from .desk import APP, Desk
from .errors import Refusal
from .sasl import Attempt
from .service import OPERATOR, Envelope, Recipient
from .state import Mailbox
from .stream import BareNewline, Closed, HandshakeFailed, LineTooLong, Wire
from .transcript import Transcript

DATA_COMMANDS = frozenset({"AUTH", "MAIL", "RCPT", "DATA"})
HTTP_VERBS = frozenset({"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS"})
MAIL_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH"})
RCPT_PARAMETERS = frozenset({"NOTIFY", "ORCPT"})
MAX_FACTS = 500  # recipients kept in the facts of one exchange

_PATH = re.compile(r"(FROM|TO):[ \t]?<([^<>]*)>(.*)", re.IGNORECASE)


@dataclass(slots=True)
class Transaction:
    """One mail, from MAIL FROM to its end."""

    started: datetime
    ticks: float
    sender: str
    envelope: Envelope
    fault: Fault | None
    declared: int | None = None
    replies: dict[str, str] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    notify: dict[str, str] = field(default_factory=dict)
    reason: str = ""  # of the last refusal
    reply: str = ""


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
        self._conclude = ""  # what the next refusal ends, and records: "session" or "mail"
        self._greeted_in_tls: bool | None = None
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
            "starttls_offered": not self._kind(faults.NO_STARTTLS),
            "mailbox": self.mailbox.address if self.mailbox else "",
            "user": self.attempt.id_nat if self.attempt else "",
            "mechanism": user.mechanism if user else "",
            "initial_response": user.initial_response if user else None,
            "clear_commands": self.clear_commands,
            "attempts": [attempt.as_facts() for attempt in self.attempts],
            **self.more,
        }
        if self._greeted_in_tls is False:
            facts["ehlo_after_tls"] = False
        return facts

    def _kind(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind

    def _note(self, text: str) -> bytes:
        self.transcript.server(text)
        return text.replace("\n", "\r\n").encode() + b"\r\n"

    def _reply(self, text: str) -> None:
        self.wire.write(self._note(text))

    def _record_session(self, reason: str = "") -> None:
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

    def _record_mail(self, outcome: str, reason: str, reply: str, source: bytes = b"", size: int = 0) -> None:
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
            self._reply(str(errors.local_error()))
            ended = "bench-error"
        finally:
            self._finish(ended)
            self.wire.close()

    def _finish(self, ended: str) -> None:
        if self.mail is not None:
            why = "abandoned" if ended == "quit" else ended
            self._record_mail("refused", self.mail.reason or why, self.mail.reply)
        if ended == "connection-lost" and self.wire.tls is not None and not self.spoke_in_tls:
            ended = "closed-after-handshake"
        abnormal = ended not in ("quit", "connection-lost")
        notable = abnormal or self.refusals or self.attempts or self.clear_commands
        if notable or (self.commands and not self.recorded):
            self._record_session(ended if abnormal else "")

    async def _greet(self) -> bool:
        self.fault = self.desk.fault("SMTP.session")
        if self._kind(faults.REFUSE):
            self.transcript.remark("connection refused by the fault schedule")
            self.wire.abort()
            return False
        if self._kind(generic.UNAVAILABLE) or self._kind(generic.SERVER_ERROR):
            self._reply(str(errors.unavailable()))
            await self.wire.linger(1.0)
            return False
        if self._kind(generic.SLOW) and self.fault:
            await asyncio.sleep(float(self.fault.params.get("seconds", 5.0)))
        self._reply(f"220 {OPERATOR} ESMTP segur-bench (operateur MSSante simule)")
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
            self._reply(str(refusal))
            refusal = errors.too_many_errors()
        self.refusals.append(refusal.reason)
        self.more["reply"] = str(refusal)
        data = self._note(str(refusal))  # recorded before it leaves: the client may act on it at once
        conclude, self._conclude = self._conclude, ""
        if self.mail is not None and (refusal.closes or conclude == "mail"):
            self._record_mail("refused", refusal.reason, str(refusal))
        elif refusal.closes or conclude == "session":
            self._record_session(refusal.reason)
        self.wire.write(data)
        if refusal.closes:
            await self.wire.linger(1.0)
        return refusal.closes

    def kick(self) -> None:
        """The operator ends this session (421)."""
        self._reply(str(errors.stopping()))
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
        handler = self._HANDLERS.get(verb)
        if handler is None:
            if verb in HTTP_VERBS:
                raise errors.not_smtp()
            raise errors.unknown_command(verb)
        await handler(self, rest)
        return verb == "QUIT"

    async def _ehlo(self, rest: str) -> None:
        self._hello(rest)
        lines = [f"{OPERATOR} bonjour {rest}", f"SIZE {self.desk.options.max_size}"]
        lines += ["8BITMIME", "SMTPUTF8", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES"]
        if self.wire.tls is not None:
            lines.append(f"AUTH {self._mechanism}")
        elif not self._kind(faults.NO_STARTTLS):
            lines.append("STARTTLS")
        self._reply("\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    async def _helo(self, rest: str) -> None:
        self._hello(rest)
        self._reply(f"250 {OPERATOR}")

    def _hello(self, rest: str) -> None:
        if not rest or len(rest) > 255:
            raise errors.syntax("A host name is wanted")
        self._abandon("reset")
        self.helo = rest
        if self.wire.tls is not None:
            self._greeted_in_tls = True

    @property
    def _mechanism(self) -> str:
        return sasl.PLAIN if self.interface == APP else sasl.XOAUTH2

    async def _starttls(self, rest: str) -> None:
        if rest:
            raise errors.syntax("STARTTLS takes no parameter")
        if self.wire.tls is not None:
            raise errors.sequence("TLS is already active")
        if self._kind(faults.NO_STARTTLS):
            raise errors.not_implemented("STARTTLS")
        if self.wire.pending:
            self.transcript.client(self.wire.pending[:200])
            raise errors.injection()
        self._reply("220 2.0.0 Ready to start TLS")
        context = self.desk.upgrades.context(self.interface, self.fault)
        session = await self.wire.start_tls(context, self.desk.options.handshake_timeout)
        self.transcript.remark(f"{session.version} {session.cipher}")
        beyond = self.desk.upgrades.beyond_list(self.wire.ssl_object)
        if beyond:
            self.more["suites_beyond_list"] = beyond
        self.helo = ""
        self._greeted_in_tls = None

    async def _auth(self, rest: str) -> None:
        if self.wire.tls is None:
            self.more["mechanism"] = rest.partition(" ")[0].upper()[:20]
        self._need_tls()
        if self._greeted_in_tls is None:
            self._greeted_in_tls = False
        if self.mailbox is not None or self.mail is not None:
            raise errors.sequence("Already authenticated")
        mechanism, _, initial = rest.partition(" ")
        attempt = Attempt(mechanism.upper(), initial_response=bool(initial))
        if attempt.mechanism != self._mechanism:
            refusal = errors.unknown_mechanism(mechanism, self._mechanism)
            raise self._failed(replace(attempt, problem=refusal.reason), refusal)
        response = initial.strip().encode()
        if not response:
            response = await self._challenge("334 ")
        clear = sasl.decode(response)
        if clear is None:
            refusal = errors.bad_base64()
            raise self._failed(replace(attempt, problem=refusal.reason), refusal)
        now = self.desk.context.clock.now()
        if self.interface == APP:
            attempt, mailbox = self.desk.gate.plain(attempt, clear, self.wire.tls, now)
        else:
            attempt, mailbox = self.desk.gate.xoauth2(attempt, clear, now)
        if self._kind(faults.AUTH_REFUSED):
            attempt, mailbox = replace(attempt, problem="token-refused", detail="fault schedule"), None
        if mailbox is None:
            await self._refuse_authentication(attempt)
            return
        self.attempts.append(attempt)
        self.attempt, self.mailbox = attempt, mailbox
        self._reply("235 2.7.0 Authentication successful")

    def _need_tls(self) -> None:
        if self.wire.tls is None:
            self._conclude = "session"
            raise errors.need_starttls()

    async def _challenge(self, text: str) -> bytes:
        self._reply(text)
        return await self._response()

    async def _response(self) -> bytes:
        raw = await self.wire.read_line(self.desk.options.max_line, self.desk.options.idle_timeout)
        self.transcript.client(raw, secret=True)
        response = raw.rstrip(b"\r\n")
        if response == b"*":
            raise errors.cancelled()
        return response

    async def _refuse_authentication(self, attempt: Attempt) -> None:
        if attempt.problem == "no-client-certificate":
            raise self._failed(attempt, errors.certificate_required())
        said = attempt.problem if not attempt.detail else f"{attempt.problem}: {attempt.detail}"
        refusal = errors.authentication(f"Authentication failed ({said})", attempt.problem)
        if self.interface == APP:
            raise self._failed(attempt, refusal)
        self._failed(attempt, refusal)
        data = self._note(f"334 {sasl.XOAUTH2_ERROR}")
        if self.desk.options.xoauth2_fail_mode == "close":
            self.refusals.append(refusal.reason)
            self._record_session(refusal.reason)
            self.wire.write(data)
            self.wire.close()
            raise Closed
        self.refusals.append(refusal.reason)
        self.wire.write(data)
        if await self._response():
            self.transcript.remark("an empty line was expected")
        raise refusal

    def _failed(self, attempt: Attempt, refusal: Refusal) -> Refusal:
        """Note a refused authentication; the refusal will be recorded at once."""
        self.attempts.append(attempt)
        now = self.desk.context.clock.ticks()
        self.more["refused_last_minute"] = self.desk.flood.count(attempt.user.lower(), now)
        self.more["flood_limit"] = self.desk.options.flood
        self._conclude = "session"
        return refusal

    async def _mail(self, rest: str) -> None:
        self._need_tls()
        if self._greeted_in_tls is None:
            self._greeted_in_tls = False
        if self.mailbox is None:
            raise errors.need_authentication()
        if self.mail is not None:
            raise errors.sequence("A transaction is already open")
        sender, raw = _path(rest, "FROM")
        parameters = _parameters(raw, MAIL_PARAMETERS)
        envelope = Envelope(
            sender, self.mailbox, ret=parameters.get("RET", "").upper(), envid=parameters.get("ENVID", "")
        )
        clock = self.desk.context.clock
        fault = self.desk.fault("SMTP.message")
        self.mail = Transaction(clock.now(), clock.ticks(), sender, envelope, fault)
        if fault is not None and fault.kind == generic.UNAVAILABLE:
            raise errors.unavailable()
        if parameters.get("RET", "FULL").upper() not in ("FULL", "HDRS"):
            self._drop(errors.syntax("RET is FULL or HDRS"))
        size = parameters.get("SIZE", "")
        if size and not (size.isascii() and size.isdigit() and len(size) <= 20):
            self._drop(errors.syntax("SIZE is a number of bytes"))
        if size and int(size) > self.desk.options.max_size:
            self._drop(errors.too_big(self.desk.options.max_size))
        try:
            self.desk.operator.check_sender(sender, self.mailbox)
        except Refusal as refusal:
            self._drop(refusal)
        self._reply("250 2.1.0 Sender OK")

    def _drop(self, refusal: Refusal) -> None:
        """End the transaction with this refusal; always raises it."""
        self._conclude = "mail"
        raise refusal

    async def _rcpt(self, rest: str) -> None:
        self._need_tls()
        mail = self.mail
        if mail is None:
            raise errors.sequence("MAIL first") if self.mailbox else errors.need_authentication()
        address, raw = _path(rest, "TO")
        parameters = _parameters(raw, RCPT_PARAMETERS)
        notify = tuple(part.upper() for part in parameters.get("NOTIFY", "").split(",") if part)
        if set(notify) - {"NEVER", "SUCCESS", "FAILURE", "DELAY"} or ("NEVER" in notify and len(notify) > 1):
            raise errors.syntax("NOTIFY is NEVER, or some of SUCCESS, FAILURE, DELAY")
        mail.tried.append(address)
        try:
            recipient = self._check_recipient(mail, address)
        except Refusal as refusal:
            mail.reason, mail.reply = refusal.reason, str(refusal)
            if len(mail.replies) < MAX_FACTS:
                mail.replies[address] = f"{refusal.code} {refusal.enhanced}"
            raise
        recipient.notify, recipient.orcpt = notify, parameters.get("ORCPT", "")
        mail.envelope.recipients.append(recipient)
        mail.replies[address] = "250 2.1.5"
        if notify:
            mail.notify[address] = ",".join(notify)
        self._reply("250 2.1.5 Recipient OK")

    def _check_recipient(self, mail: Transaction, address: str) -> Recipient:
        if len(mail.envelope.recipients) >= self.desk.options.max_recipients:
            raise errors.too_many_recipients(self.desk.options.max_recipients)
        if mail.fault is not None and mail.fault.kind == faults.GREYLIST:
            raise errors.greylisted()
        return self.desk.operator.check_recipient(mail.sender, address)

    async def _data(self, rest: str) -> None:
        if rest:
            raise errors.syntax("DATA takes no parameter")
        self._need_tls()
        mail = self.mail
        if mail is None:
            raise errors.sequence("MAIL and RCPT first") if self.mailbox else errors.need_authentication()
        if not mail.envelope.recipients:
            raise errors.no_valid_recipients()
        self._reply("354 End data with <CR><LF>.<CR><LF>")
        options = self.desk.options
        try:
            data = await self.wire.read_data(options.max_size, options.data_timeout)
        except BareNewline as bare:
            self.more["in_data"] = True
            raise errors.bare_newline(bare.character, bare.offset) from None
        except LineTooLong:
            refusal = errors.too_big(options.max_size)
            refusal.closes = True
            raise refusal from None
        self.transcript.remark(f"message of {data.size} bytes")
        await self._end_of_data(mail, data.source, data.size)

    async def _end_of_data(self, mail: Transaction, source: bytes, size: int) -> None:
        kind = mail.fault.kind if mail.fault is not None else ""
        params = mail.fault.params if mail.fault is not None else {}
        effect = mail.envelope.effect
        if kind == faults.CUT_IN_DATA or effect.cut == "before":
            self.transcript.remark("the operator cuts the connection without keeping the message")
            self._record_mail("refused", "cut-before-commit", "", source, size)
            self.wire.abort()
            raise Closed
        try:
            if kind == generic.SERVER_ERROR:
                raise errors.local_error()
            if kind == faults.REJECT:
                raise Refusal(
                    int(params.get("code", 554)),
                    str(params.get("enhanced", "5.7.1")),
                    str(params.get("text", "Message refused")),
                    "rejected",
                )
            self.desk.operator.check_message(mail.envelope, source, size)
            self.desk.operator.deliver(mail.envelope, source)
        except Refusal as refusal:
            reply = self._note(str(refusal))
            self._record_mail("refused", refusal.reason, str(refusal), source, size)
            self.wire.write(reply)
            return
        if kind == generic.CUT_AFTER_COMMIT or effect.cut == "after":
            self.transcript.remark("message kept; the operator cuts the connection before its reply")
            self._record_mail("accepted", "", "", source, size)
            self.wire.abort()
            raise Closed
        delay = float(params.get("seconds", 5.0)) if kind == generic.SLOW else effect.delay
        if delay:
            self.transcript.remark(f"the operator waits {delay:g} s before its reply")
            await asyncio.sleep(delay)
        text = "25" if kind == generic.MALFORMED else "250 2.0.0 Message accepted for delivery"
        reply = self._note(text)
        self._record_mail("accepted", "", text, source, size)
        self.wire.write(reply)
        if kind == generic.MALFORMED:
            self.wire.close()
            raise Closed

    async def _rset(self, rest: str) -> None:
        self._abandon("reset")
        self._reply("250 2.0.0 OK")

    def _abandon(self, why: str) -> None:
        """End an open transaction that got no DATA."""
        if self.mail is not None:
            self._record_mail("refused", self.mail.reason or why, self.mail.reply)

    async def _noop(self, rest: str) -> None:
        self._reply("250 2.0.0 OK")

    async def _quit(self, rest: str) -> None:
        self._abandon("abandoned")
        self._reply("221 2.0.0 Bye")
        self.wire.close()

    async def _vrfy(self, rest: str) -> None:
        self._reply("252 2.1.5 Cannot verify, send a message to try")

    async def _help(self, rest: str) -> None:
        self._reply("214 2.0.0 EHLO STARTTLS AUTH MAIL RCPT DATA RSET NOOP QUIT")

    async def _refused_command(self, rest: str) -> None:
        raise errors.not_implemented("This command")

    _HANDLERS: dict[str, Callable[["SmtpSession", str], Awaitable[None]]] = {  # noqa: RUF012
        "EHLO": _ehlo,
        "HELO": _helo,
        "STARTTLS": _starttls,
        "AUTH": _auth,
        "MAIL": _mail,
        "RCPT": _rcpt,
        "DATA": _data,
        "RSET": _rset,
        "NOOP": _noop,
        "QUIT": _quit,
        "VRFY": _vrfy,
        "HELP": _help,
        "EXPN": _refused_command,
        "BDAT": _refused_command,
        "TURN": _refused_command,
        "ETRN": _refused_command,
    }


def _path(rest: str, keyword: str) -> tuple[str, str]:
    found = _PATH.fullmatch(rest)
    if found is None or found[1].upper() != keyword:
        raise errors.syntax(f"{keyword}:<address> is wanted")
    return found[2].strip(), found[3]


def _parameters(raw: str, known: frozenset[str]) -> dict[str, str]:
    """ESMTP parameters, names in upper case, values as sent. Raises Refusal 555 on an unknown one."""
    if raw and not raw.startswith(" "):
        raise errors.syntax("Parameters are separated by a space")
    parameters: dict[str, str] = {}
    for part in raw.split():
        name, _, value = part.partition("=")
        if name.upper() not in known:
            raise errors.unknown_parameter(name)
        parameters[name.upper()] = value
    return parameters
