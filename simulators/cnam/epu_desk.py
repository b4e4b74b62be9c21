"""What the base does with a prescription: create, read, cancel, replace, show its execution.

Each operation takes what was understood of the call and returns a `Done`, or raises `errors.Refusal`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from schemas.prescription import CONTRACT, EPU_ID, digest, read_code, states
from schemas.prescription.identifiers import QR_TEMPLATE
from simulators.core.clock import iso
from simulators.core.identities import PROFESSIONALS
from simulators.core.population import Population

from . import epu_rules
from .epu_routes import PREFIX
from .epu_store import Store, Stored
from .errors import Refusal, refuse_on
from .insi_register import persona_matricules

DOCTORS = frozenset({"10", "40", "50"})  # TRE_G15: médecin, chirurgien-dentiste, sage-femme
PHARMACISTS = frozenset({"21"})
RETENTION_YEARS = 5  # CSP R4071-1


@dataclass(frozen=True, slots=True)
class Settings:
    """What the contract leaves open. `professions`: TRE_G15 code of each PS_IdNat; others may do anything."""

    id_pattern: str = EPU_ID
    qr_template: str = QR_TEMPLATE
    professions: Mapping[str, str] = field(
        default_factory=lambda: {person.id_nat: person.profession for person in PROFESSIONALS}
    )
    public_matricules: frozenset[str] = field(default_factory=persona_matricules)


@dataclass(frozen=True, slots=True)
class Asked:
    """One authenticated call. `address` is the id in the URL, `message` the JSON body."""

    transaction: str
    user: str
    now: datetime
    address: str = ""
    message: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    if_match: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """An operation that went through."""

    status: int
    body: Mapping[str, Any]
    facts: Mapping[str, Any]
    headers: tuple[tuple[str, str], ...] = ()


class Desk:
    """The prescriber's operations, and reading."""

    def __init__(self, store: Store, population: Population, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self._population = population

    def create(self, asked: Asked) -> Done:
        """Record a prescription; the same id with the same content answers 200 again."""
        self.only(asked, DOCTORS)
        self.check(asked, asked.message)
        return self._record(asked, asked.message, None)

    def check(self, asked: Asked, message: Mapping[str, Any], **more: Any) -> None:
        """Raise the Refusal that a rule calls for on this message. `more`: facts that rules look at."""
        facts = {"user": asked.user, "address": asked.address or None, **more}
        settings = self.settings
        findings = epu_rules.judge_message(
            asked.transaction, message, facts, settings.public_matricules, settings.id_pattern
        )
        refuse_on(findings, {**about(message), **facts})

    def _record(self, asked: Asked, message: Mapping[str, Any], replaces: str | None) -> Done:
        facts = {**about(message), **({"replaces": replaces} if replaces else {})}
        known = self.store.find(message["epuId"])
        if known is not None:
            if known.digest != digest(message) or known.author != asked.user or known.replaces != replaces:
                detail = f"le numéro {known.epu_id} est déjà pris par une autre ordonnance"
                raise Refusal("SIM-EPU-2001", detail, facts=facts)
            return self.answered(200, known, asked, replayed=True)
        item = Stored(
            message["epuId"],
            digest(message),
            asked.user,
            facts["patient"],
            message,
            iso(asked.now),
            None,
            replaces,
            None,
        )
        self.store.add(item)
        self.store.record(item.epu_id, iso(asked.now), "CREATED", asked.user)
        return self.answered(201, item, asked)

    def read(self, asked: Asked) -> Done:
        """The whole prescription and its version."""
        return self._shown(asked, self.live(asked, asked.address))

    def lookup(self, asked: Asked) -> Done:
        """The prescription of a scanned code or a typed number."""
        self.check(asked, asked.message)
        text = str(asked.message.get("qr") or asked.message.get("number") or "")
        epu_id = read_code(text, self.settings.qr_template, self.settings.id_pattern)
        if epu_id is None:
            raise Refusal(
                "SIM-EPU-1101", f"« {text[:60]} » ne contient pas de numéro", facts={"code": text[:60]}
            )
        return self._shown(asked, self.live(asked, epu_id))

    def _shown(self, asked: Asked, item: Stored) -> Done:
        author = item.author == asked.user
        if not author and self.profession(asked) in DOCTORS:
            raise Refusal("SIM-EPU-1004", "seuls l'auteur et les exécutants lisent", facts=of(item))
        self.store.record(item.epu_id, iso(asked.now), "CONSULTED", asked.user)
        shown = self.answered(200, item, asked)
        body: dict[str, Any] = {"_contract": CONTRACT, "prescription": item.body, "state": shown.body}
        if author and self.opposed(item):
            del body["state"]
        return Done(200, body, shown.facts, shown.headers)

    def list(self, asked: Asked) -> Done:
        """Prescriptions of a patient: the author's own, or what is left to dispense. May be empty."""
        ins, oid = asked.query.get("ins", ""), asked.query.get("oid", "")
        if not ins or not oid:
            raise Refusal("SIM-EPU-1103", "paramètres ins et oid attendus", facts={"patient": ins})
        doctor = self.profession(asked) in DOCTORS
        found = []
        for item in self.store.of_patient(ins):
            state = self.store.state(item, asked.now.date())
            live = state.status in (states.Status.RECORDED, states.Status.IN_PROGRESS)
            if item.body["patient"]["ins"]["oid"] != oid or not (
                item.author == asked.user if doctor else live
            ):
                continue
            shown = {"epuId": item.epu_id, "writtenAt": item.body["writtenAt"], "types": item.body["types"]}
            found.append(
                shown | {"prescriber": item.body["prescriber"]["name"], "status": state.status.value}
            )
        ids = [item["epuId"] for item in found]
        facts = {"outcome": "accepted", "patient": ins, "epu_ids": ids}
        return Done(200, {"_contract": CONTRACT, "prescriptions": found}, facts)

    def cancel(self, asked: Asked) -> Done:
        """Cancel what was not dispensed; a second cancellation answers the same."""
        self.check(asked, asked.message)
        item = self._cancellable(asked)
        if item.cancelled:
            return self.answered(200, item, asked, replayed=True)
        cancelled = self._cancelled(asked, item, asked.message.get("replacedBy"))
        return self.answered(200, cancelled, asked)

    def replace(self, asked: Asked) -> Done:
        """Cancel and record anew, both or neither."""
        self.only(asked, DOCTORS)
        self.check(asked, asked.message)
        message = asked.message["prescription"]
        item = self._cancellable(asked)
        if item.cancelled and item.replaced_by != message["epuId"]:
            raise Refusal("SIM-EPU-2001", f"{item.epu_id} est déjà annulée", facts=of(item))
        done = self._record(asked, message, item.epu_id)
        if not item.cancelled:
            self._cancelled(asked, item, message["epuId"])
        return done

    def _cancellable(self, asked: Asked) -> Stored:
        item = self.own(asked)
        state = self.store.state(item, asked.now.date())
        if item.cancelled:
            return item
        if state.status is states.Status.EXPIRED:
            raise Refusal("SIM-EPU-2003", facts=of(item))
        if not states.cancellable(state):
            fields = tuple(
                {
                    "field": f"$.lines[?lineId={line.line_id}]",
                    "observed": line.status.value,
                    "expected": "A_DELIVRER",
                }
                for line in state.lines
                if not line.untouched
            )
            raise Refusal(
                "SIM-EPU-2103",
                "une ligne dispensée ne peut pas être annulée",
                fields,
                {**of(item), "status": state.status.value},
            )
        return item

    def _cancelled(self, asked: Asked, item: Stored, replaced_by: str | None) -> Stored:
        self.store.cancel(item.epu_id, iso(asked.now), replaced_by)
        reason = str(asked.message.get("reason", {}).get("code", ""))
        self.store.record(item.epu_id, iso(asked.now), "CANCELLED", asked.user, reason)
        return self.found(item.epu_id)

    def execution(self, asked: Asked) -> Done:
        """What was dispensed, for the author, unless the patient opposes it."""
        item = self.own(asked)
        if self.opposed(item):
            raise Refusal("SIM-EPU-1006", "opposition du patient : ce n'est pas une panne", facts=of(item))
        shown = self.answered(200, item, asked)
        given = [
            {
                "dispensationId": entry.id,
                "dispensedAt": entry.body["dispensedAt"],
                "lines": entry.body["lines"],
            }
            for entry in self.store.dispensations(item.epu_id)
        ]
        return Done(200, {**shown.body, "dispensations": given}, shown.facts, shown.headers)

    def profession(self, asked: Asked) -> str:
        return self.settings.professions.get(asked.user, "")

    def only(self, asked: Asked, professions: frozenset[str]) -> None:
        """Refuse (1005) a profession that is known and is not among these."""
        own = self.profession(asked)
        if own and own not in professions:
            facts = {**about(asked.message), "address": asked.address}
            raise Refusal("SIM-EPU-1005", f"profession {own}", facts=facts)

    def found(self, epu_id: str) -> Stored:
        item = self.store.find(epu_id)
        if item is None:
            raise Refusal("SIM-EPU-2002", f"aucune ordonnance {epu_id[:40]}", facts={"epu_id": epu_id[:64]})
        return item

    def live(self, asked: Asked, epu_id: str) -> Stored:
        """A prescription that may be read: neither expired nor past its retention."""
        item = self.found(epu_id)
        created = datetime.fromisoformat(item.created)
        expired = self.store.state(item, asked.now.date()).status is states.Status.EXPIRED
        if expired or asked.now.year - created.year > RETENTION_YEARS:
            raise Refusal("SIM-EPU-2003", facts={**of(item), "status": states.Status.EXPIRED.value})
        return item

    def own(self, asked: Asked) -> Stored:
        """A prescription of the user; raises 2002 or 1004."""
        item = self.found(asked.address)
        if item.author != asked.user:
            raise Refusal("SIM-EPU-1004", "seul l'auteur peut le faire", facts=of(item))
        return item

    def opposed(self, item: Stored) -> bool:
        """Whether the patient opposes the prescriber's view: set by the bench, the persona or the message."""
        if not item.patient:
            return bool(item.body.get("patientOpposesPrescriberView"))
        decided = self.store.opposes(item.patient)
        if decided is not None:
            return decided
        patient = self._population.find(item.patient)
        persona = patient is not None and patient.opposes_execution_view
        return persona or bool(item.body.get("patientOpposesPrescriberView"))

    def answered(
        self,
        status: int,
        item: Stored,
        asked: Asked,
        *,
        replayed: bool = False,
        **facts: Any,
    ) -> Done:
        """The state of a prescription as an answer."""
        state = self.store.state(item, asked.now.date())
        version = self.store.version(item.epu_id)
        together = {**of(item), "status": state.status.value, "version": version, "replayed": replayed}
        body = {
            "_contract": CONTRACT,
            "epuId": item.epu_id,
            "status": state.status.value,
            "version": version,
            "patientOpposesPrescriberView": self.opposed(item),
            "replaces": item.replaces,
            "replacedBy": item.replaced_by,
            "lines": [shown_line(line) for line in state.lines],
            "events": [event.as_dict() for event in self.store.events(item.epu_id)],
        }
        headers = (
            ("ETag", f'"{version}"'),
            ("Location", f"{PREFIX}/prescriptions/{quote(item.epu_id, safe='')}"),
        )
        return Done(status, body, {"outcome": "accepted", **together, **facts}, headers)


def shown_line(line: states.LineState) -> dict[str, Any]:
    """A line of the state, as sent."""
    left = int(line.left) if line.left.is_integer() else line.left
    made = {
        "lineId": line.line_id,
        "status": line.status.value,
        "remainingDeliveries": line.deliveries if line.open else 0,
        "remainingQuantity": left if line.open else 0,
    }
    return made | ({"completeness": line.completeness} if line.completeness else {})


def about(message: Mapping[str, Any]) -> dict[str, Any]:
    """What a prescription message is about, even when it is ill-formed: `epu_id`, `patient`, `lines`."""
    inner = message.get("prescription")
    message = inner if isinstance(inner, dict) else message
    epu_id, patient, lines = message.get("epuId"), message.get("patient"), message.get("lines")
    ins = patient.get("ins") if isinstance(patient, dict) else None
    value = ins.get("value") if isinstance(ins, dict) else None
    return {
        "epu_id": epu_id[:64] if isinstance(epu_id, str) else "",
        "patient": value[:40] if isinstance(value, str) else "",
        "lines": len(lines) if isinstance(lines, list) else 0,
    }


def of(item: Stored) -> dict[str, Any]:
    """The facts of a prescription of the base."""
    made: dict[str, Any] = {"epu_id": item.epu_id, "patient": item.patient, "lines": len(item.body["lines"])}
    return made | ({"replaces": item.replaces} if item.replaces else {})
