"""What the DMP says of rights and of the record itself, and the local traces of every call."""

from schemas.habilitations import ListByPatient, PatientList
from schemas.habilitations.model import BY_AUTHORISATION, BY_DOCUMENT

from ..consulting import REGULATION, require_session
from ..feeding import require_ins
from ..outcome import Call, Data, Failed, Refused
from ..searching import instant
from ..services.dmp_call import READING, Access
from ..software import Software

DATES = {"authorisation": BY_AUTHORISATION, "document": BY_DOCUMENT}
MODES = {"active": "ACTIVE", "blocked": "INTERDITE", "all": "TOUTE"}
STATES = {"ACTIVE": "VALIDE", "INTERDITE": "INTERDIT"}


def patients(lps: Software, call: Call) -> Data:
    """The DMPs on which the user is authorised, since a day (TD0.4)."""
    require_session(lps, call)
    asked = PatientList(instant(call.given["since"]), DATES[call.given["by"]])
    listed = lps.dmp(call).patients(asked, READING)
    return {
        "patients": [
            {
                "ins": one.identifiers[0].matricule,
                "oid": one.identifiers[0].oid,
                "birth_name": one.birth_name,
                "treating_doctor": one.treating,
            }
            for one in listed
            if one.identifiers
        ]
    }


def find(lps: Software, call: Call) -> Data:
    """A patient without INS, by a centre de régulation (TD0.5). What is found is to be checked by INSi."""
    require_session(lps, call)
    given = call.given
    if not given["birth_name"].strip():
        raise Refused("Le nom de naissance est nécessaire.")
    found = lps.dmp(call).find(
        given["birth_name"].strip().upper(),
        given.get("given_name", "").strip().upper(),
        given.get("sex", ""),
        given.get("birth_date", "").replace("-", ""),
        Access(purpose=REGULATION),
    )
    if found.total > len(found.matches):
        call.warn(f"{found.total} patients correspondent : précisez les traits.")
    return {
        "patients": [
            {
                "ins": one.patient.matricule,
                "oid": one.patient.oid,
                "birth_name": one.family,
                "score": one.score,
            }
            for one in found.matches
        ]
    }


def record(lps: Software, call: Call) -> Data:
    """Administrative data (TD1.3a). The identity shown stays that of the file: the DMP is no reference."""
    require_session(lps, call)
    patient = lps.store.patient(call.given["patient_id"])
    answer = lps.dmp(call).record(require_ins(lps, patient), READING)
    if not answer.found:
        raise Refused("Ce patient n'a pas de DMP.")
    if answer.closure is not None:
        raise Refused(f"Le DMP de ce patient est fermé ({answer.closure.text or answer.closure.motive}).")
    if answer.details is None:
        raise Failed("Le DMP n'a pas rendu les données administratives.")
    details = answer.details
    return {
        "birth_name": patient.birth_name,
        "mes_attached": answer.attached_to_mes,
        "opposes_glass": details.opposes_glass,
        "opposes_regulation": details.opposes_regulation,
        "representatives": [f"{one.given} {one.family} ({one.link})" for one in details.representatives],
    }


def professionals(lps: Software, call: Call) -> Data:
    """Who is authorised, who is blocked (TD1.6)."""
    require_session(lps, call)
    ins = require_ins(lps, lps.store.patient(call.given["patient_id"]))
    listed = lps.dmp(call).professionals(ListByPatient(MODES[call.given["which"]]), ins, READING)
    return {
        "professionals": [
            {"id": one.id, "family": one.family, "state": STATES.get(one.mode, one.mode)} for one in listed
        ]
    }


def traces(lps: Software, call: Call) -> Data:
    """What was kept of each call about this patient."""
    ins = lps.store.patient(call.given["patient_id"]).ins
    return {
        "traces": [
            {
                "at": one.at.isoformat(),
                "transaction": one.transaction,
                "message_id": one.message_id,
                "vihf_id": one.vihf_id,
                "user": one.user,
                "ins": one.ins,
                "mode": one.mode,
            }
            for one in lps.store.traces
            if ins is not None and one.ins == ins.matricule
        ]
    }
