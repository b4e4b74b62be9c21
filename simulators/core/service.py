"""How a service talks to whatever hosts it: plain requests in, plain answers out, no socket in sight.

The same service code so serves a TLS listener, an in-process `requests` session and a unit test.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl

from schemas.finding import Finding
from schemas.frozen import frozen

from . import faults
from .clock import Clock
from .exchange import Exchange, Tls
from .faults import Fault, FaultPlan
from .journal import Journal
from .whose import patient_at, patient_of

Headers = tuple[tuple[str, str], ...]
NO_XML = b"[bench] ceci n'est pas du XML\n"


@frozen
class Request:
    """An HTTP request, whole. `target` is path and query as sent."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    tls: Tls | None = None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """Query parameters, the last value of each."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """Fields of an urlencoded body; undecodable bytes become replacement characters."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def header(self, name: str, default: str = "") -> str:
        """First value of a header, whatever the case of its name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)

    def head(self) -> str:
        """Request line and headers as text, for the evidence."""
        return "\n".join([f"{self.method} {self.target} HTTP/1.1", *(f"{k}: {v}" for k, v in self.headers)])


@frozen
class Delivery:
    """How the hosting delivers an answer: late, in pieces, cut, or not at all."""

    delay: float = 0.0  # seconds before the first byte
    drop: bool = False  # close the connection instead of answering
    pieces: int = 1  # the body is written in so many pieces
    pause: float = 0.0  # seconds between two pieces
    cut: int | None = None  # bytes of the body after which the connection is closed


@frozen
class Response:
    status: int
    headers: Headers = ()
    body: bytes = b""
    delivery: Delivery = Delivery()

    def head(self) -> str:
        try:
            reason = HTTPStatus(self.status).phrase
        except ValueError:
            reason = ""
        return "\n".join([f"HTTP/1.1 {self.status} {reason}", *(f"{k}: {v}" for k, v in self.headers)])

    def header(self, name: str, default: str = "") -> str:
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)


def answer(status: int, content_type: str, body: bytes | str, *more: tuple[str, str]) -> Response:
    """An answer with its content type; text is encoded in UTF-8."""
    data = body.encode() if isinstance(body, str) else body
    return Response(status, (("Content-Type", content_type), *more), data)


@frozen
class Handled:
    """What a service made of a request.

    `facts["outcome"]` is `accepted` or `refused`. `findings` are those that decided the answer;
    `judge_later` yields the others, after the answer has left.
    """

    response: Response
    transaction: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    judge_later: Callable[[], Iterable[Finding]] | None = None


class Service(Protocol):
    """A simulated HTTP service."""

    name: str

    def identify(self, request: Request) -> str:
        """Name of the transaction, cheaply, before anything is done; `?` when it can't be told."""
        ...

    def handle(self, request: Request) -> Handled:
        """Do what the real service does."""
        ...

    def refuse(self, request: Request, fault: Fault) -> Handled:
        """The answer to a fault of this service's own kind (a SOAP fault code, a business refusal).

        Raises ValueError when the service does not know the kind.
        """
        ...

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        """Every finding about a recorded exchange, from its bytes alone, with today's rules."""
        ...


@frozen
class ByPath:
    """Several services behind one listener, chosen by the longest prefix of the path."""

    name: str
    routes: tuple[tuple[str, Service], ...]

    def choose(self, path: str) -> Service:
        """The service of this path; the first one when no prefix fits, to say that the path is unknown."""
        fitting = [route for route in self.routes if path.startswith(route[0])]
        return max(fitting, key=lambda route: len(route[0]))[1] if fitting else self.routes[0][1]


Hosted = Service | ByPath


def at_path(hosted: Hosted, path: str) -> Service:
    """The service that answers this path."""
    return hosted.choose(path) if isinstance(hosted, ByPath) else hosted


@frozen
class Context:
    """What every service is given: the run's clock, journal and fault plan."""

    clock: Clock
    journal: Journal
    faults: FaultPlan


