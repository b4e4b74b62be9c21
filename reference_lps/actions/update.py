"""Changing a document of the DMP: who sees it, archived or not, deleted (TD3.3).

The entry is read again in the DMP before each change, so that the change follows its current version. A
deletion only needs its reference, and no authorisation (EX_3.3-1060).
"""

from schemas import xds
from schemas.habilitations import ADD, SetAuthorization
from schemas.ins import Ins
from schemas.xds import names
from schemas.xds.query import LEAF_CLASS

from ..consulting import WORDS, require_session
from ..documents import CONTENT_TYPE
from ..feeding import SOURCE, entry_in_dmp, require_ins
from ..masking import check_flags
from ..outcome import Call, Data, Failed, Refused
from ..services.dmp_call import FEEDING, READING, Rejected
from ..software import Software
from ..state import Patient

DELETE, ARCHIVE, UNARCHIVE = "delete", "archive", "unarchive"
STATUSES = {DELETE: names.DELETED, ARCHIVE: names.ARCHIVED, UNARCHIVE: names.APPROVED}
LIFTED = {  # change: the flag that it takes away
    "unmask": names.MASQUE_PS,
    "show_patient": names.INVISIBLE_PATIENT,
    "show_representatives": names.INVISIBLE_REPRESENTANTS,
}
QUESTIONS = {
    "mask": "Masquer ce document aux professionnels de santé ?",
    "unmask": "Rendre ce document visible aux professionnels de santé ? Ils pourront l'avoir lu aussitôt.",
    "show_patient": "Rendre ce document visible au patient ? Ce choix est irréversible.",
    "show_representatives": "Rendre ce document visible aux représentants ? Ce choix est irréversible.",
    DELETE: "Supprimer ce document du DMP ? Ce choix est irréversible.",
    ARCHIVE: "Archiver ce document du DMP ?",
    UNARCHIVE: "Désarchiver ce document du DMP ?",
}
OUTDATED = frozenset({"XDSMetadataVersionError", "XDSMetadataUpdateError"})
NOT_OURS = "Ce document n'a pas été produit ici : seul son auteur peut le supprimer. Rien n'a été envoyé."


def update(lps: Software, call: Call) -> Data:
    """Make a change that the user confirmed; without confirmation, ask for it and send nothing."""
    given, behaviour = call.given, lps.behaviour
    patient = lps.store.patient(given["patient_id"])
    ins = require_ins(lps, patient)
    change = given["change"]
    if not given["confirmed"] and behaviour.confirmed_first(change):
        if not behaviour.confirmation_shown:
            return {"status": "approved"}
        raise Refused(f"{QUESTIONS[change]} Confirmez pour l'envoyer au DMP.")
    try:
        if change == DELETE:
            return _delete(lps, call, ins)
        return _change(lps, call, patient, ins, change)
    except Rejected as error:
        if not behaviour.refused_update_shown:
            return {"status": WORDS[STATUSES.get(change, names.APPROVED)]}
        if OUTDATED.isdisjoint(error.codes):
            raise
        raise Failed(f"Ce document a changé dans le DMP, relisez-le avant de recommencer. {error}") from None


def _delete(lps: Software, call: Call, ins: Ins) -> Data:
    unique_id = call.given["unique_id"]
    if unique_id not in lps.store.documents:
        if lps.behaviour.refuses_to_delete_others:
            raise Refused(NOT_OURS)
        return {"status": "deleted"}
    if lps.behaviour.authorises_to_delete:
        lps.dmp(call).authorise(SetAuthorization(ADD), ins, READING)
    if lps.behaviour.updated_in_dmp(DELETE):
        absent = "Ce document n'est pas, ou n'est plus, dans le DMP."
        entry_uuid = entry_in_dmp(lps, call, ins, unique_id, absent)
        before = names.ARCHIVED if unique_id in lps.store.archived else names.APPROVED
        message = _status(lps, call, entry_uuid, ins.cx(), before, names.DELETED)
        lps.dmp(call).update(lps.behaviour.update(message), ins, FEEDING)
    return {"status": lps.behaviour.status_shown("deleted")}


def _change(lps: Software, call: Call, patient: Patient, ins: Ins, change: str) -> Data:
    require_session(lps, call)
    client = lps.dmp(call)
    status = client.status(ins, READING)
    if not lps.behaviour.may_consult(status):
        raise Refused(f"Le DMP ne vous autorise pas à modifier ce document ({status.authorisation}).")
    query = xds.get_documents(unique_ids=[call.given["unique_id"]], return_type=LEAF_CLASS)
    entries = client.search(query, ins, READING).entries
    if not entries:
        raise Refused("Ce document n'est pas dans le DMP, ou ne vous est pas montré.")
    entry = entries[0]
    codes, after = entry.confidentiality, entry.status
    if change in STATUSES:
        after = STATUSES[change]
        message = _status(lps, call, entry.id, entry.patient_id, entry.status, after)
    else:
        codes = _codes(entry, change)
        flags = tuple(code.code for code in codes)
        if lps.behaviour.flags_checked:
            check_flags(flags, patient, lps.clock.now().date())
        message = xds.change_confidentiality(
            entry,
            codes,
            unique_id=lps.chance.oid(),
            source_id=SOURCE,
            author=xds.author_of(call.account.person()),
            content_type=CONTENT_TYPE,
            now=lps.clock.now(),
        )
    if lps.behaviour.updated_in_dmp(change):
        client.update(lps.behaviour.update(message), ins, READING)
    remembered = lps.store.archived.add if change == ARCHIVE else lps.store.archived.discard
    remembered(entry.unique_id)
    shown = lps.behaviour.status_shown(WORDS.get(after, "approved"))
    return {"status": shown, "confidentiality": [code.code for code in codes]}


def _codes(entry: xds.DocumentEntry, change: str) -> tuple[xds.Code, ...]:
    """The codes once the change is made. Raises Refused when it would change nothing."""
    held = {code.code for code in entry.confidentiality}
    lifted = LIFTED.get(change)
    if names.MASQUE_PS in held if lifted is None else lifted not in held:
        raise Refused("Ce document est déjà ainsi dans le DMP : rien n'a été envoyé.")
    if lifted is not None:
        return tuple(code for code in entry.confidentiality if code.code != lifted)
    display = names.CONFIDENTIALITY_DISPLAY[names.MASQUE_PS]
    return (*entry.confidentiality, xds.Code(names.MASQUE_PS, names.FRENCH_CONFIDENTIALITY, display))


def _status(
    lps: Software, call: Call, entry_uuid: str, patient_id: str, before: str, after: str
) -> xds.Submission:
    return xds.change_status(
        entry_uuid,
        before,
        after,
        unique_id=lps.chance.oid(),
        source_id=SOURCE,
        patient_id=patient_id,
        author=xds.author_of(call.account.person()),
        content_type=CONTENT_TYPE,
        now=lps.clock.now(),
    )
