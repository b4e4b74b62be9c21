"""Hosting of HTTP services on real sockets, over TLS or (loopback control only) in clear. aiohttp inside."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import tls
from .exchange import Exchange
from .service import Context, Hosted, Request, Response, Service, answer, at_path, serve

MAX_BODY = 64 * 1024 * 1024  # bytes; a larger body is answered 413 and recorded
LIMITS: dict[str, Any] = {
    "max_field_size": 64 * 1024,  # a SAML assertion may travel in a header
    "max_line_size": 64 * 1024,
    "access_log": None,
    "keepalive_timeout": 75,
}
GRACE = 1.0  # seconds given to answers in progress when a port is closed

logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # malformed requests are evidence, not logs
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


@dataclass(slots=True)
class Listener:
    """A bound port."""

    host: str
    port: int
    runner: web.ServerRunner

    async def hang_up(self) -> None:
        """Close the connections kept open, each after its answer in progress: clients shake hands again."""
        for connection in self.runner.server.connections if self.runner.server else ():
            assert isinstance(connection, _Handler)
            connection.hang_up()

    async def close(self) -> None:
        await self.runner.cleanup()


async def listen(
    hosted: Hosted,
    context: Context,
    host: str,
    port: int,
    ssl_context: ssl.SSLContext | None,
    *,
    shared: bool = False,
) -> Listener:
    """Bind a service; port 0 lets the system choose. Raises OSError when the port is taken.

    `shared`: other processes of this user may bind the port too; the system shares connections out.
    """

    async def respond(request: Request, whole: bool) -> Response:
        service = at_path(hosted, request.path)
        return serve(service, request, context) if whole else _too_large(service, context, request)

    def malformed(peer: str, response: Response, detail: str) -> None:
        context.journal.append(
            Exchange(
                number=0,
                service=hosted.name,
                transaction="HTTP.malformed",
                started=context.clock.now(),
                duration=0.0,
                request_head=f"HTTP {peer}",
                response_head=response.head(),
                response_body=response.body,
                facts={"outcome": "refused", "reason": detail},
            )
        )

    return await listen_with(respond, host, port, ssl_context, malformed, shared=shared)


Respond = Callable[[Request, bool], Awaitable[Response]]
Malformed = Callable[[str, Response, str], None]  # peer, answer given, what is wrong


class _Handler(web.RequestHandler):
    """Tells what cannot be read as HTTP, which never becomes a request."""

    __slots__ = ("malformed",)
    malformed: Malformed | None

    def hang_up(self) -> None:
        """Close now when nothing is being answered, else after the answer."""
        if self._current_request is None:
            self.force_close()
        else:
            self.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun")
        detail = (message or str(exc or ""))[:2_000] if status < 500 else "erreur banc"
        told = answer(status, "text/plain; charset=utf-8", f"requête HTTP refusée : {detail}")
        if self.malformed is not None and status < 500:
            peer = request.transport.get_extra_info("peername") if request.transport else None
            self.malformed(f"{peer[0]}:{peer[1]}" if peer else "?", told, detail)
        reply = _reply(told)
        reply.force_close()
        return reply


class _Server(web.Server):
    """Makes our own request handlers."""

    malformed: Malformed | None = None

    def __call__(self) -> web.RequestHandler:
        handler = _Handler(self, loop=asyncio.get_running_loop(), **LIMITS)
        handler.malformed = self.malformed
        return handler


async def listen_with(
    respond: Respond,
    host: str,
    port: int,
    ssl_context: ssl.SSLContext | None = None,
    malformed: Malformed | None = None,
    *,
    shared: bool = False,
) -> Listener:
    """Bind `respond(request, whole)`; `whole` is false when the body was over MAX_BODY and left unread."""

    async def on_request(incoming: web.BaseRequest) -> web.StreamResponse:
        transport = incoming.transport
        session = tls.facts(transport.get_extra_info("ssl_object")) if transport else None
        headers = tuple((key, _readable(value)) for key, value in incoming.headers.items())
        if incoming.headers.get("Expect", "").lower() == "100-continue" and not _announces_too_much(incoming):
            await incoming.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            incoming.writer.output_size = 0
        body = await _read(incoming)
        request = Request(incoming.method, incoming.raw_path, headers, body or b"", session)
        response = await respond(request, body is not None)
        if response.delivery.delay:
            await asyncio.sleep(response.delivery.delay)
        if response.delivery.drop:
            if transport is not None:
                transport.abort()
            return web.Response(status=500)
        if response.delivery.pieces > 1 or response.delivery.cut is not None:
            return await _piecemeal(incoming, response)
        return _reply(response)

    server = _Server(on_request)
    server.malformed = malformed
    runner = web.ServerRunner(server, shutdown_timeout=GRACE)
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=ssl_context, reuse_address=True, reuse_port=shared)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    bound = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    return Listener(host, bound, runner)


def _readable(value: str) -> str:
    """A header as text that can be kept: bytes that are no UTF-8, escaped by aiohttp, are written `\\xff`."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _announces_too_much(request: web.BaseRequest) -> bool:
    return request.content_length is not None and request.content_length > MAX_BODY


async def _read(request: web.BaseRequest) -> bytes | None:
    if _announces_too_much(request):
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(service: Service, context: Context, request: Request) -> Response:
    response = answer(413, "text/plain; charset=utf-8", f"corps de plus de {MAX_BODY} octets refusé")
    context.journal.append(
        Exchange(
            number=0,
            service=service.name,
            transaction=service.identify(request),
            started=context.clock.now(),
            duration=0.0,
            request_head=request.head(),
            response_head=response.head(),
            response_body=response.body,
            facts={"outcome": "refused", "reason": "body too large"},
        )
    )
    return response


async def _piecemeal(incoming: web.BaseRequest, response: Response) -> web.StreamResponse:
    """Write the body piece by piece; when it is cut, close the connection before its announced end."""
    delivery, body = response.delivery, response.body[: response.delivery.cut]
    reply = web.StreamResponse(status=response.status)
    for key, value in response.headers:
        reply.headers.add(key, value)
    reply.content_length = len(response.body)
    await reply.prepare(incoming)
    size = max(1, -(-len(body) // delivery.pieces))
    for start in range(0, len(body), size):
        if start:
            await asyncio.sleep(delivery.pause)
        await reply.write(body[start : start + size])
    if delivery.cut is not None:
        reply.force_close()
        if incoming.transport is not None:
            incoming.transport.close()
    return reply


def _reply(response: Response) -> web.Response:
    reply = web.Response(status=response.status, body=response.body)
    reply.headers.popall("Content-Type", None)
    for key, value in response.headers:
        reply.headers.add(key, value)
    return reply
