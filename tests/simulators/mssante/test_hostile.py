"""Hostile clients: the service says what was wrong, and serves the next one."""

import base64
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.core.identities import CORRESPONDANT, MEDECIN

from .conftest import GOOD, Bench, Raw, authenticated

Mail = Callable[..., bytes]
FROM = f"MAIL FROM:<{MEDECIN.mailbox}>\r\n".encode()
TO = f"RCPT TO:<{CORRESPONDANT.mailbox}>\r\n".encode()


@pytest.fixture(autouse=True)
def still_serves(bench: Bench, mail: Mail):  # type: ignore[no-untyped-def]
    """After each of these tests the service still takes a mail."""
    yield
    with bench.smtp() as client:
        client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox))


def in_data(bench: Bench) -> Raw:
    raw = authenticated(bench)
    raw.ask(FROM)
    raw.ask(TO)
    assert raw.ask(b"DATA\r\n").startswith(b"354")
    return raw


@pytest.mark.parametrize(
    "ending",
    [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\r\n\x00.\n", b"a\nb\r\n.\r\n"],
)
def test_smuggling(bench: Bench, ending: bytes) -> None:
    """Only <CRLF>.<CRLF> ends a message: what follows another ending never becomes a second mail."""
    raw = in_data(bench)
    smuggled = b"MAIL FROM:<faux@exemple.org>\r\n" + TO + b"DATA\r\nSubject: faux\r\n\r\n.\r\n"
    raw.send(b"Subject: vrai\r\n\r\ncorps" + ending + smuggled)
    assert raw.line().startswith(b"521 5.5.2 bare <")
    raw.close()
    (exchange,) = bench.wait("SMTP.message")
    assert (exchange.facts["outcome"], exchange.facts["reason"]) == ("refused", "bare-newline")
    assert bench.rules(exchange) == {"MSS-S01"}
    mailbox = bench.servers.world.find(CORRESPONDANT.mailbox)
    assert mailbox is not None
    assert mailbox.folders["INBOX"].messages == []


def test_ending_cut_in_pieces(bench: Bench) -> None:
    raw = in_data(bench)
    for piece in (b"Subject: x\r", b"\n\r\nun\r\n", b".", b".\r\ndeux\r", b"\n.", b"\r", b"\nNOOP\r\n"):
        raw.send(piece)
    assert raw.reply().startswith(b"250 2.0.0 Message accepted")
    assert raw.reply().startswith(b"250 2.0.0 OK")
    assert bench.wait("SMTP.message")[0].request_body == b"Subject: x\r\n\r\nun\r\n.\r\ndeux\r\n"
    raw.close()


def test_empty_message(bench: Bench) -> None:
    raw = in_data(bench)
    assert raw.ask(b".\r\n").startswith(b"250")
    assert bench.wait("SMTP.message")[0].request_body == b""
    raw.close()


@pytest.mark.parametrize("interface", ["smtp", "imap"])
def test_starttls_injection(bench: Bench, interface: str) -> None:
    """Commands sent in clear behind STARTTLS are refused, not obeyed once TLS is up (CVE-2011-0411)."""
    raw = bench.raw(getattr(bench.servers, interface))
    raw.line()
    if interface == "smtp":
        raw.ask(b"EHLO lps\r\n")
        raw.send(b"STARTTLS\r\nEHLO faux\r\nMAIL FROM:<faux@x.fr>\r\n")
        assert raw.line().startswith(b"554 5.5.1")
        (exchange,) = bench.wait("SMTP.session")
        assert bench.rules(exchange) == {"MSS-T01-SMTP"}
    else:
        raw.send(b"a STARTTLS\r\nb NOOP\r\n")
        assert raw.line().startswith(b"a NO")
        (exchange,) = bench.wait("IMAP.STARTTLS")
        assert bench.rules(exchange) == {"MSS-T01-IMAP"}
    assert exchange.facts["reason"] == "starttls-injection"
    raw.close()


def test_pipelining_before_tls(bench: Bench) -> None:
    raw = bench.raw()
    raw.line()
    raw.send(b"EHLO lps\r\n" + FROM + TO + b"DATA\r\nQUIT\r\n")
    raw.reply()
    assert [raw.reply()[:9] for _ in range(4)] == [b"530 5.7.0"] * 3 + [b"221 2.0.0"]
    assert {rule for item in bench.wait("SMTP.session", 3) for rule in bench.rules(item)} == {"MSS-T01-SMTP"}
    raw.close()


def test_pipelining_in_tls(bench: Bench, mail: Mail) -> None:
    raw = authenticated(bench)
    raw.send(FROM + TO + b"DATA\r\n")
    assert [raw.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
    raw.send(mail(CORRESPONDANT.mailbox) + b".\r\nQUIT\r\n")
    assert [raw.reply()[:3] for _ in range(2)] == [b"250", b"221"]
    raw.close()


def test_endless_line(bench: Bench) -> None:
    raw = bench.raw()
    raw.line()
    raw.send(b"EHLO " + b"x" * 200_000)
    assert raw.line().startswith(b"500 5.5.2 Line too long")
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["reason"] == "line-too-long"
    raw.close()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"NO\0OP\r\n", b"500 5.5.2"),
        (b"\xff\xfe\r\n", b"500 5.5.2"),
        (b"\r\n", b"500 5.5.1"),
        (b"NOOP\n", b"521 5.5.2 bare <LF>"),
        (b"GET / HTTP/1.1\r\n", b"421 4.7.0"),
        (b"EHLO " + b"x" * 300 + b"\r\n", b"501"),
        (b"MAIL FROM:<" + b"a" * 2000 + b"\r\n", b"530"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", b"500 5.5.2"),
    ],
)
def test_odd_lines(bench: Bench, line: bytes, answer: bytes) -> None:
    raw = bench.raw()
    raw.line()
    assert raw.ask(line).startswith(answer)
    raw.close()


