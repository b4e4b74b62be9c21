"""One IMAP4rev1 session (RFC 3501) with mandatory STARTTLS and SASL, UIDPLUS, MOVE, IDLE, NAMESPACE.

An own server: pymap is dormant, leaves no evidence by command, and fails on nested MIME, which receipts and
bounces are made of.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from simulators.core import faults as generic
from simulators.core.faults import Fault

from . import content, faults, imap_fetch, imap_search, sasl
from .desk import APP, Desk
from .imap_syntax import LITERAL, BadCommand, Quoted, decode_utf7, encode_utf7, moment, numbers, quote, word
from .imap_syntax import string as astring
from .imap_syntax import tokens as tokenize
from .sasl import Attempt
from .service import OPERATOR
from .state import Folder, Mailbox, Message
from .stream import Closed, HandshakeFailed, LineTooLong, Wire
from .transcript import Transcript

SYSTEM_FLAGS = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")
DATA_COMMANDS = frozenset({"LOGIN", "AUTHENTICATE", "SELECT", "EXAMINE", "APPEND", "LIST", "STATUS"})
MAX_RECORDED = 2 * 1024 * 1024  # bytes of FETCH answers kept as evidence
SMALL_LITERAL = 64 * 1024

_TAG = re.compile(r"[A-Za-z0-9.!#$&'/:;<=>?@^_`|~,\[\]-]{1,100}")


class No(Exception):
    """A tagged NO. `code` is the response code without brackets, `reason` the word put in facts."""

    def __init__(self, text: str, code: str = "", reason: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.reason = reason or (code.partition(" ")[0].lower() if code else "refused")


class ImapSession:
    """A connection of a client. `run` never raises."""

    def __init__(self, wire: Wire, desk: Desk, interface: str) -> None:
        self.wire, self.desk, self.interface = wire, desk, interface
        self.transcript = Transcript()
        self.fault: Fault | None = None
        self.mailbox: Mailbox | None = None
        self.attempt: Attempt | None = None
        self.folder: Folder | None = None
        self.read_only = False
        self.view: list[Message] = []
        self.known: dict[int, frozenset[str]] = {}
        self.errors = self.commands = 0
        self._out: list[bytes] = []
        self._changed = asyncio.Event()
        self._unwatch: Callable[[], None] | None = None
        self._reset()

    # evidence and output

    def _reset(self) -> None:
        clock = self.desk.context.clock
        self.started, self.ticks = clock.now(), clock.ticks()
        self.attempts: list[Attempt] = []
        self.clear_commands: list[str] = []
        self.more: dict[str, Any] = {}
        self.sent = bytearray()
        self.appended = b""

    def _record(self, command: str, outcome: str, reason: str, fault: Fault | None) -> None:
        user = self.attempt or (self.attempts[-1] if self.attempts else None)
        facts = {
            "interface": self.interface,
            "starttls_offered": not self._kind(faults.NO_STARTTLS),
            "mailbox": self.mailbox.address if self.mailbox else "",
            "folder": self.folder.name if self.folder else "",
            "user": self.attempt.id_nat if self.attempt else "",
            "mechanism": user.mechanism if user else "",
            "clear_commands": self.clear_commands,
            "attempts": [attempt.as_facts() for attempt in self.attempts],
            **self.more,
            "outcome": outcome,
            "reason": reason,
        }
        self.desk.recorder.record(
            f"IMAP.{command}",
            started=self.started,
            ticks=self.ticks,
            dialogue=self.transcript.take(),
            facts=facts,
            tls=self.wire.tls,
            request_body=self.appended,
            response_body=bytes(self.sent),
            fault=(fault or self.fault).kind if (fault or self.fault) else "",  # type: ignore[union-attr]
        )
        self._reset()

    def _kind(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind

    def _say(self, text: bytes | str) -> None:
        """Queue a line of answer (without its line end)."""
        raw = text if isinstance(text, bytes) else text.encode()
        self.transcript.server(_without_literals(raw))
        self._out.append(raw + b"\r\n")

    def _flush(self) -> None:
        self.wire.write(b"".join(self._out))
        self._out.clear()

    # the life of the connection

    async def run(self) -> None:
        """Serve the connection to its end."""
        ended = "connection-lost"
        try:
            if await self._greet():
                ended = await self._serve()
            else:
                ended = "unavailable"
        except Closed:
            pass
        except TimeoutError:
            ended = "timeout"
        except Exception as error:  # ours
            self.desk.failed(error)
            self._say("* BYE error of the test bench, not of your software")
            self._flush()
            ended = "bench-error"
        finally:
            self._leave()
            self._finish(ended)
            self.wire.close()

    def _finish(self, ended: str) -> None:
        if ended == "connection-lost" and self.wire.tls is not None and not self.commands:
            ended = "closed-after-handshake"
        spoke = self.attempts or self.clear_commands or self.fault is not None
        if ended in ("logout", "connection-lost", "kicked") and not spoke:
            return
        self._record("session", "refused", ended, None)

    async def _greet(self) -> bool:
        self.fault = self.desk.fault("IMAP.session")
        if self._kind(faults.REFUSE):
            self.transcript.remark("connection refused by the fault schedule")
            self.wire.abort()
            return False
        if self._kind(generic.UNAVAILABLE) or self._kind(generic.SERVER_ERROR):
            self._say("* BYE [UNAVAILABLE] Service not available, try again later")
            self._flush()
            await self.wire.linger(1.0)
            return False
        if self._kind(generic.SLOW) and self.fault:
            await asyncio.sleep(float(self.fault.params.get("seconds", 5.0)))
        self._say(
            f"* OK [CAPABILITY {self._capabilities()}] {OPERATOR} segur-bench (operateur MSSante simule)"
        )
        self._flush()
        return True

    def _capabilities(self) -> str:
        if self.wire.tls is None:
            offered = [] if self._kind(faults.NO_STARTTLS) else ["STARTTLS"]
            return " ".join(["IMAP4rev1", "LITERAL+", "ID", *offered, "LOGINDISABLED"])
        extensions = "IMAP4rev1 LITERAL+ ID SASL-IR IDLE NAMESPACE UIDPLUS MOVE UNSELECT SPECIAL-USE"
        return f"{extensions} LOGINDISABLED AUTH={sasl.PLAIN if self.interface == APP else sasl.XOAUTH2}"

    async def _serve(self) -> str:
        while True:
            try:
                parts = await self._read_command()
            except TimeoutError:
                self._say("* BYE idle for too long")
                self._flush()
                return "timeout"
            except LineTooLong:
                self._say("* BYE line or literal too long")
                self._flush()
                await self.wire.linger(1.0)
                return "line-too-long"
            except BadCommand as error:
                self._say(f"* BAD {error}")
                self._flush()
                if self._too_many_errors():
                    return "too-many-errors"
                continue
            try:
                ended = await self._command(parts)
            except HandshakeFailed as failure:
                self.transcript.remark(str(failure))
                self.more |= {"tls_error": str(failure), "tls_reason": failure.reason}
                return "tls-handshake"
            if ended:
                return ended
            await self.wire.drain(self.desk.options.idle_timeout)

    def _too_many_errors(self) -> bool:
        self.errors += 1
        if self.errors <= self.desk.options.max_errors:
            return False
        self._say("* BYE too many errors")
        self._flush()
        return True

    def kick(self) -> None:
        """The operator ends this session (BYE)."""
        self.wire.write(b"* BYE session closed by the operator; reconnect\r\n")
        self.wire.close()

    async def _read_command(self) -> list[bytes]:
        """Text and literals of one command, alternating. Raises BadCommand on an oversized literal."""
        options = self.desk.options
        parts: list[bytes] = []
        total = 0
        limit = options.max_size if self.mailbox is not None else SMALL_LITERAL
        while True:
            line = await self.wire.read_line(options.max_line, options.idle_timeout)
            self.transcript.client(line, secret=bool(parts) and self.mailbox is None)
            if not line.endswith(b"\r\n"):
                self._no_such_line(line)
            found = LITERAL.search(line)
            if found is None:
                return [*parts, line[:-2]]
            size = int(found[1])
            total += size
            if total > limit or len(parts) > 100:
                if found[2]:
                    raise LineTooLong
                tag = (parts[0] if parts else line).partition(b" ")[0].decode("ascii", "replace")
                self.transcript.remark(f"literal of {size} bytes refused")
                raise BadCommand(f"{tag[:40]} literal of {size} bytes refused ({limit} at most)")
            if not found[2]:
                self._say("+ Ready for the literal")
                self._flush()
            parts += [line[: found.start()], await self.wire.read_exactly(size, options.data_timeout)]

    def _no_such_line(self, line: bytes) -> None:
        raise BadCommand("lines end with <CR><LF>")

    async def _command(self, parts: list[bytes]) -> str:
        """Run one command; returns why the session ends, or an empty string."""
        self.commands += 1
        head = parts[0].split(b" ", 2)
        tag = head[0].decode("ascii", "replace")
        name = head[1].decode("ascii", "replace").upper() if len(head) > 1 else ""
        rest = [head[2] if len(head) > 2 else b"", *parts[1:]]
        if not _TAG.fullmatch(tag) or "+" in tag:
            self._say("* BAD a tag is wanted, then a command")
            self._flush()
            self._record("BAD", "refused", "no-tag", None)
            return "too-many-errors" if self._too_many_errors() else ""
        uid = name == "UID"
        if uid:
            inner = rest[0].split(b" ", 1)
            name = inner[0].decode("ascii", "replace").upper()
            rest[0] = inner[1] if len(inner) > 1 else b""
        handler = self._HANDLERS.get(name)
        if handler is None or (uid and name not in ("FETCH", "STORE", "COPY", "MOVE", "SEARCH", "EXPUNGE")):
            self._say(f"{tag} BAD unknown command {name[:20]}")
            self._flush()
            self._record("BAD", "refused", "unknown-command", None)
            return "too-many-errors" if self._too_many_errors() else ""
        if self.wire.tls is None and name in DATA_COMMANDS:
            self.clear_commands.append(name)
        return await self._run(tag, name, rest, uid, handler)

    async def _run(self, tag: str, name: str, rest: list[bytes], uid: bool, handler: "HandlerType") -> str:
        fault = self.desk.fault(f"IMAP.{name}")
        kind = fault.kind if fault else ""
        outcome, reason, closing = "refused", "", ""
        try:
            if kind == generic.UNAVAILABLE:
                raise No("try again later", "UNAVAILABLE")
            if kind == generic.SERVER_ERROR:
                raise No("Internal error", "SERVERBUG")
            if kind == faults.BYE:
                self._say("* BYE session closed by the operator")
                closing = "kicked"
                raise Closed
            if kind == faults.AUTH_REFUSED and name == "AUTHENTICATE":
                self.fault = fault
            arguments = tokenize(rest)
            done = await handler(self, tag, arguments, uid)
            self._sync(expunge=name not in ("FETCH", "STORE", "SEARCH") or uid)
            self._say(f"{tag} OK {done}")
            outcome = "accepted"
            closing = "logout" if name == "LOGOUT" else ""
        except No as refusal:
            code = f"[{refusal.code}] " if refusal.code else ""
            self._say(f"{tag} NO {code}{refusal}")
            reason = refusal.reason
        except BadCommand as error:
            self._say(f"{tag} BAD {error}")
            reason = "syntax"
            closing = "too-many-errors" if self._too_many_errors() else ""
        except Closed:
            reason = closing or "connection-lost"
        if kind == generic.CUT_AFTER_COMMIT:
            self._out.clear()
            self._record(name, outcome, reason, fault)
            self.wire.abort()
            return "kicked"
        if kind == generic.SLOW and fault:
            await asyncio.sleep(float(fault.params.get("seconds", 5.0)))
        self._record(name, outcome, reason, fault)
        self._flush()
        if name == "STARTTLS" and outcome == "accepted":
            await self._upgrade()
        if reason == "starttls-injection":
            await self.wire.linger(1.0)
            return "kicked"
        if reason == "connection-lost":
            raise Closed
        return closing

    # any state

    async def _capability(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._say(f"* CAPABILITY {self._capabilities()}")
        return "CAPABILITY completed"

    async def _noop(self, tag: str, arguments: list[object], uid: bool) -> str:
        return "NOOP completed"

    async def _id(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._say('* ID ("name" "segur-bench")')
        return "ID completed"

    async def _logout(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._say("* BYE logging out")
        return "LOGOUT completed"

    async def _starttls(self, tag: str, arguments: list[object], uid: bool) -> str:
        if self.wire.tls is not None:
            raise BadCommand("TLS is already active")
        if self._kind(faults.NO_STARTTLS):
            raise BadCommand("unknown command STARTTLS")
        if self.wire.pending:
            self.transcript.client(self.wire.pending[:200])
            raise No("commands sent in clear after STARTTLS are refused; closing", "", "starttls-injection")
        return "begin TLS negotiation now"

    async def _upgrade(self) -> None:
        context = self.desk.upgrades.context(self.interface, self.fault)
        session = await self.wire.start_tls(context, self.desk.options.handshake_timeout)
        self.commands = 0
        self.transcript.remark(f"{session.version} {session.cipher}")
        beyond = self.desk.upgrades.beyond_list(self.wire.ssl_object)
        if beyond:
            self.more["suites_beyond_list"] = beyond

    async def _login(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._need_tls()
        mechanism = sasl.PLAIN if self.interface == APP else sasl.XOAUTH2
        self._failed(Attempt("LOGIN", problem="unknown-mechanism", detail=f"{mechanism} is wanted"))
        raise No(
            f"LOGIN is disabled, use AUTHENTICATE {mechanism}", "AUTHENTICATIONFAILED", "unknown-mechanism"
        )

    def _need_tls(self) -> None:
        if self.wire.tls is None:
            raise No("STARTTLS first", "PRIVACYREQUIRED", "no-starttls")

    async def _authenticate(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._need_tls()
        if self.mailbox is not None:
            raise BadCommand("already authenticated")
        if not arguments:
            raise BadCommand("AUTHENTICATE wants a mechanism")
        expected = sasl.PLAIN if self.interface == APP else sasl.XOAUTH2
        attempt = Attempt(word(arguments[0]), initial_response=len(arguments) > 1)
        if attempt.mechanism != expected:
            self._failed(replace(attempt, problem="unknown-mechanism", detail=f"{expected} is wanted"))
            raise No(f"use {expected}", "AUTHENTICATIONFAILED", "unknown-mechanism")
        response = astring(arguments[1]).encode() if len(arguments) > 1 else await self._continue("")
        clear = sasl.decode(response)
        if clear is None:
            self._failed(replace(attempt, problem="bad-base64"))
            raise BadCommand("the SASL response is not base64")
        now = self.desk.context.clock.now()
        if self.interface == APP:
            attempt, mailbox = self.desk.gate.plain(attempt, clear, self.wire.tls, now)
        else:
            attempt, mailbox = self.desk.gate.xoauth2(attempt, clear, now)
        if self._kind(faults.AUTH_REFUSED):
            attempt, mailbox = replace(attempt, problem="token-refused", detail="fault schedule"), None
        if mailbox is None:
            self._failed(attempt)
            by_rfc = self.interface != APP and self.desk.options.xoauth2_fail_mode == "rfc"
            if by_rfc and await self._continue(sasl.XOAUTH2_ERROR):
                self.transcript.remark("an empty line was expected")
            said = attempt.problem if not attempt.detail else f"{attempt.problem}: {attempt.detail}"
            raise No(f"Authentication failed ({said})", "AUTHENTICATIONFAILED", attempt.problem)
        self.attempts.append(attempt)
        self.attempt, self.mailbox = attempt, mailbox
        return f"[CAPABILITY {self._capabilities()}] authenticated"

    async def _continue(self, text: str) -> bytes:
        self._say(f"+ {text}")
        self._flush()
        options = self.desk.options
        raw = await self.wire.read_line(options.max_line, options.idle_timeout)
        self.transcript.client(raw, secret=True)
        response = raw.rstrip(b"\r\n")
        if response == b"*":
            raise BadCommand("authentication cancelled")
        return response

    def _failed(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        count = self.desk.flood.count(attempt.user.lower(), self.desk.context.clock.ticks())
        self.more |= {"refused_last_minute": count, "flood_limit": self.desk.options.flood}

    # authenticated state

    def _own(self) -> Mailbox:
        self._need_tls()
        if self.mailbox is None:
            raise No("authenticate first", "", "not-authenticated")
        return self.mailbox

    def _named(self, token: object) -> tuple[str, Folder | None]:
        name = decode_utf7(astring(token))
        name = "INBOX" if name.upper() == "INBOX" else name
        return name, self._own().folders.get(name)

    def _existing(self, token: object, code: str = "NONEXISTENT") -> Folder:
        folder = self._named(token)[1]
        if folder is None:
            raise No("no such folder", code)
        return folder

    async def _select(self, tag: str, arguments: list[object], uid: bool) -> str:
        return self._open(arguments, read_only=False)

    async def _examine(self, tag: str, arguments: list[object], uid: bool) -> str:
        return self._open(arguments, read_only=True)

    def _open(self, arguments: list[object], *, read_only: bool) -> str:
        self._own()
        _want(arguments, 1)
        self._leave()
        folder = self._existing(arguments[0])
        world = self.desk.operator.world
        with world.lock:
            self.view = list(folder.messages)
            recent = sum(message.recent for message in self.view)
            self.known = {message.uid: frozenset(message.flags) for message in self.view}
        self.folder, self.read_only = folder, read_only
        loop = asyncio.get_running_loop()
        self._unwatch = world.watch(folder, lambda: _tell(loop, self._changed))
        self._say(f"* FLAGS ({' '.join(SYSTEM_FLAGS)})")
        permanent = "" if read_only else " ".join((*SYSTEM_FLAGS, "\\*"))
        self._say(f"* OK [PERMANENTFLAGS ({permanent})] flags kept")
        self._say(f"* {len(self.view)} EXISTS")
        self._say(f"* {recent} RECENT")
        unseen = next((n for n, message in enumerate(self.view, 1) if "\\Seen" not in message.flags), 0)
        if unseen:
            self._say(f"* OK [UNSEEN {unseen}] first unseen")
        self._say(f"* OK [UIDVALIDITY {folder.uid_validity}] valid")
        self._say(f"* OK [UIDNEXT {folder.uid_next}] next")
        self.more["messages"] = len(self.view)
        if not read_only:
            self._old(self.view)
        return f"[{'READ-ONLY' if read_only else 'READ-WRITE'}] selected"

    def _old(self, messages: list[Message]) -> None:
        for message in messages:
            message.recent = False

    def _leave(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
        self._unwatch, self.folder, self.view, self.known = None, None, [], {}

    async def _list(self, tag: str, arguments: list[object], uid: bool) -> str:
        return self._listing("LIST", arguments)

    async def _lsub(self, tag: str, arguments: list[object], uid: bool) -> str:
        return self._listing("LSUB", arguments)

    def _listing(self, command: str, arguments: list[object]) -> str:
        mailbox = self._own()
        if arguments and isinstance(arguments[0], list):
            arguments = arguments[1:]  # selection options (RFC 5258): all are answered alike
        arguments = arguments[:2]
        _want(arguments, 2)
        pattern = decode_utf7(astring(arguments[0]) + astring(arguments[1]))
        if not pattern:
            self._say(f'* {command} (\\Noselect) "/" ""')
            return f"{command} completed"
        for name, folder in sorted(mailbox.folders.items()):
            if _matches(pattern, name) and (command == "LIST" or folder.subscribed):
                flags = " ".join(filter(None, ("\\HasNoChildren", folder.special)))
                self._say(f'* {command} ({flags}) "/" {quote(encode_utf7(name)).decode()}')
        return f"{command} completed"

    async def _namespace(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._own()
        self._say('* NAMESPACE (("" "/")) NIL NIL')
        return "NAMESPACE completed"

    async def _status(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._own()
        _want(arguments, 2)
        folder = self._existing(arguments[0])
        if not isinstance(arguments[1], list):
            raise BadCommand("STATUS wants a list of items")
        with self.desk.operator.world.lock:
            values = {
                "MESSAGES": len(folder.messages),
                "RECENT": sum(message.recent for message in folder.messages),
                "UIDNEXT": folder.uid_next,
                "UIDVALIDITY": folder.uid_validity,
                "UNSEEN": sum("\\Seen" not in message.flags for message in folder.messages),
            }
        asked = [word(item) for item in arguments[1]]
        if set(asked) - set(values):
            raise BadCommand("unknown STATUS item")
        told = " ".join(f"{item} {values[item]}" for item in asked)
        self._say(f"* STATUS {quote(encode_utf7(folder.name)).decode()} ({told})")
        return "STATUS completed"

    async def _create(self, tag: str, arguments: list[object], uid: bool) -> str:
        mailbox = self._own()
        _want(arguments, 1)
        name, folder = self._named(arguments[0])
        name = name.rstrip("/")
        if folder is not None or not name or len(name) > 200 or len(mailbox.folders) >= 200:
            raise No("that folder exists or may not", "ALREADYEXISTS" if folder else "CANNOT")
        self.desk.operator.world.make_folder(mailbox, name)
        return "CREATE completed"

    async def _delete(self, tag: str, arguments: list[object], uid: bool) -> str:
        mailbox = self._own()
        _want(arguments, 1)
        folder = self._existing(arguments[0])
        if folder.name == "INBOX":
            raise No("INBOX stays", "CANNOT")
        if folder is self.folder:
            self._leave()
        del mailbox.folders[folder.name]
        return "DELETE completed"

    async def _rename(self, tag: str, arguments: list[object], uid: bool) -> str:
        mailbox = self._own()
        _want(arguments, 2)
        folder = self._existing(arguments[0])
        name, taken = self._named(arguments[1])
        if taken is not None or folder.name == "INBOX" or not name or len(name) > 200:
            raise No("that name may not be given", "CANNOT")
        mailbox.folders[name] = mailbox.folders.pop(folder.name)
        folder.name = name
        return "RENAME completed"

    async def _subscribe(self, tag: str, arguments: list[object], uid: bool) -> str:
        _want(arguments, 1)
        self._existing(arguments[0]).subscribed = True
        return "SUBSCRIBE completed"

    async def _unsubscribe(self, tag: str, arguments: list[object], uid: bool) -> str:
        _want(arguments, 1)
        self._existing(arguments[0]).subscribed = False
        return "UNSUBSCRIBE completed"

    async def _append(self, tag: str, arguments: list[object], uid: bool) -> str:
        mailbox = self._own()
        if len(arguments) < 2 or not isinstance(arguments[-1], Quoted):
            raise BadCommand("APPEND wants a folder and a literal")
        folder = self._existing(arguments[0], "TRYCREATE")
        flags: list[str] = []
        received: datetime | None = None
        for extra in arguments[1:-1]:
            if isinstance(extra, list):
                flags = _flags(extra)
            else:
                received = moment(astring(extra))
        source = arguments[-1].value
        if mailbox.quota is not None and mailbox.size + len(source) > mailbox.quota:
            raise No("mailbox full", "OVERQUOTA")
        message = self.desk.operator.world.store(folder, source, flags, received)
        self.more |= content.mail_facts(source) | {"size": len(source)}
        self.appended = source
        return f"[APPENDUID {folder.uid_validity} {message.uid}] APPEND completed"

    async def _idle(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._own()
        self._say("+ idling")
        self._flush()
        options = self.desk.options
        reading = asyncio.ensure_future(self.wire.read_line(options.max_line, options.idle_timeout))
        try:
            while not reading.done():
                changing = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait((reading, changing), return_when=asyncio.FIRST_COMPLETED)
                changing.cancel()
                self._changed.clear()
                self._sync(expunge=True)
                self._flush()
            line = reading.result()
        finally:
            reading.cancel()
        self.transcript.client(line)
        if line.strip().upper() != b"DONE":
            raise BadCommand("DONE was expected")
        return "IDLE completed"

    # selected state

    def _sync(self, *, expunge: bool) -> None:
        """Tell what changed in the selected folder since the last time (RFC 3501 §7.4.1)."""
        if self.folder is None:
            return
        with self.desk.operator.world.lock:
            current = list(self.folder.messages)
            present = {id(message) for message in current}
            if expunge:
                for number in range(len(self.view), 0, -1):
                    if id(self.view[number - 1]) not in present:
                        self.known.pop(self.view[number - 1].uid, None)
                        del self.view[number - 1]
                        self._say(f"* {number} EXPUNGE")
            held = {id(message) for message in self.view}
            fresh = [message for message in current if id(message) not in held]
            for number, message in enumerate(self.view, 1):
                flags = frozenset(message.flags)
                if self.known.get(message.uid) != flags:
                    self.known[message.uid] = flags
                    self._say(
                        b"* %d FETCH (UID %d FLAGS (%s))" % (number, message.uid, imap_fetch.flags(message))
                    )
            if fresh:
                self.view += fresh
                self.known |= {message.uid: frozenset(message.flags) for message in fresh}
                self._say(f"* {len(self.view)} EXISTS")
                self._say(f"* {sum(message.recent for message in self.view)} RECENT")
                if not self.read_only:
                    self._old(fresh)

    def _selected(self) -> Folder:
        self._own()
        if self.folder is None:
            raise BadCommand("select a folder first")
        return self.folder

    def _writable(self) -> Folder:
        folder = self._selected()
        if self.read_only:
            raise No("the folder is open read-only", "READ-ONLY")
        return folder

    def _chosen(self, token: object, uid: bool) -> list[tuple[int, Message]]:
        largest = (self.view[-1].uid if uid else len(self.view)) if self.view else 0
        wanted = numbers(astring(token), largest)
        if not uid and any(high > len(self.view) for _, high in wanted.ranges):
            raise BadCommand("no such message number")
        return [
            (number, message)
            for number, message in enumerate(self.view, 1)
            if (message.uid if uid else number) in wanted
        ]

    async def _check(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._selected()
        return "CHECK completed"

    async def _close(self, tag: str, arguments: list[object], uid: bool) -> str:
        folder = self._selected()
        if not self.read_only:
            deleted = [message for message in self.view if "\\Deleted" in message.flags]
            self.desk.operator.world.remove(folder, deleted)
        self._leave()
        return "CLOSE completed"

    async def _unselect(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._selected()
        self._leave()
        return "UNSELECT completed"

    async def _expunge(self, tag: str, arguments: list[object], uid: bool) -> str:
        folder = self._writable()
        chosen = list(self.view)
        if uid:
            _want(arguments, 1)
            chosen = [message for _, message in self._chosen(arguments[0], True)]
        gone = [message for message in chosen if "\\Deleted" in message.flags]
        self.more["uids"] = [message.uid for message in gone]
        self.desk.operator.world.remove(folder, gone)
        return "EXPUNGE completed"

    async def _search(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._selected()
        if len(arguments) > 1 and isinstance(arguments[0], bytes) and word(arguments[0]) == "CHARSET":
            if astring(arguments[1]).upper() not in ("UTF-8", "US-ASCII"):
                raise No("charset not supported", "BADCHARSET (UTF-8 US-ASCII)", "badcharset")
            arguments = arguments[2:]
        if not arguments:
            raise BadCommand("SEARCH wants criteria")
        last_uid = self.view[-1].uid if self.view else 0
        predicate = imap_search.compile_search(arguments, len(self.view), last_uid)
        found = [
            str(message.uid if uid else number)
            for number, message in enumerate(self.view, 1)
            if predicate(imap_search.Candidate(number, message))
        ]
        self._say(" ".join(("* SEARCH", *found)))
        self.more["found"] = len(found)
        return "SEARCH completed"

    async def _fetch(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._selected()
        if len(arguments) < 2:
            raise BadCommand("FETCH wants messages and items")
        wanted = imap_fetch.items(arguments[1:])
        if uid and not any(item.name == "UID" for item in wanted):
            wanted.insert(0, imap_fetch.Item("UID"))
        whole = any(item.whole for item in wanted)
        chosen = self._chosen(arguments[0], uid)
        marks = not self.read_only and any(item.marks_seen for item in wanted)
        ids: list[str] = []
        for number, message in chosen:
            if marks and "\\Seen" not in message.flags:
                message.flags.add("\\Seen")
                self.known[message.uid] = frozenset(message.flags)
                if not any(item.name == "FLAGS" for item in wanted):
                    wanted = [*wanted, imap_fetch.Item("FLAGS")]
            line = b"* %d FETCH %s" % (number, imap_fetch.answer(message, wanted))
            self._say(line)
            if whole:
                ids.append(content.headers(message.source).get("Message-ID"))
            if len(self.sent) + len(line) <= MAX_RECORDED:
                self.sent += line + b"\r\n"
        self.more |= {"uids": [message.uid for _, message in chosen], "whole": whole, "message_ids": ids}
        return "FETCH completed"

    async def _store(self, tag: str, arguments: list[object], uid: bool) -> str:
        self._writable()
        if len(arguments) < 3:
            raise BadCommand("STORE wants messages, an operation and flags")
        operation = word(arguments[1])
        silent = operation.endswith(".SILENT")
        sign = operation.removesuffix(".SILENT")
        if sign not in ("FLAGS", "+FLAGS", "-FLAGS"):
            raise BadCommand("STORE wants FLAGS, +FLAGS or -FLAGS")
        given = arguments[2] if isinstance(arguments[2], list) else arguments[2:]
        flags = set(_flags(given))
        chosen = self._chosen(arguments[0], uid)
        for number, message in chosen:
            with self.desk.operator.world.lock:
                if sign == "FLAGS":
                    message.flags.clear()
                message.flags = message.flags - flags if sign == "-FLAGS" else message.flags | flags
            self.known[message.uid] = frozenset(message.flags)
            if not silent:
                told = b"UID %d " % message.uid if uid else b""
                self._say(b"* %d FETCH (%sFLAGS (%s))" % (number, told, imap_fetch.flags(message)))
        self.more |= {"uids": [message.uid for _, message in chosen], "flags": sorted(flags), "store": sign}
        return "STORE completed"

    async def _copy(self, tag: str, arguments: list[object], uid: bool) -> str:
        return f"{self._copied(arguments, uid)[0]}COPY completed"

    async def _move(self, tag: str, arguments: list[object], uid: bool) -> str:
        folder = self._writable()
        code, moved = self._copied(arguments, uid)
        if code:
            self._say(f"* OK {code}moved")
        self.desk.operator.world.remove(folder, moved)
        return "MOVE completed"

    def _copied(self, arguments: list[object], uid: bool) -> tuple[str, list[Message]]:
        self._selected()
        _want(arguments, 2)
        target = self._existing(arguments[1], "TRYCREATE")
        chosen = [message for _, message in self._chosen(arguments[0], uid)]
        world = self.desk.operator.world
        made = [world.store(target, message.source, message.flags, message.received) for message in chosen]
        self.more |= {"uids": [message.uid for message in chosen], "target": target.name}
        if not made:
            return "", []
        uids = ",".join(str(message.uid) for message in chosen)
        copies = ",".join(str(message.uid) for message in made)
        return f"[COPYUID {target.uid_validity} {uids} {copies}] ", chosen

    _HANDLERS: "dict[str, HandlerType]" = {  # noqa: RUF012
        "CAPABILITY": _capability,
        "NOOP": _noop,
        "ID": _id,
        "LOGOUT": _logout,
        "STARTTLS": _starttls,
        "LOGIN": _login,
        "AUTHENTICATE": _authenticate,
        "SELECT": _select,
        "EXAMINE": _examine,
        "CREATE": _create,
        "DELETE": _delete,
        "RENAME": _rename,
        "SUBSCRIBE": _subscribe,
        "UNSUBSCRIBE": _unsubscribe,
        "LIST": _list,
        "LSUB": _lsub,
        "NAMESPACE": _namespace,
        "STATUS": _status,
        "APPEND": _append,
        "IDLE": _idle,
        "CHECK": _check,
        "CLOSE": _close,
        "UNSELECT": _unselect,
        "EXPUNGE": _expunge,
        "SEARCH": _search,
        "FETCH": _fetch,
        "STORE": _store,
        "COPY": _copy,
        "MOVE": _move,
    }


HandlerType = Callable[[ImapSession, str, list[object], bool], Awaitable[str]]


def _tell(loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(changed.set)


def _want(arguments: list[object], count: int) -> None:
    if len(arguments) != count:
        raise BadCommand(f"{count} argument{'s' if count > 1 else ''} wanted")


def _flags(tokens: list[object]) -> list[str]:
    names = {flag.lower(): flag for flag in SYSTEM_FLAGS}
    flags = [astring(token) for token in tokens if not isinstance(token, Quoted)]
    if len(flags) != len(tokens) or any(len(flag) > 100 for flag in flags):
        raise BadCommand("bad flags")
    if any(flag.startswith("\\") and flag.lower() not in names for flag in flags):
        raise BadCommand("unknown system flag")
    return [names.get(flag.lower(), flag) for flag in flags]


def _matches(pattern: str, name: str) -> bool:
    """Whether a folder name matches a LIST pattern (`*` anything, `%` one level)."""
    if pattern.upper() == "INBOX":
        return name == "INBOX"
    states = {0}  # places in the pattern that the name read so far may have led to
    for char in [*name, ""]:
        for place in sorted(states):  # a wildcard also matches nothing
            while place < len(pattern) and pattern[place] in "*%":
                place += 1
                states.add(place)
        if not char:
            return len(pattern) in states
        states = {
            place if pattern[place] in "*%" else place + 1
            for place in states
            if place < len(pattern)
            and (pattern[place] in ("*", char) or (pattern[place] == "%" and char != "/"))
        }
    return False


def _without_literals(raw: bytes) -> str:
    """A line of answer for the dialogue: literals over 200 bytes are only counted."""
    if b"{" not in raw:
        return raw.decode("utf-8", "replace")
    kept: list[str] = []
    place = 0
    for found in re.finditer(rb"\{(\d+)\}\r\n", raw):
        if found.start() < place:
            continue
        size = int(found[1])
        kept.append(raw[place : found.start()].decode("utf-8", "replace"))
        inner = raw[found.end() : found.end() + size]
        kept.append(f"{{{size}}}" + (inner.decode("utf-8", "replace") if size <= 200 else "…"))
        place = found.end() + size
    kept.append(raw[place:].decode("utf-8", "replace"))
    return "".join(kept)
