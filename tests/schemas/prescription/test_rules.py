"""Each rule passes on a sound message and alone fails on its own defect."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.messages import action, catalogue
from schemas.prescription import dispensation_rules, rules

from .conftest import line

Message = dict[str, Any]
Edit = Callable[[Message], Any]

SECURED = {"posologyText": "un comprimé par jour", "quantity": {"value": 2, "letters": "deux boîtes"}}
DEFECTS: list[tuple[str, Edit]] = [
    ("EPU-JSON-01", lambda m: m.pop("validity")),
    ("EPU-ID-01", lambda m: m.update(epuId="abc")),
    ("EPU-LIGNE-01", lambda m: m.update(lines=[])),
    ("EPU-LIGNE-02", lambda m: m["lines"][1].update(lineId="ligne-1")),
    ("EPU-POSO-01", lambda m: m["lines"][0].update(posologyText=" ")),
    ("EPU-VALID-01", lambda m: m["validity"].update(end="2026-03-01")),
    ("EPU-VALID-02", lambda m: m["validity"].update(start="2026-03-01")),
    ("EPU-TYPE-01", lambda m: m.update(types=["MED-9999"])),
    ("EPU-PROD-01", lambda m: m["lines"][1]["product"].update(cis="6310775")),
    ("EPU-PRESC-01", lambda m: m["prescriber"].update(rpps="D0001")),
    ("EPU-PRESC-02", lambda m: m["prescriber"].update(rpps="899700100045")),
    ("EPU-PRESC-03", lambda m: m["prescriber"].update(locum=True)),
    ("EPU-INS-01", lambda m: m["patient"]["ins"].update(oid="1.2.250.1.213.1.4.8")),
    ("EPU-INS-02", lambda m: m["patient"]["ins"].update(value="275126322074975")),
    ("EPU-SUBST-01", lambda m: m["lines"][0].update(substitution={"allowed": False})),
    ("EPU-SUBST-02", lambda m: m["lines"][0].pop("substitution")),
    ("EPU-ALD-01", lambda m: m["lines"][0].pop("ald")),
    ("EPU-ALD-02", lambda m: m["lines"][0].pop("prevention")),
    ("EPU-ALD-03", lambda m: m.update(types=["MED-1096"])),
    ("EPU-SECU-01", lambda m: m.update(types=["MED-1098"])),
    ("EPU-SECU-02", lambda m: m["lines"][0].update(opioidSubstitution=True)),
    ("EPU-PAT-01", lambda m: m["patient"].update(pregnant=True)),
]
DISPENSATION_DEFECTS: list[tuple[str, Edit]] = [
    ("EPU-JSON-02", lambda m: m["lines"][0].update(outcome="GIVEN")),
    ("EPU-DISP-01", lambda m: m["lines"].pop()),
    ("EPU-DISP-01", lambda m: m["lines"].append(m["lines"][0])),
    ("EPU-DISP-02", lambda m: m["lines"][0].update(outcome="SUBSTITUTED")),
    ("EPU-DISP-03", lambda m: m["lines"][0].update(outcome="QUANTITY_CHANGED")),
    ("EPU-DISP-04", lambda m: m["lines"][0].update(outcome="REFUSED")),
    ("EPU-DISP-05", lambda m: m["dispenser"].update(rpps="99700100045")),
    ("EPU-DISP-06", lambda m: m.update(epuId="01ZZZZZZZZZZZZZZZZ")),
    ("EPU-DISP-07", lambda m: m["lines"][0].update(completeness="TOUT")),
]


def judge(message: Message) -> set[str]:
    return {finding.rule for finding in rules.judge(message, user="899700100011")}


def judge_dispensation(message: Message) -> set[str]:
    return {
        finding.rule
        for finding in dispensation_rules.judge(
            message,
            user="899700100029",
            epu_id="01S2TBPZ2JCNZZYGHZ",
            open_lines=("ligne-1", "ligne-2"),
        )
    }


def test_sound_messages(prescription: Message, dispensation: Message) -> None:
    assert judge(prescription) == set()
    assert judge_dispensation(dispensation) == set()


@pytest.mark.parametrize(("rule", "edit"), DEFECTS)
def test_one_defect_one_rule(rule: str, edit: Edit, prescription: Message) -> None:
    edit(prescription)
    assert judge(prescription) == {rule}


@pytest.mark.parametrize(("rule", "edit"), DISPENSATION_DEFECTS)
def test_one_dispensation_defect_one_rule(rule: str, edit: Edit, dispensation: Message) -> None:
    edit(dispensation)
    assert judge_dispensation(dispensation) == {rule}


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m["patient"].update(ins=None),
        lambda m: m["patient"].pop("ins"),
        lambda m: m["validity"].update(end=None),
        lambda m: m["prescriber"].update(rpps="899700100011"),
        lambda m: m["prescriber"].update(
            locum=True, replaced={"rpps": "99700100045", "name": "ROUSSEL-TEST"}
        ),
        lambda m: m.update(types=["MED-1096"], lines=[line(1, ald=True), line(2)]),
        lambda m: m.update(types=["MED-1098"], lines=[line(1, **SECURED)]),
        lambda m: m["lines"][0].update(product={"label": "préparation magistrale", "magistral": True}),
        lambda m: m["lines"][0].update(substitution={"allowed": False, "reason": "MTE"}),
        lambda m: m["patient"].update(ins={"value": "181036322045660", "oid": "1.2.250.1.213.1.4.10"}),
    ],
)
def test_allowed(edit: Edit, prescription: Message) -> None:
    edit(prescription)
    known = frozenset({"181036322045660"})
    assert rules.judge(prescription, user="899700100011", public_matricules=known) == []


def test_device_line(prescription: Message) -> None:
    device = {
        "lineId": "ligne-3",
        "category": "DM",
        "product": {"emdn": "V0806", "lpp": "1215702", "label": "dispositif"},
        "quantity": {"value": 1},
        "expectedUseDays": 30,
        "renewals": 0,
        "ald": False,
        "atmp": False,
        "prevention": False,
        "notReimbursable": False,
    }
    prescription["lines"].append(device)
    assert judge(prescription) == set()
    del device["prevention"]
    assert judge(prescription) == {"EPU-ALD-01"}


def test_described_outcomes(dispensation: Message) -> None:
    agreement = {"obtained": True, "at": "2026-03-02T10:55:00+01:00"}
    dispensation["lines"] = [
        {
            "lineId": "ligne-1",
            "outcome": "SUBSTITUTED",
            "substitution": {"kind": "G"},
            "delivered": [{"cip13": "3400930000000", "quantity": 2}],
            "completeness": "FFC ",
        },
        {"lineId": "ligne-2", "outcome": "POSOLOGY_CHANGED", "prescriberAgreement": agreement},
    ]
    assert judge_dispensation(dispensation) == set()


def test_every_rule_is_worded_and_tested() -> None:
    tested = {row[0] for row in DEFECTS} | {row[0] for row in DISPENSATION_DEFECTS}
    declared = set(rules.RULES.rules) | set(dispensation_rules.RULES.rules)
    assert tested == declared
    for rule in declared:
        assert catalogue()[rule]["en"]
        assert action(rule)
        assert action(rule, "en")
