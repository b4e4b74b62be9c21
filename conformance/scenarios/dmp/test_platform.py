"""DMP through the integration platform (PFI): the HL7 v2 messages of a hospital's or a laboratory's software.

What the software gives is judged as an artefact; the INS that it carries must be one that INSi gave.
"""

from typing import Any

import pytest

from conformance.engine.bench import Bench, Known
from conformance.engine.scenario import scenario
from schemas import cda, hl7v2
from schemas.finding import RuleSet
from schemas.hl7v2 import Transmission, identity, names, understand

STAYS = ["SC.DMP/ALI/PROG.10", "SC.DMP/ALI/PROG.11"]
FEED = ["DMP/va1.03", "DMP/va1.05"]
RULES: RuleSet[None] = RuleSet("scenarios.dmp.platform")
READABLE_STAY = RULES.declare("SCN-HL7-SEJOUR", requirements=STAYS, source="HL7 v2.5 §2")
READABLE = RULES.declare("SCN-HL7-DOCUMENT", requirements=FEED, source="HL7 v2.5 §2")
PATIENT = RULES.declare("SCN-HL7-PATIENT", requirements=STAYS, source="IHE PAM, extension française")
CONSENT = RULES.declare(
    "SCN-HL7-ZFA", requirements=["SC.DMP/ALI/PROG.10"], source="IHE PAM (ZFA : lecture du banc)"
)
ON_DEMAND = RULES.declare("SCN-HL7-DEMANDE", requirements=["DMP/va1.03"], source=hl7v2.VOLET)
BY_ITSELF = RULES.declare("SCN-HL7-AUTOMATIQUE", requirements=["DMP/va1.05"], source=hl7v2.VOLET)
MASKING = RULES.declare("SCN-HL7-MASQUAGE", requirements=["DMP/va1.04"], source=hl7v2.VOLET)

EXPORT = ["patient.record", "identity.search", "interface.export"]
CHOICES: dict[str, tuple[bool, tuple[str, ...]]] = {  # minor?, flags
    "masqué": (False, ("MASQUE_PS",)),
    "invisible": (False, ("INVISIBLE_PATIENT",)),
    "mineur": (True, ("INVISIBLE_REPRESENTANTS_LEGAUX",)),
    "sans choix": (False, ()),
}


def stay(bench: Bench, patient: Known, event: str) -> Transmission:
    """The message of an admission or of a discharge, read."""
    data = bench.do("interface.export", patient_id=patient.id, event=event).data
    return understand(bench.read(READABLE_STAY, "message_base64", data["message_base64"], hl7v2.read))


def document(bench: Bench, patient: Known, kind: str, **choices: Any) -> Transmission:
    """The message of a document, read and judged."""
    data = bench.do("interface.export", patient_id=patient.id, event="document", kind=kind, **choices).data
    one = understand(bench.read(READABLE, "message_base64", data["message_base64"], hl7v2.read))
    bench.judge(hl7v2.DOCUMENT, one)
    found, _ = identity(one.message)
    code = one.document.type_code.code if one.document else ""
    observed = [found.matricule if found else "", code]
    expected = [patient.matricule, cda.KINDS[kind][0]]
    bench.check(READABLE, observed == expected, where="PID-3, OBX-5", observed=observed, expected=expected)
    return one


def named(bench: Bench, one: Transmission, patient: Known) -> None:
    """The message names the patient as INSi does."""
    found, traits = identity(one.message)
    observed = {"ins": found.cx() if found else "", **traits}
    known = patient.patient
    expected = {
        "ins": known.ins.cx(),
        "birth_name": known.birth_name,
        "given": known.given,
        "birth_date": f"{known.birth_date:%Y%m%d}",
        "sex": known.sex,
    }
    bench.check(PATIENT, observed == expected, where="PID", observed=observed, expected=expected)


@scenario(
    "DMP-HL7-01",
    theme="DMP",
    proves=["SC.DMP/ALI/PROG.10"],
    needs=[*EXPORT, "dmp.status"],
    profile="hopital",
)
@pytest.mark.parametrize(
    ("dmp", "authorisation", "expected"),
    [("actif", "VALIDE", "ACTIF Y"), ("actif", "NON_EXISTE", "ACTIF N"), ("ferme", "", "FERME")],
    ids=["autorise", "non-autorise", "ferme"],
)
def test_admission(bench: Bench, dmp: str, authorisation: str, expected: str) -> None:
    """Admission (ADT^A01): the patient, and in ZFA the state of their DMP as TD0.2 just told it."""
    patient = bench.patient(dmp=dmp, **({"authorisation": authorisation} if authorisation else {}))
    bench.do("dmp.status", patient_id=patient.id)
    bench.expect("dmp", "TD0.2", patient=patient.matricule)
    one = stay(bench, patient, "admission")
    bench.judge(hl7v2.ADMISSION, one)
    named(bench, one, patient)
    zfa = one.message.all("ZFA")[0]
    observed = " ".join((zfa.value(1), zfa.value(4) if dmp == "actif" else "")).strip()
    bench.check(CONSENT, observed == expected, where="ZFA-1, ZFA-4", observed=observed, expected=expected)


@scenario("DMP-HL7-02", theme="DMP", proves=["SC.DMP/ALI/PROG.11"], needs=EXPORT, profile="hopital")
def test_discharge(bench: Bench) -> None:
    """Discharge (ADT^A03)."""
    patient = bench.patient()
    bench.expect("insi", "INSi.traits", code="00")
    one = stay(bench, patient, "discharge")
    bench.judge(hl7v2.DISCHARGE, one)
    named(bench, one, patient)


@scenario(
    "DMP-HL7-03",
    theme="DMP",
    proves=[*FEED, "SC.DMP/CONF.12"],
    needs=EXPORT,
    profile="hopital",
)
@pytest.mark.parametrize(
    ("kind", "to_dmp"),
    [("lettre", True), ("cr-imagerie", False), ("cr-bio", None)],
    ids=["demande", "retenu", "automatique"],
)
def test_document(bench: Bench, kind: str, to_dmp: bool | None) -> None:
    """A document sent to the DMP on demand, held back, or sent by itself; with what the VIHF will need."""
    patient = bench.patient()
    bench.expect("insi", "INSi.traits", code="00")
    choice = {} if to_dmp is None else {"to_dmp": to_dmp}
    one = document(bench, patient, kind, **choice)
    observed, expected = one.flag(names.DESTDMP) or "N", "N" if to_dmp is False else "Y"
    rule = BY_ITSELF if to_dmp is None else ON_DEMAND
    bench.check(rule, observed == expected, where=names.DESTDMP, observed=observed, expected=expected)


@scenario(
    "DMP-HL7-04",
    theme="DMP",
    proves=["DMP/va1.04", "EX_2.1-1050"],
    needs=EXPORT,
    profile="hopital",
)
def test_masking(bench: Bench) -> None:
    """The masking chosen for each document is in its flags, and no other."""
    for name, (minor, flags) in CHOICES.items():
        patient = bench.patient(name, minor=minor)
        bench.expect("insi", "INSi.traits", code="00")
        choice = {"confidentiality": list(flags)} if flags else {}
        one = document(bench, patient, "lettre", to_dmp=True, **choice)
        observed = {flag: one.flag(flag) or "N" for flag in names.FLAGS}
        expected = {flag: "Y" if code in flags else "N" for flag, code in names.FLAGS.items()}
        bench.check(MASKING, observed == expected, where="OBX", observed=observed, expected=expected)