def test_too_many_errors(bench: Bench) -> None:
    raw = bench.raw()
    raw.line()
    raw.send(b"BLA\r\n" * 30)
    assert b"421 4.7.0 Too many errors" in raw.rest()
    raw.close()


def test_ten_thousand_recipients(bench: Bench) -> None:
    raw = authenticated(bench)
    raw.ask(FROM)
    replies: list[bytes] = []
    for _ in range(10):
        raw.send(TO * 1000)
        replies += [raw.line() for _ in range(1000)]
    assert [reply[:3] for reply in replies] == [b"250"] * 100 + [b"452"] * 9900
    raw.ask(b"RSET\r\n")
    (exchange,) = bench.wait("SMTP.message")
    assert exchange.facts["recipient_count"] == 10_000
    assert len(exchange.facts["recipients"]) <= 500
    assert len(exchange.dialogue) <= 401
    raw.close()


def test_oversized_message(bench: Bench) -> None:
    bench.options.max_size = 10_000
    raw = in_data(bench)
    raw.send(b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 2000 + b".\r\n")
    assert raw.line().startswith(b"552 5.3.4")
    assert raw.ask(b"NOOP\r\n").startswith(b"250")
    raw.close()
    raw = in_data(bench)
    raw.send(b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 8000)
    assert raw.line().startswith(b"552 5.3.4")
    raw.close()


def test_silent_clients(bench: Bench) -> None:
    bench.options.idle_timeout = bench.options.data_timeout = 0.05
    raw = bench.raw()
    raw.line()
    assert raw.line().startswith(b"421 4.4.2")
    raw.close()
    raw = bench.raw(bench.servers.imap)
    raw.line()
    assert raw.line().startswith(b"* BYE")
    raw.close()
    bench.options.idle_timeout = bench.options.data_timeout = 5.0


def test_silent_handshake(bench: Bench) -> None:
    bench.options.handshake_timeout = 0.05
    raw = bench.raw()
    raw.line()
    raw.ask(b"EHLO lps\r\n")
    raw.ask(b"STARTTLS\r\n")
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["reason"] == "tls-handshake"
    raw.close()
    bench.options.handshake_timeout = 5.0


