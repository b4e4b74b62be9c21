"""Queries with their quoting, registry answers, transfers."""

import pytest

from schemas import xds, xml
from schemas.xds import names, query, transfer


def parse(data: bytes):
    return xml.parse(data)


def test_find_documents() -> None:
    asked = xds.find_documents(
        "2^^^&1.2&ISO^NH", TypeCode=(query.coded("11488-4", names.LOINC),), CreationTimeFrom=("2026",)
    )
    text = xds.write_query(asked)
    assert b"<rim:Value>'2^^^&amp;1.2&amp;ISO^NH'</rim:Value>" in text
    assert b"<rim:Value>('urn:oasis" in text
    read = xds.read_query(parse(text))
    assert read.one(query.PATIENT) == "2^^^&1.2&ISO^NH"
    assert read.values(query.STATUS) == (names.APPROVED,)
    assert read.one("$XDSDocumentEntryCreationTimeFrom") == "2026"
    assert read.composed and read.return_type == "LeafClass"
    assert xds.judge_query(read) == []
    assert read.allows("$XDSDocumentEntryTypeCode", [f"11488-4^^{names.LOINC}"])
    assert not read.allows("$XDSDocumentEntryTypeCode", ["x"])
    assert read.allows("$XDSDocumentEntryFormatCode", [])


def test_get_documents() -> None:
    asked = xds.get_documents(unique_ids=["1.2.3", "it's"], return_type="ObjectRef")
    read = xds.read_query(parse(xds.write_query(asked)))
    assert read.values(query.UNIQUE_ID) == ("1.2.3", "it's")
    assert read.return_type == "ObjectRef"
    assert xds.judge_query(read) == []


def written(slot: str, value: str, query_id: str = names.FIND_DOCUMENTS) -> xds.Query:
    def written_slot(name: str, text: str) -> str:
        values = f"<rim:ValueList><rim:Value>{text}</rim:Value></rim:ValueList>"
        return f'<rim:Slot name="{name}">{values}</rim:Slot>'

    status = written_slot(query.STATUS, "('x')")
    return xds.read_query(
        parse(
            f'<query:AdhocQueryRequest xmlns:query="{names.QUERY}" xmlns:rim="{names.RIM}">'
            f'<query:ResponseOption returnType="LeafClass"/><rim:AdhocQuery id="{query_id}">'
            f"{status if query_id == names.FIND_DOCUMENTS and slot != query.STATUS else ''}"
            f"{written_slot(slot, value)}"
            "</rim:AdhocQuery></query:AdhocQueryRequest>".encode()
        )
    )


@pytest.mark.parametrize(
    ("slot", "value", "kept"),
    [
        (query.PATIENT, "2^^^", ("2^^^",)),
        (query.PATIENT, "('2^^^')", ("2^^^",)),
        (query.STATUS, "'a'", ("a",)),
        (query.STATUS, "('a' 'b')", ("a",)),
        (query.STATUS, "('a','b'", ("a','b",)),
        (query.STATUS, "", ("",)),
    ],
)
def test_bad_quoting_is_read_and_found(slot: str, value: str, kept: tuple[str, ...]) -> None:
    read = written(slot, value)
    assert read.values(slot) == kept
    assert [finding.rule for finding in xds.judge_query(read)] == ["XDS-QRY-01"]


def test_other_query_rules() -> None:
    unknown = written("$XDSDocumentEntryTypeCodes", "('a')")
    assert [finding.rule for finding in xds.judge_query(unknown)] == ["XDS-QRY-03"]
    empty = xds.Query(names.GET_DOCUMENTS, {})
    assert [finding.rule for finding in xds.judge_query(empty)] == ["XDS-QRY-02"]
    with pytest.raises(xds.XdsRefused, match="not-a-query"):
        xds.read_query(parse(b"<a/>"))


def test_query_response(sample) -> None:
    errors = (xds.RegistryError("XDSTooManyResults", 'trop de "résultats"'),)
    answer = xds.QueryResponse(names.PARTIAL, sample.submission.entries, errors=errors)
    read = xds.read_query_response(parse(xds.write_query_response(answer)))
    assert [entry.unique_id for entry in read.entries] == ["1.2.250.1.999.1.1", "1.2.250.1.999.2.2"]
    assert read.errors == errors
    assert (read.status, read.total) == (names.PARTIAL, 2)
    references = xds.QueryResponse(references=("urn:uuid:1",))
    assert xds.read_query_response(parse(xds.write_query_response(references))).references == ("urn:uuid:1",)


def test_registry_response() -> None:
    answer = xds.RegistryResponse(names.FAILURE, (xds.RegistryError("XDSRegistryError", "<raison>"),))
    assert xds.read_registry_response(parse(xds.write_registry_response(answer))) == answer
    assert not answer.succeeded
    with pytest.raises(xds.XdsRefused, match="not-a-response"):
        xds.read_registry_response(parse(b"<a/>"))


