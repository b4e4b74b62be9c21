"""What goes wrong below HTTP, on real TLS sockets: cut, trickled and closed answers, wrong certificates."""

import socket
import ssl
from collections.abc import Callable, Iterator

import pytest

from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.psc.service import REALM
from simulators.stack import Stack

from .conftest import read

PATH = f"{REALM}/.well-known/openid-configuration"
GET = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
WRONG = ("expired", "host", "issuer", "revoked", "range")
Client = Callable[..., ssl.SSLContext]
Port = Callable[[str], int]
Seen = Callable[[str], Exchange]


@pytest.fixture(autouse=True)
def calm(stack: Stack) -> Iterator[None]:
    yield
    stack.faults.clear()


def careless(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A client that verifies nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def ask(context: ssl.SSLContext, port: int, name: str | None = "localhost") -> tuple[bytes, bytes]:
    """The certificate shown and all that comes back."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=name) as secure,
    ):
        secure.sendall(GET)
        return secure.getpeercert(True) or b"", read(secure)


def parted(answer: bytes) -> tuple[int, bytes]:
    """The announced length and the body that came."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return int(lengths[0].partition(b":")[2]), body


def right(stack: Stack, client: Client, port: Port) -> bytes:
    """The whole body of a right answer."""
    length, body = parted(ask(client(), port("psc"))[1])
    assert length == len(body)
    return body


def test_closed_before_the_answer(stack: Stack, client: Client, port: Port, seen: Seen) -> None:
    stack.rule("psc/PSC.*: closed")
    with pytest.raises((ConnectionError, ssl.SSLError)):
        if ask(client(), port("psc"))[1] == b"":
            raise ConnectionError
    exchange = seen("PSC.discovery")
    assert (exchange.fault, exchange.response_head, exchange.response_body) == ("closed", "", b"")
    right(stack, client, port)


def test_cut_in_the_middle_of_the_body(stack: Stack, client: Client, port: Port, seen: Seen) -> None:
    whole = right(stack, client, port)
    stack.rule("psc/PSC.*: cut-in-body")
    length, body = parted(ask(client(), port("psc"))[1])
    assert (length, body) == (len(whole), whole[: len(whole) // 2])
    assert seen("PSC.discovery").response_body == body


def test_a_body_in_pieces(stack: Stack, client: Client, port: Port) -> None:
    whole = right(stack, client, port)
    stack.schedule(Fault("psc", "PSC.*", "slow-body", params={"seconds": 0.04, "pieces": 5}))
    with (
        socket.create_connection(("127.0.0.1", port("psc")), timeout=10) as raw,
        client().wrap_socket(raw, server_hostname="localhost") as secure,
    ):
        secure.sendall(GET)
        pieces = []
        while chunk := secure.recv(65_536):
            pieces.append(chunk)
    length, body = parted(b"".join(pieces))
    assert (length, body) == (len(whole), whole)
    assert len(pieces) >= 5  # one TLS record a piece at least


@pytest.mark.parametrize("kind", ["malformed", "empty", "not-xml", "wrong-content-type"])
def test_a_whole_answer_that_is_wrong(stack: Stack, client: Client, port: Port, kind: str) -> None:
    stack.rule(f"psc/PSC.*: {kind}")
    length, body = parted(ask(client(), port("psc"))[1])
    assert length == len(body)


@pytest.mark.parametrize("version", [TLS12, TLS13], ids=["1.2", "1.3"])
@pytest.mark.parametrize("kind", WRONG)
def test_a_careful_client_refuses(
    stack: Stack, client: Client, port: Port, seen: Seen, kind: str, version: ssl.TLSVersion
) -> None:
    stack.rule(f"psc/TLS: bad-certificate {kind}")
    if kind in ("revoked", "range"):  # only a client that knows the CRL, or the range, can tell
        ask(client("", version), port("psc"))
        assert seen("PSC.discovery").facts["presented"] == kind
        return
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(client("", version), port("psc"))
    refused = seen("TLS.refused")
    assert (refused.fault, refused.facts["presented"]) == ("bad-certificate", kind)
    assert "comme il se doit" in refused.facts["detail"]  # not « installez ca-bundle.pem »
    assert seen("TLS.presented").facts["injected"] == f"bad-certificate kind={kind}"
    right(stack, client, port)


@pytest.mark.parametrize("name", ["localhost", None], ids=["sni", "no-sni"])
@pytest.mark.parametrize("kind", WRONG)
def test_a_careless_client_is_evidence(
    stack: Stack, port: Port, seen: Seen, kind: str, name: str | None
) -> None:
    good, _ = ask(careless(), port("psc"), name)
    stack.rule(f"psc/TLS: bad-certificate {kind}")
    shown, _ = ask(careless(), port("psc"), name)
    exchange = seen("PSC.discovery")
    assert shown != good and exchange.accepted
    assert (exchange.fault, exchange.facts["presented"]) == ("bad-certificate", kind)
    assert exchange.tls is not None and exchange.tls.presented == kind
    after, _ = ask(careless(), port("psc"), name)
    assert after == good
    assert "presented" not in seen("PSC.discovery").facts


@pytest.mark.parametrize("version", [TLS12, TLS13], ids=["1.2", "1.3"])
def test_a_resumed_session_does_not_hide_the_certificate(
    stack: Stack, port: Port, seen: Seen, version: ssl.TLSVersion
) -> None:
    context = careless(version)

    def session(before: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bool]:
        with (
            socket.create_connection(("127.0.0.1", port("psc")), timeout=10) as raw,
            context.wrap_socket(raw, server_hostname="localhost", session=before) as secure,
        ):
            secure.sendall(GET)
            read(secure)
            return secure.session, bool(secure.session_reused)

    first, _ = session(None)
    assert session(first)[1]  # this client does resume
    stack.rule("psc/TLS: bad-certificate expired")
    assert not session(first)[1]
    assert seen("PSC.discovery").facts["presented"] == "expired"


def test_mutual_tls_still_names_the_client(stack: Stack, client: Client, port: Port, seen: Seen) -> None:
    """Behind a wrong certificate the client's own is asked for, verified and named all the same."""
    stack.rule("TLS: 1-2 bad-certificate issuer")
    context = careless()
    pair = stack.pki.pair("cabinet-auth")
    context.load_cert_chain(pair.certificate, pair.key)
    ask(context, port("dmp"))
    exchange = seen("?")
    assert exchange.facts["presented"] == "issuer"
    assert exchange.tls is not None and "cabinet.test.banc" in exchange.tls.client_subject
    pair = stack.pki.pair("revoked")
    context.load_cert_chain(pair.certificate, pair.key)
    with pytest.raises(ssl.SSLError):
        ask(context, port("dmp"))
    refused = seen("TLS.refused")
    assert (refused.facts["reason"], refused.facts["presented"]) == ("certificate-revoked", "issuer")
    assert "cabinet.test.banc" in refused.facts["subject"]


def test_each_listener_has_its_own_turn(stack: Stack, client: Client, port: Port) -> None:
    stack.rule("annuaire/TLS: bad-certificate")
    right(stack, client, port)
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(client(), port("annuaire"))
