"""Documents of the DMP brought here (TD3.2): opened, integrated into the record, preloaded for a visit."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from schemas import cda, xds
from schemas.ins import Ins
from schemas.xml import XmlRefused

from ..consulting import access_of, complete, enter
from ..feeding import require_ins
from ..outcome import Call, Data, Failed
from ..searching import look
from ..services.dmp_call import Access
from ..software import Software
from ..state import Kept, Patient

KEPT_FOR = timedelta(days=3)  # a setting of the structure: the longest that a preloaded document is kept


def integrate(lps: Software, call: Call) -> Data:
    """Put the chosen documents into the local record."""
    patient = lps.store.patient(call.given["patient_id"])
    access = access_of(lps, call, patient)
    ins = enter(lps, call, patient, access, again=False)
    chosen = lps.behaviour.integrated(list(dict.fromkeys(call.given["unique_ids"])))
    done = []
    for one in fetch(lps, call, patient, ins, access, chosen):
        check_readable(lps, call, one.content, one.mime_type)
        lps.store.integrated[(patient.id, one.unique_id)] = one.content
        done.append({"unique_id": one.unique_id, "sha256": hashlib.sha256(one.content).hexdigest()})
    return {"documents": done}


def preload(lps: Software, call: Call) -> Data:
    """Fetch what the user will want when the patient comes: of these types, since that day."""
    given, patient = call.given, lps.store.patient(call.given["patient_id"])
    access = access_of(lps, call, patient)
    if lps.behaviour.preload_checks:
        ins = enter(lps, call, patient, access)
    else:
        ins = require_ins(lps, patient)
    since = {"created_from": given["since"]} if given.get("since") else {}
    asked = [{"type_code": code, **since} for code in given.get("type_codes", ())] or [since]
    found: dict[str, xds.DocumentEntry] = {}
    for criteria in asked:
        wanted = lps.behaviour.preload_criteria(criteria)
        found |= {one.unique_id: one for one in look(lps, call, patient, ins, access, wanted)}
    until = lps.clock.now() + KEPT_FOR
    came = fetch(lps, call, patient, ins, access, found) if found else ()
    for one in came:
        lps.store.preloaded[(patient.id, one.unique_id)] = Kept(one.content, one.mime_type, until)
    return {"unique_ids": [one.unique_id for one in came]}


def preloaded(lps: Software, patient: Patient, unique_id: str) -> Kept | None:
    """What was preloaded and is not too old; the rest is thrown away."""
    now, store = lps.clock.now(), lps.store
    store.preloaded = {key: one for key, one in store.preloaded.items() if now < one.until}
    return store.preloaded.get((patient.id, unique_id))


def fetch(
    lps: Software, call: Call, patient: Patient, ins: Ins, access: Access, unique_ids: Iterable[str]
) -> tuple[xds.Retrieved, ...]:
    """Documents of the DMP, in one request. Those that do not come are told. Raises Rejected, Failed."""
    wanted = {id_: lps.store.listed.get((patient.id, id_), ("", ""))[1] for id_ in unique_ids}
    came, said = lps.dmp(call).retrieve_all(wanted, ins, access)
    if not complete(lps, call, said):
        raise Failed("Les documents n'ont pas pu être obtenus.")
    return came


def check_readable(lps: Software, call: Call, content: bytes, mime_type: str) -> None:
    """A document that cannot be read is shown as it is, with a warning."""
    if "xml" not in mime_type:
        return
    try:
        cda.read(content)
    except (XmlRefused, cda.CdaRefused) as error:
        if not lps.behaviour.opens_unreadable:
            raise
        call.warn(f"Ce document du DMP n'est pas lisible comme un CDA ({error}) : il est montré tel quel.")
