"""INS changes: a document fed under a former INS of the same patient (EX_3.1-1055)."""

from dataclasses import replace

from schemas import xds
from schemas.vihf import AIR
from schemas.xds import names
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.personas import persona
from simulators.core.pki import Pki
from simulators.core.population import Patient, Population
from simulators.dmp.admin_data import admin_data
from simulators.dmp.policy import Policy

from .conftest import START
from .kit import Kit, body_of, error_of, levels


def former(patient: Patient) -> Patient:
    """The patient as a software that knows only their former INS sees them."""
    return replace(patient, ins=patient.former[0])


def found(kit: Kit, patient: Patient) -> list[str]:
    handled = kit.call(kit.search(patient))
    return list(handled.facts["returned"])


def test_the_persona_has_two_ins() -> None:
    population = Population(3)
    patient = persona(population, "ins-change")
    (old,) = patient.former
    assert old != patient.ins
    assert old.matricule[:10] == patient.ins.matricule[:10]
    assert population.find(old.matricule) is None
    assert population.holder(old.matricule) == population.holder(patient.ins.matricule) == patient
    assert persona(Population(3), "ins-change") == patient == persona(population, "ins-change")
    # nobody else gets the former INS
    others = [population.derive(f"o{rank}", twin_of=patient.ins.matricule) for rank in range(40)]
    assert old not in [one.ins for one in others]


def test_either_ins_finds_what_was_fed_under_either(kit: Kit) -> None:
    patient = persona(kit.population, "ins-change")
    before = kit.call(kit.feed(former(patient))).facts["documents"][0]
    after = kit.call(kit.feed(patient)).facts["documents"][0]
    both = {before["unique_id"], after["unique_id"]}
    assert set(found(kit, patient)) == set(found(kit, former(patient))) == both
    entries = xds.read_query_response(body_of(kit.call(kit.search(patient)).response)).entries
    said = {entry.unique_id: xds.composite.patient(entry.patient_id) for entry in entries}
    assert said == {before["unique_id"]: patient.former[0].cx(), after["unique_id"]: patient.ins.cx()}
    read = kit.call(kit.retrieve(patient, *sorted(both)))
    assert {one["unique_id"] for one in read.facts["documents"]} == both
    assert len(kit.service.audit.of(patient.ins.matricule)) == 6
    assert kit.call(kit.exists(former(patient), AIR)).facts["exists"] is True


def test_an_entry_under_the_former_ins_is_updated_under_the_present_one(kit: Kit) -> None:
    patient = persona(kit.population, "ins-change")
    document = kit.call(kit.feed(former(patient))).facts["documents"][0]
    entry = kit.entry(patient, document["unique_id"])
    asked = xds.change_confidentiality(entry, levels(names.MASQUE_PS), **kit._made())
    submission_set = replace(asked.submission_set, patient_id=patient.ins.cx())
    request = kit.request(kit.update(patient, replace(asked, submission_set=submission_set)))
    handled = kit.service.handle(request)
    assert handled.facts["outcome"] == "accepted", handled.facts
    again = kit.service.rejudge(_recorded(kit, request, handled.facts))
    assert [one.rule for one in again if one.is_error] == []
    sent = kit.status(patient, kit.entry(patient, document["unique_id"]).id, names.APPROVED, names.DELETED)
    assert kit.call(sent).facts["outcome"] == "accepted"


def _recorded(kit: Kit, request, facts) -> Exchange:  # type: ignore[no-untyped-def]
    head = f"POST {request.path} HTTP/1.1\n" + "\n".join(f"{n}: {v}" for n, v in request.headers)
    return Exchange(1, "dmp", "TD3.3", kit.now, 0.0, head, request.body, tls=request.tls, facts=facts)


def test_both_ins_in_one_message_do_not_agree(kit: Kit) -> None:
    patient = persona(kit.population, "ins-change")
    sent = kit.search(patient)
    sent.vihf = kit.vihf(former(patient), AIR)
    assert error_of(kit.call(sent).response) == "XDSPatientIdDoesNotMatch"
    sent = kit.feed(patient)
    sent.vihf = kit.vihf(former(patient))
    assert error_of(kit.call(sent).response) == "XDSPatientIdDoesNotMatch"


def test_that_a_former_ins_is_taken_is_a_setting(test_pki: Pki) -> None:
    kit = Kit(test_pki, Clock(START), options={"policy": Policy(former_ins=False)})
    patient = persona(kit.population, "ins-change")
    assert error_of(kit.call(kit.search(former(patient))).response) == "XDSUnknownPatientId"
    assert error_of(kit.call(kit.feed(former(patient))).response) == "XDSUnknownPatientId"
    assert found(kit, patient) == []


def test_a_change_during_a_run(kit: Kit) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    document = kit.call(kit.feed(patient)).facts["documents"][0]
    kit.service.authorisations.add(patient, "899700100011", kit.now)
    changed = kit.population.change_ins(patient)
    kit.service.changed_ins(patient.ins.matricule, changed.ins.matricule)
    assert changed.former == (patient.ins,)
    assert kit.population.find(patient.ins.matricule) is None
    assert found(kit, changed) == found(kit, patient) == [document["unique_id"]]
    again = kit.population.change_ins(changed)
    kit.service.changed_ins(changed.ins.matricule, again.ins.matricule)
    assert again.former == (changed.ins, patient.ins)
    assert found(kit, again) == [document["unique_id"]]
    assert [one.transaction for one in kit.service.audit.of(again.ins.matricule)] == ["TD2.1"] + ["TD3.1"] * 3


def test_a_deceased_patient_is_said_to_be(kit: Kit) -> None:
    assert admin_data(persona(kit.population, "decede")).deceased
    assert not admin_data(persona(kit.population, "actif")).deceased
