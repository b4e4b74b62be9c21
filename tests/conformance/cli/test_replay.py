"""`replay`: with the software, in the recorded conditions; or offline, from evidence that must be intact."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cli.main import main
from conformance.engine import replay
from reports import record
from reports.record import Verdict
from schemas.finding import Keyword, Rule


@pytest.fixture
def copy(failing: Path, tmp_path: Path) -> Path:
    """A copy of that run, to be damaged."""
    return Path(shutil.copytree(failing.resolve(), tmp_path / "copy"))


def test_fixed(segur_bench: Any, failing: Path) -> None:
    done = segur_bench("replay", str(failing), "ANN-03", "--sut", "reference")
    assert done.returncode == 0
    assert done.stdout.startswith("FIXED  ANN-03\n")


def test_still_failing(segur_bench: Any, failing: Path) -> None:
    done = segur_bench("replay", str(failing), "ANN-03", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "case": "ANN-03",
        "comparison": "STILL FAILING",
        "before": "non_conforme",
        "after": "non_conforme",
        "rules": ["SCN-ANN-PAGES"],
    }


def test_not_reproduced(segur_bench: Any, failing: Path, vendor: Any) -> None:
    done = segur_bench("replay", str(failing), "ANN-03", "--sut", vendor.url)
    assert done.returncode == 4
    assert "NOT REPRODUCED" in done.stdout


def test_offline(segur_bench: Any, failing: Path) -> None:
    done = segur_bench("replay", str(failing), "--offline", "--json")
    assert done.returncode == 1
    told = {case["case"]: (case["comparison"], case["rules"]) for case in json.loads(done.stdout)["cases"]}
    assert told == {"ANN-02": ("SAME", []), "ANN-03": ("STILL FAILING", ["SCN-ANN-PAGES"])}


def refusal(run: Path, *arguments: str) -> str:
    """What the command says when it refuses, as a usage problem and not a crash."""
    done = CliRunner().invoke(main, ["replay", str(run), *arguments])
    assert (done.exit_code, type(done.exception)) == (2, SystemExit), done.output
    return str(done.stderr)


def test_a_changed_byte_of_the_evidence(copy: Path) -> None:
    body = max((copy / "evidence").iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(body.read_bytes())
    data[len(data) // 2] ^= 1
    body.write_bytes(data)
    assert "altérée" in refusal(copy, "ANN-03", "--offline")


def test_a_removed_piece_of_evidence(copy: Path) -> None:
    next((copy / "evidence").iterdir()).unlink()
    assert "absente" in refusal(copy, "ANN-03", "--offline")


@pytest.mark.parametrize("change", ["fact", "removed", "head"])
def test_a_changed_record(copy: Path, change: str) -> None:
    path = copy / "record.json"
    data = json.loads(path.read_bytes())
    searched = next(item for item in data["exchanges"] if item["transaction"] == "ANN.search")
    if change == "fact":
        searched["facts"]["total"] = 999
    elif change == "head":
        searched["request_head"] = searched["request_head"].replace("GET", "PUT")
    else:
        data["exchanges"].remove(searched)
    path.write_text(json.dumps(data))
    said = refusal(copy, "ANN-03", "--offline")
    assert "chaîne" in said
    assert "x0000" in said


def test_another_version_of_the_record(copy: Path) -> None:
    path = copy / "record.json"
    path.write_text(path.read_text().replace('"schema_version": "1.0"', '"schema_version": "9.0"'))
    assert "9.0" in refusal(copy, "ANN-03", "--offline")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"schema_version": "1.0"}', b"[" * 100_000])
def test_what_is_no_record(copy: Path, content: bytes) -> None:
    (copy / "record.json").write_bytes(content)
    assert "illisible" in refusal(copy, "ANN-03", "--offline")


def test_no_run_there(tmp_path: Path) -> None:
    assert "record.json" in refusal(tmp_path / "nowhere", "ANN-03")


def test_a_missing_pki(copy: Path) -> None:
    shutil.rmtree(copy / "pki")
    assert "pki" in refusal(copy, "ANN-03", "--offline")


def test_an_unknown_case(copy: Path) -> None:
    assert "ANN-03" in refusal(copy, "NOPE")


def test_what_cannot_be_asked_together(copy: Path) -> None:
    assert "SCENARIO" in refusal(copy)
    assert "--sut" in refusal(copy, "ANN-03", "--offline", "--sut", "reference")


def test_the_trust_of_the_run_goes_with_it(failing: Path) -> None:
    """The PKI was kept elsewhere: its public part is in the run's folder, no key is."""
    assert sorted(path.name for path in (failing / "pki").iterdir()) == ["ca-bundle.pem", "crl.pem"]


RULES = {name: Rule(name, Keyword.DOIT) for name in ("A", "B")}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", "", "SAME"),
        ("A", "", "FIXED"),
        ("A", "A", "STILL FAILING"),
        ("A", "AB", "STILL FAILING"),
        ("A", "B", "NOT REPRODUCED"),
        ("A", None, "NOT REPRODUCED"),
        (None, None, "STILL FAILING"),
        (None, "", "FIXED"),
        ("", "A", "NOT REPRODUCED"),
    ],
)
def test_comparison(failing: Path, before: str | None, after: str | None, said: str) -> None:
    """Rules that failed, none for a conforming case, None for one that could not be tested."""
    from dataclasses import replace

    any_case = record.load(failing / "record.json").scenarios[0]

    def case(rules: str | None) -> record.ScenarioResult:
        if rules is None:
            return replace(any_case, verdict=Verdict.NON_TESTABLE, findings=())
        findings = tuple(RULES[name].finding("ici") for name in rules)
        return replace(
            any_case, verdict=Verdict.NON_CONFORME if rules else Verdict.CONFORME, findings=findings
        )

    assert replay.compare(case(before), case(after)).value == said
