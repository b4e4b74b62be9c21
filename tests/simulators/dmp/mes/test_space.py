"""The patient's side: who sees what, and what a decision changes for the services themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas import hl7v3
from schemas.vihf import DIRECT
from schemas.xds import names
from simulators.core.identities import BIOLOGISTE, CORRESPONDANT, MEDECIN, PHARMACIEN, Professional
from simulators.core.population import Patient
from simulators.dmp.authorisations import State
from simulators.dmp.mes.errors import Refused
from simulators.dmp.mes.space import PATIENT, Space
from simulators.dmp.visibility import Kind

from ..kit import Kit, Message, body_of

MASKED, UNSEEN, SECRET = names.MASQUE_PS, names.INVISIBLE_PATIENT, names.INVISIBLE_REPRESENTANTS


@pytest.fixture
def space(kit: Kit) -> Space:
    return Space(kit.service, kit.clock, kit.randomness)


def fed(kit: Kit, patient: Patient, *flags: str) -> str:
    facts = kit.call(kit.feed(patient, flags=flags)).facts
    assert facts["outcome"] == "accepted", facts
    return str(facts["documents"][0]["unique_id"])


def own(kit: Kit, patient: Patient) -> str:
    """A document that the patient deposited."""
    unique_id = fed(kit, patient)
    kit.service.state._db.execute("UPDATE entry SET type_code='EXPPAT_1' WHERE unique_id=?", (unique_id,))
    return unique_id


def by(kit: Kit, patient: Patient, sent: Message, who: Professional, **changes: Any) -> Message:
    """The same message by somebody else, with a card."""
    sent.vihf = kit.vihf(patient, DIRECT, name_id=who.id_nat, structure=who.structure.id_nat, **changes)
    return sent


def found(kit: Kit, patient: Patient, who: Professional, **changes: Any) -> set[str]:
    """The uniqueIds that a professional's search returns."""
    facts = kit.call(by(kit, patient, kit.search(patient), who, **changes)).facts
    assert facts["outcome"] == "accepted", facts
    return set(facts["returned"])


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.cause


def ids(space: Space, patient: Patient, who: str = "") -> set[str]:
    return {one.unique_id for one in space.documents(patient, who)}


# --- who sees what


