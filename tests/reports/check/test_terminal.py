"""What a person reads in the terminal."""

import io
import re

import pytest
from rich.console import Console

from reports.check.model import FOLDER, Batch, Checked, Unjudged
from reports.check.terminal import make_console, print_batch, short_names
from schemas.finding import Severity

from .samples import CAUSE, HEADER, HOSTILE, TITLE, document, finding, full

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def printed(batch: Batch, lang: str = "fr", *, verbose: bool = False, width: int = 0, **more: object) -> str:
    """As in a pipe, or on a terminal of this width."""
    out = io.StringIO()
    if width:
        console = Console(file=out, width=width, force_terminal=True, highlight=False, **more)  # type: ignore[arg-type]
    else:
        console = Console(file=out, width=140, highlight=False)
    print_batch(batch, console, lang, verbose)
    return out.getvalue()


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def order(text: str, *parts: str) -> bool:
    places = [text.index(part) for part in parts]
    return places == sorted(places)


def test_causes_then_errors_then_warnings() -> None:
    text = printed(full())
    assert order(
        text, f"erreur  {CAUSE}", f"erreur  {TITLE}", "erreur  CDA-HDR-05", f"avertissement  {HEADER}"
    )
    assert "CDA-EXT-07" not in text
    assert "11 erreurs, 12 avertissements, 1 information (voir --verbose)" in text
    assert "information  CDA-EXT-07" in printed(full(), verbose=True)


def test_what_was_not_judged_is_never_hidden() -> None:
    info = finding("CDA-XML-05", Severity.INFO, "1.2.3", "")
    chain = finding("CHECK-CHAINE", Severity.INFO, "", "")
    text = printed(Batch((document(info, reach="none"), Checked("v.xml", "vihf", (chain,)))))
    assert "information  CDA-XML-05" in text
    assert "information  CHECK-CHAINE" in text
    assert "--verbose" not in text


def test_a_finding_says_everything() -> None:
    text = printed(Batch((document(finding()),)))
    for value in (
        "FAIL  out/doc.xml  (document CDA)",
        "erreur  CDA-HDR-08  [règle du banc]",
        "où        ligne 14, /ClinicalDocument/title",
        "observé   absent",
        "attendu   title 1..1",
        "à faire   ",
        "source    CI-SIS, structuration · EX_2.1-1071",
        "avec les seules règles de l'outil officiel : PASS",
        "Outil de pré-conformité : seuls l'ANS et le CNDA décident.",
    ):
        assert value in text
    assert "[STRUCT]" in printed(Batch((document(finding(HEADER)),)))


def test_identical_findings_are_folded() -> None:
    same = [finding(line=line) for line in (14, 15, 16, 17, 18, 19)]
    text = printed(Batch((document(*same),)))
    assert text.count("CDA-HDR-08") == 1
    assert "× 6" in text
    assert "ligne 14, /ClinicalDocument/title (× 6, aussi lignes 15, 16, 17, 18…)" in text


def test_one_rule_with_many_values() -> None:
    text = printed(full())
    assert "• ligne 5, /b[5] — observé v5 ; attendu w" in text
    assert "v6" not in text
    assert "et 4 autres constats de cette règle (--verbose)" in text
    assert "• ligne 9, /b[9] — observé v9 ; attendu w" in printed(full(), verbose=True)


def test_which_rules_ran() -> None:
    text = printed(full())
    assert "Lettre de consultation — règles jouées : en-tête et modèle LETTRE 2026.01" in text
    assert "Lettre de consultation — modèle inconnu : règles du modèle non exécutées" in text
    assert "le reste du modèle n'est pas jugé" in printed(Batch((document(reach="partial"),)))


def test_the_table_and_the_last_lines() -> None:
    text = printed(full())
    rows = {line.split()[0]: line for line in text.split("Première règle")[1].splitlines() if line.strip()}
    assert re.search(r"cda +LETTRE 2026.01 +FAIL +11 +12 +CDA-XML-04", rows["out/doc.xml"])
    assert "6 fichiers jugés : 2 FAIL, 1 WARN, 2 PASS, 1 ERREUR BANC" in text
    assert "1 fichier non reconnu, non jugé : out/README" in text
    assert "1 fichier ou dossier caché, non jugé : out/.git" in text
    assert "Première règle" not in printed(Batch((document(),)))  # one file needs no table


def test_nothing_judged() -> None:
    many = tuple(Unjudged(f"f{n}", "unrecognised") for n in range(30))
    text = printed(Batch((), many))
    assert "0 fichier jugé : rien n'a pu être jugé" in text
    assert "30 fichiers non reconnus, non jugés : f0, f1, f2, f3, f4, f5, f6, f7…" in text
    assert "f29" in printed(Batch((), many), verbose=True)


def test_the_bench_breaks_in_its_own_name() -> None:
    text = printed(Batch((full().files[3],)))
    assert "ERREUR BANC  out/bench.xml" in text
    assert "jamais imputée au document" in text
    assert "FAIL" not in text


def test_english() -> None:
    text = printed(full(), "en")
    assert "6 files judged : 2 FAIL" in text
    assert "Pre-conformance tool" in text
    for french in ("erreur", "règle", "attendu", "à faire", "jugé"):
        assert french not in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_it_fits_the_terminal(width: int) -> None:
    lines = ESCAPES.sub("", printed(full("word " * 60), width=width)).splitlines()
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [0, 80])
def test_hostile_content_stays_text(width: int) -> None:
    text = ESCAPES.sub("", printed(full(HOSTILE), width=width, verbose=True))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\u200b]", text)
    assert "[bold red]markup[/]" in " ".join(text.split())
    assert "caf\\xe9\\n.pdf" in text.replace("\n", "")


def test_colours_follow_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[1;31m" in printed(full(), width=80)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[1-6]m", printed(full(), width=80))


def test_a_pipe_gets_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    long = finding(where="/ClinicalDocument/" + "component/" * 40)
    assert f"ligne 14, {long.where}\n" in printed(Batch((document(long),)))
    assert make_console().width == 140
    monkeypatch.setenv("COLUMNS", "90")
    assert make_console().width == 90


def test_a_document_with_a_thousand_findings() -> None:
    many = [finding(f"RULE-{n}", Severity.ERROR, str(n)) for n in range(1000)]
    text = printed(Batch((document(*many),)))
    assert text.count("observé") == 40
    assert "et 960 autres règles (--verbose)" in text


def test_folders_are_counted_apart() -> None:
    folder = Checked("out", FOLDER, (finding("XDM-LAY-01", where="/", line=None),))
    text = printed(Batch((document(), folder)))
    assert "1 fichier jugé, 1 dossier comparé : 1 FAIL, 1 PASS" in text
    assert "FAIL  out  (fichiers comparés entre eux)" in text


def test_short_names() -> None:
    assert short_names(["/a/b/c.xml", "/a/b/d/e.xml"]) == ["c.xml", "d/e.xml"]
    assert short_names(["a.xml", "-"]) == ["a.xml", "-"]
    assert short_names(["/a/b.xml", "c/d.xml"]) == ["/a/b.xml", "c/d.xml"]
    assert short_names([]) == []
    assert Checked("a").verdict == "PASS"
