"""One patient, from the login to the laboratory report: every service in turn."""

import base64

from conformance.engine.bench import MEDECIN, PHARMACIEN, Bench
from conformance.engine.scenario import scenario
from conformance.scenarios.cnam.test_prescribe import (
    AMOXICILLINE,
    PARACETAMOL,
    codes_on,
    dispense_all,
    prescribe,
)
from schemas.finding import RuleSet

RULES: RuleSet[None] = RuleSet("scenarios.journey")
STEP = RULES.declare("SCN-PARCOURS-ETAPE", requirements=["BEN-SSI-05"])


@scenario(
    "PARCOURS-01",
    theme="PARCOURS",
    proves=[
        "SC.PSC.01",
        "INS/va1.34",
        "BEN-EP-01",
        "SC.ORDN/CONF.04",
        "SC.MSS/UX.32",
        "BEN-EP-13",
        "BEN-EP-20",
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
    created = bench.expect("epu", "EPU.create", patient=patient.matricule)
    fed = bench.expect("dmp", "TD2.1", patient=patient.matricule)
    mailed = bench.expect("mssante", "SMTP.message", accepted_recipients=patient.patient.ins.mail)
    for exchange in (created, fed, mailed):
        bench.check(STEP, exchange.accepted, where=exchange.id, observed=exchange.facts.get("reason", ""))

    bench.login(PHARMACIEN)
    printed = [code for code in codes_on(data["pdf_base64"]) if not code.startswith("IS01")]
    bench.check(STEP, printed == [data["epu_id"]], where="PDF", observed=printed, expected=data["epu_id"])
    dispense_all(bench, printed[0])
    seen = bench.do("prescription.execution", prescription_id=data["prescription_id"]).data
    bench.check(STEP, seen["status"] == "EXECUTEE", observed=seen["status"], expected="EXECUTEE")

    deposited = bench.world.deposit_report(patient.patient)
    sent = bench.world.send_report(patient.patient)
    messages = bench.do("mail.fetch").data["messages"]
    filed = [
        document["unique_id"]
        for message in messages
        if message["message_id"] == sent["message_id"]
        for document in message["documents"]
        if document["integrated"]
    ]
    bench.check(STEP, filed == [sent["unique_id"]], observed=filed, expected=sent["unique_id"])
    listed = [
        item["unique_id"] for item in bench.do("document.search", patient_id=patient.id).data["documents"]
    ]
    bench.check(STEP, deposited in listed, where="TD3.1", observed=listed, expected=deposited)
    opened = bench.do("document.retrieve", patient_id=patient.id, unique_id=deposited).data
    content = base64.b64decode(opened["document_base64"])
    bench.check(STEP, content.lstrip().startswith(b"<"), where="TD3.2", observed=content[:40], expected="CDA")
