"""The summary in the terminal: figures, causes, and no colour where none is wanted."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from reports.summary import print_summary

from .samples import HOSTILE, TOKEN, full


def told(tmp_path: Path, hostile: str = "", lang: str = "fr", **console: object) -> str:
    record, _ = full(tmp_path, hostile)
    out = io.StringIO()
    print_summary(record, Console(file=out, width=140, **console), lang)  # type: ignore[arg-type]
    return out.getvalue()


def test_summary(tmp_path: Path) -> None:
    text = told(tmp_path)
    for value in (
        "Synthèse par thème",
        "E-prescription",
        "Non conforme",
        "XDS-HASH-01",
        "SC.DMP/ALI/PROG.10",
        "DMP-ALIM-01[lettre]",
        "Constaté : 1.2.250.1.213.1.4.11",
        "Que faire : ",
        "INS-01  non testable  Le logiciel n'a rien envoyé.",
        "seuls l'ANS et le CNDA décident",
    ):
        assert value in text


def test_english(tmp_path: Path) -> None:
    assert "Observed: 1.2.250.1.213.1.4.11" in told(tmp_path, lang="en")


def test_no_colour_outside_a_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in told(tmp_path)


def test_no_colour_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[31m" not in told(tmp_path, force_terminal=True)
    assert "\x1b[32m" not in told(tmp_path, force_terminal=True)


def test_hostile_content_is_not_obeyed(tmp_path: Path) -> None:
    text = told(tmp_path, f"[red]x[/red] [/] {TOKEN} {HOSTILE}")
    assert "\x1b" not in text
    assert "[red]x[/red]" in text
    assert TOKEN not in text
