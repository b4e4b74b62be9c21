"""The e-prescription service, under the bench's contract: every answer says that it is simulated.

The interface of the Cnam is not public. Nothing here may be presented as it.
"""

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas import prescription
from schemas.finding import Finding
from schemas.messages import text
from schemas.prescription import CONTRACT, JsonRefused, read_json
from schemas.prescription.reading import MAX_BYTES
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.population import Population
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request, Response, answer

from . import epu_routes, epu_rules
from .epu_access import LIFETIME, Access, Gate, TokenVerifier
from .epu_counter import Counter
from .epu_desk import Asked, Desk, Done, Settings, about
from .epu_routes import Route
from .epu_store import Store
from .errors import STATUS, Refusal, catalogue

# Kinds of scheduled faults, beside the generic ones.
BUSINESS_ERROR = "business-error"  # params["code"]: one of errors.STATUS
THROTTLE = "throttle"  # 429, Retry-After params["seconds"] (10)
TIMEOUT = "timeout"  # 504

_HEADERS = (("X-Bench-Contract", "simulated"), ("Cache-Control", "no-store"))
_VERDICTS = {"absent": "SIM-EPU-1001", "unknown": "SIM-EPU-1001", "expired": "SIM-EPU-1001"}


class EpuService:
    """The e-prescription base and its authorisation server.

    `idams`: authorisation numbers accepted in X-Software (any when None). `database`: SQLite path.
    `lifetime`: of a token, in seconds.
    """

    name = "epu"

    def __init__(
        self,
        clock: Clock,
        population: Population,
        randomness: Randomness,
        verifier: TokenVerifier,
        *,
        idams: Iterable[str] | None = ("SIMU0001",),
        database: str = ":memory:",
        settings: Settings | None = None,
        lifetime: int = LIFETIME,
    ) -> None:
        self._clock = clock
        self._randomness = randomness
        self._store = Store(database)
        self._settings = settings or Settings()
        self._idams = None if idams is None else frozenset(idams)
        self._gate = Gate(self._store, verifier, randomness, lifetime)
        desk = Desk(self._store, population, self._settings)
        counter = Counter(desk)
        self._operations: Mapping[str, Callable[[Asked], Done]] = {
            "EPU.create": desk.create,
            "EPU.read": desk.read,
            "EPU.lookup": desk.lookup,
            "EPU.list": desk.list,
            "EPU.cancel": desk.cancel,
            "EPU.replace": desk.replace,
            "EPU.execution": desk.execution,
            "EPU.dispense": counter.dispense,
            "EPU.undispense": counter.withdraw,
        }

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def set_opposition(self, matricule: str, opposes: bool) -> None:
        """The patient's choice about the prescriber's view of the execution (bench administration only)."""
        with self._store.transaction():
            self._store.oppose(matricule, opposes)

    def identify(self, request: Request) -> str:
        return epu_routes.find(request.method, request.path).transaction

    def handle(self, request: Request) -> Handled:
        route = epu_routes.find(request.method, request.path)
        if route.transaction == "EPU.token":
            return self._token(request)
        if route.transaction == "EPU.errors":
            return _open(route, catalogue())
        if route.transaction == "EPU.schema":
            known = route.address in prescription.names()
            return _open(route, prescription.schema(route.address)) if known else self._lost(request, route)
        if route.transaction == epu_routes.UNKNOWN:
            return self._lost(request, route)
        access = self._gate.enter(request, self._clock.now())
        facts = self._around(request, route, access)
        try:
            done = self._operate(request, route, access, facts)
        except Refusal as refusal:
            return self._refused(request, route, refusal, facts)
        response = _json(done.status, done.body, *done.headers)
        return self._handled(request, route, response, {**facts, **done.facts})

    def refuse(self, request: Request, fault: Fault) -> Handled:
        """Scheduled faults of this service. Raises ValueError for another kind or an unknown code."""
        asked = str(fault.params.get("code", ""))
        codes = {THROTTLE: "SIM-EPU-9003", TIMEOUT: "SIM-EPU-9002", BUSINESS_ERROR: asked}
        code = codes.get(fault.kind, "")
        if code not in STATUS:
            raise ValueError(f"epu: unknown fault {fault.kind} {code}")
        route = epu_routes.find(request.method, request.path)
        facts: dict[str, Any] = {}
        if route.transaction not in epu_routes.OPEN:
            facts = self._around(request, route, self._gate.enter(request, self._clock.now()))
        headers = (("Retry-After", str(fault.params.get("seconds", 10))),) if fault.kind == THROTTLE else ()
        refusal = Refusal(code, str(fault.params.get("detail", "")))
        return self._refused(request, route, refusal, facts, *headers)

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        method, _, rest = exchange.request_head.partition("\n")[0].partition(" ")
        headers = tuple(
            (name, value)
            for name, separator, value in (
                line.partition(": ") for line in exchange.request_head.split("\n")[1:]
            )
            if separator
        )
        request = Request(method, rest.rpartition(" ")[0], headers, exchange.request_body)
        return self._judge(request, epu_routes.find(method, request.path), exchange.facts)

    def _handled(
        self, request: Request, route: Route, response: Response, facts: Mapping[str, Any]
    ) -> Handled:
        return Handled(response, route.transaction, facts, tuple(self._judge(request, route, facts)))

    def _judge(self, request: Request, route: Route, facts: Mapping[str, Any]) -> list[Finding]:
        """Every finding, from the bytes and the facts of the journal alone."""
        if route.transaction in (epu_routes.UNKNOWN, "EPU.errors", "EPU.schema"):
            return []
        return epu_rules.judge(
            route.transaction,
            _lower(request),
            request.body,
            facts,
            request.form if route.transaction == "EPU.token" else {},
            public_matricules=self._settings.public_matricules,
            id_pattern=self._settings.id_pattern,
        )

    def _around(self, request: Request, route: Route, access: Access) -> dict[str, Any]:
        """Facts known before the operation."""
        idam = request.header("X-Software").partition(";")[0]
        facts: dict[str, Any] = {"authorisation": access.verdict, "idam": idam[:64]}
        facts["idam_known"] = bool(idam) and (self._idams is None or idam in self._idams)
        if access.user:
            facts["user"] = access.user
        if route.address:
            facts["address"] = route.address
            if route.transaction not in ("EPU.undispense", "EPU.replace"):
                facts["epu_id"] = route.address[:64]
        return facts

    def _operate(self, request: Request, route: Route, access: Access, facts: Mapping[str, Any]) -> Done:
        if access.verdict == "other-certificate":
            raise Refusal("SIM-EPU-1002", "jeton lié au certificat de l'échange (x5t#S256)")
        if access.verdict in _VERDICTS:
            details = {
                "absent": "Authorization: Bearer attendu",
                "expired": "jeton expiré : refaites l'échange",
            }
            raise Refusal(_VERDICTS[access.verdict], details.get(access.verdict, "jeton inconnu"))
        if not facts["idam_known"]:
            raise Refusal("SIM-EPU-1003", f"X-Software : « {request.header('X-Software')[:80]} »")
        message: dict[str, Any] = {}
        if route.transaction in epu_routes.WITH_BODY:
            message = self._message(request)
        asked = Asked(
            route.transaction,
            access.user,
            self._clock.now(),
            route.address,
            message,
            request.query,
            request.header("If-Match"),
        )
        with self._store.transaction():
            return self._operations[route.transaction](asked)

    def _message(self, request: Request) -> dict[str, Any]:
        if len(request.body) > MAX_BYTES:
            raise Refusal("SIM-EPU-1104", f"{len(request.body)} octets, {MAX_BYTES} au plus")
        kind = request.header("Content-Type").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refusal("SIM-EPU-1102", f"« {kind[:80]} » : application/json attendu")
        try:
            return read_json(request.body)
        except JsonRefused as error:
            raise Refusal("SIM-EPU-1103", error.detail) from None

    def _refused(
        self,
        request: Request,
        route: Route,
        refusal: Refusal,
        facts: Mapping[str, Any],
        *headers: tuple[str, str],
    ) -> Handled:
        together = {**facts, **(refusal.facts or {}), "outcome": "refused", "reason": refusal.code}
        if refusal.facts is None and route.transaction in ("EPU.create", "EPU.replace"):
            with contextlib.suppress(JsonRefused):
                together |= about(read_json(request.body))
        body = self._problem(request, refusal)
        if STATUS[refusal.code] == 401:
            headers = (*headers, ("WWW-Authenticate", 'Bearer error="invalid_token"'))
        response = _json(body["status"], body, *headers, kind="application/problem+json")
        return self._handled(request, route, response, together)

    def _problem(self, request: Request, refusal: Refusal) -> dict[str, Any]:
        """RFC 9457."""
        body: dict[str, Any] = {
            "_contract": CONTRACT,
            "type": "about:blank",
            "title": text(refusal.code),
            "status": STATUS[refusal.code],
            "code": refusal.code,
            "detail": refusal.detail or text(refusal.code),
            "instance": request.path[:200],
            "requestId": f"urn:uuid:{self._randomness.uuid('epu.request')}",
        }
        return body | ({"fields": list(refusal.fields)} if refusal.fields else {})

    def _lost(self, request: Request, route: Route) -> Handled:
        code = "SIM-EPU-1105" if route.allowed else "SIM-EPU-1106"
        allow = (("Allow", ", ".join(route.allowed)),) if route.allowed else ()
        body = self._problem(request, Refusal(code, f"{request.method} {request.path[:200]}"))
        response = _json(STATUS[code], body, *allow, kind="application/problem+json")
        return Handled(response, epu_routes.UNKNOWN, {"outcome": "refused", "reason": code})

    def _token(self, request: Request) -> Handled:
        route = Route("EPU.token")
        exchanged = self._gate.exchange(request.form, request.tls, self._clock.now())
        body = {**exchanged.body, "_contract": CONTRACT}
        return self._handled(request, route, _json(exchanged.status, body), exchanged.facts)


def _lower(request: Request) -> dict[str, str]:
    """Headers by lower-case name, the first value of each."""
    return {name.lower(): value for name, value in reversed(request.headers)}


def _json(
    status: int, body: Mapping[str, Any], *headers: tuple[str, str], kind: str = "application/json"
) -> Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return answer(status, kind, data, *_HEADERS, *headers)


def _open(route: Route, body: Mapping[str, Any]) -> Handled:
    return Handled(_json(200, body), route.transaction, {"outcome": "accepted"})
