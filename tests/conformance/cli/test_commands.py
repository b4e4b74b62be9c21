"""Help, listings, contract and report: quick, readable by people and by machines."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cli.main import COMMANDS, main
from schemas.actions import actions

ROOT = Path(__file__).parents[3]
HEAVY = {
    "aiohttp", "cryptography", "faker", "fpdf", "jinja2", "jsonschema", "lxml", "PIL", "pikepdf", "pypdfium2",
    "pytest", "requests", "rich", "xmlschema",
}  # fmt: skip
HELP = """
import sys
from click.testing import CliRunner
from conformance.cli.main import COMMANDS, main
for name in ("", *COMMANDS):
    done = CliRunner().invoke(main, [name, "--help"] if name else ["--help"])
    assert done.exit_code == 0 and "Usage" in done.output, name
print(*sorted({module.partition(".")[0] for module in sys.modules}))
"""


def test_help_imports_nothing_heavy() -> None:
    """The help of every command: what it would need to work is not imported."""
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


def invoke(*arguments: str) -> str:
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_help_names_every_command() -> None:
    told = invoke("--help")
    assert all(f"\n  {name} " in told for name in COMMANDS)
    assert invoke("--version").startswith("segur-bench ")


def test_unknown_command() -> None:
    done = CliRunner().invoke(main, ["nope"])
    assert (done.exit_code, "nope" in done.stderr) == (2, True)


KEYS = {
    "scenarios": {"id", "theme", "profile", "title", "cases", "proves", "needs"},
    "requirements": {"id", "status", "theme", "keyword", "title", "scenarios"},
    "defects": {"id", "service", "title", "rule", "requirements"},
    "rules": {"id", "severity", "title", "requirements", "source"},
}


@pytest.mark.parametrize("what", KEYS)
def test_listings(what: str, segur_bench: object) -> None:
    """In a process of its own, as `collect` plays pytest."""
    assert callable(segur_bench)
    done = segur_bench(what, "--json", "--lang", "en")
    rows = json.loads(done.stdout)
    assert done.returncode == 0
    assert rows
    assert all(set(row) == KEYS[what] and row["title"] and row["id"] for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_table_for_people() -> None:
    table = invoke("defects")
    assert "dmp-empreinte" in table
    assert "\x1b" not in table


def test_the_documented_menu_is_the_menu() -> None:
    """`segur-bench faults --markdown` writes the tables of docs/pannes.md."""
    documented = (ROOT / "docs/pannes.md").read_text(encoding="utf-8")
    assert invoke("faults", "--markdown") in documented


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_faults_and_personas(lang: str) -> None:
    rows = json.loads(invoke("faults", "--json", "--lang", lang))
    assert len(rows) == len({row["kind"] for row in rows}) and all(row["effect"] for row in rows)
    assert "wrong-multipart" in invoke("faults", "--lang", lang)
    people = json.loads(invoke("personas", "--json", "--seed", "3"))
    told = invoke("personas", "--seed", "3", "--lang", lang)
    for one in people:
        assert f"INS {one['matricule']}\n" in told and one["birth_name"] in told


def test_contract(tmp_path: Path) -> None:
    assert json.loads(invoke("contract"))["openapi"].startswith("3.1")
    invoke("contract", "--out", str(tmp_path / "contract"))
    written = {path.stem for path in (tmp_path / "contract" / "actions").iterdir()}
    assert written == set(actions())
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(main, ["contract", "--out", str(tmp_path / "file")])
    assert (done.exit_code, "file" in done.stderr) == (2, True)


def test_report_again(failing: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(failing.resolve(), tmp_path / "run"))
    (run / "report.html").unlink()
    invoke("report", str(run), "--lang", "en")
    assert 'lang="en"' in (run / "report.html").read_text()
    junit, allure = tmp_path / "junit.xml", tmp_path / "allure"
    invoke(
        "report", str(run), "--junit", str(junit), "--allure", str(allure), "--html", str(run / "other.html")
    )
    assert junit.read_bytes() == (run / "junit.xml").read_bytes()
    assert list(allure.glob("*-result.json"))
    assert (run / "other.html").exists()


def test_report_of_nothing(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert (done.exit_code, "record.json" in done.stderr) == (2, True)


def test_a_defect_is_proved_by_the_scenarios_of_its_requirements(segur_bench: Any) -> None:
    done = segur_bench("prove", "dmp-classe", "--quick", "--window", "0.1", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads(done.stdout)
    assert row["exact"] and row["rules"] == ["XDS-CODE-02"] and row["requirements"] == ["BEN-CDA-03"]
