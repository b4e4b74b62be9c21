"""DMP: what leaves by itself when a document is validated, and what must stay."""

from typing import Any

import pytest

from conformance.engine.bench import Bench
from conformance.engine.outcomes import NonTestable
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet
from schemas.messages import text

from .opposition import oppose
from .sent import await_documents, feeds, ids_of, sent_as

RULES: RuleSet[None] = RuleSet("scenarios.dmp.automatic")
BY_ITSELF = RULES.declare("SCN-DMP-AUTO", requirements=["DMP/va1.01"])
BY_ITSELF_IMAGING = RULES.declare("SCN-DMP-AUTO-RADIO", requirements=["DMP/va1.13"])
WITHHELD = RULES.declare("SCN-DMP-RETENU-BIO", requirements=["DMP/va1.22"])
WITHHELD_IMAGING = RULES.declare("SCN-DMP-RETENU-RADIO", requirements=["DMP/va1.12"])
EMPTY = RULES.declare("SCN-DMP-VIDE", requirements=["EX_GEN-1060"], source="SEL-MP-037 EX_GEN-1060")
UNCHANGED = RULES.declare("SCN-DMP-INCHANGE", requirements=["EX_GEN-1060"], source="SEL-MP-037 EX_GEN-1060")
OPPOSED = RULES.declare("SCN-DMP-OPPOSITION", requirements=["DMP/CONF.09"])
COMPLETED = RULES.declare("SCN-DMP-PARTIEL-COMPLET", requirements=["DMP/va1.15"])
SAME_SET = RULES.declare("SCN-DMP-PARTIEL-SETID", requirements=["DMP/va1.15"])
SHEET = RULES.declare("SCN-DMP-FEUILLE", requirements=["EX_2.1-1115"], source="SEL-MP-037 EX_2.1-1115")
GIVEN_INS = RULES.declare("SCN-DMP-INS-INSI", requirements=["EX_GEN-1530"], source="SEL-MP-037 EX_GEN-1530")

NEEDS = ["patient.record", "identity.search", "document.validate"]
IMAGING = "cr-imagerie"
WITNESS = "certificat"  # kind of the documents that only show that feeding works


@scenario(
    "DMP-AUTO-01",
    theme="DMP",
    proves=["DMP/va1.01", "DMP/va1.13", "EX_2.1-1071"],
    needs=NEEDS,
)
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("lettre", ""), ("vsm", ""), ("cr-bio", "carte"), (IMAGING, "structure")],
    ids=["lettre", "vsm", "cr-bio-carte", "cr-imagerie-structure"],
)
def test_automatic(bench: Bench, kind: str, mode: str) -> None:
    """A validated document reaches the DMP without another gesture of the user, and passes all rules."""
    bench.among(dmp_mode=mode)
    rule = BY_ITSELF_IMAGING if kind == IMAGING else BY_ITSELF
    patient = bench.patient()
    mark = bench.mark()
    wanted = bench.do("document.validate", patient_id=patient.id, kind=kind).data["unique_id"]
    bench.expect("dmp", "TD2.1", rule=rule, since=mark, patient=patient.matricule)
    held = ids_of(feeds(bench, patient, since=mark))
    bench.check(rule, wanted in held, where="TD2.1", observed=held, expected=wanted)


@scenario("DMP-AUTO-02", theme="DMP", proves=["DMP/va1.12", "DMP/va1.22"], needs=NEEDS)
@pytest.mark.parametrize("kind", ["cr-bio", IMAGING])
def test_withheld(bench: Bench, kind: str) -> None:
    """The user holds a report back: it does not leave."""
    patient = bench.patient()
    bench.do("document.validate", patient_id=patient.id, kind=WITNESS)
    control = bench.expect("dmp", "TD2.1", patient=patient.matricule)
    mark = bench.mark()
    bench.ask("document.validate", patient_id=patient.id, kind=kind, withhold=True)
    rule = WITHHELD_IMAGING if kind == IMAGING else WITHHELD
    bench.none(rule, "dmp", "TD2.1", control=control, since=mark)


@scenario("DMP-AUTO-03", theme="DMP", proves=["EX_GEN-1060"], needs=NEEDS)
@pytest.mark.parametrize("what", ["vide", "inchange"])
def test_nothing_useless(bench: Bench, what: str) -> None:
    """A document without content, or validated again without a change, does not leave."""
    patient = bench.patient()
    first = bench.do("document.validate", patient_id=patient.id, kind=WITNESS).data["unique_id"]
    control = bench.expect("dmp", "TD2.1", patient=patient.matricule)
    mark = bench.mark()
    useless = {"empty": True} if what == "vide" else {"same_as": first}
    bench.ask("document.validate", patient_id=patient.id, kind=WITNESS, **useless)
    bench.none(EMPTY if what == "vide" else UNCHANGED, "dmp", "TD2.1", control=control, since=mark)


