"""One mail connection as bytes: bounded lines, literals, message data, and the STARTTLS upgrade.

An own asyncio protocol rather than streams: what was received in clear before TLS must be seen (and
refused) when the upgrade begins, and the end of a message must be `<CRLF>.<CRLF>` and nothing else.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from simulators.core import tls
from simulators.core.exchange import Tls

HIGH_WATER = 1024 * 1024  # bytes received and not read, above which reading pauses
SHUTDOWN = 2.0  # seconds left to the client to end TLS
END_OF_DATA = b"\r\n.\r\n"


class Closed(Exception):
    """The client has gone."""


class LineTooLong(Exception):
    """A line went over the limit; what was received of it is dropped."""


class BareNewline(Exception):
    """A `<CR>` or `<LF>` alone inside message data: the raw material of SMTP smuggling.

    `character` is "CR" or "LF", `offset` its place in the data, in bytes.
    """

    def __init__(self, character: str, offset: int) -> None:
        super().__init__(f"bare <{character}> at byte {offset}")
        self.character = character
        self.offset = offset


class HandshakeFailed(Exception):
    """The TLS upgrade failed; the message says why in words for the vendor, `reason` is OpenSSL's word."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Data:
    """A message as received, dots removed. `size` counts every byte; `source` is empty when too big."""

    source: bytes
    size: int


Handler = Callable[["Wire"], Awaitable[None]]


class Wire(asyncio.Protocol):
    """A connection. Reading methods raise `Closed`, or `TimeoutError` after `patience` seconds of silence."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._eof = False
        self._paused = False
        self._transport: Any = None
        self.peer = ""
        self.tls: Tls | None = None
        self.task: asyncio.Task[None] | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        address = transport.get_extra_info("peername")
        self.peer = f"{address[0]}:{address[1]}" if address else "?"

        async def run() -> None:
            await self._handler(self)

        self.task = asyncio.get_running_loop().create_task(run())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > HIGH_WATER and not self._paused:
            self._transport.pause_reading()
            self._paused = True
        self._wake()

    def eof_received(self) -> bool:
        self._eof = True
        self._wake()
        return self.tls is None  # in clear the last answers can still leave

    def connection_lost(self, exc: Exception | None) -> None:
        self._eof = True
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # the session's side

    @property
    def pending(self) -> bytes:
        """What was received and not yet read."""
        return bytes(self._buffer)

    @property
    def ssl_object(self) -> Any:
        """The session's SSLObject, None in clear."""
        return self._transport.get_extra_info("ssl_object")

    @property
    def closing(self) -> bool:
        return self._eof or self._transport.is_closing()

    async def _more(self, patience: float) -> None:
        if self._eof:
            raise Closed
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(patience):
                await self._waiter
        finally:
            self._waiter = None

    async def read_line(self, limit: int, patience: float) -> bytes:
        """The next line with its terminator. Raises LineTooLong."""
        seen = 0
        while True:
            end = self._buffer.find(b"\n", seen)
            if end >= 0:
                if end >= limit:
                    del self._buffer[: end + 1]
                    raise LineTooLong
                line = bytes(self._buffer[: end + 1])
                del self._buffer[: end + 1]
                return line
            seen = len(self._buffer)
            if seen >= limit:
                self._buffer.clear()
                raise LineTooLong
            await self._more(patience)

    async def read_exactly(self, size: int, patience: float) -> bytes:
        while len(self._buffer) < size:
            await self._more(patience)
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def read_data(self, limit: int, patience: float) -> Data:
        """A message up to `<CRLF>.<CRLF>`, that alone. Raises BareNewline as soon as one is seen.

        Over `limit` bytes the rest is read and thrown away; over four times that, raises LineTooLong.
        """
        body = bytearray(END_OF_DATA[:2])  # so that a dot on the first line is one like the others
        checked = dropped = 0
        while True:
            if not self._buffer:
                await self._more(patience)
            searched = max(0, len(body) - 4)
            body += self._buffer
            self._buffer.clear()
            end = body.find(END_OF_DATA, searched)
            stop = len(body) if end < 0 else end + len(END_OF_DATA)
            upto = stop - 1 if end < 0 and body[-1:] == b"\r" else stop
            _refuse_bare_newlines(body, checked, upto, dropped)
            checked = upto
            if end >= 0:
                self._buffer += body[stop:]
                size = dropped + end
                if size > limit:
                    return Data(b"", size)
                return Data(bytes(body[: end + 2]).replace(b"\r\n.", b"\r\n")[2:], size)
            if dropped + len(body) > limit:
                dropped += max(0, len(body) - 4)
                del body[:-4]
                checked = len(body) - (stop - upto)
                if dropped > 4 * limit:
                    raise LineTooLong

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self, patience: float) -> None:
        """Wait until the client has taken most of what was written. Raises TimeoutError."""
        if self._drained is not None:
            async with asyncio.timeout(patience):
                await self._drained

    async def start_tls(self, context: ssl.SSLContext, patience: float) -> Tls:
        """Upgrade to TLS; the caller has answered and made sure that nothing is pending.

        Raises HandshakeFailed.
        """
        loop = asyncio.get_running_loop()
        raw = self._transport
        try:
            upgraded = await loop.start_tls(
                raw,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=patience,
                ssl_shutdown_timeout=SHUTDOWN,
            )
        except (OSError, ssl.SSLError, ConnectionError) as error:
            self._eof = True
            raise HandshakeFailed(_explain(error), reason_of(error)) from error
        session = tls.facts(upgraded.get_extra_info("ssl_object")) if upgraded else None
        if upgraded is None or session is None or not session.version:
            self._eof = True
            raw.abort()
            raise HandshakeFailed("the client closed the connection during the TLS handshake")
        self._transport = upgraded
        self.tls = session
        return session

    async def linger(self, seconds: float) -> None:
        """Let the client read the last answer: throw away what it still sends, then close."""
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        with contextlib.suppress(Closed, TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self._buffer.clear()
                    await self._more(seconds)
        self.close()

    def close(self) -> None:
        """Close once what was written has left; the session reads no more."""
        self._eof = True
        self._wake()
        # a second close leaves a TLS transport that cannot be aborted any more (Python before 3.11.4)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection at once."""
        self._eof = True
        if self._transport is not None:
            self._transport.abort()
        self._wake()


def reason_of(error: BaseException) -> str:
    """OpenSSL's word for an error, such as `NO_SHARED_CIPHER`; empty when it has none."""
    return str(getattr(error, "reason", "") or "").upper().replace(" ", "_")


def _explain(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return tls.explain(error)
    if isinstance(error, ConnectionError):
        return f"the client closed the connection during the TLS handshake ({error or type(error).__name__})"
    return f"TLS handshake failed: {error or type(error).__name__}"


def _refuse_bare_newlines(body: bytearray, start: int, stop: int, dropped: int) -> None:
    pairs = body.count(b"\r\n", start, stop)
    if body.count(b"\n", start, stop) == pairs == body.count(b"\r", start, stop):
        return
    for place in range(start, stop):
        if body[place] == 10 and body[place - 1 : place] != b"\r":
            raise BareNewline("LF", dropped + place - 2)
        if body[place] == 13 and body[place + 1 : place + 2] != b"\n":
            raise BareNewline("CR", dropped + place - 2)
