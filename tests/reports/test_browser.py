"""The report in a real browser: nothing of what a vendor sent runs, loads or changes the page."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pypdfium2
import pytest
from lxml import html as lxml_html

from reports import html
from reports.evidence import EvidenceStore

from .samples import full

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"),
]


@dataclass
class Canary:
    """A server that nobody should call."""

    address: str
    calls: list[str] = field(default_factory=list)

    def attack(self) -> str:
        """What a hostile vendor would try."""
        at, title = self.address, "document.title='PWNED'"
        return "".join(
            [
                f"<script>{title};fetch('{at}/inline')</script><script src='{at}/script'></script>",
                f"\"><img src='{at}/image' onerror=\"{title}\"><link rel=stylesheet href='{at}/style'>",
                f"</pre></code></td></table></style></title></textarea><style>@import '{at}/import';</style>",
                f"<iframe src='{at}/frame' srcdoc='<b>x</b>'></iframe><svg onload=\"{title}\"></svg>",
                f"<meta http-equiv=refresh content='0;url={at}/refresh'><base href='{at}/'>",
                f"<form action='{at}/form'><object data='{at}/object'></object>",
                f"<a href='javascript:{title}' ping='{at}/ping'>x</a><details open ontoggle=\"{title}\">",
                "<custom-element></custom-element> \u202e\u200b\x00 ]]>",
            ]
        )


@pytest.fixture
def canary() -> Iterator[Canary]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.calls.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen = Canary(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield seen
    server.shutdown()
    thread.join()
    server.server_close()


def chromium(profile: Path, page: Path, *options: str) -> str:
    """Run the browser on a local file, without any network of its own; returns its standard output."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={profile}",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        timeout=60,
        check=True,
    )
    return done.stdout.decode("utf-8", "replace")


def dom(tmp_path: Path, page: Path) -> str:
    return chromium(tmp_path / "profile", page, "--virtual-time-budget=3000", "--dump-dom")


def test_the_canary_sings(tmp_path: Path, canary: Canary) -> None:
    """Positive control: the same content, unescaped, does run and call."""
    page = tmp_path / "naive.html"
    page.write_text(f"<!doctype html><title>t</title>{canary.attack()}", encoding="utf-8")
    assert "<title>PWNED</title>" in dom(tmp_path, page)
    assert canary.calls


def test_nothing_hostile_runs(tmp_path: Path, canary: Canary) -> None:
    record, store = full(tmp_path, canary.attack())
    path = tmp_path / "report.html"
    html.write(record, store, path)
    before = lxml_html.document_fromstring(path.read_text(encoding="utf-8"))
    after = lxml_html.document_fromstring(dom(tmp_path, path))
    assert canary.calls == []
    assert after.xpath("string(//title)") == before.xpath("string(//title)")
    assert not after.xpath(
        "//script|//img|//iframe|//object|//form|//base|//link|//custom-element|//textarea|//*[@onload]|//*[@onerror]"
    )
    assert len(after.xpath("//style")) == 1
    tags = [node.tag for node in before.iter() if isinstance(node.tag, str)]
    assert [node.tag for node in after.iter() if isinstance(node.tag, str)] == tags


def test_hostile_evidence_opened_from_the_report_does_not_run(tmp_path: Path, canary: Canary) -> None:
    """As text; what is no text is offered as a download (`.bin`)."""
    body = f"<!doctype html><html><head>{canary.attack()}".replace("\x00", "")
    store = EvidenceStore(tmp_path / "evidence")
    path = store.path(store.put(body.encode()))
    assert path is not None
    shown = dom(tmp_path, path)
    assert canary.calls == []
    assert "<title>PWNED</title>" not in shown
    assert "&lt;script&gt;" in shown


def test_reads_on_paper(tmp_path: Path) -> None:
    """What is folded on screen is unfolded on paper, by style alone: the page's policy allows no script."""
    record, store = full(tmp_path)
    path, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    html.write(record, store, path)
    chromium(tmp_path / "profile", path, "--no-pdf-header-footer", f"--print-to-pdf={pdf}")
    document = pypdfium2.PdfDocument(pdf)
    text = " ".join("".join(page.get_textpage().get_text_range() for page in document).split())
    for value in (
        "Outil de pré-conformité",
        "1.2.250.1.213.1.4.11",
        "Que faire",
        "ClinicalDocument",  # an exchange of a failing case
        "SUT.document.submit",
        "Le logiciel ne déclare pas le profil",
        "Contrat simulé",
    ):
        assert value in text
    document.close()
