"""TD0.2: question and answers, both ways."""

import dataclasses
from dataclasses import replace

import pytest

from schemas.hl7v3 import (
    Answer,
    Closure,
    Hl7Refused,
    Identity,
    Query,
    read_answer,
    read_query,
    write_answer,
    write_error,
    write_query,
)
from schemas.ins import Ins
from schemas.xml import parse

INS = Ins("285026322070154")
QUERY = Query(
    Identity("1.2.3", "0a"), "20260302093000", "1.2.3", "Logiciel & <Cie>", Identity("1.2.3.4", "7"), INS
)
ANSWER = Answer(
    Identity("1.2.250.1.213.4.1.1.1.1", "9"),
    "20260302093001",
    QUERY.id,
    QUERY.query_id,
    status="active",
    authorisation="VALIDE",
    patient=INS,
    family="D'ÉTÉ",
    given="ANNE",
    sex="F",
    birth_date="19850201",
    attached_to_mes=True,
    software=QUERY.software,
    device="1.2.3",
)


def test_question() -> None:
    assert read_query(parse(write_query(QUERY).encode())) == QUERY


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        replace(ANSWER, authorisation="INTERDIT", treating_doctor=True, attached_to_mes=False),
        replace(ANSWER, status="terminated", closure=Closure("20250101000000", text="ne veut plus")),
        Answer(ANSWER.id, ANSWER.created, QUERY.id, QUERY.query_id, found=False, software="x", device="1"),
    ],
)
def test_answers(answer: Answer) -> None:
    assert read_answer(parse(write_answer(answer).encode())) == answer


def test_only_an_open_dmp_is_active() -> None:
    assert ANSWER.active
    assert not replace(ANSWER, status="terminated").active
    assert not replace(ANSWER, found=False).active


def test_negative_acknowledgement() -> None:
    text = write_error(QUERY, ANSWER.id, ANSWER.created, "XDSPatientIdDoesNotMatch", "[bench] <non>")
    read = read_answer(parse(text.encode()))
    assert (read.ack, read.error, read.error_text) == ("AE", "XDSPatientIdDoesNotMatch", "[bench] <non>")
    assert not read.found
    assert read.target == QUERY.id


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("PRPA_IN201307UV02", "PRPA_IN201305UV02", "/PRPA_IN201305UV02"),
        ("queryByParameter", "other", "queryByParameter"),
        ("patientIdentifier", "other", "patientIdentifier"),
        (' extension="285026322070154"', "", "patientIdentifier"),
        ("urn:hl7-org:v3", "urn:x", "/PRPA_IN201307UV02"),
    ],
)
def test_what_cannot_be_answered(old: str, new: str, where: str) -> None:
    with pytest.raises(Hl7Refused) as refused:
        read_query(parse(write_query(QUERY).replace(old, new).encode()))
    assert where in refused.value.where


def test_another_message_is_no_answer() -> None:
    with pytest.raises(Hl7Refused):
        read_answer(parse(write_query(QUERY).encode()))
    with pytest.raises(Hl7Refused):
        read_answer(parse(write_answer(ANSWER).replace("acknowledgement", "x").encode()))


def test_absent_headers_are_empty_not_fatal() -> None:
    text = write_query(QUERY)
    for tag in ("id", "creationTime", "sender", "receiver", "reasonCode", "processingCode"):
        text = text.replace(f"<{tag} ", f"<no{tag} ").replace(f"</{tag}>", f"</no{tag}>")
    read = read_query(parse(text.encode()))
    assert read.patient == INS
    assert dataclasses.replace(read, patient=INS).created == ""
