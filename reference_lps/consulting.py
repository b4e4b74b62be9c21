"""Coming to a patient's DMP to read it: who, by what way, with which right; and what is shown of a document.

In order: a session of Pro Santé Connect, the patient's choice, existence and right (TD0.2), the authorisation
that the patient agreed to (TD0.3). Sources: SEL-MP-037 (EX_0.3-1010, EX_0.1-1100), Ségur DMP/UX.08, UX.50.
"""

from schemas import xds
from schemas.habilitations import ADD, SetAuthorization
from schemas.hl7v3 import Answer
from schemas.ins import Ins
from schemas.xds import composite, names

from .feeding import require_ins
from .outcome import Call, Data, Refused
from .services.dmp_call import READING, Access
from .software import Software
from .state import Patient

NORMAL, GLASS, REGULATION = "normal", "bris_de_glace", "centre_15"
VALID = "VALIDE"
TO_AUTHORISE = ("NON_EXISTE", "EXPIRE")
WORDS = {
    names.APPROVED: "approved",
    names.DEPRECATED: "deprecated",
    names.ARCHIVED: "archived",
    names.DELETED: "deleted",
}
STATUSES = {word: status for status, word in WORDS.items()}
NO_ACCESS = {
    "INTERDIT": "Le patient a bloqué votre accès à son DMP.",
    "EXPIRE": "Votre autorisation d'accès à ce DMP a expiré. Enregistrez l'accord du patient.",
    "NON_EXISTE": "Vous n'avez pas d'autorisation d'accès à ce DMP. Enregistrez l'accord du patient.",
}


def access_of(lps: Software, call: Call, patient: Patient, usual: Access = READING) -> Access:
    """How the user chose to come to the record; `usual` when they chose nothing.

    Raises Refused: a bris de glace without a reason, a secret connection for somebody of age.
    """
    chosen, key = call.given.get("access") or {}, (call.account.user, patient.id)
    way, typed = chosen.get("mode", NORMAL), str(chosen.get("reason", "")).strip()
    if way == NORMAL and not lps.behaviour.way_forgotten:
        way, typed = lps.store.ways.get(key, (way, typed))
    reason = lps.behaviour.reason(typed)
    if way == GLASS and not reason:
        raise Refused("Un accès en bris de glace demande sa raison : rien n'a été envoyé.")
    minor = patient.is_minor(lps.clock.now().date())
    if chosen.get("secret") and not minor:
        raise Refused("La connexion secrète est réservée aux patients mineurs.")
    secret = lps.behaviour.secret(bool(chosen.get("secret")), minor)
    lps.store.ways[key] = way, reason
    if not chosen and way == NORMAL and not secret:
        return usual
    return Access(purpose=way, reason=reason if way == GLASS else "", secret=secret)


def require_session(lps: Software, call: Call) -> None:
    """Reading asks for a person known by Pro Santé Connect. Raises Refused."""
    if lps.behaviour.psc_required:
        lps.psc.access_token(call.account.user)


def require_choice(lps: Software, patient: Patient, access: Access) -> None:
    """Raises Refused when the patient opposed consultation. An emergency passes, and says so to the DMP."""
    said = patient.consent.consultation
    if said is False and access.purpose == NORMAL and lps.behaviour.opposition_blocks:
        raise Refused("Le patient s'oppose à la consultation de son DMP : rien n'a été demandé.")


def enter(lps: Software, call: Call, patient: Patient, access: Access, *, again: bool = True) -> Ins:
    """Come in, and give the INS. `again` False: a right checked before will do. Raises Refused."""
    require_session(lps, call)
    require_choice(lps, patient, access)
    ins = require_ins(lps, patient)
    if again or (call.account.user, patient.id, access.purpose) not in lps.store.entered:
        admit(lps, call, patient, ins, access, lps.dmp(call).status(ins, access))
    return ins


def admit(lps: Software, call: Call, patient: Patient, ins: Ins, access: Access, status: Answer) -> None:
    """What the DMP said lets the user read, once the authorisation is there. Raises Refused, Rejected."""
    normal, held = access.purpose == NORMAL, status.authorisation
    agreed = lps.behaviour.may_authorise(patient.consent.consultation)
    if normal and status.active and held in TO_AUTHORISE and agreed:
        asked = lps.behaviour.authorisation(SetAuthorization(ADD))
        lps.dmp(call).authorise(asked, ins, access)
        call.inform("Le patient ayant donné son accord, votre autorisation a été ajoutée à son DMP.")
    elif not (lps.behaviour.may_consult(status) if normal else status.active):
        raise Refused(_why_not(status))
    lps.store.entered.add((call.account.user, patient.id, access.purpose))


def complete(lps: Software, call: Call, *answers: xds.RegistryResponse | xds.QueryResponse) -> bool:
    """Tell what the DMP says beside what it gives; whether what it gave is to be shown.

    A warning takes nothing away: only another status than Success does.
    """
    errors = [error for one in answers for error in one.errors]
    whole = all(one.status == names.SUCCESS for one in answers)
    if errors and lps.behaviour.partial_told:
        told = "Le DMP signale" if whole else "Le DMP n'a rendu qu'une partie de la réponse"
        call.warn(f"{told} : {errors[0].context}")
    return whole or lps.behaviour.partial_shown


def shown(entry: xds.DocumentEntry) -> Data:
    """A document as the list shows it."""
    return {
        "unique_id": entry.unique_id,
        "entry_uuid": entry.id,
        "title": entry.title,
        "type_code": entry.type_code.code if entry.type_code else "",
        "class_code": entry.class_code.code if entry.class_code else "",
        "creation_time": entry.creation_time,
        "status": WORDS.get(entry.status, entry.status),
        "confidentiality": [code.code for code in entry.confidentiality],
    }


def by(entry: xds.DocumentEntry, id_nat: str) -> bool:
    """Whether this professional is an author of the document."""
    return any(composite.person_id(author.person) == id_nat for author in entry.authors)


def _why_not(answer: Answer) -> str:
    if not answer.found:
        return "Ce patient n'a pas de DMP."
    if not answer.active:
        return "Le DMP de ce patient est fermé."
    return NO_ACCESS.get(answer.authorisation, "Le DMP ne vous autorise pas à consulter ce dossier.")
