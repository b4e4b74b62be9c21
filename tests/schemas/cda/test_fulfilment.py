"""A dispensation beside the prescription that it fulfils."""

import pytest
from lxml import etree

from schemas.cda import PrescriptionSpec, build_prescription
from schemas.cda.fulfilment import RULES, judge_fulfilments
from schemas.messages import catalogue
from tests.schemas.cda.mutation import Mutation, documents

DISPENSATION = dict(documents())["dispensation"]
H = {"h": "urn:hl7-org:v3"}
LINE = "//h:supply[h:templateId/@root='1.2.250.1.213.1.1.3.204']"
REFERENCE = "//h:substanceAdministration[h:templateId/@root='1.2.250.1.213.1.1.3.90']"


@pytest.fixture
def pair(prescription_spec: PrescriptionSpec) -> tuple[bytes, bytes]:
    """A prescription and the dispensation of its first two lines."""
    prescription = build_prescription(prescription_spec)
    asked = etree.fromstring(prescription)
    given = etree.fromstring(DISPENSATION)
    [order] = given.xpath("//h:order/h:id", namespaces=H)
    order.set("root", asked.xpath("string(h:id/@root)", namespaces=H))
    lines = asked.xpath("//h:substanceAdministration/h:id", namespaces=H)
    for reference, line in zip(given.xpath(f"{REFERENCE}/h:id", namespaces=H), lines, strict=True):
        reference.set("root", line.get("root"))
    for act in given.xpath("//h:act[h:templateId/@root='1.2.250.1.213.1.1.3.206']", namespaces=H):
        act.getparent().getparent().remove(act.getparent())
    for quantity in given.xpath(f"{LINE}/h:quantity", namespaces=H):
        quantity.set("value", "1")
    return prescription, etree.tostring(given)


def said(prescription: bytes, dispensation: bytes) -> list[str]:
    found = judge_fulfilments(
        {"ordonnance.xml": prescription, "d/dispensation.xml": dispensation, "a.pdf": b"x"}
    )
    assert all(one.where.startswith("d/dispensation.xml /ClinicalDocument") and one.line for one in found)
    return [one.rule for one in found]


def test_a_faithful_dispensation(pair: tuple[bytes, bytes]) -> None:
    assert said(*pair) == []


SUBSTITUTION = (
    "<entryRelationship typeCode='COMP'><act classCode='ACT' moodCode='EVN'>"
    "<templateId root='1.2.250.1.213.1.1.3.206'/></act></entryRelationship>"
)


@pytest.mark.parametrize(
    ("rule", "edit"),
    [
        ("CDA-FUL-01", ("set", f"({REFERENCE})[1]/h:id", "root", "1.2.3")),
        ("CDA-FUL-02", ("set", "(//h:patientRole/h:id)[1]", "extension", "177036322082931")),
        ("CDA-FUL-03", ("append", f"({LINE})[2]", SUBSTITUTION)),
        ("CDA-FUL-04", ("set", f"({LINE})[1]/h:quantity", "value", "3")),
    ],
)
def test_an_unfaithful_dispensation(pair: tuple[bytes, bytes], rule: str, edit: tuple[str, ...]) -> None:
    assert said(pair[0], Mutation("x", "x", rule, "", (edit,)).spoil(pair[1])) == [rule]


def test_another_prescription_is_not_compared(pair: tuple[bytes, bytes]) -> None:
    other = Mutation("x", "x", "x", "", (("set", "//h:order/h:id", "root", "1.2.3"),)).spoil(pair[1])
    assert said(pair[0], other) == []


def test_every_rule_has_its_words() -> None:
    assert set(RULES.rules) <= set(catalogue())


def test_odd_quantities_are_left_alone(pair: tuple[bytes, bytes]) -> None:
    for value in ("beaucoup", "", "NaN"):
        odd = Mutation("x", "x", "x", "", (("set", f"({LINE})[1]/h:quantity", "value", value),))
        assert said(pair[0], odd.spoil(pair[1])) == []
