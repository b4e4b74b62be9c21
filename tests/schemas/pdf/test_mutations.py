"""Each defect of `mutations.toml` is told by its rule, and each rule tells at least one of them."""

from pathlib import Path

import pytest

from schemas.finding import Severity
from schemas.pdf import judge_pdf
from schemas.pdf.rules import RULES
from tests.schemas.pdf.mutate import base, mutated, mutations
from tests.schemas.pdf.preflight import valid

ENTRIES = mutations()


def test_the_bases_are_sound() -> None:
    assert judge_pdf(base("print")) == []
    assert judge_pdf(base("plain")) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["id"] for entry in ENTRIES])
def test_each_defect_is_told_by_its_rule_alone(entry) -> None:
    found = judge_pdf(mutated(entry))
    told = {finding.rule for finding in found}
    assert entry["rule"] in told
    weight = RULES.rules[entry["rule"]].keyword.severity
    severe = {finding.rule for finding in found if finding.is_error}
    assert severe == ({entry["rule"], *entry.get("also", [])} if weight is Severity.ERROR else set())


def test_every_rule_tells_a_defect() -> None:
    assert {entry["rule"] for entry in ENTRIES} == set(RULES.rules)


def test_each_defect_has_its_own_name() -> None:
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES)


def test_apache_preflight_agrees(tmp_path: Path) -> None:
    """Another judge, written by others: it refuses our defects and accepts our bases."""
    documents = {entry["id"]: mutated(entry) for entry in ENTRIES}
    said = valid({"print": base("print"), **documents}, tmp_path)
    assert said.pop("print")
    assert {name for name, sound in said.items() if sound} == {
        entry["id"] for entry in ENTRIES if entry.get("preflight") == "accepts"
    }
