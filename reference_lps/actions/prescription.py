"""Prescribing: one act of the user for the national base, the DMP, the paper and the patient's mail."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace

from schemas import cda
from schemas.ins import Ins
from schemas.prescription import new_epu_id

from ..documents import prescription_lines
from ..feeding import feed, require_open
from ..mailing import send_document
from ..outcome import Call, Data, Failed, Refused
from ..services.epu import Rejected, prescription_content
from ..services.http import LostAnswer, Unavailable
from ..software import Software
from ..state import Document, Patient, Prescription

DOUBT = "INCERTAINE"
Lines = tuple[cda.PrescriptionLine, ...]


def create(lps: Software, call: Call) -> Data:
    """Validate a prescription. Source: CSP L4071-1 to L4071-5, R4073-2 (degraded mode)."""
    given = call.given
    patient = lps.store.patient(given["patient_id"])
    lps.psc.access_token(call.account.user)
    lines = prescription_lines(given["lines"], lps.chance)
    types = tuple(given.get("types", ()))
    ins = lps.behaviour.feed_ins(patient)
    id_ = f"O{len(lps.store.prescriptions) + 1:05d}"
    if ins is None:
        call.warn(
            f"L'identité de {patient.name} n'est pas qualifiée ({patient.status}) : ordonnance papier seule, "
            "rien n'est transmis."
        )
        return _finish(lps, call, _paper(lps, call, patient, None, lines, types, id_), None)
    if given.get("hospital_internal") and lps.behaviour.hospital_stays_inside:
        call.inform(
            "Prescription exécutée dans l'établissement : elle n'est pas transmise à la base nationale."
        )
        return _finish(lps, call, _paper(lps, call, patient, ins, lines, types, id_), ins)
    return _record(lps, call, patient, ins, lines, types, id_)


def _record(
    lps: Software, call: Call, patient: Patient, ins: Ins, lines: Lines, types: tuple[str, ...], id_: str
) -> Data:
    """The nominal way: a number made here, the base told, then everything that carries the number."""
    epu_id = new_epu_id(lps.chance.random)
    made = _make(lps, call, patient, ins, lines, types, id_, epu_id)
    try:
        answer = lps.epu(call.account.pair).create(call.account, made.content)
    except LostAnswer as error:
        lps.store.prescriptions[id_] = made
        raise Failed(
            f"{error} L'ordonnance est peut-être enregistrée : levez le doute avant de l'imprimer ou d'en "
            "refaire une.",
            {"prescription_id": id_, "epu_id": None},
        ) from None
    except Unavailable as error:
        call.warn(
            f"{error} Ordonnance papier, sans numéro ni code 2D ; elle ne sera pas transmise plus tard."
        )
        _resend_in_silence(lps, call, made)
        code = epu_id if lps.behaviour.degraded_code else None
        return _finish(lps, call, _paper(lps, call, patient, ins, lines, types, id_, code), ins)
    return _finish(lps, call, replace(made, epu_id=epu_id, status=str(answer.content.get("status", ""))), ins)


def retry(lps: Software, call: Call) -> Data:
    """Clear a doubt: ask the base for that very number; if it never got it, send the same content once."""
    held = lps.store.prescription(call.given["prescription_id"])
    if held.status != DOUBT:
        return {"epu_id": held.epu_id, "status": held.status}
    client, account = lps.epu(call.account.pair), call.account
    epu_id = str(held.epu_id)
    if not lps.behaviour.same_number_on_retry:
        fresh = new_epu_id(lps.chance.random)
        held = replace(held, epu_id=fresh, content=held.content.replace(epu_id.encode(), fresh.encode()))
        answer = client.create(account, held.content)
    else:
        try:
            answer = client.read(account, epu_id)
        except Rejected as error:
            if error.status != 404:
                raise
            answer = client.create(account, held.content)
    settled = replace(held, status=told(answer.content)["status"])
    patient = lps.store.patient(held.patient_id)
    _finish(lps, call, settled, lps.behaviour.feed_ins(patient), wishes=held.options)
    return {"epu_id": settled.epu_id, "status": settled.status}


def cancel(lps: Software, call: Call) -> Data:
    """Cancel a prescription in the base."""
    held = lps.store.prescription(call.given["prescription_id"])
    if held.epu_id is None or held.status == DOUBT:
        raise Refused("Cette ordonnance n'est pas dans la base nationale : rien à y annuler.")
    answer = lps.epu(call.account.pair).cancel(call.account, held.epu_id, call.given["reason"])
    status = str(answer.content.get("status", ""))
    lps.store.prescriptions[held.id] = replace(held, status=status)
    return {"status": status}


def execution(lps: Software, call: Call) -> Data:
    """What the pharmacies did."""
    held = lps.store.prescription(call.given["prescription_id"])
    if held.epu_id is None or held.status == DOUBT:
        raise Refused("Cette ordonnance n'est pas dans la base nationale : son exécution n'y est pas suivie.")
    try:
        answer = lps.epu(call.account.pair).execution(call.account, held.epu_id)
    except Rejected as error:
        if error.code.endswith("1006"):
            raise Refused(
                "Le patient s'oppose à ce que le prescripteur consulte l'exécution. Ce n'est pas une panne."
            ) from None
        raise
    return told(answer.content)


def told(content: Data) -> Data:
    """Status and lines of an answer of the base (a state, or a prescription and its state)."""
    state = content.get("state", content)
    known = {line.get("lineId"): line for line in content.get("prescription", {}).get("lines", ())}
    return {
        "status": str(state.get("status", "")),
        "lines": [_line(line, known.get(line.get("lineId"))) for line in state.get("lines", ())],
    }


def _line(state: Data, written: Data | None) -> Data:
    shown: Data = {"line_id": str(state.get("lineId", "")), "status": str(state.get("status", ""))}
    if written is not None:
        shown["label"] = written["product"]["label"]
        shown["quantity"] = state.get("remainingQuantity", written["quantity"]["value"])
        shown["substitution_allowed"] = bool(written.get("substitution", {}).get("allowed", True))
    return shown


# -- making --------------------------------------------------------------------------------------------


def _make(
    lps: Software,
    call: Call,
    patient: Patient,
    ins: Ins,
    lines: Lines,
    types: tuple[str, ...],
    id_: str,
    epu_id: str,
) -> Prescription:
    """A prescription with its number and what the base will be told, not sent yet."""
    document = lps.workshop.prescription(patient, ins, call.account, lines, types=types, epu_id=epu_id)
    content = prescription_content(
        lps.environment,
        call.account,
        patient,
        document,
        lines,
        epu_id=epu_id,
        types=types,
        digest=hashlib.sha256(document.data).hexdigest(),
    )
    return Prescription(id_, patient.id, document, epu_id, DOUBT, content, _wishes(call))


def _paper(
    lps: Software,
    call: Call,
    patient: Patient,
    ins: Ins | None,
    lines: Lines,
    types: tuple[str, ...],
    id_: str,
    printed_code: str | None = None,
) -> Prescription:
    """A prescription without number."""
    document = lps.workshop.prescription(
        patient, ins, call.account, lines, types=types, epu_id=None, printed_code=printed_code
    )
    return Prescription(id_, patient.id, document)


def _wishes(call: Call) -> tuple[str, ...]:
    asked = (("dmp", call.given.get("send_to_dmp", True)), ("patient", call.given.get("send_to_patient")))
    return tuple(name for name, wanted in asked if wanted)


def _finish(
    lps: Software,
    call: Call,
    made: Prescription,
    ins: Ins | None,
    *,
    wishes: tuple[str, ...] | None = None,
) -> Data:
    """Keep it, feed the DMP and write to the patient when wanted; neither failure undoes the prescription."""
    lps.store.prescriptions[made.id] = made
    document = lps.store.keep(made.document)
    wanted = _wishes(call) if wishes is None else wishes
    if ins is not None and "dmp" in wanted:
        _try(call, "Copie au DMP", lambda: _copy(lps, call, document, ins))
    if "patient" in wanted:
        patient = lps.store.patient(made.patient_id)
        _try(call, "Envoi au patient", lambda: send_document(lps, call, patient, document))
    return {
        "prescription_id": made.id,
        "epu_id": made.epu_id,
        "pdf_base64": base64.b64encode(document.pdf).decode(),
        "cda_base64": base64.b64encode(document.data).decode(),
    }


def _copy(lps: Software, call: Call, document: Document, ins: Ins) -> None:
    require_open(lps, call, ins)
    feed(lps, call, document, ins)


def _try(call: Call, what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except (Refused, Failed) as error:
        call.warn(f"{what} : {error}")


def _resend_in_silence(lps: Software, call: Call, made: Prescription) -> None:
    """What must not be done after an outage; only a seeded defect sets the interval."""
    if not lps.behaviour.silent_resend:
        return

    def again() -> bool:
        try:
            lps.epu(call.account.pair).create(call.account, made.content)
        except (Refused, Failed):
            return False
        return True

    lps.later(lps.behaviour.silent_resend, again)
