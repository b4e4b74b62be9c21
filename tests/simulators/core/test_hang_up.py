"""What hanging up does to connections that clients keep open, on real sockets."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from simulators.core import http
from simulators.core.service import Request, Response, answer

GET = b"GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PATIENCE = 5.0  # seconds


def play(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 2 * PATIENCE))


async def say(request: Request, whole: bool) -> Response:
    return answer(200, "text/plain", request.path)


async def opened(listener: http.Listener) -> Streams:
    return await asyncio.open_connection("127.0.0.1", listener.port)


async def answered(reader: asyncio.StreamReader) -> bytes:
    """One whole answer: its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    assert head.startswith(b"HTTP/1.1 200")
    return await reader.readexactly(int(lengths[0].partition(b":")[2]))


async def asked(streams: Streams) -> bytes:
    reader, writer = streams
    writer.write(GET)
    return await answered(reader)


async def gone(streams: Streams) -> bool:
    """Whether the other side has closed, with nothing more to say."""
    return await asyncio.wait_for(streams[0].read(), PATIENCE) == b""


async def with_listener(respond: http.Respond, work: Callable[[http.Listener], Awaitable[None]]) -> None:
    listener = await http.listen_with(respond, "127.0.0.1", 0)
    try:
        await work(listener)
    finally:
        await listener.close()


def test_a_connection_that_waits_is_closed_and_the_port_stays() -> None:
    async def work(listener: http.Listener) -> None:
        kept, silent = await opened(listener), await opened(listener)
        assert await asked(kept) == await asked(kept) == b"/one"  # twice on one connection
        await listener.hang_up()
        assert await gone(kept)
        assert await gone(silent)  # this one had asked nothing yet
        again = await opened(listener)
        assert await asked(again) == await asked(again) == b"/one"
        for _, writer in (kept, silent, again):
            writer.close()

    play(with_listener(say, work))


def test_an_answer_in_progress_is_given_whole_first() -> None:
    async def case() -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def slow(request: Request, whole: bool) -> Response:
            begun.set()
            await may_end.wait()
            return answer(200, "text/plain", "x" * 200_000)

        async def work(listener: http.Listener) -> None:
            reader, writer = await opened(listener)
            writer.write(GET)
            await begun.wait()
            await listener.hang_up()
            may_end.set()
            assert await answered(reader) == b"x" * 200_000
            assert await gone((reader, writer))
            writer.close()

        await with_listener(slow, work)

    play(case())


def test_nobody_to_hang_up_on() -> None:
    async def work(listener: http.Listener) -> None:
        await listener.hang_up()
        one = await opened(listener)
        assert await asked(one) == b"/one"
        one[1].close()

    play(with_listener(say, work))
