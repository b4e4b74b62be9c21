"""What the patient said about their DMP: to be fed, to be read. Either may change at any time."""

from dataclasses import replace

from ..outcome import Call, Data
from ..software import Software
from ..state import Consent


def consent(lps: Software, call: Call) -> Data:
    """Record what is said now; what is not spoken of stays. Null: the patient takes their word back."""
    given, patient = call.given, lps.store.patient(call.given["patient_id"])
    before = patient.consent
    after = Consent(
        feeding=given.get("feeding", before.feeding),
        consultation=given.get("consultation", before.consultation),
    )
    kept = lps.behaviour.choice(before, after)
    lps.store.patients[patient.id] = replace(patient, consent=kept)
    lps.store.entered = {one for one in lps.store.entered if one[1] != patient.id}
    return {"feeding": kept.feeding, "consultation": kept.consultation}
