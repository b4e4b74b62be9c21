"""Feeding the DMP: validation, the past of the record, the queue, what others send."""

import base64
from datetime import datetime, time

from schemas import cda

from ..documents import PARIS, Making
from ..feeding import Outgoing, feed_lot, require_consent, require_ins, require_open
from ..masking import chosen_flags
from ..outcome import Call, Data, Failed, Refused
from ..sending import NOT_SENT, Pace, resend_queue, send, send_or_queue, state_of, why_kept
from ..software import Software
from ..state import Document, Order, Patient


def record(lps: Software, call: Call) -> Data:
    """File a document here, dated by its act. Nothing is sent."""
    given, patient = call.given, lps.store.patient(call.given["patient_id"])
    day = given.get("act_date")
    act = datetime.combine(datetime.fromisoformat(day), time(12), PARIS) if day else None
    how = Making(act_date=act, author_left=bool(given.get("author_left")), historical=True)
    made = lps.workshop.letter(
        patient,
        lps.behaviour.feed_ins(patient),
        call.account,
        given["kind"],
        title=given.get("title", ""),
        how=how,
    )
    return {"unique_id": lps.store.keep(made).unique_id}


def validate(lps: Software, call: Call) -> Data:
    """Validate a document: it leaves for the DMP by itself unless a rule keeps it here."""
    given, patient = call.given, lps.store.patient(call.given["patient_id"])
    flags = chosen_flags(lps, patient, tuple(given.get("confidentiality", ())))
    same = given.get("same_as")
    document = lps.store.document(same) if same else _validated(lps, call, patient)
    kept = why_kept(lps, document, dict(given))
    if kept:
        call.inform(kept)
        return {"unique_id": document.unique_id, "dmp": NOT_SENT}
    order = Order(
        document,
        call.account,
        flags,
        given.get("replaces") if lps.behaviour.completes else None,
        bool(given.get("secret")),
        call.dmp_mode,
    )
    return {"unique_id": document.unique_id, "dmp": send_or_queue(lps, call, order)}


def _validated(lps: Software, call: Call, patient: Patient) -> Document:
    given, behaviour = call.given, lps.behaviour
    replaced = given.get("replaces") if behaviour.completes else None
    usual = given.get("title") or cda.KINDS[given["kind"]][1]
    made = lps.workshop.letter(
        patient,
        behaviour.feed_ins(patient),
        call.account,
        given["kind"],
        title=f"{usual} (partiel)" if given.get("partial") else usual,
        replaces=lps.store.documents.get(replaced or "") if behaviour.same_set else None,
        replaced_id=replaced,
        how=Making(empty=bool(given.get("empty")), dressed=bool(given.get("stylesheet"))),
    )
    return lps.store.keep(made)


def feed(lps: Software, call: Call) -> Data:
    """Send the documents that the user chose in the record, each alone or all in one lot."""
    given, patient = call.given, lps.store.patient(call.given["patient_id"])
    held = [one.unique_id for one in lps.store.of_patient(patient.id)]
    chosen = [lps.store.document(id_) for id_ in lps.behaviour.chosen(given["unique_ids"], held)]
    require_consent(lps, patient)
    ins = require_ins(lps, patient)
    require_open(lps, call, ins)
    together = given.get("together") and lps.behaviour.one_lot
    fed: list[str] = []
    for lot in [chosen] if together else [[one] for one in chosen]:
        try:
            feed_lot(lps, call, [Outgoing(one) for one in lot], ins)
        except Failed as error:
            raise Failed(str(error), {"fed": fed}) from None
        fed += [one.unique_id for one in lot]
    return {"fed": fed}


def backlog(lps: Software, call: Call) -> Data:
    """Send by itself the documents of the past that never were, slowly (DMP/HISTO.06)."""
    pace, fed = Pace(lps.clock.wait, lps.behaviour.pause), []
    for patient in list(lps.store.patients.values()):
        chosen = [one for one in lps.store.of_patient(patient.id) if lps.behaviour.in_backlog(patient, one)]
        try:
            fed += _feed_past(lps, call, patient, chosen, pace) if chosen else []
        except (Refused, Failed) as error:
            call.warn(f"Documents anciens de {patient.name} : {error}")
    return {"fed": fed}


def _feed_past(lps: Software, call: Call, patient: Patient, chosen: list[Document], pace: Pace) -> list[str]:
    """Existence once, then one lot a document."""
    ins = require_ins(lps, patient)
    pace.next()
    require_open(lps, call, ins)
    for document in chosen:
        pace.next()
        feed_lot(lps, call, [Outgoing(document)], ins)
    return [document.unique_id for document in chosen]


def resend(lps: Software, call: Call) -> Data:
    """Let what waits leave."""
    sent, pending = resend_queue(lps, call)
    return {"sent": sent, "pending": pending}


def history(lps: Software, call: Call) -> Data:
    """Each document of the record, with its state in the DMP."""
    patient = lps.store.patient(call.given["patient_id"])
    return {
        "documents": [
            {
                "unique_id": one.unique_id,
                "title": one.title,
                "type_code": one.type_code,
                "dmp": state_of(lps, one),
            }
            for one in lps.store.of_patient(patient.id)
        ]
    }


def forward(lps: Software, call: Call) -> Data:
    """Send the CDA of another application, once it was found sound (EX_2.1-1090)."""
    given, patient = call.given, lps.store.patient(call.given["patient_id"])
    received = base64.b64decode(given["document_base64"])
    wrong = lps.behaviour.wrong_in(received)
    if wrong:
        return _stopped(lps, f"il n'est pas conforme ({', '.join(dict.fromkeys(wrong))})")
    data = lps.behaviour.forwarded(received)
    read = cda.read(data)
    if read.patient.ins is None or read.patient.ins != patient.ins:
        return _stopped(lps, "il n'est pas de ce patient")
    page = read.pdf or b""
    document = Document(
        read.unique_id, patient.id, read.type_code.code, read.title, data, page, read.set_id, read.version
    )
    send(lps, call, Order(lps.store.keep(document), call.account, replaces=read.replaces))
    return {"unique_id": document.unique_id}


def _stopped(lps: Software, why: str) -> Data:
    if lps.behaviour.stop_told:
        raise Refused(f"Le document reçu n'a pas été transmis au DMP : {why}.")
    return {"unique_id": ""}


def indicators(lps: Software, call: Call) -> Data:
    """The figures of a month."""
    wanted = call.given["month"]
    figures = lps.behaviour.figures([one for one in lps.store.fed if _month(one.at) == wanted])
    return {"fed": figures.fed, "history": figures.history, "by_type": figures.by_type}


def _month(at: datetime) -> str:
    return at.astimezone(PARIS).strftime("%Y-%m")
