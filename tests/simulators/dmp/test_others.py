"""What others do to a record while a scenario runs, seen by a software that calls."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas import cda, xds
from schemas.ins import Ins
from schemas.vihf import AIR, DIRECT
from schemas.xds import names
from simulators.core.clock import stamp
from simulators.core.identities import CABINET, INFIRMIER, MEDECIN
from simulators.core.population import Patient
from simulators.dmp import documents
from simulators.dmp.deposit import Deposited
from simulators.dmp.others import Others
from simulators.dmp.state import Stale
from simulators.dmp.visibility import Kind, Viewer, hidden

from .kit import Kit, body_of

EVERY = tuple(documents.STATUSES.values())


@pytest.fixture
def others(kit: Kit) -> Others:
    return Others(kit.service, kit.population, kit.randomness, kit.clock)


def found(kit: Kit, patient: Patient, statuses: tuple[str, ...] = (names.APPROVED,)) -> list[str]:
    return list(kit.call(kit.search(patient, find(patient, statuses))).facts["returned"])


def find(patient: Patient, statuses: tuple[str, ...]) -> xds.Query:
    return xds.find_documents(patient.ins.cx(), statuses=list(statuses))


@pytest.mark.parametrize(
    "kind", ["lettre", "cr-bio", "adressage", "60593-1", "11506-3", "EXPPAT_1", "DOCPAT05"]
)
def test_one_of_each_kind_is_a_right_cda(kit: Kit, others: Others, kind: str) -> None:
    patient = kit.population.derive("a")
    made = others.deposit(patient, kind=kind)
    assert found(kit, patient) == [made.unique_id]
    held = kit.service.state.find(made.unique_id)
    assert held is not None
    document = cda.read(kit.service.state.body(held))
    assert document.unique_id == made.unique_id
    assert [one.rule for one in cda.judge_document(document) if one.is_error] == []
    assert kit.call(kit.retrieve(patient, made.unique_id)).facts["documents"][0]["sha256"] == made.sha256


def test_author_date_flags_and_status_are_chosen(kit: Kit, others: Others) -> None:
    patient = kit.population.derive("a", treated=True)
    when = kit.now - timedelta(days=900)
    made = others.deposit(
        patient, kind="lettre", author="infirmier", when=when, flags=[names.MASQUE_PS], status="archive"
    )
    held = kit.service.state.find(made.unique_id)
    assert held is not None
    assert (held.status, held.masked) == (names.ARCHIVED, True)
    assert held.facets["CreationTime"] == [stamp(when)]
    assert held.facets["structures"] == [INFIRMIER.structure.id_nat]
    assert kit.service.state.last_received(patient.ins.matricule) == stamp(when)
    assert found(kit, patient) == []
    assert found(kit, patient, EVERY) == [made.unique_id]


def test_a_document_of_the_patient(kit: Kit, others: Others) -> None:
    patient = kit.population.derive("a")
    made = others.deposit(patient, kind="EXPPAT_2")
    handled = kit.call(kit.search(patient))
    (entry,) = xds.read_query_response(body_of(handled.response)).entries
    assert xds.composite.person_id(entry.authors[0].person) == patient.ins.matricule
    assert entry.class_code is not None
    assert entry.class_code.code == "90"
    # of a patient's document, only the treating doctor may do this
    sent = kit.status(patient, made.entry_uuid, names.APPROVED, names.ARCHIVED)
    assert kit.call(sent).facts["outcome"] == "refused"


@pytest.mark.parametrize("data", [b"", b"<a", b"%PDF-1.4", b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>"])
def test_bytes_that_are_no_cda(kit: Kit, others: Others, data: bytes) -> None:
    patient = kit.population.derive("a")
    made = others.deposit(patient, kind="lettre", data=data)
    assert found(kit, patient) == [made.unique_id]
    read = kit.call(kit.retrieve(patient, made.unique_id))
    assert read.facts["documents"][0]["size"] == len(data)


def test_bytes_that_are_one(kit: Kit, others: Others) -> None:
    patient = kit.population.derive("a")
    data = kit.cda(patient)
    assert others.deposit(patient, data=data).unique_id == cda.read(data).unique_id
    with pytest.raises(sqlite3.IntegrityError):
        others.deposit(patient, data=data)


def test_a_replacement(kit: Kit, others: Others) -> None:
    patient = kit.population.derive("a")
    first = others.deposit(patient, kind="lettre")
    second = others.deposit(patient, kind="lettre", replaces=first.unique_id)
    assert found(kit, patient) == [second.unique_id]
    assert set(found(kit, patient, EVERY)) == {first.unique_id, second.unique_id}
    held = kit.service.state.find(second.unique_id)
    assert held is not None
    assert cda.read(kit.service.state.body(held)).version == 2
    with pytest.raises(Stale):
        others.deposit(patient, kind="lettre", replaces=first.unique_id)
    with pytest.raises(ValueError, match="no document"):
        others.deposit(kit.population.derive("b"), kind="lettre", replaces=second.unique_id)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "nimporte"}, "nimporte"),
        ({"author": "personne"}, "medecin"),
        ({"status": "perdu"}, "archive"),
        ({"flags": ["SECRET"]}, "MASQUE_PS"),
    ],
)
def test_what_can_not_be(kit: Kit, others: Others, options: dict[str, Any], said: str) -> None:
    patient = kit.population.derive("a")
    with pytest.raises(ValueError, match=said):
        others.deposit(patient, **options)
    assert found(kit, patient, EVERY) == []


# --- many


def outline(made: tuple[Deposited, ...]) -> list[tuple[str, str, str]]:
    return [(one.unique_id, one.type_code, one.sha256) for one in made]


def test_a_population_of_documents(kit: Kit, others: Others, test_pki: Any) -> None:
    patient = kit.population.derive("a")
    made = others.deposit_many(patient, 500)
    held = kit.service.state.of_patient(patient.ins.matricule)
    assert len(held) == len({one.unique_id for one in made}) == 500
    assert {one.status for one in held} == set(EVERY)
    assert len({one.type_code for one in held}) >= 8
    assert len({one.facets["AuthorPerson"][0] for one in held}) == len(documents.WRITTEN)
    assert {flag for one in held for flag in one.flags} == {"N", names.MASQUE_PS, names.INVISIBLE_PATIENT}
    assert len({one.facets["CreationTime"][0][:6] for one in held}) > 50
    assert max(one.facets["CreationTime"][0] for one in held) < stamp(kit.now)
    links = kit.service.state.links(one.uuid for one in held)
    obsolete = {one.uuid for one in held if one.status == names.DEPRECATED}
    assert {link.target for link in links} == obsolete
    assert len(obsolete) == 41
    # the same again: from the seed, whatever was done before
    again = Kit(test_pki, kit.clock)
    more = Others(again.service, again.population, again.randomness, again.clock)
    more.deposit(again.population.derive("x"))
    one = again.population.derive("a")
    assert outline(more.deposit_many(one, 20) + more.deposit_many(one, 20)) == outline(made[:40])
    assert outline(more.deposit_many(again.population.derive("b"), 5)) != outline(made[:5])


def test_documents_of_a_minor(kit: Kit, others: Others) -> None:
    child = kit.population.derive("enfant", minor=True)
    others.deposit_many(child, 60)
    held = kit.service.state.of_patient(child.ins.matricule)
    secret = [one for one in held if names.INVISIBLE_REPRESENTANTS in one.flags]
    assert secret
    assert all(hidden(one, Viewer(Kind.REPRESENTATIVE)) is not None for one in secret)


# --- authorisations, closure, oppositions


def test_authorisations_change(kit: Kit, others: Others) -> None:
    patient = kit.population.derive("a")
    for state, cause in (
        ("INTERDIT", "authorisation-interdit"),
        ("EXPIRE", "authorisation-expire"),
        ("NON_EXISTE", "authorisation-non-existe"),
        ("VALIDE", ""),
    ):
        others.authorise(patient, state)
        assert kit.call(kit.exists(patient)).facts["authorisation"] == state
        assert kit.call(kit.search(patient)).facts.get("cause", "") == cause
    others.authorise(patient, "VALIDE", treating=True)
    assert kit.call(kit.exists(patient)).facts["treating_doctor"] is True
    others.authorise(patient, "NON_EXISTE")
    others.authorise(patient, "VALIDE", CABINET.id_nat)
    assert kit.call(kit.search(patient)).facts["outcome"] == "accepted"  # the structure's is shared
    with pytest.raises(ValueError, match="BLOQUE"):
        others.authorise(patient, "BLOQUE")
    assert kit.service.audit.of(patient.ins.matricule)[-1].who == MEDECIN.id_nat


def test_a_dmp_is_closed(kit: Kit, others: Others) -> None:
    patient = kit.population.derive("a")
    assert kit.call(kit.search(patient)).facts["outcome"] == "accepted"
    closed = others.close(patient, "Je n'en veux plus")
    assert (closed.dmp, closed.closure) == ("ferme", "Je n'en veux plus")
    assert kit.call(kit.search(patient)).facts["cause"] == "dmp-closed"
    assert kit.call(kit.feed(patient)).facts["cause"] == "dmp-closed"
    assert kit.call(kit.exists(patient)).facts["status"] == "terminated"


def test_oppositions_change(kit: Kit, others: Others) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    for purpose, name in (("bris_de_glace", "glass"), ("centre_15", "regulation")):
        for opposed in (True, False):
            others.oppose(patient, **{name: opposed})  # type: ignore[arg-type]
            sent = kit.search(patient)
            sent.vihf = kit.vihf(patient, DIRECT, purpose=purpose, reason="urgence")
            assert (kit.call(sent).facts.get("cause") == "opposition") is opposed
    assert others.oppose(patient, masked_in_emergency=True).masked_in_emergency
    assert not others.oppose(patient, glass=True).opposes_regulation


def test_changes_add_up_whatever_the_scenario_holds(kit: Kit, others: Others) -> None:
    patient = kit.population.derive("a")
    made = others.deposit(patient)
    changed = others.change_ins(patient)
    others.oppose(patient, glass=True)
    last = others.change_ins(patient)
    assert last.opposes_glass
    assert [one.matricule for one in last.former] == [changed.ins.matricule, patient.ins.matricule]
    assert found(kit, last) == [made.unique_id]
    with pytest.raises(KeyError):
        others.close(replace(patient, ins=Ins("253078944411179")))


def test_air_finds_what_was_deposited_meanwhile(kit: Kit, others: Others) -> None:
    patient = kit.population.derive("a")
    before = kit.call(kit.search(patient, mode=AIR)).facts["returned"]
    made = others.deposit(patient)
    after = kit.call(kit.search(patient, mode=AIR)).facts["returned"]
    assert (before, after) == ([], [made.unique_id])
