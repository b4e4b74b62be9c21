"""What the DMP accepts: the four transactions, right."""

from schemas import hl7v3, xds
from schemas.finding import Finding
from schemas.vihf import INDIRECT
from schemas.xds import names
from simulators.core.exchange import Exchange
from simulators.core.service import Handled, Request
from simulators.dmp.deposit import deposit

from .kit import Kit, answered, body_of


def everything(handled: Handled) -> list[Finding]:
    return [*handled.findings, *(handled.judge_later() if handled.judge_later else ())]


def test_existence(kit: Kit) -> None:
    patient = kit.population.derive("a", authorisation="EXPIRE")
    handled = kit.call(kit.exists(patient))
    assert handled.transaction == "TD0.2"
    assert everything(handled) == []
    answer = hl7v3.read_answer(body_of(handled.response))
    assert answer.active
    assert (answer.authorisation, answer.patient) == ("EXPIRE", patient.ins)
    assert answer.family == patient.birth_name
    assert handled.facts["outcome"] == "accepted"
    assert (handled.facts["patient"], handled.facts["user"]) == (patient.ins.matricule, "899700100011")


def test_no_dmp_and_closed_dmp(kit: Kit) -> None:
    none = kit.population.derive("none", dmp="inexistant")
    answer = hl7v3.read_answer(body_of(kit.call(kit.exists(none, INDIRECT)).response))
    assert (answer.ack, answer.found) == ("AA", False)
    closed = kit.population.derive("closed", dmp="ferme")
    handled = kit.call(kit.exists(closed))
    answer = hl7v3.read_answer(body_of(handled.response))
    assert (answer.found, answer.status) == (True, "terminated")
    assert answer.closure is not None
    assert handled.facts["outcome"] == "accepted"


def test_feed_then_find_then_read(kit: Kit) -> None:
    patient = kit.population.derive("b")
    data = kit.cda(patient)
    fed = kit.call(kit.feed(patient, data))
    assert [f.as_dict() for f in everything(fed) if f.is_error] == []
    assert fed.facts["outcome"] == "accepted", fed.facts
    assert xds.read_registry_response(body_of(fed.response)).succeeded
    assert fed.response.header("Content-Type").startswith("multipart/related")
    (document,) = fed.facts["documents"]
    assert document["size"] == len(data)
    assert document["entry_uuid"].startswith("urn:uuid:")
    assert document["confidentiality"] == ["N"]

    found = kit.call(kit.search(patient))
    assert everything(found) == []
    response = xds.read_query_response(body_of(found.response))
    assert [entry.unique_id for entry in response.entries] == [document["unique_id"]]
    (entry,) = response.entries
    assert entry.size == len(data)
    assert entry.id == document["entry_uuid"]
    assert entry.status == names.APPROVED
    assert found.facts["returned"] == [document["unique_id"]]

    got = kit.call(kit.retrieve(patient, document["unique_id"]))
    assert everything(got) == []
    carried = answered(got.response)
    assert carried.parts is not None
    read = xds.read_retrieve_response(body_of(got.response), carried.referenced())
    assert [one.content for one in read.documents] == [data]
    assert got.facts["documents"][0]["sha256"] == document["sha256"]


def test_replacement(kit: Kit) -> None:
    patient = kit.population.derive("c")
    first = kit.call(kit.feed(patient)).facts["documents"][0]
    reference = xds.get_documents(unique_ids=[first["unique_id"]], return_type="ObjectRef")
    found = kit.call(kit.search(patient, reference, INDIRECT))
    assert found.facts["outcome"] == "accepted", found.facts
    (uuid,) = xds.read_query_response(body_of(found.response)).references
    assert uuid == first["entry_uuid"]
    second = kit.call(
        kit.feed(patient, kit.cda(patient, version=2, replaces=first["unique_id"]), replaces=uuid)
    )
    assert second.facts["documents"][0]["replaces"] == first["unique_id"]
    approved = kit.call(kit.search(patient))
    assert approved.facts["returned"] == [second.facts["documents"][0]["unique_id"]]
    old = kit.call(kit.search(patient, xds.find_documents(patient.ins.cx(), [names.DEPRECATED])))
    entry = xds.read_query_response(body_of(old.response)).entries[0]
    assert (entry.unique_id, entry.status) == (first["unique_id"], names.DEPRECATED)
    again = kit.call(kit.feed(patient, replaces=uuid))
    assert again.facts["reason"] == "XDSRegistryDeprecatedDocumentError"


