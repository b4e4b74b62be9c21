"""E-prescription, the prescriber's side. Contract simulated: the Cnam interface is not public."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.engine.bench import PHARMACIEN, Bench
from conformance.engine.scenario import scenario
from conformance.scenarios.cnam.acts import AMOXICILLINE, LEVOTHYROX, PARACETAMOL, dispense_all, prescribe
from schemas import cda, pdf
from schemas.finding import Rule, RuleSet
from schemas.messages import text
from simulators.core.exchange import Exchange
from simulators.core.identities import MEDECIN

RULES: RuleSet[None] = RuleSet("scenarios.cnam.prescribe")
CREATED = RULES.declare("SCN-EP-CREATION", requirements=["BEN-EP-01"])
PRINTED = RULES.declare("SCN-EP-CODE-IMPRIME", requirements=["BEN-EP-02"])
DISTINCT = RULES.declare("SCN-EP-DEUX-CODES", requirements=["BEN-EP-03"])
COPY = RULES.declare("SCN-EP-COPIE-DMP", requirements=["SC.ORDN/CONF.04"], source="CSP L4071-5")
SAME = RULES.declare("SCN-EP-COPIE-IDENTIQUE", requirements=["SC.ORDN/CONF.04"])
DOWN_ID = RULES.declare("SCN-EP-PANNE-NUMERO", requirements=["BEN-EP-06"], source="CSP R4073-2")
DOWN_PRINT = RULES.declare("SCN-EP-PANNE-IMPRIME", requirements=["BEN-EP-06"])
DOWN_COPY = RULES.declare("SCN-EP-PANNE-COPIE", requirements=["BEN-EP-06"])
DOWN_TOLD = RULES.declare("SCN-EP-PANNE-DITE", requirements=["BEN-EP-06"])
DOWN_SILENT = RULES.declare("SCN-EP-PANNE-RENVOI", requirements=["BEN-EP-06"])
LOST = RULES.declare("SCN-EP-REPONSE-PERDUE", requirements=["BEN-EP-08"])
REJECTED = RULES.declare("SCN-EP-REJET-DIT", requirements=["BEN-EP-07"])
INTERNAL = RULES.declare("SCN-EP-INTRA-HOSPITALIER", requirements=["BEN-EP-05"], source="CSP L4071-4")
CANCELLED = RULES.declare("SCN-EP-ANNULATION", requirements=["BEN-EP-09"])
NOT_CANCELLED = RULES.declare("SCN-EP-ANNULATION-REFUSEE", requirements=["BEN-EP-10"])
EXECUTION = RULES.declare("SCN-EP-EXECUTION", requirements=["BEN-EP-20"])
OPPOSED = RULES.declare("SCN-EP-OPPOSITION", requirements=["BEN-EP-20"])
PRESCRIBER = RULES.declare("SCN-EP-PRESCRIPTEUR", requirements=["BEN-EP-21"])
TO_PATIENT = RULES.declare("SCN-EP-AU-PATIENT", requirements=["SC.MSS/UX.32"])

PRESCRIBE = ["patient.record", "identity.search", "session.login", "prescription.create"]

PRESCRIPTIONS = {
    "une-ligne": [PARACETAMOL],
    "deux-lignes": [PARACETAMOL, AMOXICILLINE],
    "ald-non-substituable": [LEVOTHYROX],
}


def codes_on(bench: Bench, rule: Rule, data: Mapping[str, Any]) -> list[str]:
    """Texts of the 2D codes on the printed prescription; the rule fails when it is no PDF."""
    page = bench.read(rule, "PDF", data["pdf_base64"], pdf.read_pdf)
    return [content for _, content in page.codes2d]


def copy_in(bench: Bench, rule: Rule, fed: Exchange, data: Mapping[str, Any]) -> cda.ClinicalDocument:
    """The CDA of a prescription; the rule fails when it is none, or not what was fed."""
    content = bench.read(rule, "cda_base64", data["cda_base64"], bytes)
    copy = hashlib.sha256(content).hexdigest()
    held = [document["sha256"] for document in fed.facts["documents"]]
    bench.check(rule, copy in held, where=fed.id, observed=held, expected=f"cda_base64, SHA-256 {copy}")
    return bench.read(rule, "CDA", data["cda_base64"], cda.read)


@scenario(
    "EP-01",
    theme="EP",
    proves=["BEN-EP-01", "BEN-EP-02", "BEN-EP-03", "BEN-EP-21", "SC.ORDN/CONF.04"],
    needs=PRESCRIBE,
)
@pytest.mark.parametrize("content", list(PRESCRIPTIONS))
def test_create(bench: Bench, content: str) -> None:
    """One act: the base holds the prescription, the paper carries its number, the DMP its copy."""
    bench.login()
    patient = bench.patient()
    data = prescribe(bench, patient.id, PRESCRIPTIONS[content])
    created = bench.expect("epu", "EPU.create", rule=CREATED, patient=patient.matricule)
    epu_id = created.facts["epu_id"]
    bench.check(CREATED, data["epu_id"] == epu_id, where=created.id, observed=data["epu_id"], expected=epu_id)
    user = created.facts.get("user")
    bench.check(PRESCRIBER, user == MEDECIN.id_nat, where=created.id, observed=user, expected=MEDECIN.id_nat)

    codes = codes_on(bench, PRINTED, data)
    bench.check(PRINTED, epu_id in codes, where="PDF", observed=codes, expected=epu_id)
    ins_codes = [code for code in codes if code.startswith("IS01")]
    bench.check(DISTINCT, bool(ins_codes), where="PDF", observed=codes, expected="datamatrix INS (IS01…)")

    fed = bench.expect("dmp", "TD2.1", rule=COPY, patient=patient.matricule)
    types = [document["type_code"] for document in fed.facts["documents"]]
    bench.check(COPY, fed.accepted and "57833-6" in types, where=fed.id, observed=types, expected="57833-6")
    document = copy_in(bench, SAME, fed, data)
    bench.check(SAME, document.epu_id == epu_id, where="CDA", observed=document.epu_id, expected=epu_id)


@scenario("EP-02", theme="EP", proves=["BEN-EP-06"], needs=PRESCRIBE)
@pytest.mark.parametrize("fault", ["unavailable", "server-error"])
def test_down(bench: Bench, fault: str) -> None:
    """Service down: printable without number or code, DMP copy without code, nothing sent again behind."""
    bench.login()
    witness = bench.patient("temoin")
    prescribe(bench, witness.id, [PARACETAMOL])
    control = bench.expect("epu", "EPU.create")

    patient = bench.patient("panne")
    bench.fault("epu", "EPU.*", fault, times=0)
    mark = bench.mark()
    answer = bench.do("prescription.create", patient_id=patient.id, lines=[PARACETAMOL])
    bench.expect("epu", "EPU.*", since=mark)  # it did try
    data = answer.data
    bench.check(DOWN_ID, data["epu_id"] is None, observed=data["epu_id"], expected="null")
    printed = [code for code in codes_on(bench, DOWN_PRINT, data) if not code.startswith("IS01")]
    bench.check(DOWN_PRINT, not printed, where="PDF", observed=printed, expected=text("observed.nothing"))
    bench.told(DOWN_TOLD, answer)

    fed = bench.expect("dmp", "TD2.1", rule=DOWN_COPY, patient=patient.matricule)
    copy = copy_in(bench, DOWN_COPY, fed, data)
    bench.check(DOWN_COPY, copy.epu_id is None, where=fed.id, observed=copy.epu_id, expected="null")
    coded = copy.code_image is not None
    bench.check(DOWN_COPY, not coded, where=fed.id, observed="2D", expected=text("observed.nothing"))

    bench.calm()  # the service is back
    mark = bench.mark()
    bench.none(DOWN_SILENT, "epu", "EPU.create", control=control, since=mark)


@scenario("EP-03", theme="EP", proves=["BEN-EP-08"], needs=[*PRESCRIBE, "prescription.retry"])
def test_lost_answer(bench: Bench) -> None:
    """Accepted, and the answer lost: the same id once more at most, with the same content."""
    bench.login()
    patient = bench.patient()
    bench.fault("epu", "EPU.create", "cut-after-commit", times=1)
    first = bench.ask("prescription.create", patient_id=patient.id, lines=[PARACETAMOL])
    created = bench.expect("epu", "EPU.create", patient=patient.matricule)
    bench.calm()
    if first.data.get("prescription_id"):
        bench.do("prescription.retry", prescription_id=first.data["prescription_id"])
    calls = bench.seen("epu", "EPU.create", patient=patient.matricule)
    ids = [call.facts["epu_id"] for call in calls]
    bench.check(
        LOST,
        set(ids) == {created.facts["epu_id"]} and len(ids) <= 2,
        where="EPU.create",
        observed=ids,
        expected=f"{created.facts['epu_id']} (2 au plus)",
    )
    refused = [call.id for call in calls if not call.accepted]
    bench.check(LOST, not refused, where=", ".join(refused), observed="2001", expected="même contenu")


@scenario("EP-04", theme="EP", proves=["BEN-EP-07"], needs=PRESCRIBE)
@pytest.mark.parametrize("code", ["SIM-EPU-2202", "SIM-EPU-2204", "SIM-EPU-1003"])
def test_rejected(bench: Bench, code: str) -> None:
    """A business refusal reaches the user in plain words."""
    bench.login()
    patient = bench.patient()
    bench.fault("epu", "EPU.create", "business-error", times=0, code=code)
    answer = bench.ask("prescription.create", patient_id=patient.id, lines=[PARACETAMOL])
    bench.expect("epu", "EPU.create")
    bench.told(REJECTED, answer)


@scenario("EP-05", theme="EP", proves=["BEN-EP-05"], needs=PRESCRIBE)
def test_hospital_internal(bench: Bench) -> None:
    """Prescribed and executed inside the hospital: not sent to the base."""
    bench.login()
    witness = bench.patient("temoin")
    prescribe(bench, witness.id, [PARACETAMOL])
    control = bench.expect("epu", "EPU.create")
    patient = bench.patient("interne")
    mark = bench.mark()
    prescribe(bench, patient.id, [PARACETAMOL], hospital_internal=True)
    bench.none(INTERNAL, "epu", "EPU.create", control=control, since=mark)


@scenario("EP-06", theme="EP", proves=["BEN-EP-09"], needs=[*PRESCRIBE, "prescription.cancel"])
def test_cancel(bench: Bench) -> None:
    """An undispensed prescription is cancelled, with its reason."""
    bench.login()
    patient = bench.patient()
    data = prescribe(bench, patient.id, [PARACETAMOL])
    bench.do("prescription.cancel", prescription_id=data["prescription_id"], reason="erreur de saisie")
    cancelled = bench.expect("epu", "EPU.cancel", rule=CANCELLED, epu_id=data["epu_id"])
    bench.check(
        CANCELLED,
        cancelled.accepted and cancelled.facts.get("status") == "ANNULEE",
        where=cancelled.id,
        observed=cancelled.facts.get("status"),
        expected="ANNULEE",
    )


@scenario(
    "EP-07",
    theme="EP",
    proves=["BEN-EP-10"],
    needs=[*PRESCRIBE, "prescription.cancel", "prescription.scan", "prescription.dispense"],
)
def test_cancel_dispensed(bench: Bench) -> None:
    """Already dispensed: the refusal to cancel is shown."""
    bench.login()
    bench.login(PHARMACIEN)
    patient = bench.patient()
    witness = prescribe(bench, patient.id, [PARACETAMOL])  # positive control: this one is cancelled
    bench.do("prescription.cancel", prescription_id=witness["prescription_id"], reason="erreur de saisie")
    bench.expect("epu", "EPU.cancel", epu_id=witness["epu_id"], outcome="accepted")
    data = prescribe(bench, patient.id, [PARACETAMOL])
    dispense_all(bench, data["epu_id"])
    answer = bench.ask("prescription.cancel", prescription_id=data["prescription_id"], reason="trop tard")
    bench.check(NOT_CANCELLED, not answer.done, observed=answer.outcome, expected="failed / refused")
    bench.told(NOT_CANCELLED, answer)


@scenario(
    "EP-08",
    theme="EP",
    proves=["BEN-EP-20"],
    needs=[*PRESCRIBE, "prescription.execution", "prescription.scan", "prescription.dispense"],
)
def test_execution(bench: Bench) -> None:
    """The prescriber sees what the pharmacy did."""
    bench.login()
    bench.login(PHARMACIEN)
    patient = bench.patient()
    data = prescribe(bench, patient.id, [PARACETAMOL])
    dispense_all(bench, data["epu_id"])
    seen = bench.do("prescription.execution", prescription_id=data["prescription_id"]).data
    bench.expect("epu", "EPU.execution", rule=EXECUTION, epu_id=data["epu_id"])
    bench.check(EXECUTION, seen["status"] == "EXECUTEE", observed=seen["status"], expected="EXECUTEE")


@scenario("EP-09", theme="EP", proves=["BEN-EP-20"], needs=[*PRESCRIBE, "prescription.execution"])
def test_opposition(bench: Bench) -> None:
    """The patient opposes it: the prescriber sees nothing, and is told that it is not a breakdown."""
    bench.login()
    patient = bench.patient(opposes_execution_view=True)
    data = prescribe(bench, patient.id, [PARACETAMOL])
    answer = bench.ask("prescription.execution", prescription_id=data["prescription_id"])
    bench.expect("epu", "EPU.execution", epu_id=data["epu_id"])
    bench.check(OPPOSED, not answer.done, observed=answer.outcome, expected="refused / failed")
    said = answer.told().lower()
    bench.check(OPPOSED, "oppos" in said, where="messages", observed=answer.told(), expected="opposition")


@scenario("EP-10", theme="EP", proves=["SC.MSS/UX.32"], needs=PRESCRIBE)
def test_to_patient(bench: Bench) -> None:
    """The patient wants it by secure mail: the prescription leaves for the patient's address."""
    bench.login()
    patient = bench.patient()
    prescribe(bench, patient.id, [PARACETAMOL], send_to_patient=True)
    address = patient.patient.ins.mail
    sent = bench.expect("mssante", "SMTP.message", rule=TO_PATIENT, accepted_recipients=address)
    codes = sent.facts["codes"]
    bench.check(TO_PATIENT, "57833-6" in codes, where=sent.id, observed=codes, expected="57833-6")
