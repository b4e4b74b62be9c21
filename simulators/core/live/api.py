"""What the control API says and does about a running stack, as plain JSON. No HTTP here."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from schemas.finding import Finding, Severity
from schemas.messages import action, text

from ..clock import Clock, iso
from ..environment import Environment
from ..exchange import Exchange
from ..faults import Counted, Fault, FaultPlan
from ..incidents import INCIDENTS
from ..journal import Journal
from ..population import Patient, Population
from . import decode

Json = dict[str, Any]
PERSONA: dict[str, tuple[str, ...]] = {
    "insi": ("00", "01", "02"),
    "dmp": ("actif", "ferme", "inexistant"),
    "authorisation": ("VALIDE", "EXPIRE", "INTERDIT", "NON_EXISTE"),
    "mes": ("actif", "ferme", "absent"),
    "sex": ("F", "M"),
    "incident": tuple(INCIDENTS),
}
FLAGS = frozenset(
    {
        "opposes_execution_view",
        "treated",
        "opposes_regulation",
        "opposes_glass",
        "masked_in_emergency",
        "minor",
        "ins_changed",
        "deceased",
        "corsican",
    }
)
SHOWN = (
    "treated",
    "opposes_regulation",
    "opposes_glass",
    "masked_in_emergency",
    "opposes_execution_view",
    "deceased",
)
MAX_SHIFT = 20 * 365 * 86_400  # seconds
MAX_PAGE = 500


class Controlled(Protocol):
    """What the control API needs of a stack."""

    @property
    def journal(self) -> Journal: ...

    @property
    def faults(self) -> FaultPlan: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def population(self) -> Population: ...

    @property
    def environment(self) -> Environment: ...

    def schedule(self, fault: Fault) -> int:
        """Schedule a fault. Raises ValueError when it cannot be played."""
        ...

    def rule(self, line: str) -> int:
        """Schedule a fault written as text. Raises ValueError."""
        ...

    @property
    def shared(self) -> frozenset[str]:
        """Services that several processes answer."""
        ...

    def health(self) -> dict[str, int]:
        """What must not grow, and what must stay at 0."""
        ...

    def deposit_report(self, patient: Patient) -> str: ...

    def send_report(self, patient: Patient, variant: str = "nominal") -> dict[str, str]: ...

    def send_mail(self, patient: Patient, **options: Any) -> dict[str, str]: ...

    def kick_mail_sessions(self) -> None: ...

    def revoke(self, id_nat: str) -> None:
        """End every Pro Santé Connect session of a professional."""
        ...

    def record(self, patient: Patient) -> Json:
        """A patient's DMP: documents, authorisations, trail, notifications."""
        ...

    def dmp_settings(self, lang: str = "fr") -> list[Json]: ...


class BadInput(ValueError):
    """The input of a control call cannot be used. The message says which field and why."""


def summary(exchange: Exchange, findings: tuple[Finding, ...]) -> Json:
    """One line of the list of exchanges."""
    count = {level: sum(item.severity is level for item in findings) for level in Severity}
    return {
        "number": exchange.number,
        "id": exchange.id,
        "service": exchange.service,
        "transaction": exchange.transaction,
        "started": iso(exchange.started),
        "duration": exchange.duration,
        "status": _status(exchange),
        "outcome": str(exchange.facts.get("outcome", "")),
        "reason": str(exchange.facts.get("reason", ""))[:300],
        "detail": str(exchange.facts.get("detail", ""))[:300],
        "patient": str(exchange.facts.get("patient") or ""),
        "user": str(exchange.facts.get("user") or ""),
        "scenario": exchange.scenario,
        "fault": str(exchange.facts.get("injected") or exchange.fault),
        "simulated": exchange.transaction.startswith("EPU."),  # the real interface is not public
        "errors": count[Severity.ERROR],
        "warnings": count[Severity.WARNING],
        "notes": count[Severity.INFO],
    }


def _status(exchange: Exchange) -> str:
    first = exchange.response_head.partition("\n")[0]
    return first.split(" ")[1] if first.startswith("HTTP/") and " " in first else ""


def worded(finding: Finding, lang: str) -> Json:
    """A finding with its sentence and what to do about it."""
    return {
        **finding.as_dict(),
        "text": text(finding.rule, lang),
        "action": action(finding.rule, lang),
    }


