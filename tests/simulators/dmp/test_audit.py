"""The trail of a record."""

from schemas.vihf import INDIRECT
from schemas.xds import names
from simulators.core.faults import Fault
from simulators.core.identities import BIOLOGISTE, MEDECIN
from simulators.dmp.audit import shown
from simulators.dmp.rights import Actor
from simulators.dmp.visibility import Kind, Viewer

from .kit import Kit


def test_each_call_on_a_record_is_traced(kit: Kit) -> None:
    patient = kit.population.derive("t")
    document = kit.call(kit.feed(patient)).facts["documents"][0]
    kit.call(kit.exists(patient))
    kit.call(kit.search(patient))
    sent = kit.retrieve(patient, document["unique_id"])
    sent.vihf = kit.vihf(
        patient,
        "DIRECTE",
        name_id=BIOLOGISTE.id_nat,
        structure=BIOLOGISTE.structure.id_nat,
        purpose="bris_de_glace",
        reason="patient inconscient",
    )
    kit.call(sent)
    kit.call(kit.retrieve(patient, "1.2.3"))
    kit.call(kit.status(patient, document["entry_uuid"], names.APPROVED, names.DELETED))
    traces = kit.service.audit.of(patient.ins.matricule)
    one = (document["unique_id"],)
    assert [(trace.transaction, trace.documents, trace.outcome) for trace in traces] == [
        ("TD2.1", one, "accepted"),
        ("TD0.2", (), "accepted"),
        ("TD3.1", one, "accepted"),
        ("TD3.2", one, "accepted"),
        ("TD3.2", ("1.2.3",), "refused"),
        ("TD3.3", one, "accepted"),
    ]
    glass = traces[3]
    assert (glass.who, glass.structure) == (BIOLOGISTE.id_nat, BIOLOGISTE.structure.id_nat)
    assert (glass.mode, glass.purpose, glass.reason) == ("DIRECTE", "bris_de_glace", "patient inconscient")
    assert traces[4].detail == "XDSDocumentUniqueIdError"
    assert traces[0].when <= traces[-1].when
    assert kit.service.audit.of(kit.population.derive("other").ins.matricule) == ()


def test_what_is_not_traced(kit: Kit) -> None:
    """A VIHF that is not valid, a refusal that the bench injected: nobody is known, or nothing was done."""
    patient = kit.population.derive("t")
    kit.call(kit.exists(patient), pair="revoked")
    kit.service.refuse(kit.request(kit.search(patient)), Fault("dmp", "TD3.1", "rights"))
    assert kit.service.audit.of(patient.ins.matricule) == ()
    kit.population.derive("t", authorisation="INTERDIT")
    kit.call(kit.search(patient))
    (trace,) = kit.service.audit.of(patient.ins.matricule)
    assert (trace.outcome, trace.detail) == ("refused", "DMPAccessDeniedByRightsService")


def test_who_reads_the_trail(kit: Kit) -> None:
    patient = kit.population.derive("t")
    kit.call(kit.exists(patient, INDIRECT))
    traces = kit.service.audit.of(patient.ins.matricule)
    assert len(shown(traces, Viewer(Kind.PATIENT))) == 1
    assert len(shown(traces, Viewer(Kind.CALLER, "x", actor=Actor.TREATING))) == 1
    assert len(shown(traces, Viewer(Kind.CALLER, MEDECIN.id_nat, actor=Actor.DOCTOR))) == 1
    assert shown(traces, Viewer(Kind.CALLER, "x", actor=Actor.DOCTOR)) == ()
