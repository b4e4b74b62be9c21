"""What real sockets do with good, wrong and hostile clients: alerts say why, and services stay up."""

import contextlib
import socket
import ssl
from collections.abc import Callable

import pytest

from simulators.core import http, tls
from simulators.core.environment import PORTS
from simulators.core.exchange import Exchange
from simulators.core.pki import Pki
from simulators.stack import Stack

from .conftest import read, talk

GET = b"GET /lps HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
POST = b"POST /lps HTTP/1.1\r\nHost: a\r\n"
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
Seen = Callable[[str], Exchange]
Client = Callable[..., ssl.SSLContext]
Port = Callable[[str], int]


def alive(stack: Stack, client: Client, port: Port) -> None:
    """The service answers a proper client."""
    assert talk(client("cabinet-auth"), port("cnam"), GET).startswith(b"HTTP/1.1 405")


@pytest.mark.parametrize("version", [TLS12, TLS13], ids=["1.2", "1.3"])
@pytest.mark.parametrize(
    ("name", "alert", "reason", "subject"),
    [
        ("", {TLS12: "handshake failure", TLS13: "certificate required"}, "no-certificate", ""),
        ("unknown-issuer", "unknown ca", "certificate-unknown-issuer", "cabinet.test.banc"),
        ("expired", "certificate expired", "certificate-expired", "cabinet.test.banc"),
        ("revoked", "certificate revoked", "certificate-revoked", "cabinet.test.banc"),
    ],
)
def test_a_refused_client_is_told_why(
    stack: Stack,
    client: Client,
    port: Port,
    seen: Seen,
    version: ssl.TLSVersion,
    name: str,
    alert: "str | dict[ssl.TLSVersion, str]",
    reason: str,
    subject: str,
) -> None:
    wanted = alert if isinstance(alert, str) else alert[version]
    with pytest.raises(ssl.SSLError) as caught:
        talk(client(name, version), port("cnam"), GET)
    assert wanted in str(caught.value).lower().replace("_", " ")
    refused = seen("TLS.refused")
    assert refused.service == "cnam"
    assert refused.facts["outcome"] == "refused"
    assert refused.facts["reason"] == reason
    assert "certificat" in refused.facts["detail"]
    assert subject in refused.facts.get("subject", "")
    alive(stack, client, port)


def test_an_alert_overtakes_nothing(stack: Stack, client: Client, port: Port) -> None:
    """A client that has already sent a long request still reads its alert, every time."""
    since = stack.journal.position
    for _ in range(10):
        with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required"):
            talk(client("", TLS13), port("dmp"), GET + b"x" * 200_000)
    # the journal hears of a refusal after the client: none is left for the next test to take for its own
    assert stack.journal.wait_for(lambda heard: len(heard) >= 10, since=since, timeout=5)


def test_a_client_that_does_not_trust_the_bench(stack: Stack, port: Port, seen: Seen) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        talk(ssl.create_default_context(), port("psc"), GET)
    assert seen("TLS.refused").facts["reason"] == "unknown-to-client"


def test_ciphers_and_versions(stack: Stack, client: Client, port: Port, seen: Seen) -> None:
    weak = client("cabinet-auth", TLS12)
    weak.set_ciphers("ECDHE-RSA-AES128-SHA:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        talk(weak, port("dmp"), GET)
    assert seen("TLS.refused").facts["reason"] == "no-shared-cipher"


def test_plain_http_on_a_tls_port(stack: Stack, client: Client, port: Port, seen: Seen) -> None:
    with socket.create_connection(("127.0.0.1", port("dmp")), timeout=10) as raw:
        raw.sendall(GET)
        answer = read(raw)
    assert answer.startswith(b"HTTP/1.1 400") and "port TLS" in answer.decode()
    assert seen("TLS.refused").facts["reason"] == "plain-http"
    alive(stack, client, port)


@pytest.mark.parametrize("garbage", [b"\x00" * 64, b"SSH-2.0-x\r\n", b"\x16\x03\x01\xff\xff" + b"\xff" * 64])
def test_garbage_on_a_tls_port(stack: Stack, client: Client, port: Port, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port("dmp")), timeout=10) as raw:
        raw.sendall(garbage)
        raw.shutdown(socket.SHUT_WR)
        read(raw)
    alive(stack, client, port)


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / ",
        POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        b"GET /lps HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"GET /lps HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
    ids=["cl-te", "two-lengths", "blank", "negative", "nul", "long-header", "nonsense"],
)
def test_ambiguous_http_is_refused_once(
    stack: Stack, client: Client, port: Port, seen: Seen, request_: bytes
) -> None:
    since = stack.journal.position
    answer = talk(client("cabinet-auth"), port("cnam"), request_)
    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400")) and answer.count(b"HTTP/1.") == 1
    malformed = seen("HTTP.malformed")
    assert malformed.service == "cnam" and malformed.facts["reason"]
    assert stack.journal.position == since + 1
    alive(stack, client, port)


