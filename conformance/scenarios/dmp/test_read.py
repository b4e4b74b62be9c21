"""DMP: existence (TD0.2), search (TD3.1) and retrieval (TD3.2)."""

import hashlib

import pytest

from conformance.engine.bench import Bench, Known
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet
from simulators.core.identities import MEDECIN as DOCTOR

RULES: RuleSet[None] = RuleSet("scenarios.dmp.read")
STATE = RULES.declare("SCN-DMP-EXISTENCE", requirements=["DMP/UX.12"])
ORDER = RULES.declare("SCN-DMP-TD02-AVANT", requirements=["DMP/UX.08"])
LIST = RULES.declare("SCN-DMP-LISTE", requirements=["DMP/UX.14"])
FILTER = RULES.declare("SCN-DMP-CRITERES", requirements=["DMP/UX.27"])
BYTES = RULES.declare("SCN-DMP-OCTETS", requirements=["DMP/UX.31"])
DENIED = RULES.declare("SCN-DMP-INTERDIT", requirements=["BEN-DMP-11"])
DENIED_TOLD = RULES.declare("SCN-DMP-INTERDIT-DIT", requirements=["BEN-DMP-11"])
AUTHORISED = RULES.declare("SCN-DMP-AUTORISATION", requirements=["EX_0.3-1010"])
USER = RULES.declare("SCN-DMP-UTILISATEUR", requirements=["DMP/AIRS.06"])

EXIST = ["patient.record", "identity.search", "dmp.status"]
READ = ["patient.record", "identity.search", "session.login", "document.search"]


def retrieve(bench: Bench, patient: Known, unique_id: str) -> None:
    """Open a document of the DMP: the software must show the bytes that the DMP gave."""
    mark = bench.mark()
    data = bench.do("document.retrieve", patient_id=patient.id, unique_id=unique_id).data
    got = bench.expect("dmp", "TD3.2", since=mark, patient=patient.matricule)
    sent = [item["sha256"] for item in got.facts["documents"] if item["unique_id"] == unique_id]
    received = bench.read(BYTES, "document_base64", data["document_base64"], bytes)
    shown = hashlib.sha256(received).hexdigest()
    bench.check(BYTES, shown in sent, where=got.id, observed=shown, expected=sent)


@scenario(
    "DMP-EXIST-01",
    theme="DMP",
    proves=["DMP/UX.12"],
    needs=EXIST,
)
@pytest.mark.parametrize("state", ["actif", "inexistant", "ferme"])
def test_existence(bench: Bench, state: str) -> None:
    """TD0.2 tells three states apart."""
    patient = bench.patient(dmp=state)
    data = bench.do("dmp.status", patient_id=patient.id).data
    bench.expect("dmp", "TD0.2", rule=STATE, patient=patient.matricule)
    observed = {"exists": data["exists"], "active": data["active"]}
    expected = {"exists": state != "inexistant", "active": state == "actif"}
    bench.check(STATE, observed == expected, where="TD0.2", observed=observed, expected=expected)


@scenario(
    "DMP-CONS-01",
    theme="DMP",
    proves=["DMP/UX.08", "DMP/UX.14", "DMP/AIRS.06", "BEN-DMP-12"],
    needs=READ,
)
def test_search(bench: Bench) -> None:
    """A report deposited by a laboratory is found; the existence test comes first, in the user's name."""
    bench.login()
    patient = bench.patient()
    unique_id = bench.world.deposit_report(patient.patient)
    mark = bench.mark()
    found = bench.do("document.search", patient_id=patient.id).data["documents"]
    search = bench.expect("dmp", "TD3.1", since=mark, patient=patient.matricule)
    earlier = [item.number for item in bench.seen("dmp", "TD0.2", patient=patient.matricule)]
    bench.check(
        ORDER,
        bool(earlier) and min(earlier) < search.number,
        where=search.id,
        observed=[f"x{number:06d}" for number in earlier],
        expected=f"TD0.2 avant {search.id}",
    )
    listed = [document["unique_id"] for document in found]
    bench.check(LIST, unique_id in listed, where=search.id, observed=listed, expected=unique_id)
    user = search.facts.get("user")
    bench.check(USER, user == DOCTOR.id_nat, where=search.id, observed=user, expected=DOCTOR.id_nat)


@scenario("DMP-CONS-02", theme="DMP", proves=["DMP/UX.27"], needs=READ)
def test_criteria(bench: Bench) -> None:
    """A criterion chosen by the user is sent to the DMP."""
    bench.login()
    patient = bench.patient()
    bench.world.deposit_report(patient.patient)
    bench.do("document.search", patient_id=patient.id, filters={"type_code": "11502-2"})
    search = bench.expect("dmp", "TD3.1", patient=patient.matricule)
    slots = search.facts.get("slots", {})
    sent = next((str(value) for name, value in slots.items() if name.endswith("TypeCode")), "")
    bench.check(FILTER, "11502-2" in sent, where=search.id, observed=slots, expected="11502-2")


@scenario("DMP-CONS-03", theme="DMP", proves=["DMP/CONF.10", "DMP/UX.31"], needs=[*READ, "document.retrieve"])
def test_retrieve(bench: Bench) -> None:
    """Two documents chosen in the list: each is opened as it was deposited, byte for byte."""
    bench.login()
    patient = bench.patient()
    deposited = [bench.world.deposit_report(patient.patient) for _ in range(2)]
    bench.do("document.search", patient_id=patient.id)
    for unique_id in deposited:
        retrieve(bench, patient, unique_id)


@scenario("DMP-CONS-04", theme="DMP", proves=["BEN-DMP-11"], needs=READ)
def test_blocked_professional(bench: Bench) -> None:
    """The patient has blocked this professional: no consultation, and the user is told."""
    bench.login()
    witness = bench.patient("temoin")
    bench.do("document.search", patient_id=witness.id)
    control = bench.expect("dmp", "TD3.1", patient=witness.matricule)
    patient = bench.patient("interdit", authorisation="INTERDIT")
    mark = bench.mark()
    answer = bench.ask("document.search", patient_id=patient.id)
    bench.none(DENIED, "dmp", "TD3.1", control=control, since=mark, patient=patient.matricule)
    bench.told(DENIED_TOLD, answer)


@scenario("DMP-AUT-01", theme="DMP", proves=["EX_0.3-1010"], needs=[*READ, "dmp.authorise"])
@pytest.mark.parametrize("state", ["NON_EXISTE", "EXPIRE"])
def test_authorisation(bench: Bench, state: str) -> None:
    """The patient agrees: the user's own authorisation is added (TD0.3), shown, and opens the DMP."""
    bench.login()
    patient = bench.patient(authorisation=state)
    shown = bench.do("dmp.authorise", patient_id=patient.id, change="add").data["authorisation"]
    asked = bench.expect("dmp", "TD0.3", rule=AUTHORISED, patient=patient.matricule, outcome="accepted")
    observed = {name: asked.facts.get(name) for name in ("action", "role", "after", "user")}
    expected = {"action": "AJOUT", "role": "", "after": "VALIDE", "user": DOCTOR.id_nat}
    bench.check(AUTHORISED, observed == expected, where=asked.id, observed=observed, expected=expected)
    bench.check(AUTHORISED, shown == "VALIDE", where="dmp.authorise", observed=shown, expected="VALIDE")
    mark = bench.mark()
    bench.do("document.search", patient_id=patient.id)
    bench.expect("dmp", "TD3.1", rule=AUTHORISED, since=mark, patient=patient.matricule, outcome="accepted")
