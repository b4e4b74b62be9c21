"""`--json`: the published schema, and every member that it promises."""

import json
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from reports.check.as_json import as_json
from reports.check.model import Batch, Checked

from .samples import HOSTILE, document, finding, full

SCHEMA = json.loads((resources.files("reports") / "check.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def told(batch: Batch, lang: str = "fr") -> dict[str, Any]:
    content: dict[str, Any] = json.loads(as_json(batch, lang))
    VALIDATOR.validate(content)
    return content


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("hostile", ["", HOSTILE])
def test_everything_is_valid(hostile: str) -> None:
    content = told(full(hostile))
    files = content["files"]
    assert [item["verdict"] for item in files] == ["FAIL", "WARN", "PASS", "WARN", "FAIL", "PASS"]
    assert [item["official"] for item in files] == ["WARN", "WARN", "PASS", "", "", ""]
    assert [item["model_rules"] for item in files] == ["whole", "none", "whole", "whole", "", ""]
    assert [bool(item["bench_error"]) for item in files] == [False, False, False, True, False, False]
    assert [item["reason"] for item in content["not_judged"]] == ["unrecognised", "hidden", "link"]
    assert len(files[0]["findings"]) == 24  # nothing is folded for machines
    assert {item["layer"] for item in files[0]["findings"]} == {"STRUCT", ""}


def test_what_is_asked_of_a_finding() -> None:
    (item,) = told(Batch((document(finding()),)), "en")["files"]
    (said,) = item["findings"]
    asked = {"rule", "severity", "where", "observed", "expected", "message", "source"}
    assert asked <= set(said)
    assert "title" in said["message"]
    assert (said["line"], said["requirements"], bool(said["action"])) == (14, ["EX_2.1-1071"], True)


def test_other_judges_add_their_members() -> None:
    item = Checked("a.xml", "cda", extra={"official_rules": {"verdict": "PASS"}})
    content = told(Batch((item,), extra={"rule_folder": "x"}))
    assert content["files"][0]["official_rules"] == {"verdict": "PASS"}
    assert content["rule_folder"] == "x"


def test_bytes_that_are_no_text_are_spelt() -> None:
    text = as_json(full())
    assert "caf\\\\xe9" in text
    text.encode("utf-8")  # no lone surrogate


def test_the_schema_refuses() -> None:
    for spoil in (
        {"verdict": "OK"},
        {"findings": [{"rule": "X"}]},
        {"official": "MAYBE"},
        {"kind": "word"},
    ):
        content = told(full())
        content["files"][0].update(spoil)
        with pytest.raises(ValidationError):
            VALIDATOR.validate(content)
