"""The page of `check`: one file, no script, hostile content is text, bounded."""

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html as lxml_html
from lxml.html import HtmlElement

from reports.check import html
from reports.check.model import Batch
from schemas.finding import Severity

from .samples import HOSTILE, document, finding, full


def page_of(batch: Batch, lang: str = "fr") -> HtmlElement:
    return lxml_html.document_fromstring(html.render(batch, lang))


def words(element: HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def test_what_it_says() -> None:
    page = page_of(full())
    told = words(page.body)
    assert page.get("lang") == "fr"
    for value in (
        "Outil de pré-conformité : seuls l'ANS et le CNDA décident.",
        "ERREUR BANC Le banc n'a pas pu juger tous les fichiers",
        "6 fichiers jugés · 1 fichier non reconnu, non jugé",
        "Lettre de consultation — modèle inconnu : règles du modèle non exécutées",
        "11 erreurs · 12 avertissements · 1 information · avec les seules règles de l'outil officiel : WARN",
        "CDA-HDR-04 STRUCT × 12",
        "CDA-HDR-08 règle du banc",
        "et 3 autres constats de cette règle.",
    ):
        assert value in told
    rows = [words(row) for row in page.xpath("//table[@class='files']/tbody/tr")]
    assert rows[0] == "out/doc.xml FAIL document CDA LETTRE 2026.01 11 12 CDA-XML-04"
    assert rows[2] == "out/good.xml PASS document CDA LETTRE 2026.01 · ·"
    assert next(mark.text for mark in page.xpath("//mark")) == "  <titre>x</titre>"


def test_what_was_not_judged_is_never_folded_away() -> None:
    info = finding("CDA-XML-05", Severity.INFO, "1.2.3", "")
    assert not page_of(Batch((document(info),))).xpath("//details//code[text()='CDA-XML-05']")
    other = finding("CDA-EXT-07", Severity.INFO, "1.2.3", "")
    assert page_of(Batch((document(other),))).xpath("//details//code[text()='CDA-EXT-07']")


def test_structure() -> None:
    page = page_of(full(HOSTILE))
    levels = [int(node.tag[1]) for node in page.xpath("//h1|//h2|//h3|//h4")]
    assert len(page.xpath("//h1")) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert all(href[1:] in ids for href in page.xpath("//@href"))
    assert all(cell.get("scope") == "col" for cell in page.xpath("//thead//th"))


def test_no_network_no_script() -> None:
    page = page_of(full(HOSTILE))
    assert not page.xpath("//script|//link|//img|//iframe|//object|//form|//*[@style]|//@src|//base|//svg")
    assert not page.xpath("//*[@onload or @onerror]")
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert all(href.startswith("#") for href in page.xpath("//@href"))
    assert "url(" not in page.xpath("//style")[0].text


def test_hostile_content_stays_text() -> None:
    text = html.render(full(HOSTILE))
    assert "<script" not in text
    for hidden in "\x00\x1b\u202e\u200b":
        assert hidden not in text
    assert "‹U+202E›" in text
    assert "{{ 7*7 }}" in text
    assert "caf\\xe9\\n.pdf" in text


def test_english() -> None:
    told = words(page_of(full(), "en").body)
    assert "Pre-conformance tool" in told
    for french in ("erreur", "Fichier", "règle", "Attendu", "À faire"):
        assert french not in told


@pytest.mark.parametrize(
    ("batch", "word"),
    [
        (Batch(()), "RIEN"),
        (Batch((document(),)), "PASS"),
        (Batch((document(finding(severity=Severity.WARNING)),)), "WARN"),
        (Batch((document(finding()), document())), "FAIL"),
    ],
)
def test_the_banner(batch: Batch, word: str) -> None:
    assert words(page_of(batch).xpath("//p[@class='word']")[0]) == word


def test_size_is_bounded() -> None:
    assert len(html.render(full())) < 60_000
    many = [finding(f"RULE-{n}", Severity.ERROR, "x" * 5000, "y" * 5000, line=n) for n in range(1, 1000)]
    assert len(html.render(Batch((document(*many),)))) < 400_000
    thousand = tuple(document(*many[:30], file=f"{n}.xml") for n in range(1000))
    text = html.render(Batch(thousand))
    assert len(text) < 30_000_000
    assert "600 autres fichiers ont des constats" in text


def test_it_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "check.html"
    html.write(full(), path)
    assert [item.name for item in path.parent.iterdir()] == ["check.html"]
    assert html.render(full()).encode("utf-8", "replace") == path.read_bytes()


CHROMIUM = shutil.which("chromium")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)")
def test_in_a_browser(tmp_path: Path) -> None:
    path = tmp_path / "check.html"
    html.write(full(HOSTILE), path)
    done = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    dom = lxml_html.document_fromstring(done.stdout)
    assert dom.find(".//title").text == "Documents jugés hors ligne — 6 fichiers jugés"
    assert not dom.xpath("//script|//img|//svg")
