"""The whole catalogue, played once against the reference software; then its files, and its replay offline."""

import json
from pathlib import Path
from typing import Any

from reports import record


def test_the_reference_software_conforms_everywhere(whole: Path) -> None:
    summary = json.loads((whole.parents[1] / "summary.json").read_text())
    assert set(summary["verdicts"]) == {"conforme"}
    assert summary["failing_rules"] == summary["failing_requirements"] == summary["bench_errors"] == []
    assert Path(summary["run"]).name == whole.resolve().name


def test_the_files_of_a_run(whole: Path) -> None:
    assert whole.is_symlink()
    loaded = record.load(whole / "record.json")  # validates against the published schema
    assert loaded.extra["chain_intact"] is True
    assert len({case.theme for case in loaded.scenarios}) == 7
    used = {name for exchange in loaded.exchanges for name in exchange.evidence.values()}
    kept = {path.stem for path in (whole / "evidence").iterdir()}
    assert used <= kept
    assert "<testsuites" in (whole / "junit.xml").read_text()
    assert 'lang="fr"' in (whole / "report.html").read_text()
    assert (whole / "pki" / "ca-bundle.pem").exists()
    results = list((whole.parents[1] / "allure").glob("*-result.json"))
    assert len(results) == len(loaded.scenarios)


def test_every_case_has_the_same_verdict_offline(whole: Path, segur_bench: Any) -> None:
    """Without any software, from the bytes alone: same verdicts, same rules."""
    done = segur_bench("replay", str(whole), "--offline", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    cases = json.loads(done.stdout)["cases"]
    recorded = record.load(whole / "record.json").scenarios
    assert {case["case"] for case in cases} == {case.key for case in recorded}
    assert [case for case in cases if case["comparison"] != "SAME" or case["rules"]] == []