def test_a_header_that_is_no_text_is_kept_as_evidence(
    stack: Stack, client: Client, port: Port, seen: Seen
) -> None:
    request = b"GET /jamais HTTP/1.1\r\nHost: localhost\r\nX-Octets: caf\xe9\r\nConnection: close\r\n\r\n"
    assert b" 404 " in talk(client(), port("psc"), request)
    assert "X-Octets: caf\\xe9" in seen("?").request_head
    assert stack.journal.intact()


def test_a_body_that_is_announced_too_large(stack: Stack, client: Client, port: Port, seen: Seen) -> None:
    head = POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (http.MAX_BODY + 1)
    with (
        socket.create_connection(("127.0.0.1", port("cnam")), timeout=10) as raw,
        client("cabinet-auth").wrap_socket(raw, server_hostname="localhost") as secure,
    ):
        secure.sendall(head)
        assert secure.recv(65536).startswith(b"HTTP/1.1 413")
    assert seen("INSi.?").facts["reason"] == "body too large"


def test_a_body_that_turns_out_too_large(
    stack: Stack, client: Client, port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 100_000)
    head = POST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    answer = talk(client("cabinet-auth"), port("cnam"), head + 4 * chunk + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    alive(stack, client, port)


def test_expect_continue(stack: Stack, client: Client, port: Port) -> None:
    head = POST + b"Expect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", port("cnam")), timeout=10) as raw,
        client("cabinet-auth").wrap_socket(raw, server_hostname="localhost") as secure,
    ):
        secure.sendall(head)
        assert secure.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        secure.sendall(b"<a/>")
        assert read(secure).startswith(b"HTTP/1.1 500")


def test_slow_clients_hold_nobody_up(stack: Stack, client: Client, port: Port) -> None:
    slow = []
    for index in range(40):
        raw = socket.create_connection(("127.0.0.1", port("cnam")), timeout=10)
        if index % 2:
            secure = client("cabinet-auth").wrap_socket(raw, server_hostname="localhost")
            secure.sendall(POST + b"Content-Length: 1000\r\n\r\nx")
            slow.append(secure)
        else:
            raw.sendall(b"\x16\x03\x01")  # the beginning of a handshake
            slow.append(raw)
    try:
        alive(stack, client, port)
    finally:
        for one in slow:
            one.close()
    alive(stack, client, port)


def test_the_certificate_message_is_read_in_both_layouts() -> None:
    tls12 = b"\x0b\x00\x00\x0a" + b"\x00\x00\x06" + b"\x00\x00\x03abc"
    assert tls.leaf_of(tls12, tls13=False) == b"abc"
    tls13 = b"\x0b\x00\x00\x0d" + b"\x00" + b"\x00\x00\x08" + b"\x00\x00\x03abc" + b"\x00\x00"
    assert tls.leaf_of(tls13, tls13=True) == b"abc"
    for cut in range(len(tls13)):
        assert len(tls.leaf_of(tls13[:cut], tls13=True)) <= 3
    assert tls.leaf_of(b"", tls13=True) == b""


def free_base() -> int:
    """A port base with every port free, below the range that the system draws client ports from."""
    for base in range(20_000, 30_000, len(PORTS)):
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for offset in range(len(PORTS)):
                held.enter_context(socket.create_server(("127.0.0.1", base + offset)))
            return base
    raise AssertionError("no free ports")


def test_a_taken_port_leaves_nothing_running(pki: Pki, stack: Stack) -> None:
    from simulators.stack import StackSettings

    base = free_base()
    with socket.create_server(("127.0.0.1", base + PORTS.index("annuaire"))):
        other = Stack(StackSettings(seed=1, pki=pki.folder, port_base=base))
        with pytest.raises(OSError):
            other.start()
        with socket.create_server(("127.0.0.1", base)):
            pass
