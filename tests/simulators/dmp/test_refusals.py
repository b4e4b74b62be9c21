"""What the DMP refuses: cause, carrier, code, and the findings that come with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas import hl7v3, xds
from schemas.ins import Ins
from schemas.soap import envelope
from schemas.vihf import AIR, INDIRECT, Role, model
from schemas.xds import names
from simulators.core.clock import Clock
from simulators.core.faults import Fault
from simulators.core.identities import OFFICINE
from simulators.core.pki import Pki
from simulators.core.service import Handled, Request
from simulators.dmp import routes
from simulators.dmp.faults import REFUSALS

from .conftest import START
from .kit import Kit, answered, body_of, error_of, fault_of


def rules(handled: Handled) -> set[str]:
    return {finding.rule for finding in handled.findings if finding.is_error}


def refused(handled: Handled, cause: str) -> None:
    assert (handled.facts["outcome"], handled.facts.get("cause")) == ("refused", cause), handled.facts


# --- certificates and VIHF


@pytest.mark.parametrize(
    ("pair", "seen"),
    [
        ("cabinet-auth", {"VIHF-02"}),
        ("wrong-usage", {"VIHF-02"}),
        ("revoked", {"VIHF-02", "VIHF-02-REV"}),
        ("expired", {"VIHF-02", "VIHF-02-EXP"}),
        ("unknown-issuer", {"VIHF-02", "VIHF-02-AC"}),
    ],
)
def test_vihf_signed_with_a_certificate_that_may_not(kit: Kit, pair: str, seen: set[str]) -> None:
    handled = kit.call(kit.exists(kit.population.derive("a")), pair=pair)
    refused(handled, "vihf-certificate")
    assert handled.response.status == 500
    assert fault_of(handled.response).subcode == "DMPInvalidCertificate"
    assert rules(handled) == seen


@pytest.mark.parametrize(
    ("pair", "end"),
    [
        ("cabinet-sign", ""),
        ("wrong-usage", ""),
        ("revoked", "-REV"),
        ("expired", "-EXP"),
        ("wrong-range", "-AC"),
    ],
)
def test_tls_certificate_that_may_not(kit: Kit, pair: str, end: str) -> None:
    handled = kit.call(kit.exists(kit.population.derive("a")), tls=kit.tls(pair))
    refused(handled, "tls-certificate")
    assert rules(handled) == {f"VIHF-TLS-01{end}"}


def test_tls_of_another_structure(kit: Kit) -> None:
    handled = kit.call(kit.exists(kit.population.derive("a")), tls=kit.tls("officine-auth"))
    refused(handled, "structure-mismatch")
    assert rules(handled) == {"VIHF-TLS-02"}
    assert "personne morale" in fault_of(handled.response).reason


def test_no_tls(kit: Kit, test_pki: Pki) -> None:
    request = replace(kit.request(kit.exists(kit.population.derive("a"))), tls=None)
    refused(kit.service.handle(request), "tls-missing")
    tolerant = Kit(test_pki, Clock(START), options={"require_tls": False})
    request = replace(tolerant.request(tolerant.exists(tolerant.population.derive("a"))), tls=None)
    assert tolerant.service.handle(request).facts["outcome"] == "accepted"


def test_expired_vihf(kit: Kit) -> None:
    request = kit.request(kit.exists(kit.population.derive("a")))
    kit.clock.shift(timedelta(days=3))
    handled = kit.service.handle(request)
    refused(handled, "vihf-expired")
    assert rules(handled) == {"VIHF-14"}
    assert "périmé" in fault_of(handled.response).reason


VIHF: list[tuple[str, str, dict[str, Any]]] = [
    ("vihf-role", "VIHF-09", {"roles": (Role("10", model.PROFESSIONS),)}),
    ("vihf-attributes", "VIHF-11", {"purpose": "curiosite"}),
    ("vihf-attributes", "VIHF-10", {"subject_id": ""}),
    ("vihf-attributes", "VIHF-04", {"version": "1.0"}),
    ("structure-mismatch", "VIHF-16", {"structure": OFFICINE.id_nat}),
    ("patient-mismatch", "VIHF-07", {"patient": Ins("279035121518989")}),
    ("vihf-attributes", "VIHF-06", {"patient": Ins("279035121518900")}),
]


@pytest.mark.parametrize(("cause", "rule", "changes"), VIHF)
def test_vihf_that_says_wrong(kit: Kit, cause: str, rule: str, changes: dict[str, Any]) -> None:
    patient = kit.population.derive("a")
    sent = kit.exists(patient, INDIRECT)
    assert sent.vihf is not None
    sent.vihf = replace(sent.vihf, **changes)
    handled = kit.call(sent)
    refused(handled, cause)
    assert rule in rules(handled)


def test_no_vihf_and_changed_vihf(kit: Kit) -> None:
    patient = kit.population.derive("a")
    sent = kit.exists(patient)
    sent.vihf = None
    handled = kit.call(sent)
    refused(handled, "vihf-missing")
    assert rules(handled) == {"VIHF-01"}
    request = kit.request(kit.exists(patient))
    changed = replace(request, body=request.body.replace(b"CAMILLE", b"NOA"))
    handled = kit.service.handle(changed)
    refused(handled, "vihf-signature")
    assert "digest" in fault_of(handled.response).reason


def test_wrapped_vihf(kit: Kit) -> None:
    request = kit.request(kit.exists(kit.population.derive("a")))
    start = request.body.index(b"<saml2:Assertion")
    end = request.body.index(b"</wsse:Security>")
    evil = request.body[start:end].replace(b"899700100011", b"899700100029").replace(b'ID="', b'ID="e')
    handled = kit.service.handle(
        replace(request, body=request.body.replace(b"</wsse:Security>", evil + b"</wsse:Security>"))
    )
    refused(handled, "vihf-wrapped")
    assert rules(handled) == {"VIHF-XSW"}
    assert "2 assertions" in handled.facts["detail"]


def test_unknown_structure_and_stranger(kit: Kit) -> None:
    patient = kit.population.derive("a")
    sent = kit.exists(patient)
    sent.vihf = kit.vihf(patient, AIR, name_id="899700100029")
    handled = kit.call(sent)
    refused(handled, "user-unlinked")
    assert fault_of(handled.response).reason.startswith("PS et Structure non liés")
    lonely = Kit(kit.pki, kit.clock)
    lonely.service._structures.clear()
    handled = lonely.call(lonely.exists(lonely.population.derive("a")))
    refused(handled, "structure-unknown")
    assert fault_of(handled.response).reason.startswith("Structure introuvable ou Inactive")


# --- rights and patients


def test_no_feed_in_air_and_no_reading_in_indirect(kit: Kit) -> None:
    patient = kit.population.derive("a")
    sent = kit.feed(patient)
    sent.vihf = kit.vihf(patient, AIR)
    handled = kit.call(sent)
    refused(handled, "rights")
    assert error_of(handled.response) == "DMPAccessDeniedByRightsService"
    assert rules(handled) == {"VIHF-20"}
    for message in (kit.search(patient, mode=INDIRECT), kit.retrieve(patient, "1.2.3", mode=INDIRECT)):
        refused(kit.call(message), "rights")


@pytest.mark.parametrize("state", ["EXPIRE", "INTERDIT", "NON_EXISTE"])
def test_reading_needs_an_authorisation_and_feeding_does_not(kit: Kit, state: str) -> None:
    patient = kit.population.derive(state, authorisation=state)
    fed = kit.call(kit.feed(patient))
    assert fed.facts["outcome"] == "accepted"
    unique_id = fed.facts["documents"][0]["unique_id"]
    for message in (kit.search(patient), kit.retrieve(patient, unique_id)):
        handled = kit.call(message)
        refused(handled, f"authorisation-{state.lower().replace('_', '-')}")
        assert error_of(handled.response) == "DMPAccessDeniedByRightsService"
    urgent = kit.search(patient)
    urgent.vihf = kit.vihf(patient, AIR, purpose="bris_de_glace", reason="urgence vitale")
    assert kit.call(urgent).facts["returned"] == [unique_id]


@pytest.mark.parametrize(
    ("dmp", "cause", "code"),
    [("inexistant", "patient-unknown", "XDSUnknownPatientId"), ("ferme", "dmp-closed", "DMPClosed")],
)
def test_no_open_dmp(kit: Kit, dmp: str, cause: str, code: str) -> None:
    patient = kit.population.derive(dmp, dmp=dmp)
    for message in (kit.feed(patient), kit.search(patient), kit.retrieve(patient, "1.2.3")):
        handled = kit.call(message)
        refused(handled, cause)
        assert handled.response.status == 200
        assert (error_of(handled.response), handled.facts["reason"]) == (code, code)


def test_production_ins(kit: Kit) -> None:
    patient = kit.population.derive("a")
    real = replace(patient, ins=Ins(patient.ins.matricule, "1.2.250.1.213.1.4.8"))
    handled = kit.call(kit.exists(real))
    refused(handled, "XDSUnknownPatientId")
    answer = hl7v3.read_answer(body_of(handled.response))
    assert (answer.ack, answer.error) == ("AE", "XDSUnknownPatientId")


# --- submissions


def change_entry(**changes: Any) -> Callable[[xds.Submission], xds.Submission]:
    def change(submission: xds.Submission) -> xds.Submission:
        first, *others = submission.entries
        return replace(submission, entries=(replace(first, **changes), *others))

    return change


def test_duplicates(kit: Kit) -> None:
    patient = kit.population.derive("a")
    data = kit.cda(patient)
    first = kit.call(kit.feed(patient, data))
    assert first.facts["outcome"] == "accepted"
    again = kit.call(kit.feed(patient, data))
    refused(again, "XDSDuplicateUniqueIdInRegistry")
    assert again.facts["documents"][0]["entry_uuid"] is None
    same_id = data.replace(b"Lettre de consultation", b"Lettre de consultation 2")
    assert same_id != data
    refused(kit.call(kit.feed(patient, same_id)), "XDSNonIdenticalHash")
    set_id = first.facts["submission"]
    refused(kit.call(kit.feed(patient, set_id=set_id)), "XDSDuplicateUniqueIdInRegistry")
    assert len(kit.call(kit.search(patient)).facts["returned"]) == 1


def test_metadata_that_do_not_hold(kit: Kit) -> None:
    patient = kit.population.derive("a")
    author = xds.Author("899700100029^X^Y^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS")
    for change, code in [
        (change_entry(authors=(author,)), "XDSRepositoryError"),
        (change_entry(hash="0" * 40), "XDSRepositoryMetadataError"),
        (change_entry(patient_id=Ins("279035121518989").cx()), "XDSPatientIdDoesNotMatch"),
    ]:
        handled = kit.call(kit.feed(patient, change=change))
        refused(handled, "metadata")
        assert error_of(handled.response) == code
        assert rules(handled)
    assert kit.call(kit.search(patient)).facts["returned"] == []


def test_replacement_of_nothing_and_of_another_patient(kit: Kit) -> None:
    patient, other = kit.population.derive("a"), kit.population.derive("b")
    handled = kit.call(kit.feed(patient, replaces="urn:uuid:00000000-0000-4000-8000-000000000000"))
    refused(handled, "UnresolvedReferenceException")
    uuid = kit.call(kit.feed(other)).facts["documents"][0]["entry_uuid"]
    refused(kit.call(kit.feed(patient, replaces=uuid)), "patient-mismatch")


def test_missing_part_and_oversized_document(kit: Kit, test_pki: Pki) -> None:
    patient = kit.population.derive("a")
    sent = kit.feed(patient)
    sent.attachments.pop()
    handled = kit.call(sent)
    refused(handled, "body")
    assert error_of(handled.response) == "XDSMissingDocument"
    assert rules(handled) == {"SOAP-MTOM-05"}
    small = Kit(test_pki, Clock(START), options={"max_document": 1000})
    handled = small.call(small.feed(small.population.derive("a")))
    refused(handled, "size")


def test_inline_document_is_taken_with_a_finding(kit: Kit) -> None:
    import base64
    import re

    patient = kit.population.derive("a")
    sent = kit.feed(patient)
    assert isinstance(sent.body, bytes)
    for item in sent.attachments:
        pattern = rb"<xop:Include [^>]*cid:%s[^>]*/>" % re.escape(item.content_id.encode())
        sent.body = re.sub(pattern, base64.b64encode(item.content), sent.body)
    sent.attachments.clear()
    sent.plain = True
    handled = kit.call(sent)
    assert handled.facts["outcome"] == "accepted", handled.facts
    assert rules(handled) == {"SOAP-MTOM-01"}
    assert handled.response.header("Content-Type").startswith("application/soap+xml")


# --- queries


def test_queries_that_cannot_be_answered(kit: Kit) -> None:
    patient, other = kit.population.derive("a"), kit.population.derive("b")
    cx = patient.ins.cx()
    status = {"$XDSDocumentEntryStatus": ((names.APPROVED,),)}
    own = {"$XDSDocumentEntryPatientId": ((cx,),)}
    for query, code in [
        (xds.Query("urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3", own), "XDSUnknownStoredQuery"),  # GetAll
        (xds.Query(names.FIND_SUBMISSION_SETS, own), "XDSStoredQueryMissingParam"),
        (xds.Query(names.GET_ASSOCIATIONS, {}), "XDSStoredQueryMissingParam"),
        (xds.Query(names.FIND_DOCUMENTS, own), "XDSStoredQueryMissingParam"),
        (xds.Query(names.GET_DOCUMENTS, {}), "XDSStoredQueryParamNumber"),
        (xds.find_documents(other.ins.cx()), "XDSPatientIdDoesNotMatch"),
        (xds.Query(names.FIND_BY_REFERENCE_ID, {**own, **status}), "XDSStoredQueryMissingParam"),
    ]:
        handled = kit.call(kit.search(patient, query))
        assert (handled.facts["outcome"], handled.facts["reason"]) == ("refused", code)
        assert error_of(handled.response) == code
    without = kit.call(kit.search(patient, xds.Query(names.FIND_DOCUMENTS, status)))
    assert without.facts["outcome"] == "accepted"  # the VIHF names the patient


def test_retrieval_errors_travel_in_parts(kit: Kit) -> None:
    patient = kit.population.derive("a")
    unique_id = kit.call(kit.feed(patient)).facts["documents"][0]["unique_id"]
    handled = kit.call(kit.retrieve(patient, "urn:uuid:1"))
    assert handled.facts["reason"] == error_of(handled.response) == "XDSDocumentUniqueIdError"
    assert answered(handled.response).parts is not None
    refused(kit.call(kit.retrieve(patient)), "XDSRepositoryError")
    sent = kit.retrieve(patient, unique_id)
    sent.body = xds.write_retrieve([xds.Wanted("1.2.3", unique_id)])
    assert error_of(kit.call(sent).response) == "XDSUnknownRepositoryId"
    partial = kit.call(kit.retrieve(patient, unique_id, "1.2.3"))
    read = xds.read_retrieve_response(body_of(partial.response), answered(partial.response).referenced())
    assert (read.status, len(read.documents), len(read.errors)) == (names.PARTIAL, 1, 1)
    faulty = kit.retrieve(patient, unique_id)
    faulty.vihf = None
    handled = kit.call(faulty)
    assert handled.response.status == 500
    assert handled.response.header("Content-Type").startswith("multipart/related")
    assert fault_of(handled.response).code == "Sender"


# --- SOAP


def spoiled(kit: Kit, old: bytes, new: bytes, **changes: Any) -> Handled:
    request = kit.request(kit.exists(kit.population.derive("a")))
    assert old in request.body
    return kit.service.handle(replace(request, body=request.body.replace(old, new), **changes))


XXE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
HEADER = b'<h soap:mustUnderstand="1"/>'


@pytest.mark.parametrize(
    ("old", "new", "cause", "code"),
    [
        (envelope.SOAP.encode(), envelope.SOAP_11.encode(), "soap-1.1", "VersionMismatch"),
        (b"<soap:Envelope", XXE + b"<soap:Envelope", "xml", "Sender"),
        (b"</soap:Envelope>", b"", "xml", "Sender"),
        (b"soap:Body", b"soap:Corps", "soap", "Sender"),
        (b"wsa:MessageID", b"wsa:Other", "addressing", "Sender"),
        (b"</soap:Header>", HEADER + b"</soap:Header>", "must-understand", "MustUnderstand"),
        (b"urn:hl7-org:v3:PRPA_IN201307UV02", b"urn:ihe:iti:2007:RegistryStoredQuery", "service", "Sender"),
        (b"queryByParameter", b"queryByName", "body", "Sender"),
    ],
)  # fmt: skip
def test_soap_that_cannot_be_taken(kit: Kit, old: bytes, new: bytes, cause: str, code: str) -> None:
    handled = spoiled(kit, old, new)
    refused(handled, cause)
    assert handled.response.status == 500
    assert fault_of(handled.response).code == code
    assert rules(handled)


def test_addressing_fault_is_the_standard_one(kit: Kit) -> None:
    fault = fault_of(spoiled(kit, b"wsa:To", b"wsa:Vers").response)
    assert fault.subcode == "MessageAddressingHeaderRequired"


def test_bombs(kit: Kit) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE b [<!ENTITY l0 "ha">{laughs}]><b>&l9;</b>'.encode()
    deep = b"<a>" * 5000 + b"</a>" * 5000
    for body in (bomb, deep, b"", b"\x00\xff", b"<" * 100_000):
        request = replace(kit.request(kit.exists(kit.population.derive("a"))), body=body)
        handled = kit.service.handle(request)
        refused(handled, "xml")
    handled = kit.call(kit.exists(kit.population.derive("a")))
    assert handled.facts["outcome"] == "accepted"


def test_truncated_mtom(kit: Kit) -> None:
    patient = kit.population.derive("a")
    request = kit.request(kit.feed(patient))
    for size in (len(request.body) // 2, len(request.body) - 5, 10):
        handled = kit.service.handle(replace(request, body=request.body[:size]))
        refused(handled, "mtom")
        assert rules(handled) == {"SOAP-MTOM-05"}
    assert kit.call(kit.search(patient)).facts["returned"] == []


@pytest.mark.parametrize(
    "path", ["/", "/si-dmp-server/v2/services/", "/si-dmp-server/v2/services/habilitations", "/x/registry"]
)
def test_other_paths(kit: Kit, path: str) -> None:
    sent = kit.exists(kit.population.derive("a"))
    sent.path = path
    handled = kit.call(sent)
    assert handled.facts["outcome"] == "refused"
    assert handled.response.status == 500
    assert fault_of(handled.response).code == "Sender"


def test_transactions_that_the_dmp_no_longer_has_are_recognised(kit: Kit) -> None:
    action = "urn:si-dmp-patients:PatientSpecificEndPoint:createPatientAccess"
    sent = kit.exists(kit.population.derive("a"))
    sent.options["action"] = action
    sent.body = '<createPatientAccess xmlns="urn:si-dmp-patients"/>'
    sent.path = f"{routes.BASE}/patientsSpecific"
    request = kit.request(sent)
    assert kit.service.identify(request) == "TD1.5a"
    handled = kit.service.handle(request)
    assert handled.transaction == "TD1.5a"
    refused(handled, "removed")


def test_transactions_that_are_not_simulated_are_recognised(kit: Kit) -> None:
    sent = kit.exists(kit.population.derive("a"))
    sent.options["action"] = "urn:ihe:iti:2010:Other"
    sent.body = '<Other xmlns="urn:ihe:iti:2010"/>'
    refused(kit.call(sent), "not-simulated")


# --- injected faults


@pytest.mark.parametrize("kind", REFUSALS)
def test_injected(kit: Kit, kind: str) -> None:
    patient = kit.population.derive("a")
    for message in (kit.feed(patient), kit.exists(patient), kit.search(patient), kit.retrieve(patient, "1")):
        transaction = message.operation.transaction
        request = kit.request(message)
        handled = kit.service.refuse(request, Fault("dmp", transaction, kind, params={}))
        refused(handled, "injected")
        assert handled.transaction == transaction
        assert handled.facts["patient"] == patient.ins.matricule
        answered(handled.response)
    assert kit.call(kit.search(patient)).facts["returned"] == []


def test_injected_registry_error_in_its_carrier(kit: Kit) -> None:
    patient = kit.population.derive("a")
    fault = Fault("dmp", "TD2.1", "registry-error", params={"code": "XDSRegistryBusy"})
    handled = kit.service.refuse(kit.request(kit.feed(patient)), fault)
    assert error_of(handled.response) == handled.facts["reason"] == "XDSRegistryBusy"
    handled = kit.service.refuse(kit.request(kit.exists(patient)), fault)
    assert hl7v3.read_answer(body_of(handled.response)).error == "XDSRegistryBusy"


def test_injected_partial_success(kit: Kit) -> None:
    patient = kit.population.derive("a")
    unique_id = kit.call(kit.feed(patient)).facts["documents"][0]["unique_id"]
    fault = Fault("dmp", "TD3.*", "partial-success")
    handled = kit.service.refuse(kit.request(kit.search(patient)), fault)
    read = xds.read_query_response(body_of(handled.response))
    assert (read.status, len(read.entries), len(read.errors)) == (names.PARTIAL, 1, 1)
    handled = kit.service.refuse(kit.request(kit.retrieve(patient, unique_id)), fault)
    assert xds.read_registry_response(body_of(handled.response)).status == names.PARTIAL


def test_unknown_fault(kit: Kit) -> None:
    request = kit.request(kit.exists(kit.population.derive("a")))
    with pytest.raises(ValueError, match="knows no fault"):
        kit.service.refuse(request, Fault("dmp", "*", "earthquake"))
    with pytest.raises(ValueError):
        kit.service.refuse(request, Fault("dmp", "*", "partial-success"))


def test_identify_is_cheap_and_never_fails(kit: Kit) -> None:
    for request in (Request("GET", "/"), Request("POST", f"{routes.BASE}/registry", (), b"\xff")):
        assert kit.service.identify(request) == "?"


def test_answers_relate_to_their_questions(kit: Kit) -> None:
    patient = kit.population.derive("a")
    for message in (
        kit.exists(patient),
        kit.feed(patient),
        kit.search(patient),
        kit.retrieve(patient, "1.2"),
    ):
        request = kit.request(message)
        asked = envelope.read(answered_request(request)).message_id
        read = envelope.read(answered(kit.service.handle(request).response).root)
        assert read.relates_to == asked
        assert read.action == message.operation.answer


def answered_request(request: Request) -> Any:
    from schemas.soap import message

    return message.read(request.header("Content-Type"), request.body).root
