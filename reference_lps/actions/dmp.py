"""The patient's DMP: its state, feeding it, searching it, opening a document."""

import base64
import hashlib
from dataclasses import replace

from schemas import cda
from schemas.actions import ORGANISATION
from schemas.habilitations import ADD, REMOVE, TREATING, SetAuthorization

from ..accounts import author_for
from ..consulting import NORMAL, access_of, enter, require_session, shown
from ..feeding import entry_in_dmp, feed, require_ins, require_open
from ..masking import chosen_flags
from ..outcome import Call, Data
from ..searching import look
from ..services.dmp_call import FEEDING, READING, Rejected
from ..software import Software
from .reading import check_readable, fetch, preloaded

ASKED = {
    "add": SetAuthorization(ADD),
    "remove": SetAuthorization(REMOVE),
    "stop_treating": SetAuthorization(REMOVE, TREATING),
}


def status(lps: Software, call: Call) -> Data:
    """Does the DMP exist, is it open, may this professional read it (TD0.2)."""
    patient = lps.store.patient(call.given["patient_id"])
    ins = require_ins(lps, patient)
    answer = lps.dmp(call).status(ins, access_of(lps, call, patient, FEEDING))
    return {
        "exists": answer.found,
        "active": answer.active,
        "authorisation": answer.authorisation or None,
    }


def authorise(lps: Software, call: Call) -> Data:
    """Add or remove the user's authorisation (TD0.3), once the patient agreed; then what the DMP says."""
    given = call.given
    require_session(lps, call)  # an authorisation belongs to a person known by Pro Santé Connect
    ins = require_ins(lps, lps.store.patient(given["patient_id"]))
    client = lps.dmp(call)
    asked = ASKED[given["change"]]
    client.authorise(lps.behaviour.authorisation(asked), ins, READING)
    return {"authorisation": client.status(ins, READING).authorisation}


def submit(lps: Software, call: Call) -> Data:
    """Make a document and feed the DMP with it."""
    given, author = call.given, author_for(call.account)
    if not lps.behaviour.feeds_by_card(call.account.profession):
        call = replace(call, dmp_mode=ORGANISATION)
    patient = lps.store.patient(given["patient_id"])
    ins = require_ins(lps, patient)
    flags = chosen_flags(lps, patient, tuple(given.get("confidentiality", ())))
    require_open(lps, call, ins)
    replaced_id = given.get("replaces")
    if not lps.behaviour.replaces(cda.KINDS[given["kind"]][0]):
        replaced_id = None
    entry_uuid = entry_in_dmp(lps, call, ins, replaced_id) if replaced_id else None
    document = lps.store.keep(
        lps.workshop.letter(
            patient,
            ins,
            author,
            given["kind"],
            title=given.get("title", ""),
            replaces=lps.store.documents.get(replaced_id or ""),
            replaced_id=replaced_id,
        )
    )
    secret = bool(given.get("secret"))
    feed(lps, call, document, ins, flags=flags, replaces=entry_uuid, secret=secret)
    if lps.behaviour.searches_after_feed:
        look(lps, call, patient, ins, READING, {})
    return {"unique_id": document.unique_id, "entry_uuid": None, "type_code": document.type_code}


def search(lps: Software, call: Call) -> Data:
    """List the documents (TD0.2 in the user's name, then TD3.1)."""
    patient = lps.store.patient(call.given["patient_id"])
    access = access_of(lps, call, patient)
    try:
        ins = enter(lps, call, patient, access)
        found = look(lps, call, patient, ins, access, call.given.get("filters", {}))
    except Rejected:
        if access.purpose != NORMAL and not lps.behaviour.denial_told:
            return {"documents": []}
        raise
    return {"documents": [shown(entry) for entry in found]}


def retrieve(lps: Software, call: Call) -> Data:
    """Open a document of the list: as preloaded, or from the DMP (TD3.2)."""
    patient, unique_id = lps.store.patient(call.given["patient_id"]), call.given["unique_id"]
    access = access_of(lps, call, patient)
    ins = enter(lps, call, patient, access, again=False)
    kept = preloaded(lps, patient, unique_id)
    if kept is not None:
        content, mime_type = kept.content, kept.mime_type
    else:
        [one] = fetch(lps, call, patient, ins, access, [unique_id])
        content, mime_type = one.content, one.mime_type
    check_readable(lps, call, content, mime_type)
    return {
        "document_base64": base64.b64encode(content).decode(),
        "mime_type": mime_type,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
