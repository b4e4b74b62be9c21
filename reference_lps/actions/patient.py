"""The patient's file and its identity status. Sources: RNIV, Guide d'implémentation de l'INS."""

from dataclasses import replace

from schemas.ins import INS_OIDS, Ins, well_formed
from schemas.insi import Identity
from schemas.insi.names import FOUND, NOBODY, SEVERAL

from ..outcome import Call, Data, Failed, Refused
from ..software import Software
from ..state import Patient

SAID = {
    NOBODY: "INSi ne trouve aucune identité avec ces traits : vérifiez-les sur la pièce d'identité.",
    SEVERAL: "INSi trouve plusieurs identités avec ces traits : complétez lieu de naissance et prénoms.",
}


def record(lps: Software, call: Call) -> Data:
    """Open a file with the traits typed in."""
    traits = call.given["traits"]
    if not traits["given_names"].split() or not traits["birth_name"].strip():
        raise Refused("Le nom de naissance et au moins un prénom sont nécessaires.")
    patient = Patient(
        id=f"P{len(lps.store.patients) + 1:05d}",
        birth_name=traits["birth_name"].strip(),
        given_names=tuple(traits["given_names"].split()),
        sex=traits["sex"],
        birth_date=traits["birth_date"],
        birth_place=traits["birth_place"],
        document_checked=bool(call.given["document_checked"]),
        deceased=bool(call.given.get("deceased")),
    )
    lps.store.patients[patient.id] = patient
    return {"patient_id": patient.id, "identity_status": patient.status}


def search(lps: Software, call: Call) -> Data:
    """Ask INSi. The file changes only after an answer that was read whole and is consistent."""
    patient = lps.store.patient(call.given["patient_id"])
    found = lps.insi.search(patient, call.account)
    if found.code != FOUND or found.identity is None:
        call.warn(SAID.get(found.code, f"INSi a répondu {found.code} : {found.label}"))
        return _told(patient, found.code)
    patient = replace(patient, ins=_ins(found.identity))
    lps.store.patients[patient.id] = patient
    if not patient.document_checked:
        call.inform("INS récupérée. Vérifiez une pièce d'identité pour qualifier l'identité.")
    return _told(patient, found.code)


def _ins(identity: Identity) -> Ins:
    ins = Ins(identity.matricule, identity.oid)
    if ins.oid not in INS_OIDS or not well_formed(ins.matricule):
        raise Failed("INSi a rendu un matricule incohérent : l'identité n'a pas été modifiée.")
    return ins


def _told(patient: Patient, code: str) -> Data:
    ins = {"matricule": patient.ins.matricule, "oid": patient.ins.oid} if patient.ins else None
    return {"identity_status": patient.status, "ins": ins, "code": code}
