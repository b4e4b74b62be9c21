"""Each defect between files is told by its rule, and each rule of these sets tells at least one of them."""

import pytest

from conformance.catalogue.rules import all_rules
from schemas.beside.folder import VERSIONS
from schemas.beside.pair import PAIR
from schemas.finding import Severity
from schemas.mail.document_rules import COPIES, DOCUMENTS
from schemas.messages import catalogue
from tests.schemas.mail.mutate import files_of, judged, mutations

ENTRIES = mutations()
MINE = {**DOCUMENTS.rules, **COPIES.rules, **PAIR.rules, **VERSIONS.rules}


@pytest.mark.parametrize(
    "base",
    [
        *("letter", "prescription", "pair", "prescription-pair", "unzipped", "flat", "versions"),
        *("embedded-letter", "embedded-prescription"),
    ],
)
def test_the_bases_are_sound(base: str) -> None:
    found = judged({"base": base})
    if base in ("letter", "prescription"):  # the document itself may deserve other remarks
        found = [finding for finding in found if finding.rule in MINE or finding.is_error]
    assert found == []


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["id"] for entry in ENTRIES])
def test_each_defect_is_told_by_its_rule_alone(entry) -> None:
    found = judged(entry)
    told = [finding for finding in found if finding.rule == entry["rule"]]
    assert told and any(entry.get("says", "") in finding.observed for finding in told)
    places = files_of(entry)
    assert not places or all(any(f"{one.where} ".startswith(f"{p} ") for p in places) for one in found)
    rule = all_rules()[entry["rule"]]
    also = set(entry.get("also", []))
    severe = {finding.rule for finding in found if finding.is_error}
    if "CDA" in also:  # the document alone shows it too
        also.discard("CDA")
        severe = {one for one in severe if not one.startswith(("CDA-", "XDS-CDA-"))}
    assert severe == ({rule.id} if rule.keyword.severity is Severity.ERROR else set()) | also


def test_every_rule_tells_a_defect() -> None:
    assert set(MINE) <= {entry["rule"] for entry in ENTRIES}


def test_each_defect_has_its_own_name() -> None:
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES)


def test_wording() -> None:
    for rule in MINE:
        assert set(catalogue()[rule]) == {"fr", "en", "action_fr", "action_en"}
