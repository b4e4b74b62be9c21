"""Each rule on TD0.2's question, right and wrong."""

from dataclasses import replace

import pytest

from schemas.hl7v3 import Identity, Query
from schemas.hl7v3.rules import RULES
from schemas.ins import Ins
from schemas.messages import catalogue

from .test_existence import QUERY


def test_a_right_question_has_no_finding() -> None:
    assert RULES.judge(QUERY) == []
    assert RULES.judge(replace(QUERY, processing="D")) == []


@pytest.mark.parametrize(
    ("rule", "query"),
    [
        ("HL7-01", replace(QUERY, id=Identity(""))),
        ("HL7-01", replace(QUERY, software="")),
        ("HL7-01", replace(QUERY, created="2026-03-02")),
        ("HL7-01", replace(QUERY, processing="T")),
        ("HL7-01", replace(QUERY, receiver="1.2.3")),
        ("HL7-02", replace(QUERY, patient=Ins(QUERY.patient.matricule, "1.2.250.1.213.1.4.8"))),
        ("HL7-02", replace(QUERY, patient=Ins("285026322070199"))),
        ("HL7-02", replace(QUERY, patient=Ins("x"))),
        ("HL7-03", replace(QUERY, reason="MODIF_DATA")),
    ],
)
def test_a_defect_makes_only_its_rule_speak(rule: str, query: Query) -> None:
    assert {finding.rule for finding in RULES.judge(query)} == {rule}


def test_every_rule_has_its_words() -> None:
    for rule in RULES.rules:
        assert {"fr", "en", "action_fr", "action_en"} <= set(catalogue()[rule])
