"""The patient's DMP: its state, feeding it, searching it, opening a document."""

import base64
import hashlib
from dataclasses import replace

from schemas import cda, valuesets, xds
from schemas.actions import ORGANISATION
from schemas.habilitations import ADD, REMOVE, TREATING, SetAuthorization
from schemas.hl7v3 import Answer
from schemas.xds import names
from schemas.xds.query import LEAF_CLASS, coded

from ..accounts import author_for
from ..feeding import feed, replaced_entry, require_ins, require_open
from ..masking import chosen_flags
from ..outcome import Call, Data, Refused
from ..services.dmp_call import FEEDING, READING, Access
from ..software import Software

STATUSES = {
    "approved": names.APPROVED,
    "deprecated": names.DEPRECATED,
    "archived": names.ARCHIVED,
    "deleted": names.DELETED,
}
ASKED = {
    "add": SetAuthorization(ADD),
    "remove": SetAuthorization(REMOVE),
    "stop_treating": SetAuthorization(REMOVE, TREATING),
}
NO_ACCESS = {
    "INTERDIT": "Le patient a bloqué votre accès à son DMP.",
    "EXPIRE": "Votre autorisation d'accès à ce DMP a expiré.",
    "NON_EXISTE": "Vous n'avez pas d'autorisation d'accès à ce DMP.",
}


def status(lps: Software, call: Call) -> Data:
    """Does the DMP exist, is it open, may this professional read it (TD0.2)."""
    ins = require_ins(lps, lps.store.patient(call.given["patient_id"]))
    answer = lps.dmp(call).status(ins, _access(call, FEEDING))
    return {
        "exists": answer.found,
        "active": answer.active,
        "authorisation": answer.authorisation or None,
    }


def authorise(lps: Software, call: Call) -> Data:
    """Add or remove the user's authorisation (TD0.3), once the patient agreed; then what the DMP says."""
    given, account = call.given, call.account
    lps.psc.access_token(account.user)  # an authorisation belongs to a person known by Pro Santé Connect
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
    entry_uuid = replaced_entry(lps, call, ins, replaced_id) if replaced_id else None
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
    return {"unique_id": document.unique_id, "entry_uuid": None, "type_code": document.type_code}


def search(lps: Software, call: Call) -> Data:
    """List the documents (TD0.2 in the user's name, then TD3.1)."""
    given, account = call.given, call.account
    lps.psc.access_token(account.user)  # reading asks for a person known by Pro Santé Connect
    ins = require_ins(lps, lps.store.patient(given["patient_id"]))
    client, access = lps.dmp(call), _access(call, READING)
    answer = client.status(ins, access)
    if not lps.behaviour.may_consult(answer):
        raise Refused(_why_not(answer))
    filters = given.get("filters", {})
    status_urn = STATUSES.get(filters.get("status", "approved").lower(), filters.get("status", ""))
    wanted = {"TypeCode": [_coded_type(filters["type_code"])]} if filters.get("type_code") else {}
    query = xds.find_documents(ins.cx(), [status_urn], return_type=LEAF_CLASS, **wanted)
    response = client.search(query, ins, access)
    if response.errors:
        whole = response.status == names.SUCCESS  # a warning takes nothing away
        told = "Le DMP signale" if whole else "Le DMP n'a rendu qu'une partie de la liste"
        call.warn(f"{told} : {response.errors[0].context}")
    for entry in response.entries:
        key = (given["patient_id"], entry.unique_id)
        lps.store.listed[key] = (entry.id, entry.repository_unique_id)
    return {
        "documents": [
            {
                "unique_id": entry.unique_id,
                "entry_uuid": entry.id,
                "title": entry.title,
                "type_code": entry.type_code.code if entry.type_code else "",
                "creation_time": entry.creation_time,
            }
            for entry in response.entries
            if not entry.is_signature
        ]
    }


def retrieve(lps: Software, call: Call) -> Data:
    """Open a document of the list (TD3.2)."""
    given, account = call.given, call.account
    lps.psc.access_token(account.user)
    ins = require_ins(lps, lps.store.patient(given["patient_id"]))
    _, repository = lps.store.listed.get((given["patient_id"], given["unique_id"]), ("", ""))
    found = lps.dmp(call).retrieve(given["unique_id"], repository, ins, _access(call, READING))
    return {
        "document_base64": base64.b64encode(found.content).decode(),
        "mime_type": found.mime_type,
        "sha256": hashlib.sha256(found.content).hexdigest(),
    }


def _access(call: Call, usual: Access) -> Access:
    """How the user chose to come to the record; `usual` when they chose nothing."""
    chosen = call.given.get("access")
    if not chosen:
        return usual
    return Access(
        purpose=chosen.get("mode", "normal"),
        reason=chosen.get("reason", ""),
        secret=bool(chosen.get("secret")),
    )


def _why_not(answer: Answer) -> str:
    if not answer.found:
        return "Ce patient n'a pas de DMP."
    if not answer.active:
        return "Le DMP de ce patient est fermé."
    return NO_ACCESS.get(answer.authorisation, "Le DMP ne vous autorise pas à consulter ce dossier.")


def _coded_type(code: str) -> str:
    found = valuesets.type_of(code)
    return coded(code, found.system if found else names.LOINC)
