import json
from datetime import date
from pathlib import Path

import pytest

from schemas.finding import errors
from schemas.ins import Ins
from schemas.ins.datamatrix import GS, HEADER, DatamatrixRefused, decode, encode, judge

VECTORS = Path(__file__).parents[4] / "shared/data/datamatrix"
CORSICAN = Ins("297022A02077878", "1.2.250.1.213.1.4.8")
GOOD = encode(
    CORSICAN,
    given_names="DOMINIQUE",
    birth_name="ADRTROIS",
    sex="F",
    birth_date=date(1997, 2, 26),
    birth_place="2A020",
)


def test_encode() -> None:
    assert (
        f"{HEADER}S1297022A02077878S21.2.250.1.213.1.4.8{GS}S3DOMINIQUE{GS}S4ADRTROIS{GS}S5FS626-02-1997S72A020"
    ) == GOOD
    assert judge(decode(GOOD)) == []


def test_a_full_field_has_no_separator() -> None:
    text = encode(
        Ins("160012B02077713", "1.2.250.1.213.1.4.10"),
        given_names="T" * 100,
        birth_name="ADRTROIS",
        sex="M",
        birth_date="19600101",
    )
    assert "1.2.250.1.213.1.4.10S3" in text and "TS4ADRTROIS" in text
    assert text.endswith("S5MS601-01-1960")
    assert judge(decode(text)) == []


def test_decode() -> None:
    code = decode(GOOD)
    assert code.ins == CORSICAN
    assert (code.birth_name, code.given_names, code.sex) == ("ADRTROIS", "DOMINIQUE", "F")
    assert (code.birth_date, code.birth_place) == ("26-02-1997", "2A020")


def test_fields_in_another_order() -> None:
    text = (
        f"{HEADER}S1297022A02077878S21.2.250.1.213.1.4.8{GS}S3DOMINIQUE{GS}S5FS626-02-1997S72A020S4ADRTROIS"
    )
    assert judge(decode(text)) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (GOOD.replace("IS01", "IS02"), "INS-DMX-01"),
        (GOOD.replace("S5F", "S5FS5F"), "INS-DMX-02"),
        (GOOD.replace("S626-02-1997", ""), "INS-DMX-02"),
        (GOOD + "S9X", "INS-DMX-02"),
        (GOOD.replace("78S2", f"78{GS}S2"), "INS-DMX-03"),
        (GOOD.replace(f"DOMINIQUE{GS}", "DOMINIQUE"), "INS-DMX-03"),
        (GOOD + GS, "INS-DMX-03"),
        (GOOD.replace("26-02-1997", "1997-02-26"), "INS-DMX-04"),
        (GOOD.replace("2077878", "2077877"), "INS-DMX-05"),
        (GOOD.replace("213.1.4.8", "213.1.4.7"), "INS-DMX-06"),
        (GOOD.replace("ADRTROIS", "Adrtrois"), "INS-DMX-07"),
        (GOOD.replace("S5F", "S5I"), "INS-DMX-07"),
    ],
)
def test_each_defect_has_its_rule(text: str, rule: str) -> None:
    assert {finding.rule for finding in judge(decode(text))} == {rule}


def test_a_wrong_key_is_a_warning() -> None:
    assert errors(judge(decode(GOOD.replace("2077878", "2077877")))) == []


def test_what_is_no_datamatrix() -> None:
    with pytest.raises(DatamatrixRefused):
        decode("01S2TBPZ2JCNZZYGHZ")


@pytest.mark.parametrize(
    "text", ["IS", "IS01", HEADER, HEADER + "S1", HEADER + "S3" + GS * 9, "IS" + "\0" * 999]
)
def test_hostile_text_never_crashes(text: str) -> None:
    assert judge(decode(text))


def test_encode_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="S1"):
        encode(Ins("123"), given_names="A", birth_name="B", sex="F", birth_date="19970226")


@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_public_vectors(kind: str) -> None:
    path = VECTORS / f"datamatrix-ins_{kind}.json"
    if not path.is_file():
        pytest.skip("public datamatrix vectors are not beside the checkout")
    for vector in json.loads(path.read_text(encoding="utf-8")):
        findings = judge(decode(vector["content"]))
        assert bool(findings) == (kind == "invalid"), vector["name"]
