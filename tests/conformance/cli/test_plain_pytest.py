"""The scenarios under plain pytest, from a folder of the vendor's."""

from pathlib import Path
from typing import Any

from reports import record


def test_pass(plain_pytest: Any, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine(): pass\n")
    done = plain_pytest("test_mine.py", "--sut", "reference", "--scenario", "ANN-02", "--run-dir", "here")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout  # a scenario, and the vendor's own test
    assert record.load(tmp_path / "here" / "record.json").software.name == "reference_lps"
    assert (tmp_path / "here" / "report.html").exists()


def test_fail_says_what_was_seen(plain_pytest: Any, tmp_path: Path) -> None:
    done = plain_pytest("--sut", "reference:ann-premiere-page", "--theme", "annuaire")
    assert done.returncode == 1
    assert "1 failed, 3 passed" in done.stdout
    for said in ("SCN-ANN-PAGES", "observé", "BEN-ANN-03"):
        assert said in done.stdout
    assert not (tmp_path / "runs").exists()  # without --run-dir nothing is written


def test_skip_is_never_green(plain_pytest: Any, vendor: Any) -> None:
    done = plain_pytest("--sut", vendor.url, "--scenario", "ANN-01", "-ra")
    assert done.returncode == 4
    assert "directory.search" in done.stdout


def test_another_failing_test_is_not_hidden(plain_pytest: Any, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine(): assert False\n")
    done = plain_pytest("test_mine.py", "--sut", "reference", "--scenario", "ANN-02")
    assert (done.returncode, "1 failed, 1 passed" in done.stdout) == (1, True)


def test_a_scenario_that_cannot_be_played_is_our_failure(plain_pytest: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from conformance.engine.session import Session\n"
        "def broken(*_):\n"
        "    raise ZeroDivisionError('bench')\n"
        "Session.open_case = broken\n"
    )
    done = plain_pytest("-p", "broken", "--sut", "reference", "--scenario", "ANN-02")
    assert done.returncode == 3


def test_without_a_software_nothing_is_played(plain_pytest: Any) -> None:
    done = plain_pytest("-k", "test_by_name", "-rs")
    assert "1 skipped" in done.stdout
    assert "--sut" in done.stdout


def test_usage(plain_pytest: Any) -> None:
    assert plain_pytest("--sut", "nope").returncode == 2
    done = plain_pytest("--sut", "reference", "--scenario", "NOPE")
    assert (done.returncode, "NOPE" in done.stdout + done.stderr) == (2, True)
