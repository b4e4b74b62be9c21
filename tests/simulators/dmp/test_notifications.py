"""What the patient is told of breaks of the glass, and when a document was deposited."""

from datetime import timedelta
from typing import Any

from schemas.habilitations import PatientList, write_question
from schemas.vihf import DIRECT
from schemas.xds import names
from simulators.core.clock import stamp
from simulators.core.identities import BIOLOGISTE
from simulators.core.population import Patient
from simulators.dmp.audit import notifications
from simulators.dmp.routes import PATIENT_LIST

from .kit import Kit, Message

BIOLOGIST = {"name_id": BIOLOGISTE.id_nat, "structure": BIOLOGISTE.structure.id_nat}


def breaking(kit: Kit, sent: Message, patient: Patient, reason: str, **who: Any) -> Message:
    sent.vihf = kit.vihf(patient, DIRECT, purpose="bris_de_glace", reason=reason, **who)
    return sent


def test_a_break_of_the_glass_is_told_once(kit: Kit) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    document = kit.call(kit.feed(patient)).facts["documents"][0]["unique_id"]
    for sent in (kit.search(patient), kit.retrieve(patient, document), kit.retrieve(patient, document)):
        kit.call(breaking(kit, sent, patient, "patient inconscient"))
    kit.call(breaking(kit, kit.search(patient), patient, "autre motif", **BIOLOGIST))
    kit.call(breaking(kit, kit.retrieve(patient, "1.2.3"), patient, "patient inconscient"))  # refused
    first, second = notifications(kit.service.audit.of(patient.ins.matricule))
    assert (first.reason, first.documents, first.calls) == ("patient inconscient", (document,), 3)
    assert (second.who, second.structure) == (BIOLOGISTE.id_nat, BIOLOGISTE.structure.id_nat)
    assert (second.documents, second.calls) == ((), 1)
    assert first.first <= first.last <= second.first


def test_another_day_is_another_access(kit: Kit) -> None:
    patient = kit.population.derive("a", authorisation="NON_EXISTE")
    kit.call(breaking(kit, kit.search(patient), patient, "urgence"))
    kit.clock.shift(timedelta(days=1))
    kit.call(breaking(kit, kit.search(patient), patient, "urgence"))
    assert len(notifications(kit.service.audit.of(patient.ins.matricule))) == 2


def test_a_normal_access_is_not_told(kit: Kit) -> None:
    patient = kit.population.derive("a")
    kit.call(kit.search(patient))
    assert notifications(kit.service.audit.of(patient.ins.matricule)) == ()


def test_last_document_is_by_time_of_deposit(kit: Kit) -> None:
    """LASTDOC: not when a document was made, nor when a copy of its metadata was."""
    patient = kit.population.derive("a")
    fed_at = kit.now
    old = kit.cda(patient, created=kit.now - timedelta(days=300))
    document = kit.call(kit.feed(patient, old)).facts["documents"][0]
    assert kit.service.state.last_received(patient.ins.matricule)[:12] == stamp(fed_at)[:12]
    kit.clock.shift(timedelta(days=5))
    kit.call(kit.flags(patient, document["unique_id"], names.MASQUE_PS))
    asked = PatientList(stamp(fed_at - timedelta(minutes=5)), "LASTDOC")
    sent = kit.ask(PATIENT_LIST, write_question(asked), patient)
    assert kit.call(sent).facts["patients"] == [patient.ins.matricule]
    later = PatientList(stamp(fed_at + timedelta(days=1)), "LASTDOC")
    assert kit.call(kit.ask(PATIENT_LIST, write_question(later), patient)).facts["patients"] == []
    assert kit.service.state.last_received("nobody") == ""
