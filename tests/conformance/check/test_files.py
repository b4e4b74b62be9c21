"""What `check` finds behind its arguments, and how it reads hostile files."""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.check import reading
from conformance.check.gather import Absent, gather
from conformance.check.judge import check_file
from conformance.check.recognise import recognise
from conformance.check.run import check_all
from reports.check.model import Batch, Checked, Unjudged

from .documents import letter, without_title


def judged(*arguments: object) -> Batch:
    sources, unjudged = gather([str(argument) for argument in arguments])
    return check_all(sources, unjudged, jobs=1)


def rules(item: Checked | None) -> list[str]:
    assert item is not None
    return [finding.rule for finding in item.findings]


def packed(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return data.getvalue()


STYLESHEET = b"""<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
 xmlns:n1="urn:hl7-org:v3"><xsl:template match="n1:ClinicalDocument"/></xsl:stylesheet>"""
STRANGERS = {  # what a folder of documents holds besides
    "README": b"Subject: how to use these files",
    "LISEZMOI.txt": b"bonjour",
    "MANIFEST.tsv": b"a\tb\n",
    "cda.xsl": STYLESHEET,
    "pom.xml": b"<project/>",
    "page.html": b"<!doctype html><html><p>Assertion, Envelope</html>",
    "image.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
    "data.json": b'{"a": 1}',
    "letter.docx": packed("[Content_Types].xml", "word/document.xml"),
    "sources.zip": packed("src/main.py", "README.txt", "index.html"),
    "empty.txt": b"",
    "notes.md": b"-- a line of dashes\n",
}


def test_a_folder_is_not_failed_by_strangers(tmp_path: Path) -> None:
    for name, data in STRANGERS.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.xml").write_bytes(without_title(letter()))
    (tmp_path / ".hidden.xml").write_bytes(without_title(letter()))
    (tmp_path / "z.xml").write_bytes(letter())
    batch = judged(tmp_path)
    assert [Path(item.file).name for item in batch.files] == ["z.xml"]
    assert batch.exit_code == 0
    told = {(Path(item.file).name, item.reason) for item in batch.unjudged}
    assert told == {(name, "unrecognised") for name in STRANGERS} | {
        (".git", "hidden"),
        (".hidden.xml", "hidden"),
    }


@pytest.mark.parametrize("name", sorted(STRANGERS))
def test_a_stranger_that_somebody_named_fails(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(STRANGERS[name])
    batch = judged(path)
    assert ([item.verdict for item in batch.files], batch.exit_code) == (["FAIL"], 1)


MEANT = {  # what stays a document, however broken
    "empty.xml": b"",
    "empty.pdf": b"",
    "cut.xml": letter()[:900],
    "cut": letter()[:3000],
    "binary.xml": bytes(range(256)),
    "case.xml": b"<clinicalDocument/>",
    "namespace.xml": b'<ClinicalDocument xmlns="urn:other"/>',
    "root.xml": b'<Document xmlns="urn:hl7-org:v3"/>',
    "dtd.xml": b"<!DOCTYPE x []>" + letter().partition(b"?>")[2],
    "cut.zip": packed("IHE_XDM/SUBSET01/METADATA.XML")[:60],
    "without.zip": packed("INDEX.HTM", "README.TXT"),
    "other.zip": packed("IHE_XDM/SUBSET01/nothing.txt"),
}


@pytest.mark.parametrize("name", sorted(MEANT))
def test_a_broken_document_of_a_folder_fails(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(MEANT[name])
    batch = judged(tmp_path)
    assert ([item.verdict for item in batch.files], batch.exit_code) == (["FAIL"], 1)
    assert batch.unjudged == ()


def test_nothing_to_judge(tmp_path: Path) -> None:
    (tmp_path / "README").write_bytes(b"hello")
    assert judged(tmp_path).exit_code == 4
    (tmp_path / "README").unlink()
    assert judged(tmp_path).exit_code == 4


def test_order_and_doubles(tmp_path: Path) -> None:
    for name in ("b/2.xml", "b/1.xml", "a.xml", "c.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(letter())
    sources, _ = gather([f"{tmp_path}/c.xml", str(tmp_path), f"{tmp_path}/a.xml"])
    assert [(Path(one.name).name, one.named) for one in sources] == [
        ("c.xml", True),
        ("a.xml", True),
        ("1.xml", False),
        ("2.xml", False),
    ]


def test_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("out/a.xml", "out/deep/er/b.xml", "out/c.txt", "out/[x].xml"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(letter())
    assert names("out/**/*.xml") == ["out/[x].xml", "out/a.xml", "out/deep/er/b.xml"]
    assert names("out/*.xml") == ["out/[x].xml", "out/a.xml"]
    assert names("out/[x].xml") == ["out/[x].xml"]  # a file before a pattern
    assert names("o*") == ["out/[x].xml", "out/a.xml", "out/c.txt", "out/deep/er/b.xml"]
    with pytest.raises(Absent, match=r"aucun fichier ne correspond à out/\*\.eml"):
        gather(["out/*.eml"])
    with pytest.raises(Absent, match=r"fichier absent : out/z\.xml"):
        gather(["out/a.xml", "out/z.xml"])


def names(*arguments: str) -> list[str]:
    return [one.name for one in gather(arguments)[0]]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(letter())))
    item = judged("-").files[0]
    assert (item.file, item.kind, item.verdict != "FAIL") == ("-", "cda", True)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert rules(judged("-").files[0]) == ["CHECK-NATURE-INCONNUE"]
    monkeypatch.setattr(reading, "MAX_FILE", 1000)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(letter())))
    assert rules(judged("-").files[0]) == ["CHECK-ILLISIBLE"]
    monkeypatch.setattr(sys, "stdin", None)
    assert rules(judged("-").files[0]) == ["CHECK-NATURE-INCONNUE"]


needs_fifo = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")


@needs_fifo
def test_a_pipe_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xml")
    assert rules(judged(tmp_path / "pipe.xml").files[0]) == ["CHECK-ILLISIBLE"]
    assert judged(tmp_path).unjudged == (Unjudged(f"{tmp_path}/pipe.xml", "special"),)


@needs_fifo
@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_device_is_not_read(name: str) -> None:
    if not os.path.lexists(name):
        pytest.skip("absent here")
    assert rules(judged(name).files[0]) == ["CHECK-ILLISIBLE"]


def test_links(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xml").write_bytes(letter())
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    (tmp_path / "in" / "broken.xml").symlink_to(tmp_path / "absent")
    (tmp_path / "in" / "self").symlink_to(tmp_path / "in" / "self")
    (tmp_path / "b.xml").symlink_to(tmp_path / "in" / "a.xml")
    batch = judged(tmp_path)
    assert [Path(item.file).name for item in batch.files] == ["b.xml", "a.xml"]
    assert {(Path(item.file).name, item.reason) for item in batch.unjudged} == {
        ("loop", "link"),
        ("broken.xml", "link"),
        ("self", "link"),
    }
    assert rules(judged(tmp_path / "in" / "broken.xml").files[0]) == ["CHECK-ILLISIBLE"]
    assert rules(judged(tmp_path / "in" / "self").files[0]) == ["CHECK-ILLISIBLE"]


def test_a_very_deep_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        for _ in range(1100):  # deeper than Python recurses
            Path("d").mkdir()
            os.chdir("d")
        Path("a.xml").write_bytes(letter())
        os.chdir(tmp_path)
        batch = judged(".")
    finally:
        subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # pytest could not
    assert [item.verdict != "FAIL" for item in batch.files] == [True]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rights that even root lacks."""
    opened, listed = os.open, os.scandir

    def no_open(path: str, *rest: int, **more: int) -> int:
        if "secret" in str(path):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, *rest, **more)

    def no_scan(path: str) -> object:
        if "closed" in str(path):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "open", no_open)
    monkeypatch.setattr(os, "scandir", no_scan)
    yield


@pytest.mark.usefixtures("refused")
def test_permission_denied(tmp_path: Path) -> None:
    (tmp_path / "secret.xml").write_bytes(letter())
    (tmp_path / "closed").mkdir()
    (tmp_path / "z.xml").write_bytes(letter())
    batch = judged(tmp_path)
    denied, good = batch.files
    assert (rules(denied), denied.findings[0].observed) == (["CHECK-ILLISIBLE"], "accès refusé")
    assert good.verdict != "FAIL"
    assert batch.unjudged == (Unjudged(f"{tmp_path}/closed", "folder"),)


def test_a_file_that_vanishes(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(letter())
    sources, _ = gather([str(tmp_path)])
    (tmp_path / "a.xml").unlink()
    (item,) = check_all(sources, jobs=1).files
    assert (rules(item), item.findings[0].observed) == (["CHECK-ILLISIBLE"], "fichier absent ou disparu")


def test_a_file_that_becomes_a_folder(tmp_path: Path) -> None:
    assert rules(check_file(tmp_path)) == ["CHECK-ILLISIBLE"]


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_impossible_names(name: str) -> None:
    assert rules(check_file(name)) == ["CHECK-ILLISIBLE"]
    with pytest.raises(Absent):
        gather([name])


WEIRD = [
    b"new\nline.xml",
    b"caf\xe9.xml",
    "bidi\u202e.xml".encode(),
    b"[bold]x[-].xml",
    b"--json.xml",
    b" .xml",
]


def test_weird_names_are_judged(tmp_path: Path) -> None:
    for name in WEIRD:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(letter())
    batch = judged(tmp_path)
    assert sorted(os.fsencode(Path(item.file).name) for item in batch.files) == sorted(WEIRD)
    assert batch.exit_code == 0


def test_wide_characters_are_xml() -> None:
    wide = letter().decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert recognise(wide).kind == "cda"
