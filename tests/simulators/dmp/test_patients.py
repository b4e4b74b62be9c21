"""TD0.2, TD0.5, TD1.3a and the transactions of yesterday, over the wire, with the personas."""

from typing import Any

import pytest

from schemas import hl7v3
from schemas.hl7v3 import Identity
from schemas.hl7v3.pdq import Find, read_found, write_find
from schemas.hl7v3.wrapper import Header, read_error
from schemas.vihf import AIR, DIRECT, INDIRECT
from simulators.core.clock import stamp
from simulators.core.personas import CHANGED_MIND, PERSONAS, persona, twins
from simulators.core.population import Patient, Population
from simulators.core.service import Handled
from simulators.dmp.errors import RIGHTS
from simulators.dmp.rights import GLASS, REGULATION
from simulators.dmp.routes import CREATE, EXISTENCE, FIND_PATIENT, REVISE

from .kit import SOURCE, Kit, body_of, fault_of
from .test_nominal import recorded


def reads(kit: Kit, patient: Patient, mode: str = AIR, **vihf: Any) -> Handled:
    query = hl7v3.Query(
        Identity(SOURCE, kit.oid()),
        stamp(kit.now),
        SOURCE,
        "reference_lps",
        Identity(SOURCE, kit.oid()),
        patient.ins,
        hl7v3.ADMIN_DATA,
    )
    sent = kit.ask(EXISTENCE, hl7v3.write_query(query), patient, mode, **vihf)
    request = kit.request(sent)
    assert kit.service.identify(request) == "TD1.3a"
    started, handled = kit.now, kit.service.handle(request)
    assert kit.service.rejudge(recorded(request, handled, started)) == list(handled.findings)
    return handled


def answer(handled: Handled) -> hl7v3.Answer:
    return hl7v3.read_answer(body_of(handled.response))


# --- TD1.3a


def test_administrative_data(kit: Kit) -> None:
    patient = persona(kit.population, "oppose-urgences")
    handled = reads(kit, patient)
    assert (handled.transaction, handled.facts["outcome"]) == ("TD1.3a", "accepted"), handled.facts
    assert list(handled.findings) == []
    read = answer(handled)
    assert read.details is not None
    assert (read.details.opposes_glass, read.details.opposes_regulation) == (True, True)
    assert read.details.birth_place == patient.birth_place
    assert read.details.address is not None and read.details.representatives == ()
    assert answer(kit.call(kit.exists(patient))).details is None


def test_a_minor_has_representatives(kit: Kit) -> None:
    patient = persona(kit.population, "mineur")
    assert kit.now.year - patient.birth_date.year < 18
    read = answer(reads(kit, patient))
    assert read.details is not None
    assert [one.link for one in read.details.representatives] == ["MTH", "FTH"]
    assert read.details.representatives[1].family == patient.birth_name


@pytest.mark.parametrize(("mode", "purpose"), [(INDIRECT, "normal"), (DIRECT, GLASS), (DIRECT, REGULATION)])
def test_oppositions_are_read_even_in_an_emergency(kit: Kit, mode: str, purpose: str) -> None:
    patient = persona(kit.population, "oppose-urgences")
    handled = reads(kit, patient, mode, purpose=purpose, reason="urgence vitale")
    assert handled.facts["outcome"] == "accepted", handled.facts


def test_not_for_a_blocked_professional(kit: Kit) -> None:
    read = answer(reads(kit, persona(kit.population, "bloque")))
    assert (read.ack, read.error) == ("AE", RIGHTS)
    assert answer(reads(kit, persona(kit.population, "sans-autorisation"))).details is not None


def test_no_dmp_or_a_closed_one(kit: Kit) -> None:
    assert not answer(reads(kit, persona(kit.population, "sans-dmp"))).found
    read = answer(reads(kit, persona(kit.population, "ferme-motif")))
    assert (read.status, read.details) == ("terminated", None)
    assert read.closure is not None and read.closure.text == CHANGED_MIND


# --- TD0.2


def test_existence_says_who_is_treating(kit: Kit) -> None:
    handled = kit.call(kit.exists(persona(kit.population, "patient-du-medecin-traitant")))
    assert answer(handled).treating_doctor and handled.facts["treating_doctor"]
    assert not answer(kit.call(kit.exists(persona(kit.population, "actif")))).treating_doctor


def test_existence_of_a_closed_dmp_says_why(kit: Kit) -> None:
    read = answer(kit.call(kit.exists(persona(kit.population, "ferme-motif"))))
    assert read.closure is not None and read.closure.text == CHANGED_MIND
    assert answer(kit.call(kit.exists(persona(kit.population, "nom-non-renseigne")))).usual == "NON RENSEIGNE"
    assert not answer(kit.call(kit.exists(persona(kit.population, "hors-mes")))).attached_to_mes


# --- TD0.5


def finds(kit: Kit, mode: str = DIRECT, purpose: str = REGULATION, **traits: str) -> Handled:
    header = Header(Identity(SOURCE, kit.oid()), stamp(kit.now), SOURCE, "reference_lps")
    find = Find(header, Identity(SOURCE, kit.oid()), **traits)
    return kit.call(kit.ask(FIND_PATIENT, write_find(find), None, mode, purpose=purpose))


