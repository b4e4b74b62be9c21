"""INSi: the search by traits, its answers and its failures."""

import pytest

from conformance.engine.bench import Bench
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet
from schemas.messages import text

RULES: RuleSet[None] = RuleSet("scenarios.ins.search")
STATUS = RULES.declare("SCN-INS-STATUT", requirements=["INS/va1.54"], source="RNIV, règle 20")
RECOVERED = RULES.declare("SCN-INS-RECUPEREE", requirements=["INS/va1.40"], source="RNIV, règle 20")
SAME_INS = RULES.declare("SCN-INS-REPRISE", requirements=["INS/va1.52"], source="Guide INS, EXI REC")
TRAITS = RULES.declare("SCN-INS-TRAITS", requirements=["INS/va1.34"], source="SEL-MP-043")
ORDER = RULES.declare("SCN-INS-PRENOMS", requirements=["INS/va1.34"], source="cahier de tests CNDA INSi")
NOTHING_01 = RULES.declare("SCN-INS-01-RIEN", requirements=["BEN-INS-01"])
NOTHING_02 = RULES.declare("SCN-INS-02-RIEN", requirements=["BEN-INS-02"])
TOLD_01 = RULES.declare("SCN-INS-01-DIT", requirements=["BEN-INS-01"])
TOLD_02 = RULES.declare("SCN-INS-02-DIT", requirements=["BEN-INS-02"])
FAILURE_TOLD = RULES.declare("SCN-INS-PANNE-DITE", requirements=["BEN-INS-03"])
FAILURE_KEEPS = RULES.declare("SCN-INS-PANNE-SANS-EFFET", requirements=["BEN-INS-03"])
CORSICA = RULES.declare("SCN-INS-CORSE", requirements=["BEN-INS-07"])

NEEDS = ["patient.record", "identity.search"]


@scenario("INS-01", theme="INS", proves=["INS/va1.34", "INS/va1.52", "INS/va1.54"], needs=NEEDS)
@pytest.mark.parametrize("sex", ["F", "M"])
def test_found_and_proven(bench: Bench, sex: str) -> None:
    """Document checked and INSi answers 00: the identity becomes qualified with the INS received."""
    patient = bench.derive(sex=sex)
    known = bench.do("patient.record", traits=patient.traits(), document_checked=True)
    answer = bench.do("identity.search", patient_id=known.data["patient_id"])
    call = bench.expect("insi", "INSi.traits", rule=TRAITS)
    recorded = {name: patient.traits()[name] for name in ("birth_name", "sex", "birth_date")}
    asked = {name: call.facts["traits"].get(name) for name in recorded}
    bench.check(TRAITS, asked == recorded, where=call.id, observed=asked, expected=recorded)
    expected = {"matricule": patient.ins.matricule, "oid": patient.ins.oid}
    bench.check(SAME_INS, answer.data["ins"] == expected, observed=answer.data["ins"], expected=expected)
    reached = answer.data["identity_status"]
    bench.check(STATUS, reached == "QUALIFIEE", observed=reached, expected="QUALIFIEE")


@scenario("INS-02", theme="INS", proves=["INS/va1.40"], needs=NEEDS)
def test_found_not_proven(bench: Bench) -> None:
    """INSi answers 00 but no document was checked: recovered, not qualified."""
    patient = bench.derive()
    known = bench.do("patient.record", traits=patient.traits(), document_checked=False)
    reached = bench.do("identity.search", patient_id=known.data["patient_id"]).data["identity_status"]
    bench.expect("insi", "INSi.traits", code="00")
    bench.check(RECOVERED, reached == "RECUPEREE", observed=reached, expected="RECUPEREE")


@scenario("INS-03", theme="INS", proves=["BEN-INS-07"], needs=NEEDS)
@pytest.mark.parametrize("sex", ["F", "M"])
def test_corsican(bench: Bench, sex: str) -> None:
    """A matricule with 2A or 2B is accepted whole, letters kept."""
    patient = bench.derive(corsican=True, sex=sex)
    known = bench.do("patient.record", traits=patient.traits(), document_checked=True)
    ins = bench.do("identity.search", patient_id=known.data["patient_id"]).data["ins"]
    bench.expect("insi", "INSi.traits", code="00")
    observed = ins["matricule"] if ins else text("observed.nothing")
    bench.check(CORSICA, observed == patient.ins.matricule, observed=observed, expected=patient.ins.matricule)


@scenario("INS-04", theme="INS", proves=["BEN-INS-01", "BEN-INS-02"], needs=NEEDS)
@pytest.mark.parametrize("code", ["01", "02"])
def test_no_single_identity(bench: Bench, code: str) -> None:
    """INSi finds nobody, or several: no INS is stored and the user is told."""
    patient = bench.derive(insi=code)
    known = bench.do("patient.record", traits=patient.traits(), document_checked=True)
    answer = bench.ask("identity.search", patient_id=known.data["patient_id"])
    bench.expect("insi", "INSi.traits", code=code)
    nothing, told = (NOTHING_01, TOLD_01) if code == "01" else (NOTHING_02, TOLD_02)
    bench.check(nothing, not answer.data.get("ins"), observed=answer.data.get("ins"), expected="null")
    bench.told(told, answer)


@scenario("INS-05", theme="INS", proves=["INS/va1.34"], needs=NEEDS)
def test_given_names_one_by_one(bench: Bench) -> None:
    """Nobody found: each given name alone, in order, then all together."""
    patient = bench.derive(insi="01", given_count=3)
    known = bench.do("patient.record", traits=patient.traits(), document_checked=True)
    bench.ask("identity.search", patient_id=known.data["patient_id"])
    bench.expect("insi", "INSi.traits", code="01")
    asked = [call.facts["traits"]["given_names"] for call in bench.seen("insi", "INSi.traits")]
    expected = [*patient.given_names, " ".join(patient.given_names)]
    bench.check(ORDER, asked == expected, where="INSi.traits", observed=asked, expected=expected)


@scenario("INS-06", theme="INS", proves=["BEN-INS-03"], needs=NEEDS)
@pytest.mark.parametrize("fault", ["insi-102", "desir-1020", "unavailable", "malformed", "server-error"])
def test_failures(bench: Bench, fault: str) -> None:
    """INSi fails: the user is told, the patient's file does not change."""
    patient = bench.derive()
    known = bench.do("patient.record", traits=patient.traits(), document_checked=True)
    bench.fault("insi", "INSi.traits", fault, times=0)
    answer = bench.ask("identity.search", patient_id=known.data["patient_id"])
    bench.expect("insi", "INSi.traits")
    bench.told(FAILURE_TOLD, answer)
    before = {"identity_status": known.data["identity_status"], "ins": None}
    after = {**before, **{name: answer.data[name] for name in before if name in answer.data}}
    bench.check(FAILURE_KEEPS, after == before, observed=after, expected=before)
