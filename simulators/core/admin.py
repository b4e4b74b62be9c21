"""The control API and the live page, on the loopback interface only. Nothing here enters the journal.

A page of another site must not reach it through the user's browser: the Host header must name the loopback
(DNS rebinding), an Origin must be ours, and what changes something must be JSON.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from schemas.finding import Finding

from .exchange import Exchange
from .live import page
from .live.api import Api, BadInput, Controlled, summary

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MAX_INPUT = 64 * 1024  # bytes
MAX_STREAMS = 16  # live pages open at once
HEARTBEAT = 15.0  # seconds between two comments on a silent stream

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlListener:
    """The control API on its port."""

    def __init__(self, host: str, port: int, runner: web.AppRunner, streams: "Streams") -> None:
        self.host = host
        self.port = port
        self._runner = runner
        self._streams = streams

    async def close(self) -> None:
        self._streams.end()
        await self._runner.cleanup()


async def listen(stack: Controlled, host: str, port: int) -> ControlListener:
    """Bind the control API; port 0 lets the system choose.

    Raises ValueError when `host` is not the loopback, OSError when the port is taken.
    """
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError(f"the control API listens on the loopback only, not on {host}")
    api = Api(stack)
    streams = Streams(api)
    app = web.Application(middlewares=[_guard], client_max_size=MAX_INPUT)
    app.add_routes(_routes(api, streams))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port, reuse_address=True)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    bound = int(runner.addresses[0][1])
    return ControlListener(host, bound, runner, streams)


def _routes(api: Api, streams: "Streams") -> list[web.RouteDef]:
    posts: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
        "/api/faults": api.schedule,
        "/api/clock": api.shift,
        "/api/patients": api.derive,
        "/api/patient/mail": api.patient_mail,
        "/api/laboratory/mail": api.laboratory_mail,
        "/api/laboratory/deposit": api.laboratory_deposit,
        "/api/mail/kick": api.kick,
        "/api/psc/revoke": api.revoke,
    }
    return [
        web.get("/", _page),
        web.get("/api/environment", _told(lambda request: api.environment())),
        web.get(
            "/api/exchanges",
            _told(lambda request: api.exchanges(_number(request, "since"), _number(request, "limit", 500))),
        ),
        web.get(
            r"/api/exchanges/{number:\d{1,9}}",
            _told(lambda request: api.exchange(int(request.match_info["number"]), _lang(request))),
        ),
        web.get(r"/api/exchanges/{number:\d{1,9}}/{role:request|response}", _download(api)),
        web.get(
            "/api/findings",
            _told(lambda request: api.findings(_number(request, "since"), _lang(request))),
        ),
        web.get("/api/faults", _told(lambda request: api.faults())),
        web.delete("/api/faults", _told(lambda request: api.calm())),
        web.delete(
            r"/api/faults/{number:\d{1,9}}",
            _told(lambda request: api.cancel(int(request.match_info["number"]))),
        ),
        web.get("/api/health", _told(lambda request: api.health())),
        web.get("/api/clock", _told(lambda request: api.clock())),
        web.get("/api/patients", _told(lambda request: api.patients())),
        web.get(
            r"/api/patients/{matricule:[0-9AB]{15}}",
            _told(lambda request: api.record(request.match_info["matricule"])),
        ),
        web.get("/api/dmp/settings", _told(lambda request: api.dmp_settings(_lang(request)))),
        web.get("/api/events", streams.follow),
        *(web.post(path, _done(operation)) for path, operation in posts.items()),
    ]


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a foreign page could send; word every refusal in JSON."""
    host = request.headers.get("Host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    origin = request.headers.get("Origin")
    try:
        if name.lower() not in LOOPBACK:
            response: web.StreamResponse = _error(403, f"Host : {host[:100]} n'est pas la boucle locale")
        elif origin is not None and origin != f"http://{host}":
            response = _error(403, f"Origin : {origin[:100]} est une autre origine")
        elif request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            response = _error(403, "appel depuis une autre origine")
        else:
            response = await handler(request)
    except BadInput as error:
        response = _error(400, str(error))
    except LookupError as error:
        response = _error(404, f"inconnu : {error}")
    except web.HTTPException as error:
        response = _error(error.status, error.reason)
    if not response.prepared:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _json(content: object, status: int = 200) -> web.Response:
    body = json.dumps(content, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8")


def _error(status: int, message: str) -> web.Response:
    return _json({"error": message}, status)


def _told(say: Callable[[web.Request], dict[str, Any]]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return _json(await asyncio.to_thread(say, request))

    return handle


def _done(operation: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            return _error(415, "Content-Type : application/json est attendu")
        try:
            asked = json.loads(await request.read() or b"{}")
        except (ValueError, RecursionError):
            return _error(400, "JSON illisible")
        if not isinstance(asked, dict):
            return _error(400, "un objet JSON est attendu")
        return _json(await asyncio.to_thread(operation, asked))

    return handle


def _download(api: Api) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        number, role = int(request.match_info["number"]), request.match_info["role"]
        body = api.body(number, role)
        name = f"x{number:06d}-{role}.bin"
        return web.Response(
            body=body,
            content_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return handle


async def _page(request: web.Request) -> web.StreamResponse:
    made = page.page(_lang(request))
    return web.Response(
        text=made.html, content_type="text/html", headers={"Content-Security-Policy": made.policy}
    )


def _lang(request: web.Request) -> str:
    return "en" if request.query.get("lang") == "en" else "fr"


def _number(request: web.Request, name: str, default: int = 0) -> int:
    raw = request.query.get(name, str(default))
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise BadInput(f"{name} : un nombre entier est attendu")
    return int(raw)


class Streams:
    """Server-sent events: each exchange as it is recorded, and again when findings join it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._open: set[asyncio.Queue[str | None]] = set()

    def end(self) -> None:
        """End every stream. Called on the event loop."""
        for queue in tuple(self._open):
            queue.put_nowait(None)

    async def follow(self, request: web.Request) -> web.StreamResponse:
        """`GET /api/events`; `since` (or Last-Event-ID) first gives what was missed."""
        if len(self._open) >= MAX_STREAMS:
            return _error(503, f"{MAX_STREAMS} pages sont déjà ouvertes")
        last = request.headers.get("Last-Event-ID", "")
        since = int(last) if last.isdigit() and len(last) < 10 else _number(request, "since")
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._open.add(queue)

        def tell(exchange: Exchange, findings: tuple[Finding, ...]) -> None:
            event = _event(exchange, findings)
            try:
                loop.call_soon_threadsafe(queue.put_nowait, event)
            except RuntimeError:
                return  # the loop is closing

        stop = self._api.journal.subscribe(tell)
        try:
            await response.prepare(request)
            if request.transport is not None:
                raw = request.transport.get_extra_info("socket")
                if raw is not None:
                    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await response.write(b"retry: 1000\n\n")
            for exchange in self._api.journal.exchanges(since=since):
                await response.write(_event(exchange, self._api.journal.findings(exchange)).encode())
            await self._forward(queue, response)
        except ConnectionError:
            pass  # the page was closed
        finally:
            stop()
            self._open.discard(queue)
        return response

    async def _forward(self, queue: "asyncio.Queue[str | None]", response: web.StreamResponse) -> None:
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), HEARTBEAT)
            except TimeoutError:
                event = ": …\n\n"
            if event is None:
                return
            await response.write(event.encode("utf-8", "backslashreplace"))


def _event(exchange: Exchange, findings: tuple[Finding, ...]) -> str:
    told = json.dumps(summary(exchange, findings), ensure_ascii=True)
    return f"id: {exchange.number}\ndata: {told}\n\n"
