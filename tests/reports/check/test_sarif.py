"""SARIF: valid, one result a finding, the same marks from a run to the next."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from reports.check import sarif
from reports.check.model import Batch
from schemas.finding import Finding, Severity

from .samples import HOSTILE, document, finding, full

VALIDATOR = Draft202012Validator(json.loads((Path(__file__).parent / "sarif.schema.json").read_text()))
BASE = Path("/project")


def log(batch: Batch, lang: str = "fr") -> dict[str, Any]:
    """The only run of the log, valid."""
    content = json.loads(json.dumps(sarif.as_sarif(batch, lang, BASE)))
    VALIDATOR.validate(content)
    run: dict[str, Any] = content["runs"][0]
    return run


def marks(*findings: Finding) -> list[str]:
    results = log(Batch((document(*findings),)))["results"]
    return [result["partialFingerprints"]["segurBenchFinding/v1"] for result in results]


@pytest.mark.parametrize("hostile", ["", HOSTILE])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_everything_is_valid(hostile: str, lang: str) -> None:
    run = log(full(hostile), lang)
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == 24 + 1 + 1
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert {result["level"] for result in run["results"]} == {"error", "warning", "note"}
    assert all(rule["help"]["text"] != rule["id"] for rule in rules)


def test_a_result() -> None:
    (result,) = log(Batch((document(finding()),)))["results"]
    place = result["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "out/doc.xml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 14},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "/ClinicalDocument/title"}]
    assert result["message"]["text"].endswith(" — observé : absent ; attendu : title 1..1")


@pytest.mark.parametrize("line", [None, 0, -1])
def test_without_a_line(line: int | None) -> None:
    (result,) = log(Batch((document(finding(line=line)),)))["results"]
    assert "region" not in result["locations"][0]["physicalLocation"]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("a b.xml", {"uri": "a%20b.xml", "uriBaseId": "%SRCROOT%"}),
        ("./x/../c:d.xml", {"uri": "c%3Ad.xml", "uriBaseId": "%SRCROOT%"}),
        ("/project/in/é.xml", {"uri": "in/%C3%A9.xml", "uriBaseId": "%SRCROOT%"}),
        (os.fsdecode(b"\xe9\n.xml"), {"uri": "%E9%0A.xml", "uriBaseId": "%SRCROOT%"}),
        ("../other/a.xml", {"uri": "file:///other/a.xml"}),
        ("/tmp/a.xml", {"uri": "file:///tmp/a.xml"}),
        ("..a.xml", {"uri": "..a.xml", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_addresses(name: str, address: dict[str, str]) -> None:
    run = log(Batch((document(finding(), file=name),)))
    assert run["artifacts"] == [{"location": address}]


def test_marks_outlive_a_moved_line() -> None:
    assert marks(finding(line=14)) == marks(finding(line=99))
    for other in (
        finding(observed="x"),
        finding(where="/a"),
        finding("CDA-HDR-04"),
        finding(expected="y"),
    ):
        assert marks(finding()) != marks(other)


def test_marks_of_identical_findings_differ() -> None:
    found = marks(finding(line=1), finding(line=2), finding(line=3))
    assert len(set(found)) == 3


def test_the_bench_breaks_in_its_own_name() -> None:
    run = log(full())
    invocation = run["invocations"][0]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    assert [item["level"] for item in invocation["toolExecutionNotifications"]] == ["error", *["note"] * 3]
    assert not [result for result in run["results"] if result["ruleId"] == "CHECK-ERREUR-BANC"]
    assert log(Batch((document(),)))["invocations"][0]["executionSuccessful"] is True


def test_a_run_that_github_accepts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 10)
    many = [finding(observed=str(n), severity=Severity.INFO) for n in range(30)]
    results = log(Batch((document(*many, finding(severity=Severity.ERROR)),)))["results"]
    assert [result["level"] for result in results] == ["error", *["note"] * 9]


def test_it_is_written_whole(tmp_path: Path) -> None:
    sarif.write(full(HOSTILE), tmp_path / "in" / "check.sarif", base=BASE)
    assert [item.name for item in (tmp_path / "in").iterdir()] == ["check.sarif"]
    VALIDATOR.validate(json.loads((tmp_path / "in" / "check.sarif").read_bytes()))


def test_the_schema_refuses() -> None:
    content = sarif.as_sarif(full(), "fr", BASE)
    content["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"] = {"startLine": 0}
    with pytest.raises(ValidationError):
        VALIDATOR.validate(content)
