"""DMP: who may not see a document, chosen before it leaves."""

import pytest

from conformance.engine.bench import Bench
from conformance.engine.scenario import scenario
from conformance.scenarios.dmp.test_feed import FEED, fed_document
from conformance.scenarios.dmp.test_update import UPDATE, done, submitted
from schemas.finding import RuleSet
from schemas.xds import names

EX_1050 = "SEL-MP-037 EX_2.1-1050"
RULES: RuleSet[None] = RuleSet("scenarios.dmp.masking")
CHOSEN = RULES.declare(
    "SCN-DMP-MASQUE-CHOIX", requirements=["DMP/va1.10", "DMP/va1.14", "DMP/va1.17"], source="CI-SIS"
)
EACH = RULES.declare("SCN-DMP-MASQUE-DOCUMENT", requirements=["EX_2.1-1050"], source=EX_1050)
NOT_BOTH = RULES.declare("SCN-DMP-MASQUE-CUMUL", requirements=["EX_2.1-1050"], source=EX_1050)
NOT_BOTH_TOLD = RULES.declare("SCN-DMP-MASQUE-CUMUL-DIT", requirements=["EX_2.1-1050"], source=EX_1050)
HIDDEN = RULES.declare("SCN-DMP-ANNONCE-AVANT", requirements=["BEN-DMP-14"])
ANNOUNCED = RULES.declare("SCN-DMP-ANNONCE-APRES", requirements=["BEN-DMP-14"])

MASKED, FROM_PATIENT, FROM_PARENTS = (
    names.MASQUE_PS,
    names.INVISIBLE_PATIENT,
    names.INVISIBLE_REPRESENTANTS,
)
CHOICES: dict[str, tuple[tuple[str, ...], ...]] = {
    "adulte": ((MASKED,), (FROM_PATIENT,)),
    "mineur": ((FROM_PARENTS,), (MASKED, FROM_PARENTS), (FROM_PATIENT, FROM_PARENTS)),
}


@scenario(
    "DMP-MASQ-01",
    theme="DMP",
    proves=["DMP/va1.10", "DMP/va1.14", "DMP/va1.17", "EX_2.1-1050"],
    needs=FEED,
)
@pytest.mark.parametrize("age", list(CHOICES))
def test_choices(bench: Bench, age: str) -> None:
    """Imaging reports one after another: each has the flags chosen for it, and the last, none."""
    patient = bench.patient(minor=age == "mineur")
    for flags in CHOICES[age]:
        _, fed = submitted(bench, patient, *flags, kind="cr-imagerie")
        codes, wanted = sorted(fed_document(fed)["confidentiality"]), sorted(("N", *flags))
        bench.check(CHOSEN, codes == wanted, where=fed.id, observed=codes, expected=wanted)
    _, fed = submitted(bench, patient, kind="cr-imagerie")
    codes = fed_document(fed)["confidentiality"]
    bench.check(EACH, codes == ["N"], where=fed.id, observed=codes, expected=["N"])


@scenario("DMP-MASQ-02", theme="DMP", proves=["EX_2.1-1050"], needs=UPDATE)
@pytest.mark.parametrize("how", ["alimentation", "modification"])
def test_never_both(bench: Bench, how: str) -> None:
    """Masked to professionals and invisible to the patient: never both, at the feed or afterwards."""
    bench.login()
    patient = bench.patient()
    unique_id, _ = submitted(bench, patient, FROM_PATIENT)
    mark = bench.mark()
    if how == "alimentation":
        answer = bench.ask(
            "document.submit",
            patient_id=patient.id,
            kind="lettre",
            confidentiality=[MASKED, FROM_PATIENT],
        )
    else:
        answer = bench.ask(
            "document.update", patient_id=patient.id, unique_id=unique_id, change="mask", confirmed=True
        )
    bench.watch(since=mark)
    sent = [
        document["confidentiality"]
        for fed in bench.seen("dmp", "TD2.1", since=mark, patient=patient.matricule)
        for document in fed.facts["documents"]
    ]
    sent += [
        done(update)["confidentiality"]
        for update in bench.seen("dmp", "TD3.3", since=mark, patient=patient.matricule)
    ]
    both = [codes for codes in sent if {MASKED, FROM_PATIENT} <= set(codes)]
    bench.check(NOT_BOTH, not both, where="TD2.1, TD3.3", observed=both, expected="l'un ou l'autre")
    bench.told(NOT_BOTH_TOLD, answer)


@scenario("DMP-MASQ-03", theme="DMP", proves=["BEN-DMP-14"], needs=UPDATE)
def test_announcement(bench: Bench) -> None:
    """A report to be announced leaves invisible to the patient, and is shown after the announcement only."""
    bench.login()
    patient = bench.patient()
    unique_id, fed = submitted(bench, patient, FROM_PATIENT, kind="cr-bio")
    codes, wanted = sorted(fed_document(fed)["confidentiality"]), [FROM_PATIENT, "N"]
    bench.check(HIDDEN, codes == wanted, where=fed.id, observed=codes, expected=wanted)
    bench.none(HIDDEN, "dmp", "TD3.3", control=fed)
    bench.do(
        "document.update",
        patient_id=patient.id,
        unique_id=unique_id,
        change="show_patient",
        confirmed=True,
    )
    update = bench.expect("dmp", "TD3.3", rule=ANNOUNCED, patient=patient.matricule, outcome="accepted")
    made = {name: done(update)[name] for name in ("actions", "unique_id", "confidentiality")}
    expected = {"actions": ["show-patient"], "unique_id": unique_id, "confidentiality": ["N"]}
    bench.check(ANNOUNCED, made == expected, where=update.id, observed=made, expected=expected)
