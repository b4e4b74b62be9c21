"""The HTML report: one file, structure, words, secrets, size, hostile content."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html as lxml_html
from lxml.html import HtmlElement

from reports import digest, html
from reports.evidence import EvidenceStore
from reports.record import RunRecord, Verdict

from .samples import HOSTILE, SOAP, TOKEN, XOAUTH2, Factory, finding, full

SECTIONS = {
    "identity", "themes", "failures", "matrix", "unseen", "warnings", "exchanges", "scope", "integrity",
}  # fmt: skip


def written(record: RunRecord, store: EvidenceStore, lang: str = "fr") -> tuple[str, HtmlElement]:
    path = store.folder.parent / "report.html"
    html.write(record, store, path, lang)
    text = path.read_text(encoding="utf-8")
    return text, lxml_html.document_fromstring(text)


@pytest.fixture
def page(tmp_path: Path) -> HtmlElement:
    return written(*full(tmp_path))[1]


def words(element: HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def case_of(page: HtmlElement, key: str) -> HtmlElement:
    found = page.xpath("//*[contains(concat(' ', @class, ' '), ' case ')][.//code[text()=$key]]", key=key)
    assert len(found) == 1
    return found[0]


def test_sections_and_headings(page: HtmlElement) -> None:
    assert page.get("lang") == "fr"
    assert set(page.xpath("//h2/@id")) == SECTIONS | {"s-verdict"}
    assert len(page.xpath("//h1")) == 1
    levels = [int(node.tag[1]) for node in page.xpath("//h1|//h2|//h3|//h4|//h5")]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_disclaimer_and_identity(page: HtmlElement) -> None:
    assert "Outil de pré-conformité : seuls l'ANS et le CNDA décident." in words(
        page.find(".//p[@class='notice']")
    )
    told = words(page.xpath("//section[@aria-labelledby='identity']")[0])
    for value in (
        "Logiciel Témoin", "4.2.0", "Éditeur Exemple", "BANC000001", "medecin, pharmacie", "AB:CD:EF:01",
        "segur-bench 0.1.0", "2026.11", "45,5 s", "24 novembre 2026 à 10:47:03 UTC", "simulée",
    ):  # fmt: skip
        assert value in told
    assert "Graine 7" in told


def test_no_network_no_script(page: HtmlElement) -> None:
    assert not page.xpath("//script|//link|//img|//iframe|//object|//form|//*[@style]|//@src|//base")
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    links = {re.sub(r"[0-9a-f]{64}", "HASH", href) for href in page.xpath("//@href")}
    assert all(href.startswith("#") or href in ("evidence/HASH.txt", "evidence/HASH.bin") for href in links)
    assert "url(" not in page.xpath("//style")[0].text


def test_links_lead_somewhere(page: HtmlElement, tmp_path: Path) -> None:
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for href in page.xpath("//@href"):
        assert href[1:] in ids if href.startswith("#") else (tmp_path / href).is_file()


def test_counts_by_theme(page: HtmlElement) -> None:
    rows = {
        words(row[0]): [words(cell) for cell in row[2:]]
        for row in page.xpath("//section[@aria-labelledby='themes']//tbody/tr")
    }
    assert rows["DMP"] == ["2", "1", "1", "·", "·", "·", "·", "1 / 1"]
    assert rows["Identité (INS)"] == ["2", "·", "·", "·", "1", "1", "·", "0 / 2"]
    assert rows["E-prescription contrat simulé"][0] == "1"
    widths = [float(width) for width in page.xpath("//tr[th='DMP']//*[name()='rect']/@width")]
    assert widths == [50.0, 50.0]


def test_a_failure_says_everything(page: HtmlElement) -> None:
    told = words(case_of(page, "DMP-ALIM-01[lettre]"))
    for value in (
        "Constaté 1.2.250.1.213.1.4.11",
        "Attendu 1.2.250.1.213.1.4.10",
        "/ClinicalDocument/recordTarget/patientRole/id/@root , ligne 4",
        "SC.DMP/ALI/PROG.10 Alimenter le DMP",
        "réel (final)",
        "Que faire",
        "Preuve échange x000001",
        "Horloge décalée de −15 min",
        "Panne programmée : dmp TD2.1 : slow",
        "segur-bench replay runs/20261124-104703 'DMP-ALIM-01[lettre]'",
    ):
        assert value in told
    marked = page.xpath("//*[@id='x000001']//mark")
    assert [mark.text_content() for mark in marked] == [
        '<id root="1.2.250.1.213.1.4.10" extension="175069912345678"'
    ]


def test_matrix(page: HtmlElement) -> None:
    rows = {
        words(row[0]): (words(row[2]), words(row[3]))
        for row in page.xpath("//table[@class='matrix']//tbody/tr")
    }
    assert rows["SC.DMP/ALI/PROG.10 réel (final)"] == (
        "NC DMP-ALIM-01[lettre] C DMP-ALIM-01[vsm]",
        "non conforme",
    )
    assert rows["BEN-EP-01 règle du banc"] == ("C EP-PRESC-01", "conforme")
    assert rows["INS/1 réel (projet)"][1] == "non testable"


def test_what_is_not_green_is_explained(page: HtmlElement) -> None:
    rows = {
        words(row[0]).split()[0]: words(row)
        for row in page.xpath("//section[@aria-labelledby='unseen']//tbody/tr")
    }
    assert "non testable Le logiciel n'a rien envoyé." in rows["INS-01"]
    assert "non applicable Le logiciel ne déclare pas le profil « pharmacie »." in rows["INS-02"]
    assert "en attente" in rows["PSC-01"]
    assert "KeyError" in words(case_of(page, "ANN-01"))


def test_only_conforme_is_green(page: HtmlElement) -> None:
    for node in page.xpath("//*[contains(concat(' ', @class, ' '), ' conforme ')][contains(@class, 'v ')]"):
        assert words(node) in ("conforme", "C")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["conforme"], "conforme"),
        (["conforme", "non_applicable"], "conforme"),
        (["conforme", "non_testable"], "non_testable"),
        (["non_applicable"], "non_testable"),
        ([], "non_testable"),
        (["conforme", "en_attente", "non_testable"], "en_attente"),
        (["conforme", "erreur_banc"], "erreur_banc"),
        (["conforme", "non_conforme", "erreur_banc"], "non_conforme"),
    ],
)
def test_banner(tmp_path: Path, verdicts: list[str], expected: str) -> None:
    make = Factory(EvidenceStore(tmp_path / "evidence"))
    for index, verdict in enumerate(verdicts):
        make.case(f"CAS-{index}", Verdict(verdict))
    record = make.record()
    assert digest.overall(record) is Verdict(expected)
    _, page = written(record, make.store)
    assert page.xpath("//div[starts-with(@class, 'verdict ')]/@class") == [f"verdict {expected}"]


def test_mail_dialogue_and_tree(page: HtmlElement) -> None:
    sent = page.xpath("//*[@id='x000005']")[0]
    assert [words(cell) for cell in sent.xpath(".//table[@class='talk']//tr[3]/td")] == ["", "220 Ready"]
    assert "X-MSS-NIL BANC000001" in words(sent)
    assert "application/zip" in words(sent)
    assert "IHE_XDM/SUBSET01/METADATA.XML" in words(sent)
    assert "SubmitObjectsRequest" in words(sent)


def test_simulated_contract_is_labelled(page: HtmlElement) -> None:
    assert "contrat simulé" in words(page.xpath("//*[@id='x000004']/summary")[0])
    scope = words(page.xpath("//section[@aria-labelledby='scope']")[0])
    assert "Contrat simulé, interface Cnam non publique" in scope


@pytest.mark.parametrize("hostile", ["", HOSTILE])
def test_secrets_are_shortened(tmp_path: Path, hostile: str) -> None:
    text, _ = written(*full(tmp_path, hostile))
    for secret in (TOKEN, TOKEN.split(".")[1], XOAUTH2, "abcdefghijklmnop", "tres secret ici", "tres+secret"):
        assert secret not in text
    assert "Bearer eyJhbGci…" in text


def test_hostile_content_stays_text(tmp_path: Path) -> None:
    text, page = written(*full(tmp_path, HOSTILE))
    assert not page.xpath("//script|//img|//svg//*[@onload]|//iframe|//*[@onerror]|//*[@onload]")
    assert not [href for href in page.xpath("//@href") if "javascript" in href.lower()]
    for hidden in "\x00\x1b\u202e\u200b":
        assert hidden not in text
    assert "‹U+202E›" in text
    assert "49" not in words(page.xpath("//h1")[0])
    assert page.xpath("//title")[0].text.startswith("Rapport de pré-conformité Ségur — <script>")
    assert len(page.xpath("//main/section")) == len(SECTIONS) + 1


def test_english_from_the_same_catalogue(tmp_path: Path) -> None:
    _, page = written(*full(tmp_path), "en")
    told = words(page.body)
    assert page.get("lang") == "en"
    assert "Pre-conformance tool: only ANS and CNDA decide." in told
    assert "24 November 2026, 10:47:03 UTC" in told
    assert "Feed the DMP each time a document is produced" in told
    assert "simulated contract" in told
    for french in ("Constaté", "Que faire", "Échanges", "conforme :"):
        assert french not in told


def test_tables_are_accessible(page: HtmlElement) -> None:
    for table in page.xpath("//table[thead]"):
        assert all(cell.get("scope") == "col" for cell in table.xpath("./thead//th"))
    assert all(cell.get("scope") == "row" for cell in page.xpath("//tbody//th"))
    assert all(svg.get("aria-label") for svg in page.xpath("//*[name()='svg']"))


def test_sown_defect_is_announced(tmp_path: Path) -> None:
    _, page = written(*full(tmp_path, defect="dmp-wrong-hash"))
    assert "dmp-wrong-hash" in words(page.xpath("//p[contains(@class, 'sown')]")[0])


def test_missing_and_altered_evidence_are_told(tmp_path: Path) -> None:
    record, store = full(tmp_path)
    first, second = (store.path(record.exchanges[0].evidence[role]) for role in ("request", "response"))
    assert first is not None
    assert second is not None
    first.unlink()
    second.write_bytes(b"{}")
    _, page = written(record, store)
    told = words(page.xpath("//*[@id='x000001']")[0])
    assert "preuve absente" in told
    assert "preuve altérée" in told
    assert "preuves manquent ou ont été altérées" in words(
        page.xpath("//section[@aria-labelledby='integrity']")[0]
    )


def test_same_record_same_page(tmp_path: Path) -> None:
    record, store = full(tmp_path)
    assert written(record, store)[0] == written(record, store)[0]


def test_an_empty_record_is_a_page(tmp_path: Path) -> None:
    make = Factory(EvidenceStore(tmp_path / "evidence"))
    _, page = written(make.record(bench_errors=("x000001 KeyError: 'x'",)), make.store)
    assert "KeyError" in words(page.body)


@pytest.mark.parametrize("failing", [0, 1000])
def test_a_thousand_exchanges_stay_reasonable(tmp_path: Path, failing: int) -> None:
    make = Factory(EvidenceStore(tmp_path / "evidence"))
    big = b"<a>" + b"<line><v code='x'/>texte &amp; suite</line>" * 300 + b"</a>"
    wrong = finding(where="/a/line[3]/v/@code")
    for index in range(100):
        loud = index * 10 < failing
        numbers = tuple(
            make.exchange(
                request=big if item % 2 else SOAP * 40, response=big, findings=(wrong,) if loud else ()
            )
            for item in range(10)
        )
        make.case(
            f"CAS[{index}]",
            Verdict.NON_CONFORME if loud else Verdict.CONFORME,
            exchanges=numbers,
            findings=(wrong,) if loud else (),
        )
    text, _ = written(make.record(), make.store)
    assert len(text.encode()) < 8_000_000


def test_huge_bodies_are_bounded(tmp_path: Path) -> None:
    make = Factory(EvidenceStore(tmp_path / "evidence"))
    wrong = finding()
    sent = make.exchange(
        request=b"\xff\xfe" + b"<script>" * 700_000, response=b'"' * 5_000_000, findings=(wrong,)
    )
    make.case("CAS", Verdict.NON_CONFORME, exchanges=(sent,), findings=(wrong,) * 200)
    text, page = written(make.record(), make.store)
    assert len(text) < 1_500_000
    assert "Abrégé ici" in words(page.xpath("//*[@id='x000001']")[0])
    assert "5,6 Mo" in words(page.xpath("//*[@id='x000001']")[0])


def test_changed_settings_of_the_dmp_are_told(tmp_path: Path) -> None:
    make = Factory(EvidenceStore(tmp_path / "evidence"))
    usual = words(written(make.record(), make.store)[1].body)
    assert "Réglages du DMP changés aucun" in usual
    changed = make.record(
        settings={"dmp": {"max_results": 5, "sha1": False, "hidden_types": ["40/EXPPAT_3"]}}
    )
    told = words(written(changed, make.store)[1].body)
    assert 'max_results = 5 ; sha1 = false ; hidden_types = ["40/EXPPAT_3"]' in told
