"""TD0.3, TD0.4 and TD1.6 over the wire: who may, what becomes of it, what is said."""

from datetime import timedelta
from typing import Any

import pytest

from schemas import habilitations, hl7v3
from schemas.habilitations import ListByPatient, PatientList, SetAuthorization
from schemas.vihf import AIR, DIRECT, INDIRECT, Role, model
from simulators.core.faults import Fault
from simulators.core.identities import BIOLOGISTE, CABINET, CORRESPONDANT, MEDECIN, PHARMACIEN, Professional
from simulators.core.personas import persona
from simulators.core.population import Patient
from simulators.core.service import Handled
from simulators.dmp.errors import RIGHTS
from simulators.dmp.policy import Policy
from simulators.dmp.rights import GLASS, REGULATION
from simulators.dmp.routes import AUTHORISE, AUTHORISED, PATIENT_LIST

from .kit import Kit, body_of, fault_of

ADD, REMOVE = SetAuthorization("AJOUT"), SetAuthorization("SUPPRESSION")
BECOME, STOP = (
    SetAuthorization("AJOUT", "MEDECIN_TRAITANT"),
    SetAuthorization("SUPPRESSION", "MEDECIN_TRAITANT"),
)
EMPLOYEE: dict[str, Any] = {
    "name_id": f"3{CABINET.id_nat[1:]}/secretaire",
    "roles": (Role("SECRETARIAT_MEDICAL", "1.2.250.1.213.1.1.4.6"),),
}


def who(one: Professional) -> dict[str, Any]:
    roles = Role(one.profession, model.PROFESSIONS), Role(one.speciality, model.SPECIALITIES)
    return {"name_id": one.id_nat, "structure": one.structure.id_nat, "roles": roles}


def asks(kit: Kit, patient: Patient, asked: SetAuthorization, mode: str = DIRECT, **vihf: Any) -> Handled:
    return kit.call(kit.ask(AUTHORISE, habilitations.write_question(asked), patient, mode, **vihf))


def lists(kit: Kit, patient: Patient, mode: str, **vihf: Any) -> Handled:
    question = habilitations.write_question(ListByPatient(mode))
    return kit.call(kit.ask(AUTHORISED, question, patient, DIRECT, **vihf))


def outcome(handled: Handled) -> tuple[str, str]:
    read = habilitations.read_outcome(body_of(handled.response))
    return read.status, read.context


def exists(kit: Kit, patient: Patient, **vihf: Any) -> hl7v3.Answer:
    sent = kit.exists(patient)
    sent.vihf = kit.vihf(patient, DIRECT, **vihf)
    return hl7v3.read_answer(body_of(kit.call(sent).response))


@pytest.mark.parametrize("mode", [AIR, DIRECT])
@pytest.mark.parametrize("before", ["NON_EXISTE", "EXPIRE"])
def test_an_authorisation_opens_the_dmp(kit: Kit, mode: str, before: str) -> None:
    patient = kit.population.derive("a", authorisation=before)
    assert kit.call(kit.search(patient)).facts["reason"] == RIGHTS
    handled = asks(kit, patient, ADD, mode)
    assert handled.transaction == "TD0.3"
    assert list(handled.findings) == []
    assert handled.response.status == 200
    assert outcome(handled) == ("DMPOk", "")
    facts = handled.facts
    assert (facts["outcome"], facts["patient"]) == ("accepted", patient.ins.matricule)
    assert (facts["action"], facts["before"], facts["after"]) == ("AJOUT", before, "VALIDE")
    assert facts["changed"] and not facts["treating_doctor"]
    assert exists(kit, patient).authorisation == "VALIDE"
    assert kit.call(kit.search(patient)).facts["outcome"] == "accepted"


def test_it_is_the_caller_who_is_authorised(kit: Kit) -> None:
    patient = persona(kit.population, "sans-autorisation")
    asks(kit, patient, ADD)
    assert exists(kit, patient).authorisation == "VALIDE"
    assert exists(kit, patient, **who(CORRESPONDANT)).authorisation == "NON_EXISTE"


