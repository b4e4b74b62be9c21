"""`segur-bench check --ans-rules`: what a person and a machine read, and how the command ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.ans import saxon
from conformance.ans.folder import open_folder
from conformance.cli.main import main
from schemas.cda import DocumentSpec, build_document
from tests.conformance.ans.tree import IHE, STRUCT, document, write_tree
from tests.schemas.cda.conftest import HEADER, PDF

STRUCT_PATH = "schematrons/profils/structurationMinimale/ASIP-STRUCT-MIN-StrucMin.sch"
ANS = "schematrons/profils/CI-SIS_Modeles_ANS.sch"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command on a bad document (official STRUCT error), with the small rule folder."""
    write_tree(tmp_path, {ANS: IHE})
    (tmp_path / "bad.xml").write_bytes(document(title="<title> </title>"))
    (tmp_path / "good.xml").write_bytes(document())
    (tmp_path / "mail.eml").write_bytes(b"From: a@b\nSubject: c\n\nd")

    def called(*words: str, rules: str = "outil") -> Result:
        options = ["--ans-rules", str(tmp_path / rules)] if rules else []
        return CliRunner().invoke(main, ["check", *options, *words])

    return called


def ours(run: Run, *words: str) -> Any:
    result = run("--json", *words)
    assert isinstance(result.exit_code, int)
    return json.loads(result.stdout)


def test_json_has_the_pin_the_layers_and_the_disagreements(run: Run, tmp_path: Path) -> None:
    found = ours(run, str(tmp_path / "bad.xml"), str(tmp_path / "mail.eml"))
    folder = open_folder(tmp_path / "outil")
    assert found["ans"]["sha256"] == folder.sha256
    assert (found["ans"]["version"], found["ans"]["files"]) == ("outil 3.0", 12)
    assert (found["ans"]["compiled"], found["ans"]["from_cache"]) == (6, 0)
    bad, mail = found["files"]
    assert bad["ans"]["verdict"] == "FAIL"
    struct = next(one for one in bad["ans"]["layers"] if one["layer"] == "STRUCT")
    assert (struct["status"], struct["messages"][0]["message"]) == ("FAIL", "texte vide")
    assert (struct["messages"][0]["where"], struct["messages"][0]["line"]) == ("/ClinicalDocument/title", 5)
    assert "ans" not in mail
    rows = {row["layer"]: row for row in found["ans"]["disagreements"]["layers"]}
    assert rows["STRUCT"]["official_fail"] == 1
    assert ours(run, str(tmp_path / "bad.xml"))["ans"]["from_cache"] == 6


def test_the_terminal_tells_layers_pin_and_table(run: Run, tmp_path: Path) -> None:
    result = run(str(tmp_path / "bad.xml"))
    assert result.exit_code == 1
    for words in (
        "Règles officielles : non conforme",
        "STRUCT · erreur · ligne 5, /ClinicalDocument/title : texte vide",
        "couche",
        "Préparation :",
        f"outil 3.0, 12 fichiers, SHA-256 {open_folder(tmp_path / 'outil').sha256}",
    ):
        assert words in " ".join(result.stdout.split())  # a long path wraps a line
    assert "Official rules: failing" in run("--lang", "en", str(tmp_path / "bad.xml")).stdout


def test_the_page_and_sarif_have_the_pin(run: Run, tmp_path: Path) -> None:
    page, log = tmp_path / "page.html", tmp_path / "log.sarif"
    run(str(tmp_path / "bad.xml"), "--html", str(page), "--sarif", str(log))
    pin = open_folder(tmp_path / "outil").sha256
    assert pin in page.read_text(encoding="utf-8")
    assert json.loads(log.read_text(encoding="utf-8"))["runs"][0]["properties"]["ans"]["sha256"] == pin


@pytest.mark.parametrize(
    ("words", "rules", "why"),
    [
        (["--ans-pin", "0" * 64], "outil", "n'est pas le jeu de règles épinglé"),
        ([], "absent", "n'est pas un dossier"),
        ([], "outil/jeuxDeValeurs", "schematrons/profils"),
        (["--ans-pin", "0" * 64], "", "--ans-rules"),
    ],
)
def test_usage_errors(run: Run, tmp_path: Path, words: list[str], rules: str, why: str) -> None:
    result = run(*words, str(tmp_path / "good.xml"), rules=rules)
    assert result.exit_code == 2
    assert why in result.stderr
    assert not result.stdout


def test_the_right_pin_is_accepted(run: Run, tmp_path: Path) -> None:
    pin = open_folder(tmp_path / "outil").sha256
    assert run("--ans-pin", pin, str(tmp_path / "good.xml")).exit_code != 2


def test_without_saxonche(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saxon.importlib.util, "find_spec", lambda name: None)
    result = run(str(tmp_path / "good.xml"))
    assert result.exit_code == 2
    assert "pip install 'segur-bench[schematron]'" in result.stderr


@pytest.mark.parametrize(
    ("schema", "code", "verdict"),
    [
        (STRUCT, 0, "PASS"),
        (STRUCT.replace("'FR'", "'US'"), 1, "FAIL"),
        (STRUCT.replace("$realm = $wanted", "not("), 3, "INCONCLUSIVE"),  # does not compile
        (None, 3, "INCONCLUSIVE"),
        (
            STRUCT.replace("hl7:ClinicalDocument", "hl7:never").replace("hl7:title", "hl7:no"),
            3,
            "INCONCLUSIVE",
        ),
    ],
)
def test_the_official_verdict_on_a_document_that_passes_our_rules(
    run: Run, tmp_path: Path, schema: str | None, code: int, verdict: str
) -> None:
    write_tree(tmp_path, {STRUCT_PATH: schema})
    if schema is None:
        (tmp_path / "outil" / STRUCT_PATH).unlink()
    (tmp_path / "letter.xml").write_bytes(build_document(DocumentSpec(HEADER, "cr-bio", PDF)))
    result = run("--json", str(tmp_path / "letter.xml"))
    [found] = json.loads(result.stdout)["files"]
    assert found["verdict"] != "FAIL"
    assert found["ans"]["verdict"] == verdict
    assert result.exit_code == code


def test_the_standard_input_is_not_read_twice(tmp_path: Path) -> None:
    write_tree(tmp_path)
    words = ["check", "--json", "--ans-rules", str(tmp_path / "outil"), "-"]
    found = json.loads(CliRunner().invoke(main, words, input=document()).stdout)
    assert "ans" not in found["files"][0]
    assert found["ans"]["disagreements"]["documents"] == 0