def test_filters(kit: Kit) -> None:
    patient = kit.population.derive("d")
    unique_id = kit.call(kit.feed(patient)).facts["documents"][0]["unique_id"]
    cx = patient.ins.cx()
    for others, hit in [
        ({"TypeCode": [f"11488-4^^{names.LOINC}"]}, True),
        ({"TypeCode": [f"11502-2^^{names.LOINC}"]}, False),
        ({"TypeCode": [f"11502-2^^{names.LOINC}", f"11488-4^^{names.LOINC}"]}, True),
        ({"ClassCode": [f"10^^{names.TRE_A03}"]}, True),
        ({"CreationTimeFrom": ["20260302000000"]}, True),
        ({"CreationTimeFrom": ["20260303"]}, False),
        ({"CreationTimeTo": ["20260303"]}, True),
        ({"CreationTimeTo": ["20260302"]}, False),
        ({"AuthorPerson": ["899700100011%"]}, True),
        ({"AuthorPerson": ["%DESCHAMPS%TEST%"]}, True),
        ({"AuthorPerson": ["899700100029%"]}, False),
        ({"ConfidentialityCode": [f"N^^{names.HL7_CONFIDENTIALITY}"]}, True),
    ]:
        found = kit.call(kit.search(patient, xds.find_documents(cx, **others)))
        assert found.facts["returned"] == ([unique_id] if hit else []), others
        assert set(found.facts["slots"]) > {f"$XDSDocumentEntry{name}" for name in others}


def test_masked_documents_are_left_out_in_silence(kit: Kit) -> None:
    from simulators.core.identities import BIOLOGISTE

    patient = kit.population.derive("e")
    kit.call(kit.feed(patient, flags=("MASQUE_PS",)))
    mine = kit.call(kit.search(patient))
    assert len(mine.facts["returned"]) == 1  # one's own
    sent = kit.search(patient)
    sent.vihf = kit.vihf(patient, "DIRECTE", name_id=BIOLOGISTE.id_nat, structure=BIOLOGISTE.structure.id_nat)
    theirs = kit.call(sent, pair="cps-biologiste-sign", tls=kit.tls("cps-biologiste-auth"))
    assert theirs.facts["outcome"] == "accepted", theirs.facts
    assert theirs.facts["returned"] == []


def test_deposit_by_a_laboratory(kit: Kit) -> None:
    patient = kit.population.derive("f")
    unique_id = deposit(kit.service.state, patient, kit.cda(patient), kit.randomness)
    assert kit.call(kit.search(patient)).facts["returned"] == [unique_id]
    assert kit.call(kit.retrieve(patient, unique_id)).facts["outcome"] == "accepted"
    other = kit.population.derive("g")
    assert kit.call(kit.search(other)).facts["returned"] == []
    assert kit.call(kit.retrieve(other, unique_id)).facts["reason"] == "XDSDocumentUniqueIdError"


def test_state_on_disk(kit: Kit, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from simulators.dmp.state import DmpState

    state = DmpState(tmp_path / "dmp.sqlite", tmp_path / "bodies")
    patient = kit.population.derive("h")
    data = kit.cda(patient)
    unique_id = deposit(state, patient, data, kit.randomness)
    state.close()
    reopened = DmpState(tmp_path / "dmp.sqlite", tmp_path / "bodies")
    held = reopened.find(unique_id)
    assert held is not None and reopened.body(held) == data
    reopened.close()


def test_rejudged_from_its_bytes(kit: Kit) -> None:
    patient = kit.population.derive("i")
    request = kit.request(kit.feed(patient))
    started = kit.now
    for expected in ("accepted", "refused"):
        handled = kit.service.handle(request)
        assert handled.facts["outcome"] == expected
        exchange = recorded(request, handled, started)
        assert kit.service.rejudge(exchange) == everything(handled)
    assert handled.facts["replayed"] == ["message", "vihf"]


def recorded(request: Request, handled: Handled, started: object) -> Exchange:
    return Exchange(
        number=1,
        service="dmp",
        transaction=handled.transaction,
        started=started,  # type: ignore[arg-type]
        duration=0.0,
        request_head=request.head(),
        request_body=request.body,
        tls=request.tls,
        facts=handled.facts,
    )