def test_again_changes_nothing(kit: Kit) -> None:
    patient = kit.population.derive("a")
    status, context = outcome(handled := asks(kit, patient, ADD))
    assert status == "DMPOk" and context.startswith("[bench] ")
    assert (handled.facts["after"], handled.facts["changed"]) == ("VALIDE", False)


def test_withdrawn(kit: Kit) -> None:
    patient = kit.population.derive("a", treated=True)
    assert exists(kit, patient).treating_doctor
    assert asks(kit, patient, REMOVE).facts["after"] == "NON_EXISTE"
    after = exists(kit, patient)
    assert (after.authorisation, after.treating_doctor) == ("NON_EXISTE", False)
    assert kit.call(kit.search(patient)).facts["outcome"] == "refused"
    again = asks(kit, patient, REMOVE)
    assert (outcome(again)[0], again.facts["changed"]) == ("DMPOk", False)


def test_a_blocked_professional_gets_nothing(kit: Kit) -> None:
    patient = persona(kit.population, "bloque")
    handled = asks(kit, patient, ADD)
    assert handled.response.status == 200
    status, context = outcome(handled)
    assert status == RIGHTS and context.startswith("[bench] ")
    assert (handled.facts["cause"], handled.facts["after"]) == ("authorisation-interdit", "INTERDIT")
    assert exists(kit, patient).authorisation == "INTERDIT"


def test_what_refuses_a_blocked_professional_is_a_setting(test_pki: Any, kit: Kit) -> None:
    other = Kit(test_pki, kit.clock, options={"policy": Policy(blocked_code="DMPAutre")})
    patient = persona(other.population, "bloque")
    assert outcome(asks(other, patient, ADD))[0] == "DMPAutre"


def test_treating_doctors(kit: Kit) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    assert asks(kit, patient, BECOME).facts["treating_doctor"]
    assert asks(kit, patient, BECOME, **who(CORRESPONDANT)).facts["treating_doctor"]
    assert exists(kit, patient).treating_doctor and exists(kit, patient, **who(CORRESPONDANT)).treating_doctor
    stopped = asks(kit, patient, STOP)
    assert (stopped.facts["after"], stopped.facts["treating_doctor"]) == ("VALIDE", False)
    assert stopped.facts["actor"] == "treating-doctor"
    after = exists(kit, patient)
    assert (after.authorisation, after.treating_doctor) == ("VALIDE", False)
    assert asks(kit, patient, STOP).facts["reason"] == RIGHTS  # no longer one
    assert asks(kit, patient, BECOME, **who(PHARMACIEN)).facts["reason"] == RIGHTS


@pytest.mark.parametrize(
    ("mode", "vihf"),
    [
        (INDIRECT, {}),
        (DIRECT, {"purpose": REGULATION}),
        (DIRECT, {"purpose": GLASS, "reason": "urgence vitale"}),
        (DIRECT, {"roles": (Role("10", model.PROFESSIONS), Role("SM25", model.SPECIALITIES))}),
    ],
)
def test_those_who_may_not(kit: Kit, mode: str, vihf: dict[str, Any]) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    handled = asks(kit, patient, ADD, mode, **vihf)
    assert (handled.facts["outcome"], handled.facts["cause"]) == ("refused", "rights")
    assert outcome(handled)[0] == RIGHTS
    assert exists(kit, patient).authorisation == "NON_EXISTE"


def test_an_employee_authorises_the_structure(kit: Kit) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    handled = asks(kit, patient, ADD, **EMPLOYEE)
    assert handled.facts["outcome"] == "accepted", handled.facts
    assert (handled.facts["holder"], handled.facts["actor"]) == (CABINET.id_nat, "cpe")
    assert exists(kit, patient).authorisation == "VALIDE"
    assert exists(kit, patient, **who(CORRESPONDANT)).authorisation == "NON_EXISTE"
    assert asks(kit, patient, REMOVE, **EMPLOYEE).facts["cause"] == "rights"
    foreign = asks(kit, patient, ADD, **{**EMPLOYEE, "name_id": "31750000029/x"})
    assert foreign.facts["cause"] == "user-unlinked"


@pytest.mark.parametrize(
    ("name", "code"),
    [("sans-dmp", "XDSUnknownPatientId"), ("ferme", "DMPClosed"), ("ferme-motif", "DMPClosed")],
)
def test_no_open_dmp(kit: Kit, name: str, code: str) -> None:
    handled = asks(kit, persona(kit.population, name), ADD)
    assert outcome(handled)[0] == code
    assert handled.facts["reason"] == code


