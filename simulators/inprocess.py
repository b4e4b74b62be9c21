"""The national services inside a Python process: `requests` calls are answered by the same service code.

    with national_services(seed=1) as services:
        requests.get(services.environment.psc_issuer + "/.well-known/openid-configuration")

For unit tests of a vendor's software: no socket, no thread of the network, no wait. `requests` must be given
the client certificate that a real call would show (`cert=`); it is verified as a TLS listener would. Mail
services need sockets: see `simulators.stack`.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import responses
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from requests import PreparedRequest

from schemas.ins import NIR_PRODUCTION, NIR_TEST
from schemas.messages import text
from schemas.vihf.certificates import AUTHENTICATION, Authorities

from . import schedule
from .core import pki as pkis
from .core.certificates import DEFAULT, shown
from .core.clock import Clock
from .core.environment import Environment, MailEndpoint
from .core.exchange import Exchange, Tls
from .core.faults import TLS, Fault, FaultPlan
from .core.incidents import Carriers
from .core.journal import Journal
from .core.population import Population
from .core.random import Randomness
from .core.service import Context, Hosted, Request, Response, at_path, serve
from .national import DMP_PATH, EPU_PATH, INSI_PATH, Services, Settings, build

HOSTS = {name: f"https://{name}.banc.test" for name in ("dmp", "cnam", "psc", "annuaire", "dmp-web", "mes")}
MUTUAL = ("dmp", "cnam")  # where a client certificate is required
ASKED = (*MUTUAL, "dmp-web")  # where one is asked for
NO_MAIL = MailEndpoint("", 0)


@dataclass(frozen=True, slots=True)
class National:
    """Everything a test may look at or arrange."""

    environment: Environment
    services: Services
    journal: Journal
    faults: FaultPlan
    population: Population
    clock: Clock
    pki: pkis.Pki

    def schedule(self, fault: Fault | str) -> int:
        """Schedule a fault, or a rule as text (see `schedule`). Raises ValueError with what to write."""
        asked = schedule.parse(fault) if isinstance(fault, str) else fault
        schedule.check(asked)
        return self.faults.schedule(asked)


@contextmanager
def national_services(
    seed: int = 1,
    *,
    pki: Path | None = None,
    now: datetime | None = None,
    settings: Settings | None = None,
) -> Iterator[National]:
    """Answer every `requests` call to the services' addresses until the block ends.

    `pki`: folder of a test PKI, made when it is empty; without it a fresh one is made and thrown away, which
    costs about a second. `now`: instant at which the clock starts. Calls to any other address raise
    `requests.ConnectionError`.
    """
    with ExitStack() as opened:
        folder = pki or Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="segur-bench-")))
        clock = Clock(now)
        journal, population = Journal(clock), Population(seed)
        opened.callback(journal.close)
        national = _assembled(
            pkis.open_or_create(folder, clock.now()),
            Context(clock, journal, FaultPlan(Carriers(population.incidents))),
            population,
            Randomness(seed),
            settings or Settings(),
        )
        mock = opened.enter_context(responses.RequestsMock(assert_all_requests_are_fired=False))
        hosting = _Hosting(
            {
                "dmp": national.services.dmp,
                "cnam": national.services.cnam,
                "psc": national.services.psc,
                "annuaire": national.services.annuaire,
                "dmp-web": national.services.web,
                "mes": national.services.mes,
            },
            Context(clock, journal, national.faults),
            Authorities.of(national.pki.authorities(), national.pki.revoked_serials()),
        )
        for name, url in HOSTS.items():
            for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"):
                mock.add(_Route(method, url, hosting, name))
        yield national


def _assembled(
    pki: pkis.Pki, context: Context, population: Population, randomness: Randomness, settings: Settings
) -> National:
    services = build(settings, context, pki, population, randomness, "127.0.0.1", {})
    services.psc.at(HOSTS["psc"])
    services.annuaire.base_url = HOSTS["annuaire"]
    services.web_at(HOSTS["dmp-web"])
    environment = Environment(
        dmp_url=HOSTS["dmp"] + DMP_PATH,
        insi_url=HOSTS["cnam"] + INSI_PATH,
        epu_url=HOSTS["cnam"] + EPU_PATH,
        psc_issuer=services.psc.issuer,
        psc_client_id=settings.client_id,
        psc_client_secret=services.psc_secret,
        annuaire_url=f"{HOSTS['annuaire']}/fhir/v2",
        annuaire_api_key=services.annuaire_key,
        smtp=NO_MAIL,
        imap=NO_MAIL,
        smtp_app=NO_MAIL,
        imap_app=NO_MAIL,
        control_url="",
        pki=str(pki.folder.resolve()),
        ins_oid=NIR_PRODUCTION if settings.oid_mode == "qualif" else NIR_TEST,
        software={"nil": settings.nil, "idam": settings.idam, "homologation": settings.homologation},
        dmp_web_url=HOSTS["dmp-web"],
        mes_url=HOSTS["mes"],
    )
    return National(environment, services, context.journal, context.faults, population, context.clock, pki)


@dataclass(frozen=True, slots=True)
class _Hosting:
    """What stands for sockets: TLS decisions, then the service."""

    hosted: Mapping[str, Hosted]
    context: Context
    authorities: Authorities

    def answer(self, name: str, prepared: PreparedRequest) -> Response:
        """The service's answer. Raises what `requests` would: SSLError, ConnectionError, ReadTimeout."""
        options: Mapping[str, Any] = getattr(prepared, "req_kwargs", {})
        session = self._session(name, options.get("cert"), options.get("verify"))
        parts = urlsplit(str(prepared.url))
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = (("Host", parts.netloc), *((str(k), _text(v)) for k, v in prepared.headers.items()))
        request = Request(prepared.method or "GET", target, headers, _body(prepared.body), session)
        response = serve(at_path(self.hosted[name], request.path), request, self.context)
        if response.delivery.drop:
            raise requests.ConnectionError("Remote end closed connection without response", request=prepared)
        if response.delivery.cut is not None:
            raise requests.exceptions.ChunkedEncodingError(
                "the body ended before its length", request=prepared
            )
        if max(response.delivery.delay, response.delivery.pause) > _patience(options.get("timeout")):
            raise requests.ReadTimeout(f"no answer after {options.get('timeout')} s", request=prepared)
        return response

    def _session(self, name: str, cert: object, verify: object) -> Tls:
        certificate = _certificate(cert)
        presented = self._presented(name, verify)
        if name not in ASKED:
            certificate = None  # a server that does not ask is shown none
        elif certificate is None:
            if name in MUTUAL:
                self._refuse(name, "", "no-certificate")
        else:
            now = self.context.clock.now()
            problems = self.authorities.problems(certificate, AUTHENTICATION, now)
            if problems:
                self._refuse(name, certificate.subject.rfc4514_string(), f"certificate-{problems[0]}")
        if certificate is None:
            return Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", presented=presented)
        return Tls(
            "TLSv1.3",
            "TLS_AES_256_GCM_SHA384",
            certificate.public_bytes(Encoding.DER),
            certificate.subject.rfc4514_string(),
            certificate.issuer.rfc4514_string(),
            presented,
        )

    def _presented(self, name: str, verify: object) -> str:
        """What is wrong with the certificate of this call's server. Raises SSLError for who verifies it."""
        fault = self.context.faults.take(name, TLS)
        if fault is None:
            return ""
        kind = str(fault.params.get("kind", DEFAULT))
        self.context.journal.append(shown(name, kind, fault, self.context.clock.now()))
        if verify is not False:
            raise requests.exceptions.SSLError(f"{HOSTS[name]}: certificate verify failed: {kind}")
        return kind

    def _refuse(self, name: str, subject: str, reason: str) -> None:
        detail = text(f"tls.{reason}")
        facts = {"outcome": "refused", "reason": reason, "detail": detail, "subject": subject}
        started = self.context.clock.now()
        self.context.journal.append(Exchange(0, name, "TLS.refused", started, 0.0, facts=facts))
        raise requests.exceptions.SSLError(f"{HOSTS[name]}: {reason}: {detail} {subject}".strip())