@pytest.mark.parametrize("mode", [AIR, DIRECT, INDIRECT])
def test_a_regulation_centre_finds_twins(kit: Kit, mode: str) -> None:
    first, second = twins(kit.population)
    handled = finds(kit, mode, family=first.birth_name)
    assert (handled.transaction, handled.facts["outcome"]) == ("TD0.5", "accepted"), handled.facts
    assert list(handled.findings) == []
    found = read_found(body_of(handled.response))
    assert {one.patient for one in found.matches} == {first.ins, second.ins}
    assert (found.total, {one.score for one in found.matches}) == (2, {50})
    born = f"{first.birth_date:%Y%m%d}"
    best = read_found(
        body_of(
            finds(kit, family=first.birth_name, given=first.given, sex=first.sex, birth_date=born).response
        )
    )
    assert first.ins in [one.patient for one in best.matches if one.score == 100]
    assert not read_found(body_of(finds(kit, family=first.birth_name, birth_date="1901").response)).matches


def test_a_patient_opposed_to_regulation_is_flagged(kit: Kit) -> None:
    patient = persona(kit.population, "oppose-centre-15")
    persona(kit.population, "sans-dmp")
    (one,) = read_found(body_of(finds(kit, family=patient.birth_name[:-1]).response)).matches
    assert (one.patient, one.opposes_regulation, one.score) == (patient.ins, True, 25)


def test_only_a_regulation_centre_may(kit: Kit) -> None:
    patient = kit.population.derive("a")
    for mode in (DIRECT, AIR, INDIRECT):
        handled = finds(kit, mode, "normal", family=patient.birth_name)
        assert (handled.facts["cause"], handled.facts["reason"]) == ("rights", RIGHTS)
        assert read_found(body_of(handled.response)).error is not None
    assert "[bench] PDQ-02" in fault_of(finds(kit, family="").response).reason


# --- TD1.1, TD1.2, TD1.3b, TD1.4


def revises(kit: Kit, patient: Patient, transaction: str) -> Handled:
    reason = {"TD1.1": "CREA_RD", "TD1.2": "REAC", "TD1.3b": "MODIF_DATA", "TD1.4": "FERM"}[transaction]
    operation = CREATE if transaction == "TD1.1" else REVISE
    name = operation.body.rpartition("}")[2]
    body = (
        f'<{name} xmlns="urn:hl7-org:v3"><id root="1.2"/><controlActProcess><reasonCode code="{reason}"/>'
        f'<patient><id root="{patient.ins.oid}" extension="{patient.ins.matricule}"/></patient>'
        f"</controlActProcess></{name}>"
    )
    request = kit.request(kit.ask(operation, body, patient, DIRECT))
    assert kit.service.identify(request) == transaction
    handled = kit.service.handle(request)
    assert (handled.transaction, handled.facts["outcome"]) == (transaction, "refused")
    return handled


@pytest.mark.parametrize(
    ("transaction", "name", "code"),
    [
        ("TD1.1", "sans-dmp", RIGHTS),
        ("TD1.1", "actif", "DMPFound"),
        ("TD1.1", "ferme", "DMPFound"),
        ("TD1.2", "sans-dmp", "XDSUnknownPatientId"),
        ("TD1.2", "ferme", RIGHTS),
        ("TD1.2", "actif", "DMPFound"),
        ("TD1.3b", "actif", RIGHTS),
        ("TD1.4", "actif", RIGHTS),
        ("TD1.4", "ferme", "DMPClosed"),
        ("TD1.4", "sans-dmp", "XDSUnknownPatientId"),
    ],
)
def test_what_software_no_longer_does(kit: Kit, transaction: str, name: str, code: str) -> None:
    handled = revises(kit, persona(kit.population, name), transaction)
    error = read_error(body_of(handled.response)[0])
    assert error is not None and error[0] == code
    assert error[1].startswith("[bench] ")


@pytest.mark.parametrize("transaction", ["TD1.3b", "TD1.4"])
def test_outside_mon_espace_sante_the_bench_says_that_it_does_not_know(kit: Kit, transaction: str) -> None:
    handled = revises(kit, persona(kit.population, "hors-mes"), transaction)
    assert handled.facts["cause"] == "not-simulated"


# --- personas


def test_personas_come_from_the_seed() -> None:
    for name in PERSONAS:
        assert persona(Population(3), name) == persona(Population(3), name)
    assert persona(Population(3), "mineur") != persona(Population(4), "mineur")
    assert persona(Population(3), "corse").ins.matricule[5:7] in ("2A", "2B")


def test_twins() -> None:
    first, second = twins(Population(3))
    assert (first.birth_name, first.birth_date, first.birth_place) == (
        second.birth_name,
        second.birth_date,
        second.birth_place,
    )
    assert (first.birth_rank, second.birth_rank) == (1, 2)
    assert first.ins != second.ins


def test_derivation_of_the_others_is_unchanged() -> None:
    population = Population(3)
    plain = population.derive("a")
    assert population.derive("a", opposes_glass=True, treated=True).ins == plain.ins
