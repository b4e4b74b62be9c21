"""`segur-bench check` as its users call it: arguments, exit codes, outputs, start."""

import json
import os
import pty
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from conformance.check import judge
from conformance.cli.check import BAR_FROM
from conformance.cli.main import main

from .documents import letter, without_title

SCHEMA = json.loads((resources.files("reports") / "check.schema.json").read_text(encoding="utf-8"))
CALL = "from conformance.cli.main import main; main()"


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)], input=stdin)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`good.xml`, `bad.xml` and `README` in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("good.xml").write_bytes(letter())
    Path("bad.xml").write_bytes(without_title(letter()))
    Path("README").write_bytes(b"hello")
    return tmp_path


@pytest.mark.usefixtures("files")
def test_exit_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("strangers").mkdir()
    Path("strangers/notes.txt").write_bytes(b"hello")
    for arguments, code in (
        (["good.xml"], 0),
        (["bad.xml"], 1),
        (["good.xml", "bad.xml"], 1),
        (["."], 1),
        (["README"], 1),
        (["*.xml"], 1),
        ([], 2),
        (["absent.xml"], 2),
        (["*.eml"], 2),
        (["good.xml", "--jobs", "-1"], 2),
        (["good.xml", "--lang", "de"], 2),
        (["good.xml", "--html", "good.xml/page.html"], 2),
        (["good.xml", "--sarif", "strangers"], 2),
        (["strangers"], 4),
    ):
        done = run(*arguments)
        assert (done.exit_code, type(done.exception)) in ((code, SystemExit), (0, type(None))), arguments
        assert done.exit_code == code, arguments

    def broken(data: bytes, settings: judge.Settings) -> judge.Judged:
        raise ValueError("a rule that is wrong")

    assert not list(Path().rglob("*.part"))
    monkeypatch.setitem(judge.JUDGES, "cda", broken)
    done = run("bad.xml", "--json")
    assert done.exit_code == 3
    assert json.loads(done.stdout)["files"][0]["verdict"] == "WARN"


@pytest.mark.usefixtures("files")
def test_json_alone_on_the_output() -> None:
    done = run(".", "--json", "--html", "out/page.html", "--sarif", "out/log.sarif")
    content = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(content)
    assert done.stderr == ""
    assert [(item["file"], item["verdict"]) for item in content["files"]] == [
        ("./bad.xml", "FAIL"),
        ("./good.xml", content["files"][1]["verdict"]),
    ]
    assert content["not_judged"] == [{"file": "./README", "reason": "unrecognised"}]
    rules = [finding["rule"] for finding in content["files"][0]["findings"]]
    assert "CDA-HDR-08" in rules
    page = Path("out/page.html").read_text(encoding="utf-8")
    assert "CDA-HDR-08" in page
    assert "&lt;titre&gt;" in page  # the lines around
    results = json.loads(Path("out/log.sarif").read_text())["runs"][0]["results"]
    assert [item["ruleId"] for item in results][: len(rules)] == rules
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "bad.xml"


@pytest.mark.usefixtures("files")
def test_the_standard_input() -> None:
    done = run("-", "--json", stdin=without_title(letter()))
    assert [(item["file"], item["verdict"]) for item in json.loads(done.stdout)["files"]] == [("-", "FAIL")]


@pytest.mark.usefixtures("files")
def test_english_and_verbose() -> None:
    assert "to do" in run("bad.xml", "--lang", "en").stdout
    assert run(".").stdout.count("\n") <= run(".", "--verbose").stdout.count("\n")


@pytest.mark.usefixtures("files")
def test_names_of_any_bytes() -> None:
    for name in (b"caf\xe9.xml", b"new\nline.xml", "bidi\u202e.xml".encode()):
        Path(os.fsdecode(name)).write_bytes(letter())
    done = run(".", "--json", "--html", "page.html", "--sarif", "log.sarif")
    assert len(json.loads(done.stdout)["files"]) == 5
    assert "\u202e" not in Path("page.html").read_text(encoding="utf-8")
    done = run(".")
    assert (done.exit_code, "caf\\xe9.xml" in done.stdout, "new\\nline.xml" in done.stdout) == (1, True, True)
    assert run(os.fsdecode(b"caf\xe9.xml"), "--json").exit_code == 0
    assert run(os.fsdecode(b"absent\xe9.xml")).exit_code == 2