class Api:
    """The operations of the control API. Every method may be called from any thread.

    They raise BadInput for the caller's mistakes and LookupError for what does not exist.
    """

    def __init__(self, stack: Controlled) -> None:
        self._stack = stack

    @property
    def journal(self) -> Journal:
        return self._stack.journal

    def environment(self) -> Json:
        return self._stack.environment.as_dict()

    def exchanges(self, since: int = 0, limit: int = MAX_PAGE) -> Json:
        """Summaries after position `since`, oldest first, and the position to ask from next."""
        found = self.journal.exchanges(since=since)[: max(1, min(limit, MAX_PAGE))]
        return {
            "exchanges": [summary(item, self.journal.findings(item)) for item in found],
            "next": found[-1].number if found else since,
            "last": self.journal.position,
        }

    def exchange(self, number: int, lang: str = "fr") -> Json:
        """One exchange decoded, with its findings."""
        found = self._get(number)
        findings = self.journal.findings(found)
        return {
            **summary(found, findings),
            **decode.view(found),
            "findings": [worded(item, lang) for item in findings],
            "chain": found.chain,
            "evidence": found.links(),
        }

    def body(self, number: int, role: str) -> bytes:
        """The recorded bytes of `request` or `response`."""
        if role not in ("request", "response"):
            raise LookupError(role)
        found = self._get(number)
        return found.request_body if role == "request" else found.response_body

    def _get(self, number: int) -> Exchange:
        found = self.journal.get(number)
        if found is None:
            raise LookupError(f"x{number:06d}")
        return found

    def findings(self, since: int = 0, lang: str = "fr") -> Json:
        """Findings on the exchanges after a position."""
        return {
            "findings": [
                {"exchange": item.number, **worded(finding, lang)}
                for item in self.journal.exchanges(since=since)
                for finding in self.journal.findings(item)
            ],
            "bench_errors": [
                {"exchange": number, "error": error} for number, error in self.journal.bench_errors
            ],
        }

    def health(self) -> Json:
        """What must not grow in a server that runs for weeks, and what must stay at 0."""
        return {**self._stack.health(), "last": self.journal.position}

    def faults(self) -> Json:
        """The scheduled faults, with the calls that each has seen and those that it has spoilt."""
        return {"faults": [_fault(item) for item in self._stack.faults.counted()]}

    def schedule(self, asked: Mapping[str, Any]) -> Json:
        """Schedule a fault: `{rule}` as text, or its fields.

        Fields: `{service, transaction, kind, skip?, times?, every?, patient?, params?}`.
        """
        try:
            if "rule" in asked:
                self._stack.rule(_text(asked, "rule"))
            else:
                self._stack.schedule(_asked_fault(asked))
        except ValueError as error:
            raise BadInput(str(error)) from None
        return self.faults()

    def calm(self) -> Json:
        """Forget the scheduled faults."""
        self._stack.faults.clear()
        return self.faults()

    def cancel(self, number: int) -> Json:
        """Forget one scheduled fault."""
        self._stack.faults.remove(number)
        return self.faults()

    def clock(self) -> Json:
        clock = self._stack.clock
        return {"now": iso(clock.now()), "shift": clock.shifted.total_seconds()}

    def shift(self, asked: Mapping[str, Any]) -> Json:
        """Set the clock's distance from the run's own time: `{shift: seconds}`."""
        seconds = asked.get("shift")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) <= MAX_SHIFT:
            raise BadInput(f"shift : un nombre de secondes, au plus {MAX_SHIFT}")
        if self._stack.shared:
            raise BadInput(text("live.shared.clock"))
        self._stack.clock.shift(timedelta(seconds=seconds))
        return self.clock()

    def patients(self) -> Json:
        return {"patients": [_patient(item) for item in self._stack.population]}

    def record(self, matricule: str) -> Json:
        """A patient and their DMP, the trail of the record included. Raises LookupError for nobody."""
        patient = self._stack.population.holder(matricule)
        if patient is None:
            raise LookupError(matricule)
        return {"patient": _patient(patient), **self._stack.record(patient)}

    def dmp_settings(self, lang: str = "fr") -> Json:
        """What the DMP is set to, and by which hypothesis."""
        return {"settings": self._stack.dmp_settings(lang)}

    def derive(self, asked: Mapping[str, Any]) -> Json:
        """Derive a patient: `{key, insi?, dmp?, authorisation?, mes?, sex?, incident?}` and any of FLAGS."""
        persona: dict[str, Any] = {}
        for name, value in asked.items():
            if (name in PERSONA and value in PERSONA[name]) or (name in FLAGS and isinstance(value, bool)):
                persona[name] = value
                if name == "incident" and self._stack.shared:
                    raise BadInput(text("live.shared.faults", service=", ".join(self._stack.shared)))
            elif name != "key":
                raise BadInput(f"{name} : {', '.join(PERSONA.get(name, ())) or 'champ inconnu'}")
        return _patient(self._stack.population.derive(_text(asked, "key"), **persona))

    def laboratory_mail(self, asked: Mapping[str, Any]) -> Json:
        """The laboratory mails a report to the test doctor: `{patient, variant?}`."""
        variant = _text(asked, "variant") if "variant" in asked else "nominal"
        try:
            return dict(self._stack.send_report(self._patient_of(asked), variant))
        except ValueError as error:
            raise BadInput(str(error)) from None

    def laboratory_deposit(self, asked: Mapping[str, Any]) -> Json:
        """The laboratory feeds the patient's DMP with a report: `{patient}`."""
        return {"unique_id": self._stack.deposit_report(self._patient_of(asked))}

    def patient_mail(self, asked: Mapping[str, Any]) -> Json:
        """The patient writes to the test doctor: `{patient, subject?, body?}`."""
        options = {name: _text(asked, name) for name in ("subject", "body") if name in asked}
        try:
            return dict(self._stack.send_mail(self._patient_of(asked), **options))
        except ValueError as error:
            raise BadInput(str(error) or type(error).__name__) from None

    def kick(self, asked: Mapping[str, Any]) -> Json:
        """The mail operator ends every open session."""
        self._stack.kick_mail_sessions()
        return {}

    def revoke(self, asked: Mapping[str, Any]) -> Json:
        """Pro Santé Connect ends the sessions of a professional: `{user: PS_IdNat}`."""
        self._stack.revoke(_text(asked, "user"))
        return {}

    def _patient_of(self, asked: Mapping[str, Any]) -> Patient:
        """The patient of this matricule, else the one derived from this key."""
        name = _text(asked, "patient")
        return self._stack.population.find(name) or self._stack.population.derive(name)