class _Route(responses.BaseResponse):
    """One method of one service, every path of it."""

    def __init__(self, method: str, url: str, hosting: _Hosting, name: str) -> None:
        super().__init__(method, url)
        self._hosting = hosting
        self._name = name

    def matches(self, request: PreparedRequest) -> tuple[bool, str]:
        parts = urlsplit(str(request.url))
        same = f"{parts.scheme}://{parts.netloc}" == HOSTS[self._name]
        return (same and request.method == self.method), "another service"

    def get_response(self, request: PreparedRequest) -> Any:
        made = self._hosting.answer(self._name, request)
        kind = made.header("Content-Type")
        others = {key: value for key, value in made.headers if key.lower() != "content-type"}
        answered = responses.Response(
            request.method or "GET",
            str(request.url),
            body=made.body,
            status=made.status,
            headers=others,
            content_type=kind or None,
        )
        return answered.get_response(request)


def _certificate(cert: object) -> x509.Certificate | None:
    """The leaf of what `requests` was given: one PEM file, or a certificate and its key."""
    if not cert:
        return None
    path = cert[0] if isinstance(cert, tuple) else cert
    try:
        return x509.load_pem_x509_certificate(Path(str(path)).read_bytes())
    except ValueError as error:
        raise requests.exceptions.SSLError(f"{path}: {error}") from None


def _body(body: object) -> bytes:
    """The whole body, whatever form the caller gave it."""
    if body is None:
        return b""
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return _body(body.read())
    return b"".join(_body(chunk) for chunk in body)  # type: ignore[attr-defined]


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _patience(timeout: object) -> float:
    """Seconds that the caller waits for an answer."""
    given = timeout[1] if isinstance(timeout, tuple) else timeout
    return float(given) if isinstance(given, int | float) else float("inf")
