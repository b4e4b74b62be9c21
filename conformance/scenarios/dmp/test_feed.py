"""DMP: feeding (TD2.1), its content, its refusals and its accidents."""

from datetime import timedelta
from typing import Any

import pytest

from conformance.engine.bench import MEDECIN, Bench
from conformance.engine.outcomes import NonTestable
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet
from schemas.messages import text
from simulators.core.exchange import Exchange

RULES: RuleSet[None] = RuleSet("scenarios.dmp.feed")
FED = RULES.declare("SCN-DMP-ALIMENTE", requirements=["DMP/HISTO.05"])
FLAGS = RULES.declare("SCN-DMP-MASQUAGE", requirements=["EX_2.1-1050"], source="SEL-MP-037 EX_2.1-1050")
CHAIN = RULES.declare("SCN-DMP-REMPLACE", requirements=["BEN-DMP-08"])
NO_DMP = RULES.declare("SCN-DMP-INEXISTANT", requirements=["BEN-DMP-01"])
NO_DMP_TOLD = RULES.declare("SCN-DMP-INEXISTANT-DIT", requirements=["BEN-DMP-01"])
CLOSED = RULES.declare("SCN-DMP-FERME", requirements=["BEN-DMP-02"])
CLOSED_TOLD = RULES.declare("SCN-DMP-FERME-DIT", requirements=["BEN-DMP-02"])
REFUSAL_TOLD = RULES.declare(
    "SCN-DMP-REJET-DIT", requirements=["BEN-DMP-03"], source="SEL-MP-037 EX_GEN-1145"
)
NO_STORM = RULES.declare("SCN-DMP-REJET-RENVOI", requirements=["BEN-DMP-03"])
EXPIRED_TOLD = RULES.declare("SCN-DMP-VIHF-PERIME-DIT", requirements=["BEN-DMP-12"])
ONCE = RULES.declare("SCN-DMP-DOUBLON", requirements=["BEN-DMP-05"])
CERTIFICATE = RULES.declare(
    "SCN-DMP-CERTIFICAT", requirements=["DMP/CONF.10"], source="PDT-INF-579 ; IGC-Santé"
)
CERTIFICATE_TOLD = RULES.declare("SCN-DMP-CERTIFICAT-DIT", requirements=["DMP/CONF.10"])
NO_TD03 = RULES.declare("SCN-DMP-TD03", requirements=["DMP/CONF.05"], source="SEL-MP-037 EX_0.3-1010")

FEED = ["patient.record", "identity.search", "document.submit"]
KINDS = ["lettre", "cr-bio", "vsm", "cr-imagerie", "certificat"]
REFUSALS = [
    "XDSRepositoryError",
    "XDSRegistryMetadataError",
    "XDSDuplicateUniqueIdInRegistry",
    "XDSRegistryBusy",
]
MAX_TRIES = 3  # sendings of one document within a window, the first included


def fed_document(fed: Exchange) -> dict[str, Any]:
    """The first document of a lot. Raises NonTestable when the lot holds none that can be read."""
    for document in fed.facts["documents"]:
        return dict(document)
    raise NonTestable(text("outcome.not-understood", "fr", name="documents", place=fed.id))


@scenario(
    "DMP-ALIM-01",
    theme="DMP",
    proves=[
        "DMP/CONF.10",
        "EX_2.1-1260",
        "EX_2.1-1140",
        "BEN-CDA-03",
        "BEN-DMP-06",
        "BEN-DMP-07",
        "BEN-DMP-13",
        "DMP/HISTO.05",
    ],
    needs=FEED,
)
@pytest.mark.parametrize("kind", KINDS)
def test_feed(bench: Bench, kind: str) -> None:
    """Feed the DMP with a document: MTOM, VIHF, metadata equal to the CDA, signature of the lot."""
    patient = bench.patient()
    answer = bench.do("document.submit", patient_id=patient.id, kind=kind)
    fed = bench.expect("dmp", "TD2.1", rule=FED, patient=patient.matricule)
    held = [document["unique_id"] for document in fed.facts["documents"]] if fed.accepted else []
    wanted = answer.data["unique_id"]
    bench.check(FED, wanted in held, where=fed.id, observed=held, expected=wanted)


@scenario("DMP-ALIM-02", theme="DMP", proves=["EX_2.1-1050"], needs=FEED)
@pytest.mark.parametrize("flag", ["MASQUE_PS", "INVISIBLE_PATIENT"])
def test_confidentiality(bench: Bench, flag: str) -> None:
    """The choice made for one document reaches its metadata, and no other flag does."""
    patient = bench.patient()
    bench.do("document.submit", patient_id=patient.id, kind="lettre", confidentiality=[flag])
    fed = bench.expect("dmp", "TD2.1", patient=patient.matricule)
    codes = sorted(fed_document(fed)["confidentiality"])
    bench.check(FLAGS, codes == sorted(["N", flag]), where=fed.id, observed=codes, expected=["N", flag])


@scenario("DMP-ALIM-03", theme="DMP", proves=["BEN-DMP-08"], needs=FEED)
def test_replacement_chain(bench: Bench) -> None:
    """Version 1, then 2, then 3: each replaces the one before."""
    patient = bench.patient()
    latest: str | None = None
    for rank in (1, 2, 3):
        mark = bench.mark()
        answer = bench.do("document.submit", patient_id=patient.id, kind="cr-bio", replaces=latest)
        fed = bench.expect("dmp", "TD2.1", since=mark, patient=patient.matricule)
        replaced = fed_document(fed).get("replaces")
        bench.check(
            CHAIN,
            fed.accepted and replaced == latest,
            where=f"{fed.id} version {rank}",
            observed=replaced,
            expected=latest,
        )
        latest = answer.data["unique_id"]