def serve(service: Service, request: Request, context: Context) -> Response:
    """Handle one request: apply the fault schedule, record the exchange, start the deferred judgement.

    A bug of ours answers 500, is recorded as `bench_errors` and never becomes a finding.
    """
    started, ticks = context.clock.now(), context.clock.ticks()
    fault = None
    if not context.faults.idle:  # else nobody asks for the name of the call before it is read
        fault = context.faults.take(
            service.name,
            service.identify(request),
            lambda: patient_of(request.body) or patient_at(request.path),
        )
    try:
        handled = _handle(service, request, fault)
        failure = ""
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
        body = f"erreur banc : {failure}"
        broken = answer(500, "text/plain; charset=utf-8", body)
        handled = Handled(broken, service.identify(request), {"outcome": "bench-error"})
    response = handled.response
    presented = request.tls.presented if request.tls else ""
    exchange = context.journal.append(
        Exchange(
            number=0,
            service=service.name,
            transaction=handled.transaction,
            started=started,
            duration=round(context.clock.ticks() - ticks, 6),
            request_head=request.head(),
            request_body=request.body,
            response_head="" if response.delivery.drop else response.head(),
            response_body=b"" if response.delivery.drop else response.body[: response.delivery.cut],
            tls=request.tls,
            facts=_with_accidents(handled.facts, fault, presented),
            fault=fault.kind if fault else faults.BAD_CERTIFICATE if presented else "",
        ),
        handled.findings,
    )
    if failure:
        context.journal.fail(exchange, failure)
    if handled.judge_later is not None:
        context.journal.judge_later(exchange, handled.judge_later)
    return response


def _with_accidents(facts: Mapping[str, Any], fault: Fault | None, presented: str) -> Mapping[str, Any]:
    """The facts, with what the bench did to this call: the fault played, the wrong certificate accepted."""
    more: dict[str, Any] = {}
    if fault is not None:
        more["injected"] = fault.told()
    if presented:
        more["presented"] = presented
    return {**facts, **more} if more else facts


def _handle(service: Service, request: Request, fault: Fault | None) -> Handled:
    if fault is None:
        return service.handle(request)
    if fault.kind in faults.NOT_DONE:
        return Handled(_instead(fault.kind), service.identify(request), {"outcome": "refused"})
    if fault.kind not in faults.SPOILT:
        return service.refuse(request, fault)
    handled = service.handle(request)
    return replace(handled, response=_spoil(handled.response, fault))


def _instead(kind: str) -> Response:
    """What answers in the place of a service that sees nothing of the call."""
    if kind == faults.CLOSED:
        return Response(503, delivery=Delivery(drop=True))
    if kind == faults.SERVER_ERROR:
        return answer(500, "text/html", "<h1>Internal Server Error</h1>")
    if kind == faults.UNAVAILABLE:
        return answer(503, "text/plain; charset=utf-8", "Service Unavailable", ("Retry-After", "30"))
    status = 502 if kind == faults.BAD_GATEWAY else 504
    return answer(status, "text/html", f"<h1>{HTTPStatus(status).phrase}</h1>")


def _spoil(response: Response, fault: Fault) -> Response:
    seconds, body = float(fault.params.get("seconds", 5.0)), response.body
    if fault.kind == faults.SLOW:
        return replace(response, delivery=Delivery(delay=seconds))
    if fault.kind == faults.SLOW_BODY:
        pieces = max(2, int(fault.params.get("pieces", 10)))
        return replace(response, delivery=Delivery(pieces=pieces, pause=seconds / (pieces - 1)))
    if fault.kind == faults.CUT_AFTER_COMMIT:
        return replace(response, delivery=Delivery(drop=True))
    if fault.kind == faults.CUT_IN_BODY:
        return replace(response, delivery=Delivery(cut=len(body) // 2))
    if fault.kind == faults.MALFORMED:
        return replace(response, body=body[: len(body) // 2])
    if fault.kind == faults.NOT_XML:
        return replace(response, status=200, body=NO_XML)
    if fault.kind == faults.EMPTY:
        return replace(response, status=200, body=b"")
    kept = tuple(item for item in response.headers if item[0].lower() != "content-type")
    return replace(response, headers=(("Content-Type", "text/html; charset=utf-8"), *kept))
