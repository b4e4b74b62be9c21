"""What the hospital's software sends to the integration platform (HL7 v2): stays and documents."""

import base64

from schemas import cda, hl7v2

from ..accounts import in_hospital
from ..feeding import require_ins
from ..interface import Sending, document_message, stay_message
from ..masking import chosen_flags
from ..outcome import Call, Data, Refused
from ..services.dmp_call import FEEDING
from ..software import Software
from ..state import Document


def export(lps: Software, call: Call) -> Data:
    """The message of an admission, of a discharge, or of a document with its flags."""
    given = call.given
    patient = lps.store.patient(given["patient_id"])
    ins = require_ins(lps, patient)
    account = in_hospital(call.account)
    sending = Sending(account, patient, ins, lps.clock.now(), lps.chance.oid())
    if given["event"] == "document":
        segments = _document(lps, call, sending)
    else:
        status = lps.dmp(call).status(ins, FEEDING)
        segments = stay_message(sending, status, admitted=given["event"] == "admission")
    message = lps.behaviour.message(hl7v2.write(lps.behaviour.segments(segments)))
    return {"message_base64": base64.b64encode(message).decode()}


def _document(lps: Software, call: Call, sending: Sending) -> list[list[str]]:
    given = call.given
    flags = chosen_flags(lps, sending.patient, tuple(given.get("confidentiality", ())))
    document = _held(lps, given.get("unique_id"), given.get("kind", "lettre"), sending)
    read = cda.read(document.data)
    if sending.account.structure not in [author.organisation_id for author in read.authors]:
        raise Refused("Ce document n'est pas de l'établissement : la plateforme ne pourrait pas le déposer.")
    kinds = [name for name, (code, _) in cda.KINDS.items() if code == document.type_code]
    chosen = given.get("to_dmp") if lps.behaviour.choice_kept else None
    to_dmp = lps.behaviour.automatic(kinds[0] if kinds else "") if chosen is None else bool(chosen)
    return document_message(sending, read, document.data, flags, to_dmp=to_dmp)


def _held(lps: Software, unique_id: str | None, kind: str, sending: Sending) -> Document:
    """The document to send: one of the local record, or one made now. Raises Refused."""
    if unique_id:
        return lps.store.document(unique_id)
    return lps.store.keep(lps.workshop.letter(sending.patient, sending.ins, sending.account, kind))
