"""TD3.1 and TD3.2 in full: every stored query, several documents, chains of replacements, conflicts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas import xds
from schemas.soap import message
from schemas.xds import names, query
from simulators.core.identities import BIOLOGISTE
from simulators.core.service import Handled
from simulators.dmp.consult import _like

from .kit import Kit, Message, answered, body_of, error_of

SET = query.SET


def fed(kit: Kit, sent: Message) -> list[dict[str, Any]]:
    handled = kit.call(sent)
    assert handled.facts["outcome"] == "accepted", handled.facts
    return list(handled.facts["documents"])


def answer(handled: Handled) -> xds.QueryResponse:
    assert handled.facts["outcome"] == "accepted", handled.facts
    assert [finding.rule for finding in handled.findings] == []
    return xds.read_query_response(body_of(handled.response))


# --- by submission: three calls


def test_search_by_date_of_submission(kit: Kit) -> None:
    patient = kit.population.derive("q")
    cx = patient.ins.cx()
    fed(kit, kit.feed(patient))
    kit.clock.shift(timedelta(days=2))
    documents = fed(kit, kit.lot(patient, kit.cda(patient), kit.cda(patient)))
    since = f"{kit.now - timedelta(days=1):%Y%m%d%H%M%S}"
    found = answer(kit.call(kit.search(patient, xds.find_submission_sets(cx, since=since))))
    (one,) = found.submission_sets
    assert one.marked and one.content_type is not None and one.content_type.code == "07"
    assert one.submission_time >= since and one.status == names.APPROVED
    links = answer(kit.call(kit.search(patient, xds.get_associations([one.id])))).associations
    assert {link.type for link in links} == {names.HAS_MEMBER}
    assert {link.source for link in links} == {one.id}
    assert all(link.slots == {"SubmissionSetStatus": ("Original",)} for link in links)
    uuids = [link.target for link in links]
    third = answer(kit.call(kit.search(patient, xds.get_documents(entry_uuids=uuids))))
    wanted = {document["unique_id"] for document in documents}
    assert {entry.unique_id for entry in third.entries} == wanted
    both = answer(kit.call(kit.search(patient, xds.find_submission_sets(cx, return_type="ObjectRef"))))
    assert len(both.references) == 2 and both.references[0] == one.id  # newest first


@pytest.mark.parametrize(
    ("slot", "values", "hit"),
    [
        ("SubmissionTimeTo", ["2026"], False),
        ("SubmissionTimeTo", ["2027"], True),
        ("SubmissionTimeFrom", ["2027"], False),
        ("SourceId", ["1.2.250.1.999.7"], True),
        ("SourceId", ["1.2.3"], False),
        ("ContentType", [f"07^^{names.TRE_R209}"], True),
        ("ContentType", [f"03^^{names.TRE_R209}"], False),
        ("AuthorPerson", ["899700100011%"], True),
        ("AuthorPerson", ["899700100012%"], False),
        ("Status", [names.DEPRECATED], False),
    ],
)
def test_filters_of_submission_sets(kit: Kit, slot: str, values: list[str], hit: bool) -> None:
    patient = kit.population.derive("q")
    fed(kit, kit.feed(patient))
    asked = xds.find_submission_sets("x")
    slots = {**asked.slots, f"{SET}{slot}": (tuple(values),)}
    del slots[query.SET_PATIENT]  # the VIHF names the patient
    found = answer(kit.call(kit.search(patient, replace(asked, slots=slots))))
    assert len(found.submission_sets) == hit


def test_a_set_of_which_nothing_is_visible(kit: Kit) -> None:
    patient = kit.population.derive("q")
    fed(kit, kit.feed(patient, flags=("MASQUE_PS",)))
    sent = kit.search(patient, xds.find_submission_sets(patient.ins.cx()))
    (mine,) = answer(kit.call(sent)).submission_sets
    for asked in (xds.find_submission_sets(patient.ins.cx()), xds.get_associations([mine.id])):
        theirs = kit.search(patient, asked)
        theirs.vihf = kit.vihf(
            patient, "DIRECTE", name_id=BIOLOGISTE.id_nat, structure=BIOLOGISTE.structure.id_nat
        )
        assert kit.call(theirs).facts["returned"] == []


# --- by document


def test_reference_search(kit: Kit) -> None:
    patient = kit.population.derive("q")
    one, two = fed(kit, kit.lot(patient, kit.cda(patient), kit.cda(patient)))
    for mode in ("INDIRECTE", "INDIRECTE_RENFORCEE", "DIRECTE"):
        asked = xds.get_documents(unique_ids=[one["unique_id"]], return_type="ObjectRef")
        found = answer(kit.call(kit.search(patient, asked, mode)))
        assert (found.references, found.entries) == ((one["entry_uuid"],), ())
    asked = xds.get_documents(entry_uuids=[two["entry_uuid"], one["entry_uuid"], two["entry_uuid"]])
    found = answer(kit.call(kit.search(patient, asked)))
    assert [entry.id for entry in found.entries] == [two["entry_uuid"], one["entry_uuid"]]


def test_by_reference_id(kit: Kit) -> None:
    patient = kit.population.derive("q")
    accession = "A42^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession"

    def change(submission: xds.Submission) -> xds.Submission:
        first, signature = submission.entries
        return replace(submission, entries=(replace(first, reference_ids=(accession,)), signature))

    (document,) = fed(kit, kit.feed(patient, change=change))
    for reference, hit in ((accession, True), (accession.replace("A42", "A43"), False)):
        asked = xds.find_by_reference(patient.ins.cx(), [reference])
        found = kit.call(kit.search(patient, asked))
        assert found.facts["returned"] == ([document["unique_id"]] if hit else [])
        assert xds.judge_query(asked) == []


def test_more_filters(kit: Kit) -> None:
    patient = kit.population.derive("q")
    data = kit.cda(patient)
    event = xds.Code("CT", "1.2.250.1.213.1.1.5.618", "Scanner")

    def change(submission: xds.Submission) -> xds.Submission:
        first, signature = submission.entries
        kept = replace(first, events=(event,), service_start="202603011200", service_stop="20260301130000")
        return replace(submission, entries=(kept, signature))

    (document,) = fed(kit, kit.feed(patient, data, change=change))
    entry = kit.entry(patient, document["unique_id"])
    assert entry.format_code and entry.facility and entry.practice_setting
    coded = {
        "FormatCode": entry.format_code,
        "HealthcareFacilityTypeCode": entry.facility,
        "PracticeSettingCode": entry.practice_setting,
        "EventCodeList": event,
    }
    cases: list[tuple[dict[str, list[str]], bool]] = [
        ({"ServiceStartTimeFrom": ["20260301120000"], "ServiceStartTimeTo": ["202603011201"]}, True),
        ({"ServiceStartTimeFrom": ["20260301120001"]}, False),
        ({"ServiceStopTimeTo": ["20260301130000"]}, False),
        ({"ServiceStopTimeTo": ["20260301130001"], "ServiceStopTimeFrom": ["2026"]}, True),
        ({"Status": [names.DEPRECATED, names.APPROVED]}, True),
        ({"Status": [names.ARCHIVED, names.DELETED]}, False),
    ]
    for name, code in coded.items():
        cases += [({name: [query.coded(code.code, code.system)]}, True), ({name: ["x^^1.2.3"]}, False)]
    for others, hit in cases:
        found = kit.call(kit.search(patient, xds.find_documents(patient.ins.cx(), **others)))
        assert bool(answer(found).entries) is hit, others
    everything = kit.search(patient, xds.find_documents(patient.ins.cx(), TypeCode=[f"x^^{names.LOINC}"]))
    assert answer(kit.call(everything)).total == 0


def test_values_that_must_all_hold(kit: Kit) -> None:
    """Groups of one slot are all wanted; values of a group are alternatives."""
    patient = kit.population.derive("q")
    fed(kit, kit.feed(patient, flags=("MASQUE_PS",)))
    normal = f"N^^{names.HL7_CONFIDENTIALITY}"
    masked, invisible = (
        f"{flag}^^{names.FRENCH_CONFIDENTIALITY}" for flag in ("MASQUE_PS", "INVISIBLE_PATIENT")
    )
    for groups, hit in [
        (((normal,), (masked,)), 1),
        (((normal,), (masked, invisible)), 1),
        (((normal,), (invisible,)), 0),
    ]:
        asked = xds.find_documents(patient.ins.cx())
        slots = {**asked.slots, "$XDSDocumentEntryConfidentialityCode": groups}
        assert len(kit.call(kit.search(patient, replace(asked, slots=slots))).facts["returned"]) == hit


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"$XDSDocumentEntryCreationTimeFrom": (("hier",),)}, "XDSRegistryError"),
        ({"$XDSDocumentEntryTypeCode": (("11488-4",),)}, "XDSRegistryError"),
        ({"$XDSDocumentEntryCreationTimeFrom": (("2025", "2026"),)}, "XDSStoredQueryParamNumber"),
        ({query.STATUS: ()}, "XDSStoredQueryMissingParam"),
    ],
)
def test_wrong_parameters(kit: Kit, changes: dict[str, Any], code: str) -> None:
    patient = kit.population.derive("q")
    asked = xds.find_documents(patient.ins.cx())
    handled = kit.call(kit.search(patient, replace(asked, slots={**asked.slots, **changes})))
    assert (handled.facts["outcome"], error_of(handled.response)) == ("refused", code)
    both = {query.UNIQUE_ID: (("1.2",),), query.ENTRY_UUID: (("urn:uuid:1",),)}
    handled = kit.call(kit.search(patient, xds.Query(names.GET_DOCUMENTS, both)))
    assert error_of(handled.response) == "XDSStoredQueryParamNumber"


@pytest.mark.parametrize(
    ("pattern", "hit"),
    [
        ("8997^DESCHAMPS^CAMILLE", True),
        ("%DESCHAMPS%", True),
        ("8997%CAM%LE", True),
        ("8997^DESCH_MPS%", True),
        ("%^DESCHAMPS^CAMILL_", True),
        ("DESCHAMPS%", False),
        ("%DESCHAMPS", False),
        ("8997^DESCHAMPS^CAMILL", False),
        ("8997^DESCHAMPS^CAMILLE%E", False),
        ("%.%", False),
        ("%", True),
    ],
)
def test_patterns(pattern: str, hit: bool) -> None:
    assert _like("8997^DESCHAMPS^CAMILLE", pattern) is hit


# --- chains


def test_a_chain_of_replacements(kit: Kit) -> None:
    patient = kit.population.derive("q")
    chain = fed(kit, kit.feed(patient))
    for version in (2, 3):
        last = chain[-1]
        data = kit.cda(patient, version=version, replaces=last["unique_id"])
        chain += fed(kit, kit.feed(patient, data, replaces=last["entry_uuid"]))
    assert kit.call(kit.search(patient)).facts["returned"] == [chain[-1]["unique_id"]]
    links = answer(kit.call(kit.search(patient, xds.get_associations([chain[1]["entry_uuid"]])))).associations
    replaced = {(link.source, link.target) for link in links if link.type == names.RPLC}
    uuids = [one["entry_uuid"] for one in chain]
    assert replaced == {(uuids[1], uuids[0]), (uuids[2], uuids[1])}
    masked = kit.call(kit.flags(patient, chain[-1]["unique_id"], "MASQUE_PS")).facts["updates"][0]
    links = answer(kit.call(kit.search(patient, xds.get_associations([masked["entry_uuid"]])))).associations
    assert (names.RPLC, masked["entry_uuid"], uuids[1]) in {(a.type, a.source, a.target) for a in links}
    (member,) = [link for link in links if link.type == names.HAS_MEMBER]
    assert member.slots["PreviousVersion"] == ("1",)
    for uuid in (uuids[0], uuids[2]):  # replaced, then superseded by a version of its metadata
        again = kit.call(kit.feed(patient, replaces=uuid))
        assert again.facts["reason"] == "XDSRegistryDeprecatedDocumentError"


@pytest.mark.parametrize("status", [names.ARCHIVED, names.DELETED])
def test_replacing_what_is_no_longer_approved(kit: Kit, status: str) -> None:
    patient = kit.population.derive("q")
    (document,) = fed(kit, kit.feed(patient))
    assert kit.call(kit.status(patient, document["entry_uuid"], names.APPROVED, status)).facts["updates"]
    again = kit.call(kit.feed(patient, replaces=document["entry_uuid"]))
    assert again.facts["reason"] == "XDSRegistryDeprecatedDocumentError"
    assert len(kit.service.state.of_patient(patient.ins.matricule)) == 1


# --- several documents, conflicts, sizes


def test_a_lot_is_taken_whole(kit: Kit) -> None:
    patient = kit.population.derive("q")
    first, second = kit.cda(patient), kit.cda(patient)
    documents = fed(kit, kit.lot(patient, first, second))
    assert [one["size"] for one in documents] == [len(first), len(second)]
    again = kit.call(kit.lot(patient, kit.cda(patient), second))
    assert again.facts["reason"] == "XDSDuplicateUniqueIdInRegistry"
    assert len(kit.call(kit.search(patient)).facts["returned"]) == 2
    other = second.replace(b"</ClinicalDocument>", b"<!-- autre --></ClinicalDocument>")
    again = kit.call(kit.lot(patient, kit.cda(patient), other))
    assert again.facts["reason"] == "XDSNonIdenticalHash"
    assert len(kit.call(kit.search(patient)).facts["returned"]) == 2


def test_several_documents_retrieved(kit: Kit) -> None:
    patient = kit.population.derive("q")
    data = [kit.cda(patient), kit.cda(patient)]
    ids = [one["unique_id"] for one in fed(kit, kit.lot(patient, *data))]
    handled = kit.call(kit.retrieve(patient, *ids, ids[0]))
    read = xds.read_retrieve_response(body_of(handled.response), answered(handled.response).referenced())
    assert (read.status, [one.content for one in read.documents]) == (names.SUCCESS, data)
    uuid = kit.entry(patient, ids[0]).id
    handled = kit.call(kit.retrieve(patient, ids[0], "1.2.3", uuid))
    read = xds.read_retrieve_response(body_of(handled.response), answered(handled.response).referenced())
    assert (read.status, [one.unique_id for one in read.documents]) == (names.PARTIAL, ids[:1])
    assert [(error.code, error.location) for error in read.errors] == [
        ("XDSDocumentUniqueIdError", "1.2.3"),
        ("XDSDocumentUniqueIdError", uuid),
    ]
    assert uuid in read.errors[1].context
    none = kit.call(kit.retrieve(patient, "1.2.3", "1.2.4"))
    assert (none.facts["outcome"], none.facts["reason"]) == ("refused", "XDSDocumentUniqueIdError")
    failed = xds.read_retrieve_response(body_of(none.response), {})
    assert (failed.status, len(failed.errors)) == (names.FAILURE, 2)


def test_faults_of_a_retrieval_are_multipart(kit: Kit) -> None:
    """Even when the message could not be read."""
    patient = kit.population.derive("q")
    good = kit.request(kit.retrieve(patient, "1.2.3"))
    carried = message.read(good.header("Content-Type"), good.body)
    assert carried.parts is not None
    broken = carried.parts.root.content.replace(b"</ihe:RetrieveDocumentSetRequest>", b"")
    plain = replace(good, headers=(("Content-Type", "application/soap+xml"),), body=broken)
    unsigned = kit.retrieve(patient, "1.2.3")
    unsigned.vihf = None
    for handled in (kit.service.handle(plain), kit.call(unsigned)):
        assert (handled.transaction, handled.response.status) == ("TD3.2", 500)
        assert handled.response.header("Content-Type").startswith("multipart/related")
        assert answered(handled.response).parts is not None