def test_clear_text_instead_of_a_handshake(bench: Bench) -> None:
    raw = bench.raw()
    raw.line()
    raw.ask(b"EHLO lps\r\n")
    raw.ask(b"STARTTLS\r\n")
    raw.send(b"EHLO encore\r\n")
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["reason"] == "tls-handshake"
    assert "did not speak TLS" in exchange.facts["tls_error"] or "TLS" in exchange.facts["tls_error"]
    raw.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n",
        b"a\r\n",
        b"a b c d\r\n",
        b"* NOOP\r\n",
        b"a LIST (((((((((((((((((((((((((((((((((((\r\n",
        b"a UID NOOP\r\n",
        b"a FETCH 1 FLAGS\r\n",
        b'a STATUS "x (\r\n',
        b"a LOGIN {9999999999}\r\n",
        b"a NOOP {99999999999999999999}\r\n",
        b"a NOOP\n",
        b"\xff\x00\r\n",
        b"x" * 20_000 + b"\r\n",
        b"a LOGIN {5+}\r\nabcde {5+}\r\nabcde\r\n",
        b"a APPEND INBOX {999999+}\r\n",
    ],
)
def test_odd_imap_lines(bench: Bench, sent: bytes) -> None:
    raw = bench.raw(bench.servers.imap)
    raw.line()
    raw.send(sent)
    answer = raw.line()
    assert b"BAD" in answer or b"NO" in answer or b"BYE" in answer
    raw.close()


def test_imap_wildcards_cannot_hang(bench: Bench) -> None:
    client = bench.imap()
    client.create("a" * 190)
    assert client.list('""', "*a" * 90 + "b")[0] == "OK"
    client.logout()


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")


def curl(bench: Bench, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["curl", "-sS", "--max-time", "10", "--ssl-reqd", "--cacert", str(bench.pki.ca_bundle)]
    return subprocess.run([*command, *arguments], input=stdin, capture_output=True, check=False)


@needs_curl
def test_curl_sends_and_reads(bench: Bench, mail: Mail, tmp_path: Path) -> None:
    login = ("--user", f"{MEDECIN.mailbox}:", "--oauth2-bearer", GOOD, "--login-options", "AUTH=XOAUTH2")
    to = ("--mail-from", MEDECIN.mailbox, "--mail-rcpt", MEDECIN.mailbox, "--upload-file", "-")
    url = f"smtp://localhost:{bench.servers.smtp}/lps.test"
    sent = curl(bench, url, *login, *to, stdin=mail(MEDECIN.mailbox))
    assert sent.returncode == 0, sent.stderr
    read = curl(bench, f"imap://localhost:{bench.servers.imap}/INBOX;UID=1", *login)
    assert read.returncode == 0, read.stderr
    assert read.stdout.rstrip().endswith(mail(MEDECIN.mailbox).rstrip())


@needs_curl
def test_curl_with_a_client_certificate(bench: Bench) -> None:
    pair = bench.pki.pair("cabinet-auth")
    address = "app.cabinet@medecin.test.mssante.fr"
    read = curl(
        bench,
        f"imap://localhost:{bench.servers.imap_app}/",
        *("--cert", str(pair.certificate), "--key", str(pair.key), "--user", f"{address}:x"),
        *("--login-options", "AUTH=PLAIN"),
    )
    assert read.returncode == 0, read.stderr
    assert b"INBOX" in read.stdout


def test_tokens_never_reach_the_journal(bench: Bench) -> None:
    bench.smtp().quit()
    bench.imap().logout()
    bench.wait("IMAP.LOGOUT")
    token = base64.b64encode(f"Bearer {GOOD}".encode()).decode()[4:-4]
    for exchange in bench.journal.exchanges():
        assert GOOD not in f"{exchange.dialogue}{exchange.facts}"
        assert token not in str(exchange.dialogue)
