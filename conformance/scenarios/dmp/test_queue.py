"""DMP: what waits while the DMP is down, how it leaves afterwards, and what the user is shown."""

import pytest

from conformance.engine.bench import Bench
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet

from .sent import await_documents, feeds, ids_of, sent_as

RULES: RuleSet[None] = RuleSet("scenarios.dmp.queue")
WAIT_TOLD = RULES.declare("SCN-DMP-FILE-DIT", requirements=["BEN-DMP-03"])
SAME_ONCE = RULES.declare("SCN-DMP-FILE-REPRISE", requirements=["BEN-DMP-05"])
NOTHING_LOST = RULES.declare("SCN-DMP-FILE-PERTE", requirements=["BEN-DMP-05"])
IN_ORDER = RULES.declare("SCN-DMP-FILE-ORDRE", requirements=["BEN-DMP-05"])
STATE_SHOWN = RULES.declare("SCN-DMP-ETAT", requirements=["BEN-DMP-03"])

NEEDS = ["patient.record", "identity.search", "document.validate"]


@scenario(
    "DMP-FILE-01",
    theme="DMP",
    proves=["BEN-DMP-03", "BEN-DMP-05"],
    needs=[*NEEDS, "document.resend"],
)
@pytest.mark.parametrize("fault", ["unavailable", "malformed"])
def test_outage(bench: Bench, fault: str) -> None:
    """A lasting outage: the user is told; once it is over, each document arrives once, in order."""
    patient = bench.patient()
    start = bench.mark()
    bench.fault("dmp", "TD2.1", fault, times=0)
    first = bench.do("document.validate", patient_id=patient.id, kind="lettre")
    bench.expect("dmp", "TD2.1", since=start)
    bench.told(WAIT_TOLD, first)
    second = bench.do("document.validate", patient_id=patient.id, kind="lettre")
    bench.ask("document.resend")
    bench.calm()
    bench.do("document.resend")
    wanted = [one.data["unique_id"] for one in (first, second)]
    await_documents(bench, patient, 2, since=start)
    bench.watch(since=bench.mark())
    held = ids_of(feeds(bench, patient, since=start))
    same = set(held) <= set(wanted) and len(set(held)) == len(held)
    bench.check(SAME_ONCE, same, where="TD2.1", observed=held, expected=wanted)
    bench.check(NOTHING_LOST, set(held) == set(wanted), where="TD2.1", observed=held, expected=wanted)
    bench.check(IN_ORDER, held == wanted, where="TD2.1", observed=held, expected=wanted)


@scenario("DMP-FILE-02", theme="DMP", proves=["BEN-DMP-03"], needs=[*NEEDS, "document.history"])
def test_state_shown(bench: Bench) -> None:
    """One document accepted, one rejected: the software shows which is in the DMP."""
    patient = bench.patient()
    first = bench.do("document.validate", patient_id=patient.id, kind="lettre").data["unique_id"]
    bench.expect("dmp", "TD2.1", patient=patient.matricule)
    sent_as(feeds(bench, patient), first)  # it must be there: else nothing is shown here
    bench.fault("dmp", "TD2.1", "registry-error", times=0, code="XDSRepositoryError")
    mark = bench.mark()
    bench.ask("document.validate", patient_id=patient.id, kind="lettre")
    bench.expect("dmp", "TD2.1", since=mark, outcome="refused")
    rows = bench.do("document.history", patient_id=patient.id).data["documents"]
    shown = [row["unique_id"] for row in rows if row["dmp"] == "fed"]
    bench.check(STATE_SHOWN, shown == [first], where="document.history", observed=shown, expected=first)
