"""An INS leaves the software only when the identity is qualified."""

from typing import Any

import pytest

from conformance.engine.bench import Bench
from conformance.engine.outcomes import NonTestable
from conformance.engine.scenario import scenario
from conformance.scenarios.cnam.acts import PARACETAMOL
from conformance.scenarios.leaks import OUTGOING, carries
from schemas.finding import RuleSet
from schemas.messages import text
from simulators.core.identities import CORRESPONDANT

RULES: RuleSet[None] = RuleSet("scenarios.ins.diffusion")
NO_INS_LEAVES = RULES.declare("SCN-INS-FUITE", requirements=["INS/va1.53"], source="Guide INS, EXI ID 29")

ACTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "document.submit": ("dmp", "TD2.1", {"kind": "lettre"}),
    "mail.send": ("mssante", "SMTP.message", {"to": [CORRESPONDANT.mailbox], "kind": "lettre"}),
    "prescription.create": ("epu", "EPU.create", {"lines": [PARACETAMOL]}),
}


@scenario(
    "INS-07",
    theme="INS",
    proves=["INS/va1.53"],
    needs=[
        "patient.record",
        "identity.search",
        "session.login",
        "document.submit",
        "mail.send",
        "prescription.create",
    ],
)
@pytest.mark.parametrize("status", ["RECUPEREE", "VALIDEE", "PROVISOIRE"])
@pytest.mark.parametrize("act", list(ACTS))
def test_unqualified_ins_stays(bench: Bench, act: str, status: str) -> None:
    """The same act leaves with the INS of a qualified patient, and never with that of another."""
    service, transaction, arguments = ACTS[act]
    bench.login()
    witness = bench.patient("temoin")
    bench.do(act, patient_id=witness.id, **arguments)
    control = bench.expect(service, transaction)
    if not carries(control, witness.matricule):  # positive control: an INS that leaves is found
        raise NonTestable(text("outcome.not-understood", "fr", name="INS", place=control.id))

    patient = bench.patient("non-qualifie", status=status)
    mark = bench.mark()
    bench.ask(act, patient_id=patient.id, **arguments)
    bench.watch(since=mark)
    leaks = [
        place
        for name in OUTGOING
        for exchange in bench.seen(name, since=mark)
        if (place := carries(exchange, patient.matricule))
    ]
    bench.check(
        NO_INS_LEAVES, not leaks, where=", ".join(leaks), observed=patient.matricule, expected="aucun INS"
    )
