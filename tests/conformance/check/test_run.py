"""Files judged in several processes say the same as in one; what breaks on our side is ours."""

import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from conformance.check import beside, judge, run
from conformance.check.beside import judge_beside
from conformance.check.gather import Source, gather
from conformance.check.judge import Settings, check_file
from conformance.check.run import check_all
from conformance.check.workers import Worker, check_in_processes
from reports.check.model import Batch, Checked
from schemas.finding import Finding, Severity
from schemas.messages import catalogue

from .documents import letter, without_title

# A worker whose rules die, raise or print when a document says so.
SABOTAGED = """
import os
from conformance.check import judge, worker
ours = judge.JUDGES["cda"]
def sabotaged(data, settings):
    if b"DIE" in data:
        os._exit(9)
    if b"RAISE" in data:
        raise KeyError("a rule that is wrong")
    print("a library that speaks", flush=True)
    os.write(1, b"a library that speaks")
    return ours(data, settings)
judge.JUDGES["cda"] = sabotaged
worker.main()
"""


def folder(tmp_path: Path, **marks: str) -> list[Source]:
    """Twelve letters; those whose number has a mark say it."""
    for number in range(12):
        data = letter(number) if number % 3 else without_title(letter(number))
        mark = marks.get(f"n{number}", "")
        (tmp_path / f"{number:02}.xml").write_bytes(data + f"<!-- {mark} -->".encode())
    (tmp_path / "notes.txt").write_bytes(b"nothing")
    return gather([str(tmp_path)])[0]


@pytest.mark.parametrize("settings", [Settings(), Settings(excerpts=True)])
def test_several_processes_say_the_same(tmp_path: Path, settings: Settings) -> None:
    sources = folder(tmp_path)
    told: list[int] = []
    alone = check_all(sources, settings=settings, jobs=1)
    together = check_all(sources, settings=settings, jobs=3, told=lambda: told.append(1))
    assert together == alone
    assert len(told) == len(sources) == 13
    assert [item.verdict for item in alone.files].count("FAIL") == 4
    assert [item.reason for item in alone.unjudged] == ["unrecognised"]
    assert all(bool(item.excerpts) is settings.excerpts for item in alone.files if item.verdict == "FAIL")


def in_processes(sources: Sequence[Source], *command: str) -> list[Checked | None]:
    return check_in_processes(sources, Settings(), 2, lambda: None, command)


def test_a_worker_that_dies_costs_its_file_alone(tmp_path: Path) -> None:
    sources = folder(tmp_path, n2="DIE", n3="DIE", n7="RAISE")
    items = in_processes(sources, sys.executable, "-c", SABOTAGED)
    good = check_all(sources, jobs=1).files
    for number, item in enumerate(items[:12]):
        assert item is not None
        if number in (2, 3, 7):
            assert item.trouble
            assert (item.verdict, [f.rule for f in item.findings]) == ("WARN", ["CHECK-ERREUR-BANC"])
            assert item.file.endswith(f"{number:02}.xml")
        else:
            assert item == good[number]
    batch = Batch(tuple(item for item in items if item is not None))
    assert batch.exit_code == 3
    assert "code 9" in batch.files[2].trouble
    assert "KeyError" in batch.files[7].trouble


@pytest.mark.parametrize(
    "command", [("/nowhere/python",), (sys.executable, "-c", "pass"), ("/bin/echo", "x")]
)
def test_without_workers_files_are_judged_here(tmp_path: Path, command: tuple[str, ...]) -> None:
    sources = folder(tmp_path)[:3]
    assert in_processes(sources, *command) == list(check_all(sources, jobs=1).files)


def test_a_rule_that_raises_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = judge.JUDGES["cda"]

    def sabotaged(data: bytes, settings: Settings) -> judge.Judged:
        if b"RAISE" in data:
            raise RecursionError("too deep")
        return ours(data, settings)

    monkeypatch.setitem(judge.JUDGES, "cda", sabotaged)
    batch = check_all(folder(tmp_path, n1="RAISE"), jobs=1)
    assert batch.exit_code == 3
    assert [bool(item.trouble) for item in batch.files].count(True) == 1
    assert (batch.counted()["FAIL"], batch.counted()["ERROR"]) == (4, 1)
    assert batch.files[1].official == ""
    assert "RecursionError: too deep" in batch.files[1].trouble