def test_provide(sample) -> None:
    body = xds.write_provide(xds.write_submission(sample.submission), {"Document01": "cid:doc@banc"})
    provided = xds.read_provide(parse(body), {"cid:doc@banc": b"<a/>"})
    assert provided.documents == {"Document01": b"<a/>"}
    assert provided.inline == ()
    assert xds.read_provide(parse(body), {"doc@banc": b"<b/>"}).documents["Document01"] == b"<b/>"
    with pytest.raises(xds.XdsRefused, match="missing-attachment"):
        xds.read_provide(parse(body), {})


@pytest.mark.parametrize(
    ("content", "reason"),
    [("?", "bad-base64"), ("YQ==</ihe:Document><ihe:Document id='Document01'>YQ==", "duplicate")],
)
def test_inline_documents(sample, content: str, reason: str) -> None:
    submission = xds.write_submission(sample.submission).decode()

    def body(text: str) -> bytes:
        return (
            f"<ihe:ProvideAndRegisterDocumentSetRequest xmlns:ihe='{names.IHE}'>{submission}"
            f"<ihe:Document id='Document01'>{text}</ihe:Document></ihe:ProvideAndRegisterDocumentSetRequest>"
        ).encode()

    assert xds.read_provide(parse(body("Y\nQ==")), {}).inline == ("Document01",)
    with pytest.raises(xds.XdsRefused, match=reason):
        xds.read_provide(parse(body(content)), {})


def test_retrieve() -> None:
    wanted = (xds.Wanted(names.DMP_REPOSITORY, "1.2.3"),)
    assert xds.read_retrieve(parse(xds.write_retrieve(wanted))) == wanted
    one = transfer.Retrieved(names.DMP_REPOSITORY, "1.2.3", "text/xml", b"<a/>", "cid:1@dmp")
    two = transfer.Retrieved(names.DMP_REPOSITORY, "1.2.4", "text/xml", b"\x00inline")
    answer = xds.RetrieveResponse(documents=(one, two))
    read = xds.read_retrieve_response(parse(xds.write_retrieve_response(answer)), {"1@dmp": b"<a/>"})
    assert [document.content for document in read.documents] == [b"<a/>", b"\x00inline"]
    assert read.status == names.SUCCESS
    with pytest.raises(xds.XdsRefused, match="not-a-retrieve"):
        xds.read_retrieve(parse(b"<a/>"))


@pytest.mark.parametrize(
    ("slot", "value", "rule"),
    [
        ("$XDSDocumentEntryCreationTimeFrom", "20260302", ""),
        ("$XDSDocumentEntryCreationTimeFrom", "'20260302'", ""),
        ("$XDSDocumentEntryCreationTimeFrom", "'2026-03-02'", "XDS-QRY-06"),
        ("$XDSDocumentEntryTypeCode", "('11488-4^^2.16.840.1.113883.6.1')", ""),
        ("$XDSDocumentEntryTypeCode", "('11488-4')", "XDS-QRY-06"),
        ("$XDSDocumentEntryTypeCode", "('11488-4^^')", "XDS-QRY-06"),
    ],
)
def test_forms_of_values(slot: str, value: str, rule: str) -> None:
    assert [finding.rule for finding in xds.judge_query(written(slot, value))] == ([rule] if rule else [])


def test_single_values_and_return_types() -> None:
    good = xds.find_documents("2^^^&1.2&ISO^NH")
    assert xds.judge_query(good) == []
    twice = {**good.slots, query.PATIENT: (("a",), ("b",))}
    found = xds.judge_query(xds.Query(good.id, twice))
    assert [finding.rule for finding in found] == ["XDS-QRY-05"]
    other = xds.Query(good.id, good.slots, "RegistryObject")
    assert [finding.rule for finding in xds.judge_query(other)] == ["XDS-QRY-04"]


@pytest.mark.parametrize(
    "asked",
    [
        xds.find_submission_sets("2^^^&1.2&ISO^NH", since="20260301", until="20260401"),
        xds.get_associations(["urn:uuid:1", "urn:uuid:2"]),
        xds.find_by_reference("2^^^&1.2&ISO^NH", ["a^^^&1.2&ISO^urn:ihe:iti:xds:2013:accession"]),
    ],
    ids=["sets", "associations", "reference"],
)
def test_other_queries(asked: xds.Query) -> None:
    read = xds.read_query(parse(xds.write_query(asked)))
    assert xds.judge_query(read) == []
    assert read.slots == asked.slots
    bare = xds.Query(asked.id, {})
    assert {finding.rule for finding in xds.judge_query(bare)} == {"XDS-QRY-02"}


def test_a_set_in_an_answer(sample) -> None:
    one = sample.submission.submission_set
    answer = xds.QueryResponse(submission_sets=(one,))
    read = xds.read_query_response(parse(xds.write_query_response(answer)))
    assert read.total == 1
    (seen,) = read.submission_sets
    assert seen.marked and (seen.unique_id, seen.authors) == (one.unique_id, one.authors)