@scenario("DMP-AUTO-04", theme="DMP", proves=["DMP/CONF.09"], needs=[*NEEDS, "patient.consent"])
def test_opposition(bench: Bench) -> None:
    """The patient is opposed to feeding: it is kept in the record, and nothing leaves any more."""
    patient = bench.patient()
    bench.do("document.validate", patient_id=patient.id, kind=WITNESS)
    control = bench.expect("dmp", "TD2.1", patient=patient.matricule)
    oppose(bench, patient)
    mark = bench.mark()
    bench.ask("document.validate", patient_id=patient.id, kind=WITNESS)
    bench.none(OPPOSED, "dmp", "TD2.1", control=control, since=mark)


@scenario(
    "DMP-AUTO-05",
    theme="DMP",
    proves=["DMP/CONF.09"],
    needs=[*NEEDS, "patient.consent", "document.resend"],
)
def test_opposition_while_waiting(bench: Bench) -> None:
    """The patient becomes opposed while a document waits for the DMP to come back: it does not leave."""
    patient = bench.patient()
    bench.fault("dmp", "TD2.1", "unavailable", times=0)
    bench.ask("document.validate", patient_id=patient.id, kind=WITNESS)
    control = bench.expect("dmp", "TD2.1")
    oppose(bench, patient)
    bench.calm()
    mark = bench.mark()
    bench.ask("document.resend")
    bench.none(OPPOSED, "dmp", "TD2.1", control=control, since=mark, patient=patient.matricule)


@scenario("DMP-AUTO-06", theme="DMP", proves=["DMP/va1.15"], needs=NEEDS)
def test_partial_then_complete(bench: Bench) -> None:
    """A partial laboratory report, then the complete one: it replaces the first, in the same set."""
    patient = bench.patient()
    start = bench.mark()
    ask = {"patient_id": patient.id, "kind": "cr-bio"}
    other = bench.do("document.validate", patient_id=patient.id, kind=WITNESS).data["unique_id"]
    partial = bench.do("document.validate", **ask, partial=True).data["unique_id"]
    await_documents(bench, patient, 2, since=start)
    complete = bench.do("document.validate", **ask, replaces=partial).data["unique_id"]
    found = await_documents(bench, patient, 3, since=start)
    replaced = [one["replaces"] for fed in found for one in fed.facts["documents"]]
    wanted = dict.fromkeys((other, partial)) | {complete: partial}
    seen = dict(zip(ids_of(found), replaced, strict=True))
    bench.check(COMPLETED, seen == wanted, where="TD2.1", observed=seen, expected=wanted)
    sets = [sent_as(found, one).document.set_id for one in (partial, complete, other)]
    bench.check(SAME_SET, sets[0] == sets[1], where="setId", observed=sets[1], expected=sets[0])
    bench.check(SAME_SET, sets[2] not in sets[:2], where="setId", observed=sets[2], expected="≠")


@scenario("DMP-AUTO-07", theme="DMP", proves=["EX_2.1-1115"], needs=NEEDS)
def test_style_sheet(bench: Bench) -> None:
    """A document in its style sheet reaches the DMP; the sheet has no script and no link outside."""
    patient = bench.patient()
    start = bench.mark()
    given: dict[str, Any] = {"patient_id": patient.id, "kind": WITNESS, "stylesheet": True}
    wanted = bench.do("document.validate", **given).data["unique_id"]
    bench.expect("dmp", "TD2.1", rule=SHEET, since=start, patient=patient.matricule)
    found = feeds(bench, patient, since=start)
    bench.check(SHEET, wanted in ids_of(found), where="TD2.1", observed=ids_of(found), expected=wanted)
    document = sent_as(found, wanted).document
    if document.root.getroottree().getroot() is document.root:
        raise NonTestable(text("outcome.no-style-sheet", "fr"))


@scenario("DMP-AUTO-08", theme="DMP", proves=["EX_GEN-1530"], needs=NEEDS)
def test_the_ins_that_was_given(bench: Bench) -> None:
    """The INS under which the DMP is called is the one that INSi gave, letters included."""
    patient = bench.patient(corsican=True)
    known = bench.expect("insi", "INSi.traits", code="00").facts["patient"]
    mark = bench.mark()
    bench.ask("document.validate", patient_id=patient.id, kind=WITNESS)
    bench.expect("dmp", "*", since=mark)
    named = sorted({str(call.facts["patient"]) for call in bench.seen("dmp", since=mark)})
    bench.check(GIVEN_INS, named == [known], where="TD0.2, TD2.1", observed=named, expected=known)
