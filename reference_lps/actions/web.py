"""The DMP's own pages: the contextual link that the user's browser opens (TD0.9, TD0.10)."""

from ..outcome import Call, Data, Failed, Refused
from ..software import Software


def link(lps: Software, call: Call) -> Data:
    """Give the address of a page about this patient. Every page of the contract is about one."""
    patient = lps.store.patient(call.given["patient_id"])
    ins = lps.behaviour.web_ins(patient, lps.store)
    if ins is None:
        told = f"L'identité de {patient.name} n'est pas qualifiée ({patient.status}) : pas d'accès à son DMP."
        raise Refused(told if lps.behaviour.web_refusal_told else "")
    base = lps.environment.dmp_web_url
    if not base:
        raise Failed("L'adresse du Web PS DMP n'est pas réglée : demandez-la à votre administrateur.")
    return {"url": lps.behaviour.web_address(base, call.given["page"], ins)}