def test_the_patient_sees_masked_documents_but_not_invisible_ones(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m")
    plain, masked, unseen = fed(kit, patient), fed(kit, patient, MASKED), fed(kit, patient, UNSEEN)
    assert ids(space, patient) == {plain, masked}
    assert refusal(lambda: space.document(patient, unseen)) == "document-unknown"
    held, data = space.document(patient, masked)
    assert held.masked and data == kit.service.state.body(held)


def test_representatives_of_a_minor(kit: Kit, space: Space) -> None:
    child = kit.population.derive("m", minor=True)
    plain, secret = fed(kit, child), fed(kit, child, SECRET)
    people = space.onlookers(child)
    assert [one.who for one in people] == ["representant-1", "representant-2", PATIENT]
    assert [one.link for one in people] == ["MTH", "FTH", ""]
    for who in ("", "representant-1", "representant-2", PATIENT):  # the child's space is the parents' too
        assert ids(space, child, who) == {plain}
        assert refusal(lambda who=who: space.mask(child, secret, who)) == "document-unknown"  # type: ignore[misc]
    adult = kit.population.derive("a")
    assert space.viewer(adult).kind is Kind.PATIENT and space.viewer(child).kind is Kind.REPRESENTATIVE
    assert fed(kit, adult, SECRET) in ids(space, adult)
    assert refusal(lambda: space.viewer(adult, "representant-1")) == "onlooker-unknown"


def test_spaces_that_are_not_open(kit: Kit, space: Space) -> None:
    for persona, cause in (
        ({"mes": "absent"}, "no-space"),
        ({"mes": "ferme"}, "no-space"),
        ({"dmp": "ferme"}, "dmp-closed"),
        ({"dmp": "inexistant"}, "dmp-absent"),
    ):
        patient = kit.population.derive("m", **persona)
        assert refusal(lambda patient=patient: space.documents(patient)) == cause  # type: ignore[misc]
        assert refusal(lambda patient=patient: space.consent(patient)) == cause  # type: ignore[misc]
    assert refusal(lambda: space.patient("123")) == "patient-unknown"


# --- what a decision changes


def test_masking_hides_from_professionals_and_unmasking_shows_again(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m")
    unique_id = fed(kit, patient)
    assert found(kit, patient, CORRESPONDANT) == {unique_id}
    masked = space.mask(patient, unique_id)
    assert masked.masked and masked.version == 2
    assert found(kit, patient, CORRESPONDANT) == set()
    assert found(kit, patient, MEDECIN) == {unique_id}  # its author
    kit.service.authorisations.add(patient, CORRESPONDANT.id_nat, kit.now, treating=True)
    assert found(kit, patient, CORRESPONDANT) == {unique_id}  # the treating doctor
    assert refusal(lambda: space.mask(patient, unique_id)) == "unchanged"
    assert not space.unmask(patient, unique_id).masked
    assert found(kit, patient, BIOLOGISTE) == {unique_id}
    assert refusal(lambda: space.unmask(patient, unique_id)) == "unchanged"
    assert kit.entry(patient, unique_id).version == "3"


def test_a_software_works_on_the_version_that_the_patient_made(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m")
    unique_id = fed(kit, patient)
    stale = kit.flags(patient, unique_id, MASKED)
    space.mask(patient, unique_id)
    assert kit.call(stale).facts["reason"] == "XDSMetadataVersionError"
    assert kit.call(kit.flags(patient, unique_id)).facts["outcome"] == "accepted"


def test_a_blocked_professional_is_refused_by_the_services(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m")
    space.block(patient, MEDECIN.id_nat)
    facts = kit.call(kit.search(patient)).facts
    assert (facts["outcome"], facts["cause"]) == ("refused", "authorisation-interdit")
    states = {one.id_nat: held.state for one, held in space.professionals(patient)}
    assert states[MEDECIN.id_nat] is State.BLOCKED and states[PHARMACIEN.id_nat] is State.VALID
    assert space.unblock(patient, MEDECIN.id_nat).state is State.NONE
    assert kit.call(kit.search(patient)).facts["cause"] == "authorisation-non-existe"
    assert refusal(lambda: space.unblock(patient, MEDECIN.id_nat)) == "not-blocked"
    assert refusal(lambda: space.block(patient, "800000000000")) == "professional-unknown"


def test_oppositions_are_obeyed(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m", authorisation="NON_EXISTE")
    glass = {"purpose": "bris_de_glace", "reason": "urgence"}
    for purpose, how in (("bris_de_glace", glass), ("centre_15", {"purpose": "centre_15"})):
        assert found(kit, patient, CORRESPONDANT, **how) == set()
        space.oppose(patient, purpose)
        facts = kit.call(by(kit, patient, kit.search(patient), CORRESPONDANT, **how)).facts
        assert (facts["outcome"], facts["cause"]) == ("refused", "opposition")
        space.oppose(patient, purpose, False)
        assert found(kit, patient, CORRESPONDANT, **how) == set()
    assert refusal(lambda: space.oppose(patient, "normal")) == "purpose-unknown"


def test_consent_shows_masked_documents_in_an_emergency(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m", authorisation="NON_EXISTE")
    masked = fed(kit, patient, MASKED)
    glass = {"purpose": "bris_de_glace", "reason": "urgence"}
    assert found(kit, patient, CORRESPONDANT, **glass) == set()
    space.consent(patient)
    assert found(kit, patient, CORRESPONDANT, **glass) == {masked}
    space.consent(patient, False)
    assert found(kit, patient, CORRESPONDANT, **glass) == set()


def test_only_own_documents_are_archived_and_deleted(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m")
    theirs, mine = fed(kit, patient), own(kit, patient)
    for act in (space.archive, space.delete):
        assert refusal(lambda act=act: act(patient, theirs)) == "not-yours"  # type: ignore[misc]
    assert space.archive(patient, mine).status == names.ARCHIVED
    assert found(kit, patient, CORRESPONDANT) == {theirs}
    assert mine in ids(space, patient)  # shown as archived
    assert space.unarchive(patient, mine).status == names.APPROVED
    assert refusal(lambda: space.unarchive(patient, mine)) == "unchanged"
    assert space.delete(patient, mine).status == names.DELETED
    assert found(kit, patient, CORRESPONDANT) == ids(space, patient) == {theirs}
    assert refusal(lambda: space.document(patient, mine)) == "document-unknown"


def test_a_closed_record_is_closed_for_all(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m")
    fed(kit, patient)
    space.close(patient, "Je n'en veux plus")
    assert kit.call(kit.search(patient)).facts["cause"] == "dmp-closed"
    assert kit.call(kit.feed(patient)).facts["cause"] == "dmp-closed"
    told = kit.call(kit.exists(patient))
    assert told.facts["status"] == "terminated"
    answer = hl7v3.read_answer(body_of(told.response))
    assert answer.closure is not None
    assert (answer.closure.date[:8], answer.closure.text) == (f"{kit.now:%Y%m%d}", "Je n'en veux plus")
    assert refusal(lambda: space.documents(patient)) == "dmp-closed"
    assert [trace.transaction for trace in space.history(patient)][-1] == "TD2.1"


# --- traces


def test_a_break_of_the_glass_is_notified(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m", authorisation="NON_EXISTE")
    unique_id = fed(kit, patient)
    assert space.notices(patient) == ()
    glass = {"purpose": "bris_de_glace", "reason": "patient inconscient"}
    found(kit, patient, CORRESPONDANT, **glass)
    kit.call(by(kit, patient, kit.retrieve(patient, unique_id), CORRESPONDANT, **glass))
    found(kit, patient, BIOLOGISTE, purpose="centre_15")  # no break of the glass
    (notice,) = space.notices(patient)
    assert (notice.who, notice.structure) == (CORRESPONDANT.id_nat, CORRESPONDANT.structure.id_nat)
    assert (notice.reason, notice.calls, notice.documents) == ("patient inconscient", 2, (unique_id,))
    space.oppose(patient, "bris_de_glace")
    kit.call(by(kit, patient, kit.search(patient), BIOLOGISTE, **glass))  # refused: no access took place
    assert len(space.notices(patient)) == 1
    space.oppose(patient, "bris_de_glace", False)
    found(kit, patient, BIOLOGISTE, **glass)
    assert [one.who for one in space.notices(patient)] == [BIOLOGISTE.id_nat, CORRESPONDANT.id_nat]


def test_decisions_are_traced(kit: Kit, space: Space) -> None:
    patient = kit.population.derive("m")
    unique_id = fed(kit, patient)
    space.mask(patient, unique_id)
    space.block(patient, PHARMACIEN.id_nat)
    mask, block = kit.service.audit.of(patient.ins.matricule)[-2:]
    assert (mask.transaction, mask.documents, mask.mode) == ("MES.mask", (unique_id,), "MES")
    assert (block.transaction, block.who) == ("MES.block", patient.ins.matricule)
    assert space.history(patient)[0] == block
