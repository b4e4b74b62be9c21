"""Which model a document follows, and what is said when it is not declared, or judged in part."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from schemas.cda import judge
from schemas.cda.codec import decode, find_document
from schemas.cda.terms.codes import loinc, snomed_ct, well_formed
from schemas.cda.volets import MODELS, model_of
from schemas.finding import errors
from schemas.xml import parse
from tests.schemas.cda.mutation import documents

FILES = dict(documents())
T = "1.2.250.1.213.1.1.1."


def without_model(name: str) -> bytes:
    """The document with its model's templateId replaced by one that nobody knows."""
    root = parse(FILES[name])
    for found in root.iterchildren("{urn:hl7-org:v3}templateId"):
        if found.get("root", "").startswith(T) and found.get("root") != "1.2.250.1.213.1.1.1.1":
            found.set("root", "1.2.250.1.999.3")
    return etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")


def model_name(data: bytes) -> str | None:
    model = model_of(decode(find_document(parse(data))))
    return None if model is None else model.name


def rules(data: bytes) -> set[str]:
    return {finding.rule for finding in judge(data)}


def test_no_two_models_are_taken_for_one_another() -> None:
    marks = [(model.template, model.codes) for model in MODELS]
    assert len(marks) == len(set(marks))
    assert len({model.name for model in MODELS}) == len(MODELS)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("vsm", "VSM"),
        ("ldl-ses", "LDL-SES"),
        ("ldl-ees", "LDL-EES"),
        ("ips", "IPS-FR"),
        ("others-hr", "CNAM-HR"),
        ("others-mde", "CSE-MDE"),
        ("others-sections", "SDM-MR"),
    ],
)
def test_the_model_is_the_declared_one(name: str, model: str) -> None:
    assert model_name(FILES[name]) == model


def test_a_letter_without_its_template_is_known_by_its_type() -> None:
    data = without_model("ldl-ses")
    assert model_name(data) == "LDL-SES"
    assert "CDA-MOD-03" in rules(data)
    assert errors(judge(data)) == []


def test_a_synthesis_without_its_template_is_refused() -> None:
    data = without_model("vsm")
    assert model_name(data) == "VSM"
    assert [finding.rule for finding in errors(judge(data))] == ["CDA-MOD-02"]


@pytest.mark.parametrize("name", ["others-hr", "others-sections"])
def test_a_type_of_several_models_or_of_a_shallow_one_tells_nothing(name: str) -> None:
    data = without_model(name)
    assert model_name(data) is None
    assert "CDA-XML-05" in rules(data)


@pytest.mark.parametrize(("name", "said"), [("others-hr", True), ("vsm", False), ("ldl-ses", False)])
def test_a_model_judged_in_part_says_so(name: str, said: bool) -> None:
    assert ("CDA-MOD-05" in rules(FILES[name])) is said


def test_a_code_that_a_partial_set_does_not_list_is_a_warning() -> None:
    changed = FILES["vsm"].replace(b'"282291009"', b'"84387000"')
    found = judge(changed)
    assert "CDA-JDV-OPEN" in {finding.rule for finding in found}
    assert errors(found) == []


def test_every_official_sample_is_recognised(samples: Path, known: Callable[[str], bool]) -> None:
    said = {path.name for path in samples.glob("*.xml") if "CDA-XML-05" in rules(path.read_bytes())}
    assert {name for name in said if known(name)} == set()


@pytest.fixture
def known() -> Callable[[str], bool]:
    """Whether the models of this family are described by this project, by the name of the sample."""
    others = ("BIO-", "IMG", "VAC", "eDISP")  # described by the modules of their own family
    return lambda name: not name.startswith(others)


@pytest.mark.parametrize(("code", "good"), [("11450-4", True), ("1988-5", True), ("11450-5", False)])
def test_loinc_has_a_check_digit(code: str, good: bool) -> None:
    assert loinc(code) is good


@pytest.mark.parametrize(
    ("code", "good"), [("282291009", True), ("609398007", True), ("282291008", False), ("ZZZ", False)]
)
def test_snomed_ct_has_a_check_digit(code: str, good: bool) -> None:
    assert snomed_ct(code) is good


def test_an_unknown_system_is_not_judged() -> None:
    assert well_formed("anything", "1.2.3") and well_formed("LA9622-7", "2.16.840.1.113883.6.1")


def test_an_older_summary_may_go_without_devices() -> None:
    older = FILES["ips"].replace(b'extension="2024.01"', b'extension="2022.01"')
    devices = older.replace(b'root="1.3.6.1.4.1.19376.1.5.3.1.1.5.3.5"', b'root="1.2.250.1.999.5"')
    assert "CDA-IPS-01" not in rules(devices)
    current = FILES["ips"].replace(b'root="1.3.6.1.4.1.19376.1.5.3.1.1.5.3.5"', b'root="1.2.250.1.999.5"')
    assert "CDA-IPS-01" in rules(current)