@scenario("DMP-ALIM-04", theme="DMP", proves=["BEN-DMP-01", "BEN-DMP-02"], needs=FEED)
@pytest.mark.parametrize("state", ["inexistant", "ferme"])
def test_no_open_dmp(bench: Bench, state: str) -> None:
    """No DMP, or a closed one: nothing is fed, and the user is told."""
    rule, told = (NO_DMP, NO_DMP_TOLD) if state == "inexistant" else (CLOSED, CLOSED_TOLD)
    witness = bench.patient("temoin")
    bench.do("document.submit", patient_id=witness.id, kind="lettre")
    control = bench.expect("dmp", "TD2.1", patient=witness.matricule)
    patient = bench.patient("sans-dmp", dmp=state)
    mark = bench.mark()
    answer = bench.ask("document.submit", patient_id=patient.id, kind="lettre")
    bench.none(rule, "dmp", "TD2.1", control=control, since=mark, patient=patient.matricule)
    bench.told(told, answer)


@scenario("DMP-ALIM-05", theme="DMP", proves=["BEN-DMP-03"], needs=FEED)
@pytest.mark.parametrize("code", REFUSALS)
def test_registry_error(bench: Bench, code: str) -> None:
    """The registry refuses: the user is told, and the document is not sent again and again."""
    patient = bench.patient()
    bench.fault("dmp", "TD2.1", "registry-error", times=0, code=code)
    answer = bench.ask("document.submit", patient_id=patient.id, kind="lettre")
    bench.expect("dmp", "TD2.1")
    bench.told(REFUSAL_TOLD, answer)
    bench.watch(since=bench.mark())
    tries = len(bench.seen("dmp", "TD2.1"))
    bench.check(NO_STORM, tries <= MAX_TRIES, where="TD2.1", observed=tries, expected=f"≤ {MAX_TRIES}")


@scenario("DMP-ALIM-06", theme="DMP", proves=["BEN-DMP-03"], needs=FEED)
@pytest.mark.parametrize("fault", ["soap-fault", "unavailable", "malformed", "wrong-content-type"])
def test_carriers(bench: Bench, fault: str) -> None:
    """A SOAP fault, a 503, a truncated or a mislabelled answer: the user is told."""
    patient = bench.patient()
    bench.fault("dmp", "TD2.1", fault, times=0)
    answer = bench.ask("document.submit", patient_id=patient.id, kind="lettre")
    bench.expect("dmp", "TD2.1")
    bench.told(REFUSAL_TOLD, answer)


@scenario("DMP-ALIM-07", theme="DMP", proves=["BEN-DMP-12"], needs=FEED)
def test_expired_vihf(bench: Bench) -> None:
    """The DMP finds the VIHF expired: it refuses, and the user is told."""
    patient = bench.patient()
    bench.shift_clock(timedelta(days=3), provokes=["VIHF-14"])
    answer = bench.ask("document.submit", patient_id=patient.id, kind="lettre")
    bench.expect("dmp", "*", outcome="refused")
    bench.told(EXPIRED_TOLD, answer)


@scenario("DMP-ALIM-08", theme="DMP", proves=["BEN-DMP-05"], needs=FEED)
def test_lost_answer(bench: Bench) -> None:
    """The lot is stored and the answer lost: whatever follows, one document in the DMP."""
    patient = bench.patient()
    bench.fault("dmp", "TD2.1", "cut-after-commit", times=1)
    bench.ask("document.submit", patient_id=patient.id, kind="lettre")
    bench.expect("dmp", "TD2.1", patient=patient.matricule)
    bench.watch(since=bench.mark())
    ids = [
        document["unique_id"]
        for fed in bench.seen("dmp", "TD2.1", patient=patient.matricule, outcome="accepted")
        for document in fed.facts["documents"]
    ]
    bench.check(ONCE, len(set(ids)) == 1, where="TD2.1", observed=ids, expected="un seul uniqueId")


@scenario("DMP-ALIM-09", theme="DMP", proves=["DMP/CONF.05"], needs=FEED)
def test_no_authorisation_to_feed(bench: Bench) -> None:
    """Feeding asks for no authorisation (TD0.3)."""
    patient = bench.patient(authorisation="NON_EXISTE")
    bench.do("document.submit", patient_id=patient.id, kind="lettre", user=MEDECIN)
    control = bench.expect("dmp", "TD2.1", patient=patient.matricule)
    bench.none(NO_TD03, "dmp", "TD0.3", control=control)


@scenario("DMP-TLS-01", theme="DMP", proves=["DMP/CONF.10"], needs=FEED)
@pytest.mark.parametrize("wrong", ["expired", "host", "issuer"])
def test_wrong_certificate(bench: Bench, wrong: str) -> None:
    """The DMP shows an expired certificate, of another host or authority: nothing is said to it."""
    patient = bench.patient()
    bench.do("document.submit", patient_id=patient.id, kind="lettre")
    control = bench.expect("dmp", "TD2.1", patient=patient.matricule)
    mark = bench.mark()
    bench.fault("dmp", "TLS", "bad-certificate", times=0, kind=wrong)
    answer = bench.ask("document.submit", patient_id=patient.id, kind="lettre")
    bench.expect("dmp", "TLS.presented", since=mark)
    bench.none(CERTIFICATE, "dmp", "TD*", control=control, since=mark)
    bench.told(CERTIFICATE_TOLD, answer)