def test_small_batches_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = folder(tmp_path)
    assert run._enough(sources) == 1
    monkeypatch.setattr(run, "SMALL_BYTES", 10)
    assert run._enough(sources) >= 1
    monkeypatch.setattr(run, "SMALL_FILES", 2)
    assert run._enough(sources[:1]) == 1
    assert run._enough([Source("-", named=True), Source("absent", named=True)]) >= 1


def test_the_standard_input_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker((sys.executable, "-m", "conformance.check.worker"), threading.Lock())
    monkeypatch.setattr(sys, "stdin", None)
    item = worker.judge(Source("-", named=True), Settings())
    worker.close()
    assert item is not None
    assert item.findings[0].rule == "CHECK-NATURE-INCONNUE"


def test_layers_are_told_without_loading_everything(tmp_path: Path) -> None:
    from conformance.catalogue.rules import all_rules

    path = tmp_path / "a.xml"
    path.write_bytes(without_title(letter()))
    item = check_file(path)
    assert item is not None
    every = all_rules()
    assert item.layers == {finding.rule: every[finding.rule].layer for finding in item.findings}


def test_our_own_rules_are_worded() -> None:
    from conformance import captures

    for rule in (*judge.RULES.rules, *captures.RULES.rules):
        assert {"fr", "en", "action_fr", "action_en"} <= set(catalogue()[rule])


def said(where: str) -> Finding:
    return Finding("XDM-LAY-02", Severity.ERROR, where, "a", "b")


def laid(tmp_path: Path, *names: str) -> list[Source]:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(letter() if name.endswith(".xml") else b"nothing")
    return gather([str(tmp_path)])[0]


def alone(sources: Sequence[Source]) -> list[Checked | None]:
    return [check_file(source.name, named=source.named) for source in sources]


def test_files_judged_beside_each_other(tmp_path: Path) -> None:
    sources = laid(tmp_path, "a.xml", "x/b.xml", "x/INDEX.HTM")
    items = alone(sources)

    def compared(files: Mapping[str, bytes]) -> Sequence[Finding]:
        assert sorted(files) == ["a.xml", "x/INDEX.HTM", "x/b.xml"]
        places = ("a.xml", "x/b.xml /ClinicalDocument/id", "x/b.xml.pdf", "x/INDEX.HTM", "IHE_XDM", "a.xmlx")
        return [said(where) for where in places]

    together = judge_beside(sources, items, (compared,))
    assert [Path(item.file).name for item in together] == ["a.xml", "b.xml", tmp_path.name]
    added = [
        [finding.where for finding in item.findings if finding.rule == "XDM-LAY-02"] for item in together
    ]
    assert added == [
        ["a.xml"],
        ["x/b.xml /ClinicalDocument/id"],
        ["x/b.xml.pdf", "x/INDEX.HTM", "IHE_XDM", "a.xmlx"],
    ]
    assert (together[2].kind, together[2].verdict) == ("folder", "FAIL")
    assert Batch(tuple(together)).judged == 2
    first = items[0]
    assert first is not None
    assert together[0].layers.keys() >= first.layers.keys()
    assert judge_beside(sources, items, (lambda files: [],)) == [item for item in items if item]
    assert judge_beside(sources, items) == [item for item in items if item]


def test_files_that_are_named_lie_in_their_folder(tmp_path: Path) -> None:
    laid(tmp_path, "a.xml", "b.xml", "x/c.xml")
    sources = gather([f"{tmp_path}/{name}" for name in ("a.xml", "x/c.xml", "b.xml")])[0]
    seen: list[list[str]] = []

    def compared(files: Mapping[str, bytes]) -> Sequence[Finding]:
        seen.append(list(files))
        return []

    judge_beside(sources, alone(sources), (compared,))
    assert seen == [["a.xml", "b.xml"]]  # the other is alone


def test_a_judge_of_folders_that_raises_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(files: Mapping[str, bytes]) -> Sequence[Finding]:
        raise KeyError("a rule that is wrong")

    sources = laid(tmp_path, "a.xml", "b.xml")
    *files, folder = judge_beside(sources, alone(sources), (broken,))
    assert [item.trouble for item in files] == ["", ""]
    assert (folder.file, "KeyError" in folder.trouble) == (str(tmp_path), True)
    assert Batch((*files, folder)).exit_code == 3
    (tmp_path / "b.xml").unlink()
    monkeypatch.setattr(beside, "MAX_FOLDER", 1000)
    *files, folder = judge_beside(sources, alone(sources), (broken,))
    assert (folder.remarks, folder.trouble) == ((beside.TOO_BIG,), "")
