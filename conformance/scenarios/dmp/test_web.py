"""DMP: the contextual call to Web PS (TD0.9 by card, TD0.10 by Pro Santé Connect)."""

import pytest

from conformance.engine.bench import MEDECIN, Bench
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet

RULES: RuleSet[None] = RuleSet("scenarios.dmp.web")
SOURCE = "PDT-INF-527, accès web contextuel (TD0.9, TD0.10)"
PAGES = ["DMP/UX.49", "DMP/va1.06", "DMP/va1.07", "DMP/va1.11", "DMP/va1.21"]  # one call, five corridors
PAGE = RULES.declare("SCN-DMP-WEB-PAGE", requirements=PAGES, source=SOURCE)
PATIENT = RULES.declare("SCN-DMP-WEB-PATIENT", requirements=["DMP/UX.49", "DMP/va1.02"], source=SOURCE)
ADDRESS = RULES.declare("SCN-DMP-WEB-ADRESSE", requirements=["DMP/UX.49"])
NOT_QUALIFIED = RULES.declare(
    "SCN-DMP-WEB-NON-QUALIFIEE", requirements=["DMP/va1.02"], source="Guide d'implémentation de l'INS"
)
NOT_QUALIFIED_TOLD = RULES.declare("SCN-DMP-WEB-NON-QUALIFIEE-DIT", requirements=["DMP/va1.02"])

LINK = ["patient.record", "identity.search", "dmp.web"]
CARD, LOGIN = "card", "login"
TRANSACTIONS = {CARD: "TD0.9", LOGIN: "TD0.10"}
HOME = "DossierPatient"


@scenario("DMP-WEB-01", theme="DMP", proves=[*PAGES, "DMP/va1.02"], needs=LINK)
@pytest.mark.parametrize(
    ("page", "by"),
    [
        ("TableauDeBord", CARD),
        (HOME, CARD),
        ("HistoriqueAcces", CARD),
        ("TableauDeBord", LOGIN),
        (HOME, LOGIN),
    ],
)
def test_contextual_call(bench: Bench, page: str, by: str) -> None:
    """The link of the software, opened as its user does: the page asked for, about the patient on screen."""
    patient = bench.patient()
    bench.patient("autre")
    mark = bench.mark()
    url = bench.do("dmp.web", patient_id=patient.id, page=page).data["url"]
    opened = bench.world.open_web(url, MEDECIN, by)
    away = opened.get("elsewhere", "")
    bench.check(ADDRESS, not away, where="dmp.web", observed=away, expected="dmp_web_url de l'environnement")
    visit = bench.expect("dmp-web", TRANSACTIONS[by], rule=PAGE, since=mark)
    shown, about = visit.facts.get("page"), visit.facts.get("patient", "")
    bench.check(PAGE, shown == page, where=visit.id, observed=shown, expected=page)
    bench.check(
        PATIENT, about == patient.matricule, where=visit.id, observed=about, expected=patient.matricule
    )


@scenario("DMP-WEB-02", theme="DMP", proves=["DMP/va1.02"], needs=LINK)
def test_identity_that_is_not_qualified(bench: Bench) -> None:
    """The INS is known but nobody checked the identity: no link, and the user is told why."""
    witness = bench.patient("temoin")
    mark = bench.mark()
    url = bench.do("dmp.web", patient_id=witness.id, page=HOME).data["url"]
    bench.world.open_web(url, MEDECIN, CARD)
    bench.expect("dmp-web", TRANSACTIONS[CARD], since=mark, patient=witness.matricule)
    patient = bench.patient("recuperee", status="RECUPEREE")
    answer = bench.ask("dmp.web", patient_id=patient.id, page=HOME)
    url = answer.data.get("url", "")
    bench.check(NOT_QUALIFIED, not url, where="dmp.web", observed=url, expected="aucun lien")
    bench.told(NOT_QUALIFIED_TOLD, answer)
