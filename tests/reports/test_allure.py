"""Allure results: what allure reads, the same each time, without secrets."""

import json
from pathlib import Path
from typing import Any

from reports import allure

from .samples import HOSTILE, TOKEN, XOAUTH2, full


def results(folder: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*-result.json")]
    return {item["name"].split()[0]: item for item in found}


def test_results(tmp_path: Path) -> None:
    record, store = full(tmp_path)
    allure.write(record, store, tmp_path / "allure")
    found = results(tmp_path / "allure")
    assert {key: item["status"] for key, item in found.items()} == {
        "DMP-ALIM-01[lettre]": "failed",
        "DMP-ALIM-01[vsm]": "passed",
        "EP-PRESC-01": "passed",
        "MSS-ENV-01": "passed",
        "INS-01": "skipped",
        "INS-02": "skipped",
        "PSC-01": "skipped",
        "ANN-01": "broken",
    }
    failed = found["DMP-ALIM-01[lettre]"]
    labels = {(label["name"], label["value"]) for label in failed["labels"]}
    assert {
        ("tag", "SC.DMP/ALI/PROG.10"),
        ("requirement", "SC.DMP/ALI/PROG.10"),
        ("feature", "DMP"),
    } <= labels
    assert "1.2.250.1.213.1.4.11" in failed["statusDetails"]["trace"]
    assert [step["status"] for step in failed["steps"]] == ["passed", "failed"]
    assert failed["stop"] - failed["start"] == 400
    for item in found.values():
        for step in item.get("steps", []):
            for attachment in step["attachments"]:
                assert (tmp_path / "allure" / attachment["source"]).is_file()
                assert attachment["type"] == "text/plain"


def test_same_files_each_time(tmp_path: Path) -> None:
    record, store = full(tmp_path)
    for _ in range(2):
        allure.write(record, store, tmp_path / "allure")
    first = {path.name: path.read_bytes() for path in (tmp_path / "allure").iterdir()}
    allure.write(record, store, tmp_path / "again")
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}


def test_hostile_content_and_secrets(tmp_path: Path) -> None:
    record, store = full(tmp_path, HOSTILE)
    allure.write(record, store, tmp_path / "allure")
    assert len(results(tmp_path / "allure")) == 8
    for path in (tmp_path / "allure").iterdir():
        assert path.suffix in (".json", ".txt")
        text = path.read_text(encoding="utf-8")
        assert TOKEN not in text
        assert XOAUTH2 not in text