def called(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-c", CALL, "check", *arguments],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        timeout=60,
    )


@pytest.mark.usefixtures("files")
def test_a_narrow_locale() -> None:
    """No encoding of the terminal breaks the output."""
    for environment in ({"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}):
        done = called(".", "--json", **environment)
        assert (done.returncode, done.stderr) == (1, b"")
        json.loads(done.stdout)
        done = called(".", **environment)
        assert (done.returncode, b"Traceback" in done.stderr) == (1, False)


@pytest.mark.usefixtures("files")
def test_a_reader_that_leaves() -> None:
    """`check … | head -1`."""
    command = f'"{sys.executable}" -c "{CALL}" check . | head -c 1'
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
    )
    assert b"Traceback" not in done.stderr


LOADED = """
import sys
from click.testing import CliRunner
from conformance.cli.main import main
done = CliRunner().invoke(main, ["check", *sys.argv[1:]])
assert done.exit_code in (0, 1), done.output
print(*sorted({module.partition(".")[0] for module in sys.modules}))
"""


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["good.xml", "--json"], {"rich", "jinja2", "multiprocessing", "subprocess", "pytest", "aiohttp"}),
        (["good.xml"], {"jinja2", "multiprocessing", "subprocess", "pytest", "aiohttp", "cryptography"}),
        (["good.xml", "--json", "--html", "page.html"], {"rich", "multiprocessing", "pytest"}),
    ],
)
def test_nothing_is_loaded_for_nothing(arguments: list[str], absent: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert absent & set(done.stdout.split()) == set()


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a terminal of 80 columns receives, outputs and errors."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI", "COLUMNS")}
    here, there = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", CALL, "check", *arguments],
        stdin=there,
        stdout=there,
        stderr=there,
        env={**kept, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm", **environment},
    ) as process:
        os.close(there)
        told = b""
        try:
            while data := os.read(here, 65536):
                told += data
        except OSError:  # the other end is closed
            pass
        os.close(here)
        process.wait(timeout=60)
    return told.decode("utf-8", "replace")


@pytest.mark.usefixtures("files")
def test_a_bar_on_a_terminal_only() -> None:
    for number in range(BAR_FROM):
        Path(f"{number}.xml").write_bytes(letter(number))
    hidden_cursor = "\x1b[?25l"
    told = on_a_terminal(".")
    assert hidden_cursor in told
    assert "fichiers jugés" in told
    assert hidden_cursor not in on_a_terminal("good.xml")
    assert hidden_cursor not in on_a_terminal(".", TERM="dumb")
    assert hidden_cursor not in on_a_terminal(".", CI="true")
    assert "\x1b[1;31m" in told
    assert "\x1b[1;31m" not in on_a_terminal(".", NO_COLOR="1")
    done = called(".", "--jobs", "2")
    assert (done.returncode, done.stderr, b"\x1b" in done.stdout) == (1, b"", False)


@pytest.mark.usefixtures("files")
def test_the_model_of_the_header_is_the_operators_choice() -> None:
    """The name used before (SP) is refused by the current header, taken by the one before."""
    used = b'<family qualifier="BR">PAT-TROIS</family>'
    assert used in letter()
    Path("old.xml").write_bytes(letter().replace(used, used + b'<family qualifier="SP">PAT-DIX</family>'))
    current, before = run("old.xml", "--json"), run("old.xml", "--json", "--header", "2.41")
    assert (current.exit_code, before.exit_code) == (1, 0)
    rules = [
        [one["rule"] for one in json.loads(done.stdout)["files"][0]["findings"]] for done in (current, before)
    ]
    assert rules[0][0] == "CDA-CAUSE-12" and "CDA-PAT-07" in rules[0]
    assert "CDA-PAT-07" not in rules[1] and "CDA-CAUSE-14" in rules[1]  # says which model was used


@pytest.mark.usefixtures("files")
def test_the_embedded_pdf_is_opened_when_asked() -> None:
    """The stand-in of the letter is no PDF that opens: only --printed looks."""
    shut, opened = run("good.xml", "--json"), run("good.xml", "--json", "--printed")
    assert (shut.exit_code, opened.exit_code) == (0, 1)
    [item] = json.loads(opened.stdout)["files"]
    assert {one["where"] for one in item["findings"] if one["severity"] == "error"} == {"PDF embarqué"}
