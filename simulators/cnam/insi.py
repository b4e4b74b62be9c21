"""INSi: one `/lps` entry that dispatches on the operation, searches, and answers in the recorded layout."""

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from schemas import insi
from schemas.finding import Finding
from schemas.insi import names, rules
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange, Tls
from simulators.core.faults import Fault
from simulators.core.population import Population
from simulators.core.service import Handled, Request, Response, answer

from . import insi_faults
from .insi_faults import Refusal
from .insi_register import Found, Register

TRANSACTIONS = {"traits": "INSi.traits", "vitale": "INSi.vitale"}
_OTHER = "INSi.?"


@dataclass(frozen=True, slots=True)
class _Call:
    """A request that could be decoded, and what was found about it."""

    asked: insi.InsiRequest
    transaction: str
    facts: Mapping[str, Any]
    findings: tuple[Finding, ...]


class InsiService:
    """The INSi téléservice.

    `idams`: authorisation numbers accepted (any when None). `require_certificate`: refuse (desir_560) a call
    without INSI-AUTO or INSI-MANU certificate and without assertion. A CPx assertion's signature is not
    verified here.
    """

    name = "insi"

    def __init__(
        self,
        clock: Clock,
        population: Population,
        *,
        idams: Iterable[str] | None = ("SIMU0001",),
        oid_mode: str = "test",
        require_certificate: bool = True,
    ) -> None:
        self._clock = clock
        self._register = Register(population, oid_mode)
        self._idams = None if idams is None else frozenset(idams)
        self._require_certificate = require_certificate
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def identify(self, request: Request) -> str:
        if b"RECSANSVITALE" in request.body or names.ACTION_TRAITS in request.header("Content-Type"):
            return TRANSACTIONS["traits"]
        if b"RECVITALE" in request.body or names.ACTION_CARD in request.header("Content-Type"):
            return TRANSACTIONS["vitale"]
        return _OTHER

    def handle(self, request: Request) -> Handled:
        call = self._read(request)
        if isinstance(call, Handled):
            return call
        refusal = self._decide(call)
        if refusal is not None:
            return _refused(call, refusal)
        return _answered(call, self._search(call))

    def refuse(self, request: Request, fault: Fault) -> Handled:
        """Scheduled faults: see `insi_faults`. Raises ValueError for another kind."""
        call = self._read(request)
        if isinstance(call, Handled):
            return call
        if fault.kind in insi_faults.SCHEDULED:
            return _refused(call, insi_faults.SCHEDULED[fault.kind])
        if fault.kind == insi_faults.UNKNOWN_CODE:
            code = str(fault.params.get("code", "03"))
            return _handled(call, insi.write_answer(code, label="Code inconnu"), {"code": code})
        if fault.kind not in (insi_faults.EMPTY_TRAIT, insi_faults.DATE_00, insi_faults.WRONG_KEY):
            raise ValueError(f"insi: unknown fault kind {fault.kind}")
        found = self._search(call)
        if found.identity is None:
            return _answered(call, found)
        if fault.kind == insi_faults.DATE_00:
            spoilt = replace(found.identity, birth_date=f"{found.identity.birth_date[:4]}-00-00")
        elif fault.kind == insi_faults.WRONG_KEY:
            spoilt = replace(found.identity, key=f"{97 - int(found.identity.key):02d}")
        else:
            emptied: dict[str, Any] = {_TRAITS[str(fault.params.get("trait", "Sexe"))]: ""}
            spoilt = replace(found.identity, **emptied)
        return _answered(call, Found(found.code, spoilt))

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        headers = dict(line.partition(": ")[::2] for line in exchange.request_head.splitlines()[1:])
        kind = next((value for key, value in headers.items() if key.lower() == "content-type"), "")
        if exchange.transaction not in TRANSACTIONS.values() and not exchange.request_body:
            return []
        return insi.judge(
            exchange.request_body,
            now=exchange.started,
            content_type=kind,
            common_name=self._common_name(exchange.tls),
            idams=self._idams,
            reused=tuple(exchange.facts.get("reused", ())),
        )

    def _read(self, request: Request) -> "_Call | Handled":
        if request.method != "POST":
            response = answer(405, "text/plain; charset=utf-8", "POST attendu sur /lps", ("Allow", "POST"))
            return Handled(response, _OTHER, {"outcome": "refused", "reason": "method"})
        try:
            asked = insi.read_request(request.body)
        except insi.RequestRefused as error:
            body = insi_faults.of_bench("BANC_MESSAGE").body("", f"Message illisible : {error.detail}")
            refused = {"outcome": "refused", "reason": error.reason}
            return Handled(_soap(500, body), self.identify(request), refused, (rules.unreadable(error),))
        now = self._clock.now()
        reused = self._remember(asked)
        common_name = self._common_name(request.tls)
        judged = rules.Asked(asked, now, request.header("Content-Type"), common_name, self._idams, reused)
        facts: dict[str, Any] = {
            "message_id": asked.message_id,
            "idam": asked.idam,
            "emitter": asked.emitter,
            "authentication": _authentication(common_name, asked),
            "certificate": common_name or "",
        }
        if asked.traits is not None:
            facts["traits"] = asked.traits.as_dict()
            facts["given_elements"] = len(asked.traits.given_names)
        if asked.card is not None:
            facts["card"] = asked.card.number
        if asked.assertion is not None and asked.assertion.qualifier == "PSC":
            facts["user"] = asked.assertion.subject
        if reused:
            facts["reused"] = list(reused)
        findings = tuple(insi.RULES.judge(judged))
        return _Call(asked, TRANSACTIONS[asked.operation], facts, findings)

    def _common_name(self, tls: Tls | None) -> str | None:
        """CN of the client certificate. Where none is required, none shown is as good as INSI-AUTO."""
        if tls is None or tls.client_certificate is None:
            return None if self._require_certificate else names.CERTIFICATE_NAMES[0]
        subject = x509.load_der_x509_certificate(tls.client_certificate).subject
        values = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(values[0].value) if values else ""

    def _remember(self, asked: insi.InsiRequest) -> tuple[str, ...]:
        """Places whose value an earlier request already had; remembers those of this one."""
        values = asked.identifiers()
        with self._lock:
            reused = tuple(place for place, value in values.items() if value in self._seen)
            self._seen.update(values.values())
        return reused

    def _decide(self, call: _Call) -> Refusal | None:
        broken = {finding.rule for finding in call.findings}
        if "INSI-AUTH-01" in broken:
            return insi_faults.ACCESS
        if "INSI-LPS-03" in broken:
            return insi_faults.UNKNOWN_SOFTWARE
        if "INSI-TRAITS-01" in broken:
            return insi_faults.of_bench("BANC_TRAITS")
        return None

    def _search(self, call: _Call) -> Found:
        if call.asked.traits is not None:
            return self._register.by_traits(call.asked.traits)
        assert call.asked.card is not None
        return self._register.by_card(call.asked.card)


