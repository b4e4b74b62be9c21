"""DMP: a document that is already there (TD2.1 replacement, TD3.3): replaced, shown, archived, deleted."""

from typing import Any

import pytest

from conformance.engine.bench import Bench, Known
from conformance.engine.scenario import scenario
from conformance.scenarios.dmp.test_feed import FEED, fed_document
from schemas.actions import CARD, ORGANISATION
from schemas.finding import RuleSet
from schemas.xds import names
from simulators.core.exchange import Exchange

CHANGE = "SEL-MP-037 TD3.3"
TO_MODIFY = ["DMP/va1.09", "DMP/va1.16", "DMP/va1.23"]
RULES: RuleSet[None] = RuleSet("scenarios.dmp.update")
REPLACED = RULES.declare("SCN-DMP-MODIFIE", requirements=TO_MODIFY)
DELETED = RULES.declare("SCN-DMP-SUPPRIME", requirements=["DMP/CONF.03", *TO_MODIFY], source=f"{CHANGE}c")
NO_TD03 = RULES.declare("SCN-DMP-SUPPRIME-TD03", requirements=["DMP/CONF.05"], source="EX_3.3-1060")
FOREIGN = RULES.declare("SCN-DMP-SUPPRIME-AUTRUI", requirements=["DMP/CONF.03"], source="PDT-INF-526")
CONFIRMED = RULES.declare("SCN-DMP-CONFIRME", requirements=["EX_3.3-1045"], source="EX_3.3-1045")
ASKED = RULES.declare("SCN-DMP-CONFIRME-DIT", requirements=["EX_3.3-1045"], source="EX_3.3-1045")
EFFECT = RULES.declare(
    "SCN-DMP-VISIBILITE", requirements=["DMP/va1.14", "DMP/va1.17"], source=f"{CHANGE}a, {CHANGE}b"
)
FOLLOWS = RULES.declare("SCN-DMP-VERSION", requirements=["DMP/CONF.10"], source="IHE ITI-57 §3.57")
STATE = RULES.declare("SCN-DMP-ARCHIVE", requirements=["EX_3.1-1080"], source=f"{CHANGE}d")
REFUSAL_TOLD = RULES.declare("SCN-DMP-MAJ-REJET-DIT", requirements=["BEN-DMP-03"], source="EX_GEN-1145")

UPDATE = [*FEED, "session.login", "document.update"]
SHOWING = {  # change: the flag that it takes away
    "unmask": names.MASQUE_PS,
    "show_patient": names.INVISIBLE_PATIENT,
    "show_representatives": names.INVISIBLE_REPRESENTANTS,
}


def submitted(bench: Bench, patient: Known, *flags: str, kind: str = "lettre") -> tuple[str, Exchange]:
    """A document that the DMP has taken: its uniqueId, and the feed."""
    mark = bench.mark()
    given: dict[str, Any] = {"confidentiality": list(flags)} if flags else {}
    answer = bench.do("document.submit", patient_id=patient.id, kind=kind, **given)
    fed = bench.expect("dmp", "TD2.1", since=mark, patient=patient.matricule, outcome="accepted")
    return str(answer.data["unique_id"]), fed


def done(update: Exchange) -> dict[str, Any]:
    """What the first change of a message did, as the DMP understood it."""
    one = update.facts["updates"][0]
    after = one.get("after", {})
    return {
        "outcome": update.facts["outcome"],
        "actions": one.get("actions"),
        "unique_id": one["unique_id"],
        "status": after.get("status", "").rpartition(":")[2],
        "confidentiality": sorted(after.get("confidentiality", ())),
    }


@scenario(
    "DMP-MAJ-01",
    theme="DMP",
    proves=["DMP/CONF.03", "DMP/CONF.05", *TO_MODIFY],
    needs=[*FEED, "document.update"],
)
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("cr-imagerie", ORGANISATION), ("lettre", CARD)],
    ids=["cr-imagerie-structure", "lettre-carte"],
)
def test_modify_then_delete(bench: Bench, kind: str, mode: str) -> None:
    """A document is modified (RPLC), then deleted (TD3.3c), and no authorisation is asked to delete it."""
    bench.among(dmp_mode=mode)
    # what a structure feeds, it deletes without any authorisation
    patient = bench.patient(authorisation="VALIDE" if mode == CARD else "NON_EXISTE")
    first, _ = submitted(bench, patient, kind=kind)
    mark = bench.mark()
    second = bench.do("document.submit", patient_id=patient.id, kind=kind, replaces=first).data["unique_id"]
    fed = bench.expect("dmp", "TD2.1", rule=REPLACED, since=mark, patient=patient.matricule)
    observed = {name: fed_document(fed).get(name) for name in ("unique_id", "replaces")}
    expected = {"unique_id": second, "replaces": first}
    bench.check(REPLACED, observed == expected, where=fed.id, observed=observed, expected=expected)

    mark = bench.mark()
    shown = bench.do(
        "document.update", patient_id=patient.id, unique_id=second, change="delete", confirmed=True
    ).data["status"]
    update = bench.expect("dmp", "TD3.3", rule=DELETED, patient=patient.matricule, outcome="accepted")
    made = done(update)
    right = (made["actions"], made["unique_id"]) == (["delete"], second)
    bench.check(DELETED, right, where=update.id, observed=made, expected=["delete", second])
    bench.check(DELETED, shown == "deleted", where="status", observed=shown, expected="deleted")
    bench.none(NO_TD03, "dmp", "TD0.3", control=update, since=mark)


