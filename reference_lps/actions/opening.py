"""Opening a file: what the DMP says shows without any other gesture (Ségur DMP/UX.12, UX.14, UX.15)."""

from ..consulting import access_of, admit, by, require_choice, shown
from ..feeding import require_ins
from ..outcome import Call, Data, Refused
from ..searching import look
from ..services.dmp_call import FEEDING, READING
from ..software import Software


def open_file(lps: Software, call: Call) -> Data:
    """Existence and right (TD0.2); the list (TD3.1) when this user may read it; what is new for them."""
    account, patient = call.account, lps.store.patient(call.given["patient_id"])
    known = not lps.behaviour.psc_required or lps.psc.session(account.user) is not None
    access = access_of(lps, call, patient, READING if known else FEEDING)
    ins = require_ins(lps, patient)
    status = lps.dmp(call).status(ins, access)
    told: Data = {
        "dmp": {
            "exists": status.found,
            "active": lps.behaviour.shown_open(status),
            "authorisation": status.authorisation or None,
        },
        "documents": [],
        "new_documents": [],
    }
    try:
        if not known:
            raise Refused("Connectez-vous avec Pro Santé Connect pour voir les documents de son DMP.")
        require_choice(lps, patient, access)
        admit(lps, call, patient, ins, access, status)
    except Refused as why:
        call.warn(str(why))
        return told
    entries = look(lps, call, patient, ins, access, {})
    visit = lps.behaviour.visit(account.user, patient.id)
    before = lps.store.visits.get(visit, frozenset())
    lps.store.visits[visit] = before | {one.unique_id for one in entries}
    new = [one for one in entries if one.unique_id not in before]
    if not lps.behaviour.own_are_new:
        new = [one for one in new if not by(one, account.id_nat)]
    told["documents"] = [shown(one) for one in entries]
    told["new_documents"] = [shown(one) for one in new]
    return told
