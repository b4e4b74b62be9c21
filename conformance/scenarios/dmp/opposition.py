"""DMP: the patient's opposition to feeding, as several scenarios need it."""

from conformance.engine.bench import Bench, Known
from schemas.finding import RuleSet

RULES: RuleSet[None] = RuleSet("scenarios.dmp.opposition")
KEPT = RULES.declare("SCN-DMP-OPPOSITION-TRACEE", requirements=["DMP/CONF.09"])


def oppose(bench: Bench, patient: Known) -> None:
    """The patient says no to the feeding of their DMP; the software keeps it."""
    kept = bench.do("patient.consent", patient_id=patient.id, feeding=False).data["feeding"]
    bench.check(KEPT, kept is False, where="patient.consent", observed=kept, expected=False)