_TRAITS = {
    "NomNaissance": "birth_name",
    "ListePrenom": "given_names",
    "Sexe": "sex",
    "DateNaissance": "birth_date",
    "LieuNaissance": "birth_place",
}


def _authentication(common_name: str | None, asked: insi.InsiRequest) -> str:
    if asked.assertion is not None:
        return re.sub(r"\W", "", asked.assertion.qualifier)[:8].lower() or "assertion"
    return "mtls" if common_name else "none"


def _soap(status: int, body: bytes) -> Response:
    return answer(status, names.CONTENT_TYPE, body)


def _answered(call: _Call, found: Found) -> Handled:
    facts: dict[str, Any] = {"code": found.code}
    if found.identity is not None:
        facts |= {"patient": found.identity.matricule, "oid": found.identity.oid}
    return _handled(call, insi.write_answer(found.code, found.identity), facts)


def _handled(call: _Call, body: bytes, facts: Mapping[str, Any]) -> Handled:
    together = {**call.facts, "outcome": "accepted", **facts}
    return Handled(_soap(200, body), call.transaction, together, call.findings)


def _refused(call: _Call, refusal: Refusal) -> Handled:
    facts = {**call.facts, "outcome": "refused", "reason": refusal.code}
    return Handled(_soap(500, refusal.body(call.asked.message_id)), call.transaction, facts, call.findings)
