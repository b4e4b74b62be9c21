"""The national base of e-prescriptions, through the bench's stand-in contract (not the Cnam interface).

A token of the base is obtained in exchange for the Pro Santé Connect token (RFC 8693) and used with the
structure's certificate.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas import cda

from ..accounts import NAME as SOFTWARE
from ..accounts import VERSION, Account
from ..clock import Chance, Clock
from ..environment import Environment
from ..outcome import Data, Failed
from ..state import Document, Patient
from .http import Channel, LostAnswer, Reply, Unavailable
from .psc import ProSanteConnect

NAME = "Le service d'ordonnance numérique"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
EARLY = timedelta(seconds=60)


class Rejected(Failed):
    """The base said no. `code` is its code, `status` the HTTP status."""

    def __init__(self, text: str, code: str, status: int) -> None:
        super().__init__(text)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer. `etag` is the version of the prescription."""

    content: Data
    etag: str


class EpuClient:
    """Calls under one structure's certificate."""

    def __init__(
        self, environment: Environment, pair: str, clock: Clock, chance: Chance, psc: ProSanteConnect
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._chance = chance
        self._psc = psc
        self._channel = Channel(NAME, environment.ca_bundle, environment.pair(f"{pair}-auth"))
        self._tokens: dict[str, Token] = {}

    def create(self, account: Account, content: bytes) -> Answer:
        """Record a prescription. Raises Rejected, Unavailable, LostAnswer."""
        return self._ask(account, "POST", "/prescriptions", content)

    def read(self, account: Account, epu_id: str) -> Answer:
        return self._ask(account, "GET", f"/prescriptions/{epu_id}")

    def lookup(self, account: Account, code: str) -> Answer:
        """Find a prescription by what was read in a 2D code that holds something else than a number."""
        return self._ask(account, "POST", "/prescriptions/lookup", _dumps({"qr": code}))

    def cancel(self, account: Account, epu_id: str, reason: str) -> Answer:
        body = {"reason": {"code": "PRESCRIBER_ERROR", "text": reason}, "replacedBy": None}
        return self._ask(account, "POST", f"/prescriptions/{epu_id}/cancel", _dumps(body))

    def execution(self, account: Account, epu_id: str) -> Answer:
        return self._ask(account, "GET", f"/prescriptions/{epu_id}/execution")

    def dispense(self, account: Account, epu_id: str, etag: str, content: Data) -> Answer:
        path = f"/prescriptions/{epu_id}/dispensations"
        return self._ask(account, "POST", path, _dumps(content), {"If-Match": etag})

    def forget(self, user: str) -> None:
        """The user logged out: their token goes."""
        self._tokens.pop(user, None)

    def _ask(
        self,
        account: Account,
        method: str,
        path: str,
        body: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call; a token that the base no longer wants is exchanged again, once."""
        try:
            return self._once(account, method, path, body, more)
        except Rejected as error:
            if error.status != 401:
                raise
        self.forget(account.user)
        return self._once(account, method, path, body, more)

    def _once(
        self,
        account: Account,
        method: str,
        path: str,
        body: bytes | None,
        more: Mapping[str, str] | None,
    ) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._token(account)}",
            "X-Software": f"{self._environment.idam};{SOFTWARE};{VERSION}",
            "Accept": "application/json",
            **(more or {}),
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        reply = self._channel.ask(method, f"{self._environment.epu_url}{path}", headers=headers, body=body)
        return _read(reply)

    def _token(self, account: Account) -> str:
        held = self._tokens.get(account.user)
        if held is not None and self._clock.now() < held.expires - EARLY:
            return held.value
        form = {
            "grant_type": EXCHANGE,
            "subject_token": self._psc.access_token(account.user),
            "subject_token_type": ACCESS_TOKEN,
            "scope": "epu",
            "client_id": self._environment.psc_client_id,
        }
        try:
            reply = self._channel.ask("POST", f"{self._environment.epu_url}/token", form=form)
        except LostAnswer as error:
            raise Unavailable(str(error)) from None  # nothing was prescribed yet
        found = _read(reply).content
        life = timedelta(seconds=float(found.get("expires_in", 3600)))
        token = Token(str(found.get("access_token", "")), self._clock.now() + life)
        self._tokens[account.user] = token
        return token.value

    def close(self) -> None:
        self._channel.close()


def _dumps(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _read(reply: Reply) -> Answer:
    try:
        content = json.loads(reply.body)
    except ValueError:
        content = None
    if reply.status >= 500:
        raise Unavailable(f"{NAME} est en panne (HTTP {reply.status}).")
    if reply.status >= 400:
        problem = content if isinstance(content, dict) else {}
        code = str(problem.get("code") or problem.get("error") or f"HTTP {reply.status}")
        said = str(problem.get("detail") or problem.get("title") or problem.get("error_description") or "")
        raise Rejected(f"{NAME} a refusé : {said or 'demande non acceptée'} ({code}).", code, reply.status)
    if not isinstance(content, dict) or "json" not in reply.content_type:
        raise LostAnswer(f"{NAME} : la réponse est illisible.")
    return Answer(content, reply.headers.get("ETag", ""))


def prescription_content(
    environment: Environment,
    account: Account,
    patient: Patient,
    document: Document,
    lines: tuple[cda.PrescriptionLine, ...],
    *,
    epu_id: str,
    types: tuple[str, ...],
    digest: str,
) -> bytes:
    """What the base is told of a prescription: the very values of its document."""
    read = cda.read(document.data)
    ins = read.patient.ins
    written = cda.parse_ts(read.effective_time)
    start, stop = cda.parse_ts(read.service_start), cda.parse_ts(read.service_stop)
    return _dumps(
        {
            "epuId": epu_id,
            "documentRef": {"cdaId": document.unique_id, "sha256": digest},
            "writtenAt": written.isoformat(timespec="seconds") if written else "",
            "validity": {
                "start": start.date().isoformat() if start else "",
                "end": stop.date().isoformat() if stop else None,
            },
            "types": list(types),
            "wishedExecutionDate": None,
            "software": {
                "idam": environment.idam,
                "name": f"urn:lps:{SOFTWARE}:{VERSION}",
                "version": VERSION,
            },
            "prescriber": {
                "rpps": account.id_nat,
                "name": f"{account.family} {account.given}",
                "profession": account.profession,
                "speciality": account.speciality,
                "structure": {"finessOrAm": account.structure, "name": account.structure_name},
                "replaced": None,
            },
            "patient": {
                "ins": {"value": ins.matricule, "oid": ins.oid} if ins else None,
                "birthName": patient.birth_name,
                "firstNames": " ".join(patient.given_names),
                "sex": patient.sex,
                "birthDate": patient.birth_date,
                "birthPlace": patient.birth_place,
            },
            "lines": [_line(line) for line in lines],
        }
    )


def _line(line: cda.PrescriptionLine) -> Data:
    product: Data = {"label": line.label}
    product.update({name: value for name, value in (("cis", line.cis), ("cip13", line.cip13)) if value})
    return {
        "lineId": line.line_id,
        "category": "MED",
        "product": product,
        "posologyText": line.posology,
        "quantity": {"value": line.quantity, "unit": {"system": "EDQM", "code": "30009000"}},
        "renewals": line.renewals,
        "substitution": {"allowed": line.substitution_allowed, "reason": line.substitution_reason or None},
        "ald": line.ald,
        "atmp": line.work_accident,
        "prevention": line.prevention,
        "notReimbursable": line.not_reimbursed,
        "offLabel": line.off_label,
    }