@scenario("DMP-MAJ-02", theme="DMP", proves=["EX_3.3-1045", "DMP/va1.14", "DMP/va1.17"], needs=UPDATE)
@pytest.mark.parametrize("change", list(SHOWING))
def test_confirmation(bench: Bench, change: str) -> None:
    """What was hidden is shown once the user confirmed it; before, nothing leaves."""
    bench.login()
    flag = SHOWING[change]
    patient = bench.patient(minor=flag == names.INVISIBLE_REPRESENTANTS)
    unique_id, fed = submitted(bench, patient, flag)
    asked = {"patient_id": patient.id, "unique_id": unique_id, "change": change}
    answer = bench.ask("document.update", **asked, confirmed=False)
    bench.none(CONFIRMED, "dmp", "TD3.3", control=fed)
    bench.told(ASKED, answer)
    bench.do("document.update", **asked, confirmed=True)
    update = bench.expect("dmp", "TD3.3", rule=EFFECT, patient=patient.matricule)
    made = {name: done(update)[name] for name in ("outcome", "actions", "unique_id", "confidentiality")}
    expected = {
        "outcome": "accepted",
        "actions": [change.replace("_", "-")],
        "unique_id": unique_id,
        "confidentiality": ["N"],
    }
    bench.check(EFFECT, made == expected, where=update.id, observed=made, expected=expected)


@scenario("DMP-MAJ-03", theme="DMP", proves=["EX_3.1-1080"], needs=UPDATE)
def test_archive(bench: Bench) -> None:
    """A document is archived, then put back in force; its state is shown as the DMP holds it."""
    bench.login()
    patient = bench.patient()
    unique_id, _ = submitted(bench, patient)
    for change, status in (("archive", "archived"), ("unarchive", "approved")):
        mark = bench.mark()
        shown = bench.do(
            "document.update", patient_id=patient.id, unique_id=unique_id, change=change, confirmed=True
        ).data["status"]
        update = bench.expect("dmp", "TD3.3", rule=STATE, since=mark, patient=patient.matricule)
        made = done(update)
        observed = {"actions": made["actions"], "status": made["status"].lower(), "shown": shown}
        expected = {"actions": [change], "status": status, "shown": status}
        bench.check(STATE, observed == expected, where=update.id, observed=observed, expected=expected)


@scenario("DMP-MAJ-04", theme="DMP", proves=["DMP/CONF.10"], needs=UPDATE)
def test_versions_follow(bench: Bench) -> None:
    """Two changes in a row: the second one follows the version that the first one made."""
    bench.login()
    patient = bench.patient()
    unique_id, _ = submitted(bench, patient)
    for version, change in ((2, "mask"), (3, "unmask")):
        mark = bench.mark()
        bench.ask(
            "document.update", patient_id=patient.id, unique_id=unique_id, change=change, confirmed=True
        )
        update = bench.expect("dmp", "TD3.3", rule=FOLLOWS, since=mark, patient=patient.matricule)
        observed = {
            "outcome": update.facts["outcome"],
            "reason": update.facts.get("reason", ""),
            "version": update.facts["updates"][0].get("after", {}).get("version"),
        }
        expected = {"outcome": "accepted", "reason": "", "version": version}
        bench.check(FOLLOWS, observed == expected, where=update.id, observed=observed, expected=expected)


@scenario("DMP-MAJ-05", theme="DMP", proves=["BEN-DMP-03"], needs=UPDATE)
@pytest.mark.parametrize(
    ("change", "code"),
    [("mask", "XDSMetadataVersionError"), ("archive", "XDSMetadataUpdateError"), ("delete", "rights")],
    ids=["version", "statut", "droits"],
)
def test_refused_change(bench: Bench, change: str, code: str) -> None:
    """The document changed in between, or the DMP refuses the change: the user is told."""
    bench.login()
    patient = bench.patient()
    unique_id, _ = submitted(bench, patient)
    if code == "rights":
        bench.fault("dmp", "TD3.3", "rights", times=0)
    else:
        bench.fault("dmp", "TD3.3", "registry-error", times=0, code=code)
    answer = bench.ask(
        "document.update", patient_id=patient.id, unique_id=unique_id, change=change, confirmed=True
    )
    bench.expect("dmp", "TD3.3", patient=patient.matricule, outcome="refused")
    bench.told(REFUSAL_TOLD, answer)


@scenario("DMP-MAJ-06", theme="DMP", proves=["DMP/CONF.03"], needs=[*UPDATE, "document.search"])
def test_a_document_of_another(bench: Bench) -> None:
    """A laboratory's document is not deleted by the doctor: the deletion is refused, and that is told."""
    bench.login()
    patient = bench.patient()
    unique_id = bench.world.deposit_report(patient.patient)
    bench.do("document.search", patient_id=patient.id)
    bench.expect("dmp", "TD3.1", patient=patient.matricule, returned=unique_id)
    answer = bench.ask(
        "document.update", patient_id=patient.id, unique_id=unique_id, change="delete", confirmed=True
    )
    bench.told(FOREIGN, answer)
