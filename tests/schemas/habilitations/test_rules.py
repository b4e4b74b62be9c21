"""Each rule on the questions about authorisations, right and wrong."""

from dataclasses import replace

import pytest

from schemas.habilitations import ListByPatient, PatientList, Question, SetAuthorization
from schemas.habilitations.rules import RULES
from schemas.messages import catalogue

from .test_codec import QUESTIONS

LIST = PatientList("20260101000000", "LASTAUTORIZATION")


@pytest.mark.parametrize("question", QUESTIONS)
def test_right_questions_have_no_finding(question: Question) -> None:
    assert RULES.judge(question) == []


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        (SetAuthorization("Ajout"), "HAB-01"),
        (SetAuthorization(""), "HAB-01"),
        (SetAuthorization("AJOUT", "MT"), "HAB-02"),
        (ListByPatient("TOUS"), "HAB-03"),
        (replace(LIST, start="20260101"), "HAB-04"),
        (replace(LIST, start="20261301000000"), "HAB-04"),
        (replace(LIST, date_type="LASTAUTHORIZATION"), "HAB-05"),
        (replace(LIST, owner="10100000011"), "HAB-06"),
        (SetAuthorization("AJOUT", unknown=("patient",)), "HAB-07"),
    ],
)
def test_wrong_questions(question: Question, rule: str) -> None:
    (finding,) = RULES.judge(question)
    assert finding.rule == rule
    assert finding.is_error == (rule != "HAB-07")


def test_every_rule_has_its_sentences() -> None:
    assert set(RULES.rules) <= set(catalogue())
