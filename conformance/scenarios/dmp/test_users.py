"""DMP: each profession and each kind of certificates; the secretary, who feeds for the structure (TD2.2)."""

import pytest

from conformance.engine.bench import INFIRMIER, MEDECIN, PHARMACIEN, SAGE_FEMME, SECRETAIRE, Bench
from conformance.engine.scenario import scenario
from schemas.actions import CARD, ORGANISATION
from schemas.finding import RuleSet
from schemas.vihf import AIR, DIRECT, INDIRECT
from simulators.core import identities

RULES: RuleSet[None] = RuleSet("scenarios.dmp.users")
FED = RULES.declare("SCN-DMP-METIER-ALIMENTE", requirements=["EX_2.1-1140"], source="SEL-MP-037 EX_2.1-1140")
READ = RULES.declare(
    "SCN-DMP-METIER-CONSULTE", requirements=["DMP/AIRS.06"], source="PDT-INF-526, PDT-INF-606"
)
BY_CARD = RULES.declare("SCN-DMP-SECRETAIRE", requirements=["EX_2.1-1140"], source="PDT-INF-617, TD2.2")

NEEDS = ["patient.record", "identity.search", "document.submit"]
KNOWN = {one.user: one for one in (*identities.PROFESSIONALS, *identities.EMPLOYEES)}
WHO = [(MEDECIN, CARD), (PHARMACIEN, ORGANISATION), (INFIRMIER, CARD), (SAGE_FEMME, ORGANISATION)]


@scenario(
    "DMP-METIER-01",
    theme="DMP",
    proves=["EX_2.1-1140", "DMP/AIRS.06"],
    needs=[*NEEDS, "session.login", "document.search"],
)
@pytest.mark.parametrize(("user", "mode"), WHO, ids=[f"{user}-{mode}" for user, mode in WHO])
def test_professions(bench: Bench, user: str, mode: str) -> None:
    """A professional feeds, then finds the document: in their own name, by the certificates chosen."""
    bench.among(user=user, dmp_mode=mode)
    bench.login(user)
    patient = bench.patient()
    made = bench.do("document.submit", user=user, patient_id=patient.id, kind="lettre").data["unique_id"]
    fed = bench.expect("dmp", "TD2.1", rule=FED, patient=patient.matricule)
    listed = [document["unique_id"] for document in fed.facts["documents"]]
    observed = {"outcome": fed.facts["outcome"], "mode": fed.facts["mode"], "documents": listed}
    wanted = DIRECT if mode == CARD else INDIRECT
    expected = {"outcome": "accepted", "mode": wanted, "documents": [made]}
    bench.check(FED, observed == expected, where=fed.id, observed=observed, expected=expected)

    mark = bench.mark()
    bench.ask("document.search", user=user, patient_id=patient.id)
    bench.expect("dmp", "*", since=mark, patient=patient.matricule)
    calls = bench.seen("dmp", since=mark, patient=patient.matricule)
    who = {(call.facts["user"], call.facts["mode"], call.facts["outcome"]) for call in calls}
    right = {(KNOWN[user].id_nat, DIRECT if mode == CARD else AIR, "accepted")}
    bench.check(READ, who == right, where=calls[-1].id, observed=sorted(who), expected=sorted(right))


@scenario("DMP-METIER-02", theme="DMP", proves=["EX_2.1-1140"], needs=NEEDS)
def test_secretary(bench: Bench) -> None:
    """The secretary feeds with a CPE card (TD2.2) a document attributed to the structure."""
    bench.among(user=SECRETAIRE, dmp_mode=CARD)
    patient = bench.patient()
    made = bench.do("document.submit", user=SECRETAIRE, patient_id=patient.id, kind="lettre").data[
        "unique_id"
    ]
    fed = bench.expect("dmp", "TD2.2", rule=BY_CARD, patient=patient.matricule)
    listed = [document["unique_id"] for document in fed.facts["documents"]]
    observed = {"outcome": fed.facts["outcome"], "user": fed.facts["user"], "documents": listed}
    expected = {"outcome": "accepted", "user": KNOWN[SECRETAIRE].id_nat, "documents": [made]}
    bench.check(BY_CARD, observed == expected, where=fed.id, observed=observed, expected=expected)
