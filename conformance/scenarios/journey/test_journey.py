"""One patient, from the login to the laboratory report: every service in turn."""

from conformance.engine.bench import MEDECIN, PHARMACIEN, Bench
from conformance.engine.scenario import scenario
from conformance.scenarios.cnam.acts import AMOXICILLINE, PARACETAMOL, dispense_all, prescribe
from conformance.scenarios.cnam.test_dispense import READ
from conformance.scenarios.cnam.test_prescribe import (
    COPY,
    CREATED,
    EXECUTION,
    PRINTED,
    TO_PATIENT,
    codes_on,
)
from conformance.scenarios.dmp.test_read import LIST, retrieve
from conformance.scenarios.mssante.test_receive import check_filed, fetched


@scenario(
    "PARCOURS-01",
    theme="PARCOURS",
    proves=[
        "BEN-EP-01",
        "BEN-EP-02",
        "BEN-EP-13",
        "BEN-EP-20",
        "SC.ORDN/CONF.04",
        "SC.MSS/UX.32",
        "SC.MSS/CONF.06",
        "MSS/UX.07",
        "DMP/UX.14",
    ],
    needs=[
        "session.login",
        "patient.record",
        "identity.search",
        "prescription.create",
        "prescription.scan",
        "prescription.dispense",
        "prescription.execution",
        "mail.fetch",
        "document.search",
        "document.retrieve",
    ],
)
def test_whole_journey(bench: Bench) -> None:
    """Log in, find the INS, prescribe, feed, mail, dispense, follow up, receive the report."""
    bench.login(MEDECIN)
    patient = bench.patient()
    bench.expect("insi", "INSi.traits", code="00")

    data = prescribe(bench, patient.id, [PARACETAMOL, AMOXICILLINE], send_to_patient=True)
    bench.expect("epu", "EPU.create", rule=CREATED, patient=patient.matricule, outcome="accepted")
    bench.expect("dmp", "TD2.1", rule=COPY, patient=patient.matricule, outcome="accepted")
    address = patient.patient.ins.mail
    bench.expect("mssante", "SMTP.message", rule=TO_PATIENT, accepted_recipients=address)

    bench.login(PHARMACIEN)
    printed = [code for code in codes_on(bench, PRINTED, data) if not code.startswith("IS01")]
    bench.check(PRINTED, printed == [data["epu_id"]], where="PDF", observed=printed, expected=data["epu_id"])
    dispense_all(bench, printed[0])
    bench.expect("epu", "EPU.read", rule=READ, epu_id=data["epu_id"])
    seen = bench.do("prescription.execution", prescription_id=data["prescription_id"]).data
    bench.check(EXECUTION, seen["status"] == "EXECUTEE", observed=seen["status"], expected="EXECUTEE")

    deposited = bench.world.deposit_report(patient.patient)
    sent = bench.world.send_report(patient.patient)
    _, (message,) = fetched(bench, sent["message_id"])
    check_filed(bench, message, sent["unique_id"], patient)
    found = bench.do("document.search", patient_id=patient.id).data["documents"]
    listed = [item["unique_id"] for item in found]
    bench.check(LIST, deposited in listed, where="TD3.1", observed=listed, expected=deposited)
    retrieve(bench, patient, deposited)