def test_an_unknown_action_is_a_fault(kit: Kit) -> None:
    handled = asks(kit, kit.population.derive("a"), SetAuthorization("AJOUTER"))
    assert "[bench] HAB-01" in fault_of(handled.response).reason
    assert [finding.rule for finding in handled.findings] == ["HAB-01"]


def test_the_action_of_the_wsdl_is_accepted(kit: Kit) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    sent = kit.ask(AUTHORISE, habilitations.write_question(ADD), patient, DIRECT)
    sent.options["action"] = "urn:hl7-org:v3:setAuthorization"
    request = kit.request(sent)
    assert kit.service.identify(request) == "TD0.3"
    assert kit.service.handle(request).facts["outcome"] == "accepted"


@pytest.mark.parametrize("kind", ["registry-error", "rights"])
def test_an_injected_refusal_has_the_form_of_the_answer(kit: Kit, kind: str) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    request = kit.request(kit.ask(AUTHORISE, habilitations.write_question(ADD), patient, DIRECT))
    handled = kit.service.refuse(request, Fault("dmp", "TD0.3", kind))
    assert outcome(handled)[0] == {"rights": RIGHTS, "registry-error": "XDSRegistryError"}[kind]
    assert exists(kit, patient).authorisation == "NON_EXISTE"


# --- TD1.6


def test_who_is_authorised(kit: Kit) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    asks(kit, patient, BECOME)
    asks(kit, patient, ADD, **who(BIOLOGISTE))
    kit.service.authorisations.block(patient, CORRESPONDANT.id_nat, kit.now)
    handled = lists(kit, patient, "TOUTE")
    assert (handled.transaction, handled.facts["outcome"]) == ("TD1.6", "accepted")
    assert list(handled.findings) == []
    listed = {one.id: one for one in habilitations.read_professionals(body_of(handled.response))}
    assert set(listed) == {MEDECIN.id_nat, BIOLOGISTE.id_nat, CORRESPONDANT.id_nat}
    mine = listed[MEDECIN.id_nat]
    assert (mine.mode, mine.rights, mine.family) == ("ACTIVE", ("MEDECIN_TRAITANT",), MEDECIN.family)
    assert mine.start == mine.last_action and len(mine.start) == 14
    assert mine.specialities[0][0] == "G15_10/SM26"
    assert listed[BIOLOGISTE.id_nat].rights == ()
    assert listed[CORRESPONDANT.id_nat].mode == "INTERDITE"
    assert lists(kit, patient, "INTERDITE").facts["professionals"] == [CORRESPONDANT.id_nat]
    assert lists(kit, patient, "ACTIVE").facts["professionals"] == [MEDECIN.id_nat, BIOLOGISTE.id_nat]


def test_who_may_ask_who_is_authorised(kit: Kit) -> None:
    unknown = persona(kit.population, "sans-autorisation")
    assert lists(kit, unknown, "TOUTE").facts["cause"] == "authorisation-non-existe"
    patient = kit.population.derive("a")
    emergency = lists(kit, patient, "TOUTE", purpose=REGULATION)
    assert outcome(emergency)[0] == RIGHTS
    assert lists(kit, patient, "TOUS").facts["cause"] == "parameter"


# --- TD0.4


def patients(
    kit: Kit, asked: PatientList, mode: str = DIRECT, patient: Patient | None = None, **vihf: Any
) -> Handled:
    return kit.call(kit.ask(PATIENT_LIST, habilitations.write_question(asked), patient, mode, **vihf))


def since(kit: Kit, **ago: int) -> str:
    return f"{kit.now - timedelta(**ago):%Y%m%d%H%M%S}"


