"""Each defect of `mutations.toml` is told by its rule, and each rule tells at least one of them."""

import pytest

from schemas.finding import Rule, Severity
from schemas.messages import catalogue
from schemas.xdm import judge_bytes
from schemas.xdm.files import FILES
from schemas.xdm.media import MEDIA
from schemas.xdm.rules import RULES
from schemas.xdm.zip_rules import REASONS, ZIP
from schemas.xds.codes import CODES
from schemas.xds.cross import CROSS
from schemas.xds.judge import READING
from schemas.xds.rules import STRUCTURE
from tests.schemas.xdm.mutate import archive, mutated, mutations

ENTRIES = mutations()
MINE: dict[str, Rule] = {**RULES.rules, **MEDIA.rules, **FILES.rules, **ZIP.rules, **CROSS.rules}
ALL: dict[str, Rule] = {**MINE, **STRUCTURE.rules, **CODES.rules, **READING.rules}


@pytest.mark.parametrize("name", ["one", "two", "subsets", "styled"])
def test_the_bases_are_sound(name: str) -> None:
    assert judge_bytes(archive(name)) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["id"] for entry in ENTRIES])
def test_each_defect_is_told_by_its_rule_alone(entry) -> None:
    found = judge_bytes(mutated(entry))
    told = [finding for finding in found if finding.rule == entry["rule"]]
    assert told
    weight = ALL[entry["rule"]].keyword.severity
    severe = {finding.rule for finding in found if finding.is_error}
    mine = {entry["rule"]} if weight is Severity.ERROR else set()
    assert severe == mine | set(entry.get("also", []))
    assert any(entry.get("says", "") in finding.observed for finding in told)


def test_every_rule_tells_a_defect() -> None:
    assert set(MINE) <= {entry["rule"] for entry in ENTRIES}


def test_each_defect_has_its_own_name() -> None:
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES)


def test_wording() -> None:
    for rule in MINE:
        assert set(catalogue()[rule]) == {"fr", "en", "action_fr", "action_en"}


def test_each_reason_of_a_refusal_has_its_rule() -> None:
    from schemas.xdm.unzip import ArchiveRefused

    told = ArchiveRefused.__doc__ or ""
    assert {reason for reason in REASONS if f"`{reason}`" in told} == set(REASONS)
    assert told.count("`") == 2 * (len(REASONS) + len(("reason", "detail", "member")))
