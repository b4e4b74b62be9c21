"""Administrative data (TD1.3a), search without INS (TD0.5), creation and revision (TD1.1 to TD1.4)."""

from dataclasses import replace

import pytest

from schemas.hl7v3 import ADMIN_DATA, Hl7Refused, Identity, read_answer, read_query, write_answer, write_query
from schemas.hl7v3.legacy import read_revision, write_refusal
from schemas.hl7v3.model import Address, AdminData, Representative
from schemas.hl7v3.pdq import Find, Found, Match, read_find, read_found, write_find, write_found
from schemas.hl7v3.pdq_rules import RULES
from schemas.hl7v3.rules import RULES as QUERY_RULES
from schemas.hl7v3.wrapper import Header, read_error
from schemas.ins import Ins
from schemas.messages import catalogue
from schemas.xml import parse

from .test_existence import ANSWER, INS, QUERY

HEADER = Header(Identity("1.2.3", "0a"), "20260302093000", "1.2.3", "Logiciel & <Cie>")
FIND = Find(HEADER, Identity("1.2.3.4", "7"), "D'ÉTÉ", "ANNE", "F", "19850201")
MATCH = Match(INS, "D'ÉTÉ", "ANNE", "F", "19850201", 100, True)
DATA = AdminData(
    deceased=True,
    address=Address("1 RUE <DU> BANC", "63000", "CLERMONT-FERRAND", "BAT. A"),
    birth_place="63220",
    telecoms=("tel:+33639980001", "mailto:a@patient.example"),
    representatives=(
        Representative("MTH", "MÈRE", "ANNE", Address("1", "63000", "X"), ("tel:+33639980002",)),
        Representative("FTH", "PÈRE", "JEAN"),
    ),
    account_open=True,
    opposes_glass=True,
)
REVISION = (
    '<{name} xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="0a"/><creationTime value="20260302093000"/>'
    '<processingCode code="P"/><sender><device><id root="1.2.3"/><softwareName>L</softwareName></device>'
    '</sender><controlActProcess><reasonCode code="{reason}"/><subject><registrationRequest><subject1>'
    '<patient><id root="1.2.250.1.213.1.4.10" extension="285026322070154"/></patient></subject1>'
    "</registrationRequest></subject></controlActProcess></{name}>"
)


@pytest.mark.parametrize(
    "data", [DATA, AdminData(), replace(DATA, opposes_glass=False, opposes_regulation=True)]
)
def test_administrative_data(data: AdminData) -> None:
    answer = replace(ANSWER, details=data, usual="NON RENSEIGNE")
    assert read_answer(parse(write_answer(answer).encode())) == answer


def test_its_question_has_no_finding() -> None:
    asked = replace(QUERY, reason=ADMIN_DATA)
    assert QUERY_RULES.judge(read_query(parse(write_query(asked).encode()))) == []


@pytest.mark.parametrize("find", [FIND, Find(HEADER, FIND.query_id, "X")])
def test_search_without_ins(find: Find) -> None:
    assert read_find(parse(write_find(find).encode())) == find
    assert RULES.judge(find) == []


@pytest.mark.parametrize(
    ("rule", "find"),
    [
        ("PDQ-01", replace(FIND, header=replace(HEADER, created="2026"))),
        ("PDQ-01", replace(FIND, query_id=Identity(""))),
        ("PDQ-02", replace(FIND, family="")),
        ("PDQ-03", replace(FIND, sex="1")),
        ("PDQ-03", replace(FIND, birth_date="01/02/1985")),
    ],
)
def test_a_defect_makes_only_its_rule_speak(rule: str, find: Find) -> None:
    assert {finding.rule for finding in RULES.judge(find)} == {rule}


def test_every_rule_has_its_words() -> None:
    for rule in RULES.rules:
        assert {"fr", "en", "action_fr", "action_en"} <= set(catalogue()[rule])


def test_patients_found() -> None:
    text = write_found(FIND, Identity("1.2.9"), "20260302093001", (MATCH,), 3)
    assert '<resultRemainingQuantity value="2"/>' in text
    assert read_found(parse(text.encode())) == Found((MATCH,), 3)
    nobody = write_found(FIND, Identity("1.2.9"), "20260302093001", (), 0)
    assert 'code="NF"' in nobody and read_found(parse(nobody.encode())) == Found((), 0)
    error = ("DMPAccessDeniedByRightsService", "[bench] <non>")
    refused = write_found(FIND, Identity("1.2.9"), "20260302093001", (), 0, error)
    assert read_found(parse(refused.encode())) == Found((), 0, error)


@pytest.mark.parametrize("old", ["PRPA_IN201305UV02", "queryByParameter", "parameterList"])
def test_what_cannot_be_searched(old: str) -> None:
    with pytest.raises(Hl7Refused):
        read_find(parse(write_find(FIND).replace(old, "other").encode()))
    with pytest.raises(Hl7Refused):
        read_found(parse(write_find(FIND).encode()))


@pytest.mark.parametrize(
    ("name", "reason", "transaction", "negative"),
    [
        ("PRPA_IN201311UV02", "CREA_RD", "TD1.1", "PRPA_IN201313UV02"),
        ("PRPA_IN201314UV02", "REAC", "TD1.2", "PRPA_IN201316UV02"),
        ("PRPA_IN201314UV02", "MODIF_DATA", "TD1.3b", "PRPA_IN201316UV02"),
        ("PRPA_IN201314UV02", "FERM", "TD1.4", "PRPA_IN201316UV02"),
        ("PRPA_IN201314UV02", "OTHER", "?", "PRPA_IN201316UV02"),
    ],
)
def test_creation_and_revision(name: str, reason: str, transaction: str, negative: str) -> None:
    read = read_revision(parse(REVISION.format(name=name, reason=reason).encode()))
    assert (read.transaction, read.patient, read.header.software) == (transaction, Ins(INS.matricule), "L")
    text = write_refusal(read, Identity("1.2.9"), "20260302093001", "DMPFound", "[bench] <déjà>")
    wrapper = parse(text.encode())
    assert wrapper.tag == f"{{asip:ci-sis:gdp:2010}}{name}_Response"
    assert wrapper[0].tag == f"{{urn:hl7-org:v3}}{negative}"
    assert read_error(wrapper[0]) == ("DMPFound", "[bench] <déjà>")


def test_another_message() -> None:
    with pytest.raises(Hl7Refused):
        read_revision(parse(write_query(QUERY).encode()))
