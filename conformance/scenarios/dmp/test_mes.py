"""DMP: the patient decides in Mon espace santé while the professional works."""

from conformance.engine.bench import Bench
from conformance.engine.scenario import scenario
from conformance.scenarios.dmp.test_feed import CLOSED, CLOSED_TOLD, FEED
from conformance.scenarios.dmp.test_read import DENIED, DENIED_TOLD, LIST, READ
from schemas.finding import RuleSet
from simulators.core.identities import MEDECIN as DOCTOR

RULES: RuleSet[None] = RuleSet("scenarios.dmp.mes")
GONE = RULES.declare("SCN-DMP-MES-LISTE", requirements=["DMP/UX.14"])


@scenario("DMP-MES-01", theme="DMP", proves=["BEN-DMP-11"], needs=READ)
def test_blocked_between_two_consultations(bench: Bench) -> None:
    """The record was open a moment ago; the patient has blocked the doctor since: no consultation."""
    bench.login()
    patient = bench.patient()
    bench.do("document.search", patient_id=patient.id)
    control = bench.expect("dmp", "TD3.1", patient=patient.matricule, outcome="accepted")
    bench.world.mes(patient.patient, "block", professional=DOCTOR.id_nat)
    mark = bench.mark()
    answer = bench.ask("document.search", patient_id=patient.id)
    bench.none(DENIED, "dmp", "TD3.*", control=control, since=mark, patient=patient.matricule)
    bench.told(DENIED_TOLD, answer)


@scenario("DMP-MES-02", theme="DMP", proves=["DMP/UX.14"], needs=READ)
def test_masked_between_two_lists(bench: Bench) -> None:
    """A report is in the list; the patient masks it: the list shown afterwards no longer has it."""
    bench.login()
    patient = bench.patient()
    unique_id = bench.world.deposit_report(patient.patient)
    found = bench.do("document.search", patient_id=patient.id).data["documents"]
    listed = [document["unique_id"] for document in found]
    bench.check(LIST, unique_id in listed, where="document.search", observed=listed, expected=unique_id)
    bench.world.mes(patient.patient, "mask", document=unique_id)
    mark = bench.mark()
    found = bench.do("document.search", patient_id=patient.id).data["documents"]
    search = bench.expect("dmp", "TD3.1", rule=GONE, since=mark, patient=patient.matricule)
    listed = [document["unique_id"] for document in found]
    bench.check(GONE, unique_id not in listed, where=search.id, observed=listed, expected=f"≠ {unique_id}")


@scenario("DMP-MES-03", theme="DMP", proves=["BEN-DMP-02"], needs=FEED)
def test_closed_between_two_documents(bench: Bench) -> None:
    """A letter was fed; the patient has closed the DMP since: the next one stays, and the user is told."""
    patient = bench.patient()
    bench.do("document.submit", patient_id=patient.id, kind="lettre")
    control = bench.expect("dmp", "TD2.1", patient=patient.matricule, outcome="accepted")
    bench.world.mes(patient.patient, "close", reason="[bench] choix du patient")
    mark = bench.mark()
    answer = bench.ask("document.submit", patient_id=patient.id, kind="lettre")
    bench.none(CLOSED, "dmp", "TD2.*", control=control, since=mark, patient=patient.matricule)
    bench.told(CLOSED_TOLD, answer)
