"""One IMAP4rev1 session (RFC 3501) with mandatory STARTTLS and SASL, UIDPLUS, MOVE, IDLE, NAMESPACE.

An own server: pymap is dormant, leaves no evidence by command, and gives the parts of a nested message two
bytes too many (the line end of the delimiter), with other sizes in BODYSTRUCTURE. Receipts are such messages.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from simulators.core import faults as generic
from simulators.core.faults import Fault

from . import faults, imap_access, imap_fetch, imap_folders, imap_messages, sasl
from .desk import APP, Desk
from .imap_syntax import LITERAL, BadCommand, Call, Handler, No, decode_utf7, numbers
from .imap_syntax import string as astring
from .imap_syntax import tokens as tokenize
from .sasl import Attempt
from .service import OPERATOR
from .state import Folder, Mailbox, Message
from .stream import Closed, HandshakeFailed, LineTooLong, Wire
from .transcript import Transcript

DATA_COMMANDS = frozenset({"LOGIN", "AUTHENTICATE", "SELECT", "EXAMINE", "APPEND", "LIST", "STATUS"})
SMALL_LITERAL = 64 * 1024

_TAG = re.compile(r"[A-Za-z0-9.!#$&'/:;<=>?@^_`|~,\[\]-]{1,100}")


HANDLERS: "dict[str, Handler[ImapSession]]" = {
    **imap_access.HANDLERS,
    **imap_folders.HANDLERS,
    **imap_messages.HANDLERS,
}


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
        self.changed = asyncio.Event()
        self.unwatch: Callable[[], None] | None = None
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
            "starttls_offered": not self.suffers(faults.NO_STARTTLS),
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

    def suffers(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind

    def say(self, text: bytes | str) -> None:
        """Queue a line of answer (without its line end)."""
        raw = text if isinstance(text, bytes) else text.encode()
        self.transcript.server(_without_literals(raw))
        self._out.append(raw + b"\r\n")

    def flush(self) -> None:
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
            self.say("* BYE error of the test bench, not of your software")
            self.flush()
            ended = "bench-error"
        finally:
            self.leave()
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
        if self.suffers(faults.REFUSE):
            self.transcript.remark("connection refused by the fault schedule")
            self.wire.abort()
            return False
        if self.suffers(generic.UNAVAILABLE) or self.suffers(generic.SERVER_ERROR):
            self.say("* BYE [UNAVAILABLE] Service not available, try again later")
            self.flush()
            await self.wire.linger(1.0)
            return False
        if self.suffers(generic.SLOW) and self.fault:
            await asyncio.sleep(float(self.fault.params.get("seconds", 5.0)))
        self.say(f"* OK [CAPABILITY {self.capabilities()}] {OPERATOR} segur-bench (operateur MSSante simule)")
        self.flush()
        return True

    def capabilities(self) -> str:
        if self.wire.tls is None:
            offered = [] if self.suffers(faults.NO_STARTTLS) else ["STARTTLS"]
            return " ".join(["IMAP4rev1", "LITERAL+", "ID", *offered, "LOGINDISABLED"])
        extensions = "IMAP4rev1 LITERAL+ ID SASL-IR IDLE NAMESPACE UIDPLUS MOVE UNSELECT SPECIAL-USE"
        return f"{extensions} LOGINDISABLED AUTH={sasl.PLAIN if self.interface == APP else sasl.XOAUTH2}"

    async def _serve(self) -> str:
        while True:
            try:
                parts = await self._read_command()
            except TimeoutError:
                self.say("* BYE idle for too long")
                self.flush()
                return "timeout"
            except LineTooLong:
                self.say("* BYE line or literal too long")
                self.flush()
                await self.wire.linger(1.0)
                return "line-too-long"
            except BadCommand as error:
                self.say(f"* BAD {error}")
                self.flush()
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
        self.say("* BYE too many errors")
        self.flush()
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
                raise BadCommand("lines end with <CR><LF>")
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
                self.say("+ Ready for the literal")
                self.flush()
            parts += [line[: found.start()], await self.wire.read_exactly(size, options.data_timeout)]

    async def _command(self, parts: list[bytes]) -> str:
        """Run one command; returns why the session ends, or an empty string."""
        self.commands += 1
        head = parts[0].split(b" ", 2)
        tag = head[0].decode("ascii", "replace")
        name = head[1].decode("ascii", "replace").upper() if len(head) > 1 else ""
        rest = [head[2] if len(head) > 2 else b"", *parts[1:]]
        if not _TAG.fullmatch(tag) or "+" in tag:
            self.say("* BAD a tag is wanted, then a command")
            self.flush()
            self._record("BAD", "refused", "no-tag", None)
            return "too-many-errors" if self._too_many_errors() else ""
        uid = name == "UID"
        if uid:
            inner = rest[0].split(b" ", 1)
            name = inner[0].decode("ascii", "replace").upper()
            rest[0] = inner[1] if len(inner) > 1 else b""
        handler = HANDLERS.get(name)
        if handler is None or (uid and name not in ("FETCH", "STORE", "COPY", "MOVE", "SEARCH", "EXPUNGE")):
            self.say(f"{tag} BAD unknown command {name[:20]}")
            self.flush()
            self._record("BAD", "refused", "unknown-command", None)
            return "too-many-errors" if self._too_many_errors() else ""
        if self.wire.tls is None and name in DATA_COMMANDS:
            self.clear_commands.append(name)
        return await self._run(tag, name, rest, uid, handler)

    async def _run(
        self, tag: str, name: str, rest: list[bytes], uid: bool, handler: "Handler[ImapSession]"
    ) -> str:
        fault = self.desk.fault(f"IMAP.{name}")
        kind = fault.kind if fault else ""
        outcome, reason, closing = "refused", "", ""
        try:
            if kind == generic.UNAVAILABLE:
                raise No("try again later", "UNAVAILABLE")
            if kind == generic.SERVER_ERROR:
                raise No("Internal error", "SERVERBUG")
            if kind == faults.BYE:
                self.say("* BYE session closed by the operator")
                closing = "kicked"
                raise Closed
            if kind == faults.AUTH_REFUSED and name == "AUTHENTICATE":
                self.fault = fault
            done = await handler(self, Call(tokenize(rest), uid))
            self.sync(expunge=name not in ("FETCH", "STORE", "SEARCH") or uid)
            self.say(f"{tag} OK {done}")
            outcome = "accepted"
            closing = "logout" if name == "LOGOUT" else ""
        except No as refusal:
            code = f"[{refusal.code}] " if refusal.code else ""
            self.say(f"{tag} NO {code}{refusal}")
            reason = refusal.reason
        except BadCommand as error:
            self.say(f"{tag} BAD {error}")
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
        self.flush()
        if name == "STARTTLS" and outcome == "accepted":
            await self.upgrade()
        if reason == "starttls-injection":
            await self.wire.linger(1.0)
            return "kicked"
        if reason == "connection-lost":
            raise Closed
        return closing

    # what commands stand on

    def need_tls(self) -> None:
        """Raises No in clear."""
        if self.wire.tls is None:
            raise No("STARTTLS first", "PRIVACYREQUIRED", "no-starttls")

    async def challenge(self, text: str) -> bytes:
        """Send a continuation and read its answer. Raises BadCommand when the client gives up."""
        self.say(f"+ {text}")
        self.flush()
        options = self.desk.options
        raw = await self.wire.read_line(options.max_line, options.idle_timeout)
        self.transcript.client(raw, secret=True)
        response = raw.rstrip(b"\r\n")
        if response == b"*":
            raise BadCommand("authentication cancelled")
        return response

    def refused_attempt(self, attempt: Attempt) -> None:
        """Note a refused authentication."""
        self.attempts.append(attempt)
        count = self.desk.flood.count(attempt.user.lower(), self.desk.context.clock.ticks())
        self.more |= {"refused_last_minute": count, "flood_limit": self.desk.options.flood}

    def own_mailbox(self) -> Mailbox:
        """The mailbox of the session. Raises No before authentication."""
        self.need_tls()
        if self.mailbox is None:
            raise No("authenticate first", "", "not-authenticated")
        return self.mailbox

    def folder_named(self, token: object) -> tuple[str, Folder | None]:
        """A folder name as text, and the folder when there is one."""
        name = decode_utf7(astring(token))
        name = "INBOX" if name.upper() == "INBOX" else name
        return name, self.own_mailbox().folders.get(name)

    def existing_folder(self, token: object, code: str = "NONEXISTENT") -> Folder:
        """Raises No."""
        folder = self.folder_named(token)[1]
        if folder is None:
            raise No("no such folder", code)
        return folder

    def selected_folder(self) -> Folder:
        """Raises BadCommand when none is."""
        self.own_mailbox()
        if self.folder is None:
            raise BadCommand("select a folder first")
        return self.folder

    def writable_folder(self) -> Folder:
        """The selected folder. Raises No when it is read-only."""
        folder = self.selected_folder()
        if self.read_only:
            raise No("the folder is open read-only", "READ-ONLY")
        return folder

    def chosen(self, token: object, uid: bool) -> list[tuple[int, Message]]:
        """Numbers and messages of a sequence set, or of a set of UIDs. Raises BadCommand."""
        largest = (self.view[-1].uid if uid else len(self.view)) if self.view else 0
        wanted = numbers(astring(token), largest)
        if not uid and any(high > len(self.view) for _, high in wanted.ranges):
            raise BadCommand("no such message number")
        return [
            (number, message)
            for number, message in enumerate(self.view, 1)
            if (message.uid if uid else number) in wanted
        ]

    def sync(self, *, expunge: bool) -> None:
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
                        self.say(f"* {number} EXPUNGE")
            held = {id(message) for message in self.view}
            fresh = [message for message in current if id(message) not in held]
            for number, message in enumerate(self.view, 1):
                flags = frozenset(message.flags)
                if self.known.get(message.uid) != flags:
                    self.known[message.uid] = flags
                    self.say(
                        b"* %d FETCH (UID %d FLAGS (%s))" % (number, message.uid, imap_fetch.flags(message))
                    )
            if fresh:
                self.view += fresh
                self.known |= {message.uid: frozenset(message.flags) for message in fresh}
                self.say(f"* {len(self.view)} EXISTS")
                self.say(f"* {sum(message.recent for message in self.view)} RECENT")
                if not self.read_only:
                    self.no_more_recent(fresh)

    def leave(self) -> None:
        """Leave the selected folder."""
        if self.unwatch is not None:
            self.unwatch()
        self.unwatch, self.folder, self.view, self.known = None, None, [], {}

    def no_more_recent(self, messages: list[Message]) -> None:
        """This session was the first to be told of them."""
        for message in messages:
            message.recent = False

    async def upgrade(self) -> None:
        """Start TLS. Raises HandshakeFailed."""
        context = self.desk.upgrades.context(self.interface, self.fault)
        session = await self.wire.start_tls(context, self.desk.options.handshake_timeout)
        self.commands = 0
        self.transcript.remark(f"{session.version} {session.cipher}")
        beyond = self.desk.upgrades.beyond_list(self.wire.ssl_object)
        if beyond:
            self.more["suites_beyond_list"] = beyond


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
