"""`junit.xml`: valid, counted, and never green by mistake."""

from pathlib import Path

import pytest
from lxml import etree

from reports import junit

from .samples import HOSTILE, TOKEN, full


def written(tmp_path: Path, hostile: str = "", lang: str = "fr") -> etree._Element:
    record, _ = full(tmp_path, hostile)
    path = tmp_path / "junit.xml"
    junit.write(record, path, lang)
    return etree.parse(str(path)).getroot()


@pytest.mark.parametrize("hostile", ["", HOSTILE, f"Bearer {TOKEN}"])
def test_valid(tmp_path: Path, hostile: str) -> None:
    schema = etree.XMLSchema(etree.parse(str(Path(__file__).with_name("junit.xsd"))))
    root = written(tmp_path, hostile)
    assert schema.validate(root), schema.error_log
    assert TOKEN not in etree.tostring(root, encoding="unicode")


def test_counts(tmp_path: Path) -> None:
    root = written(tmp_path)
    wanted = {"tests": "8", "failures": "1", "errors": "1", "skipped": "3"}
    assert {name: root.get(name) for name in wanted} == wanted
    for name in ("tests", "failures", "errors", "skipped"):
        assert sum(int(suite.get(name, "")) for suite in root) == int(wanted[name])
    assert len(root.xpath("//testcase")) == 8


def test_verdicts(tmp_path: Path) -> None:
    root = written(tmp_path)
    outcome = {
        case.get("name", "").split()[0]: [child.tag for child in case if child.tag != "system-out"]
        for case in root.iter("testcase")
    }
    assert outcome == {
        "DMP-ALIM-01[lettre]": ["failure"],
        "DMP-ALIM-01[vsm]": [],
        "EP-PRESC-01": [],
        "MSS-ENV-01": [],
        "INS-01": ["skipped"],
        "INS-02": ["skipped"],
        "PSC-01": ["skipped"],
        "ANN-01": ["error"],
    }
    messages = root.xpath("//skipped/@message")
    assert "non testable: Le logiciel n'a rien envoyé." in [message.strip() for message in messages]


def test_failure_text(tmp_path: Path) -> None:
    failure = written(tmp_path).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "non conforme: XDS-HASH-01"
    for value in (
        "1.2.250.1.213.1.4.11",
        "Attendu : 1.2.250.1.213.1.4.10",
        "SC.DMP/ALI/PROG.10",
        "Que faire",
    ):
        assert value in (failure.text or "")


def test_requirements_are_properties(tmp_path: Path) -> None:
    root = written(tmp_path)
    found = {item.get("name"): item.get("value") for item in root.iter("property")}
    assert found["requirement.SC.DMP/ALI/PROG.10"] == "non_conforme"
    assert found["requirement.BEN-EP-01"] == "conforme"
    assert found["requirement.INS/1"] == "non_testable"


def test_english(tmp_path: Path) -> None:
    root = written(tmp_path, lang="en")
    assert root.xpath("//failure/@message") == ["non-conform: XDS-HASH-01"]