def test_my_patients(kit: Kit) -> None:
    mine = kit.population.derive("mine", treated=True, usual_name="NON RENSEIGNE")
    new = kit.population.derive("new", authorisation="NON_EXISTE")
    for state in ("NON_EXISTE", "EXPIRE", "INTERDIT"):
        kit.population.derive(state, authorisation=state)
    persona(kit.population, "ferme")
    asks(kit, new, ADD)
    kit.population.register(kit.population.derive("nobody", dmp="inexistant"))
    handled = patients(kit, PatientList(since(kit, days=60), "LASTAUTORIZATION"), patient=mine)
    assert (handled.transaction, handled.facts["outcome"]) == ("TD0.4", "accepted"), handled.facts
    assert list(handled.findings) == []
    listed = {one.identifiers[0]: one for one in habilitations.read_patients(body_of(handled.response))}
    assert set(listed) == {mine.ins, new.ins}
    one = listed[mine.ins]
    assert (one.usual_name, one.birth_name, one.treating) == ("NON RENSEIGNE", mine.birth_name, True)
    recent = patients(kit, PatientList(since(kit, minutes=5), "LASTAUTORIZATION"), patient=mine)
    assert recent.facts["patients"] == [new.ins.matricule]
    asks(kit, new, REMOVE)
    again = patients(kit, PatientList(since(kit, minutes=5), "LASTAUTORIZATION"), patient=mine)
    assert again.facts["patients"] == []


def test_no_patient_is_needed(kit: Kit) -> None:
    handled = patients(kit, PatientList(since(kit, days=60), "LASTDOC"))
    assert handled.facts["outcome"] == "accepted", handled.facts
    assert list(handled.findings) == []


def test_by_document(kit: Kit) -> None:
    patient, empty = kit.population.derive("a"), kit.population.derive("b")
    kit.call(kit.feed(patient))
    handled = patients(kit, PatientList(since(kit, days=1), "LASTDOC"), patient=empty)
    assert handled.facts["patients"] == [patient.ins.matricule]
    (one,) = habilitations.read_patients(body_of(handled.response))
    assert one.last_addition


def test_an_organisation_and_an_employee(kit: Kit) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    kit.population.derive("b", authorisation="NON_EXISTE")
    asks(kit, patient, ADD)
    asked = PatientList(since(kit, days=1), "LASTAUTORIZATION")
    assert patients(kit, asked, INDIRECT, patient).facts["patients"] == [patient.ins.matricule]
    assert patients(kit, asked, DIRECT, patient, **EMPLOYEE).facts["patients"] == [patient.ins.matricule]
    owned = PatientList(asked.start, asked.date_type, MEDECIN.id_nat)
    assert patients(kit, owned, DIRECT, patient, **EMPLOYEE).facts["patients"] == [patient.ins.matricule]
    other = PatientList(asked.start, asked.date_type, BIOLOGISTE.id_nat)
    assert patients(kit, other, DIRECT, patient, **EMPLOYEE).facts["cause"] == "user-unlinked"
    assert patients(kit, other, DIRECT, patient).facts["cause"] == "rights"
    documents = PatientList(asked.start, "LASTDOC")
    assert patients(kit, documents, INDIRECT, patient).facts["cause"] == "rights"
    assert patients(kit, asked, INDIRECT, patient, purpose=REGULATION).facts["cause"] == "rights"


def test_the_list_is_spelled_as_the_dmp_does(kit: Kit) -> None:
    handled = patients(kit, PatientList(since(kit, days=1), "LASTAUTHORIZATION"))
    assert "HAB-05" in fault_of(handled.response).reason


# --- oppositions


@pytest.mark.parametrize(
    ("name", "purpose", "opens"),
    [
        ("urgence", REGULATION, True),
        ("urgence", GLASS, True),
        ("oppose-centre-15", REGULATION, False),
        ("oppose-centre-15", GLASS, True),
        ("oppose-urgences", REGULATION, False),
        ("oppose-urgences", GLASS, False),
    ],
)
def test_oppositions(kit: Kit, name: str, purpose: str, opens: bool) -> None:
    patient = persona(kit.population, name)
    sent = kit.search(patient)
    sent.vihf = kit.vihf(patient, DIRECT, purpose=purpose, reason="urgence vitale")
    handled = kit.call(sent)
    assert handled.facts["outcome"] == ("accepted" if opens else "refused"), handled.facts
    if not opens:
        assert (handled.facts["reason"], handled.facts["cause"]) == (RIGHTS, "opposition")
    assert exists(kit, patient, purpose=purpose, reason="urgence vitale").active  # it stays known