def _asked_fault(asked: Mapping[str, Any]) -> Fault:
    params = asked.get("params", {})
    if not isinstance(params, dict):
        raise BadInput("params : un objet est attendu")
    return Fault(
        _text(asked, "service"),
        _text(asked, "transaction"),
        _text(asked, "kind"),
        _count(asked, "skip", 0),
        _count(asked, "times", 1),
        params,
        _count(asked, "every", 1),
        _text(asked, "patient") if "patient" in asked else "",
    )


def _fault(one: Counted) -> Json:
    fault = one.fault
    return {
        "number": one.number,
        "service": fault.service,
        "transaction": fault.transaction,
        "kind": fault.kind,
        "skip": fault.skip,
        "times": fault.times,
        "every": fault.every,
        "patient": fault.patient,
        "params": dict(fault.params),
        "told": fault.told(),
        "seen": one.seen,
        "played": one.played,
        "over": one.over,
    }


def _patient(patient: Patient) -> Json:
    return {
        "key": patient.key,
        "matricule": patient.ins.matricule,
        "oid": patient.ins.oid,
        "traits": patient.traits(),
        "insi": patient.insi,
        "dmp": patient.dmp,
        "authorisation": patient.authorisation,
        "mes": patient.mes,
        "incident": patient.incident,
        "closure": patient.closure,
        "flags": [name for name in SHOWN if getattr(patient, name)],
        "usual_name": patient.usual_name,
        "birth_rank": patient.birth_rank,
        "representatives": [f"{one.link} {one.given} {one.family}" for one in patient.representatives],
        "former": [one.matricule for one in patient.former],
    }


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > 2_000:
        raise BadInput(f"{name} : un texte est attendu")
    return value


def _count(asked: Mapping[str, Any], name: str, default: int) -> int:
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000:
        raise BadInput(f"{name} : un nombre entier est attendu")
    return value
