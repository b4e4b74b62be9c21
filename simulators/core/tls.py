"""TLS on the server side: contexts, facts of a session, and the diagnosis of a refused client.

asyncio never flushes the fatal alert of a failed handshake (python/cpython#98078), so a client that shows
no certificate sees "connection reset". `watch_failures` mends that with one guarded patch, shared by HTTPS
and STARTTLS listeners.
"""

import asyncio.sslproto
import contextlib
import ssl
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509

from schemas.messages import text

from .exchange import Tls

# The closed list of MSSanté (ECO.1.1.3); the DMP accepts a subset of it plus ChaCha20 (PDT-INF-579).
MSSANTE_CIPHERS = (
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384:"
    "ECDHE-RSA-AES128-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256"
)
LINGER = 1.0  # seconds during which a refused client may still read its alert
PLAIN_HTTP = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"HTTP en clair sur un port TLS : utilisez https://\n"
)
DMP_CIPHERS = (
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
)


class ServerContext(ssl.SSLContext):
    """A context that remembers the certificate which each client offers, so that a refused one can be named.

    Python only tells the peer's certificate once it is accepted; the handshake messages tell it before.
    """

    _msg_callback: Any
    offers: "weakref.WeakKeyDictionary[Any, bytes]"
    presented: str = ""  # what is wrong with the certificate of this context; empty: nothing
    choose: "Callable[[], ServerContext | None] | None" = None  # another context for the next connection

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """A session of the context chosen for this connection.

        A whole context is changed, not a certificate in the middle of a handshake: sessions of one are not
        resumed in the other, and nothing depends on the server name that the client sends, or does not.
        """
        other = self.choose() if self.choose is not None else None
        made: ssl.SSLObject = (
            super().wrap_bio(*args, **options) if other is None else other.wrap_bio(*args, **options)
        )
        return made

    def remember_offers(self) -> None:
        """Start to remember. Does nothing where Python no longer has the private hook."""
        self.offers = weakref.WeakKeyDictionary()
        offers = self.offers

        def heard(
            connection: Any, direction: str, version: int, _kind: Any, message: Any, data: bytes
        ) -> None:
            if direction == "read" and getattr(message, "name", "") == "CERTIFICATE":
                offers[connection] = leaf_of(data, tls13=version >= ssl.TLSVersion.TLSv1_3)

        if hasattr(self, "_msg_callback"):
            self._msg_callback = heard

    def offered(self, connection: Any) -> x509.Certificate | None:
        """The leaf that this client offered, accepted or not; None when it offered none."""
        der = getattr(self, "offers", {}).get(connection)
        try:
            return x509.load_der_x509_certificate(der) if der else None
        except ValueError:
            return None


def leaf_of(message: bytes, *, tls13: bool) -> bytes:
    """DER of the first certificate of a handshake message Certificate; empty when it holds none.

    Sources: RFC 5246 §7.4.2, RFC 8446 §4.4.2.
    """
    at = 4
    if tls13:
        at += 1 + (message[at] if len(message) > at else 0)
    length = int.from_bytes(message[at + 3 : at + 6], "big")
    return message[at + 6 : at + 6 + length]


def server_context(
    certificate: Path,
    key: Path,
    *,
    client_ca: Path | None = None,
    client_required: bool = True,
    ciphers: str | None = None,
    crl: Path | None = None,
) -> ServerContext:
    """A TLS 1.2+ server context; with `client_ca`, the client must show a certificate of that authority."""
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if ciphers:
        context.set_ciphers(ciphers)
    if client_ca is not None:
        context.remember_offers()
        context.verify_mode = ssl.CERT_REQUIRED if client_required else ssl.CERT_OPTIONAL
        context.load_verify_locations(client_ca)
    if crl is not None:
        context.load_verify_locations(crl)
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    return context


def facts(ssl_object: Any) -> Tls | None:
    """The facts of an established session, from an `SSLObject` or `SSLSocket`; None without TLS."""
    if ssl_object is None:
        return None
    cipher = ssl_object.cipher()
    der = ssl_object.getpeercert(True)
    subject = issuer = ""
    if der:
        certificate = x509.load_der_x509_certificate(der)
        subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    presented = getattr(ssl_object.context, "presented", "")
    return Tls(
        ssl_object.version() or "", cipher[0] if cipher else "", der or None, subject, issuer, presented
    )


_REASONS = {  # word of OpenSSL → ours
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no-certificate",
    "NO_SHARED_CIPHER": "no-shared-cipher",
    "UNSUPPORTED_PROTOCOL": "version",
    "NO_PROTOCOLS_AVAILABLE": "version",
    "TLSV1_ALERT_UNKNOWN_CA": "unknown-to-client",
    "SSLV3_ALERT_BAD_CERTIFICATE": "refused-by-client",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "refused-by-client",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "refused-by-client",
    "HTTP_REQUEST": "plain-http",
    "WRONG_VERSION_NUMBER": "not-tls",
    "UNKNOWN_PROTOCOL": "not-tls",
    "BAD_RECORD_TYPE": "not-tls",
}
_VERIFICATIONS = {  # X509_V_ERR_… → our word
    9: "certificate-not-yet-valid",
    10: "certificate-expired",
    18: "certificate-unknown-issuer",
    19: "certificate-unknown-issuer",
    20: "certificate-unknown-issuer",
    21: "certificate-unknown-issuer",
    23: "certificate-revoked",
    26: "certificate-wrong-usage",
}


def reason(error: BaseException) -> str:
    """A stable word for a failed handshake: `no-certificate`, `certificate-expired`, `plain-http`…"""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFICATIONS.get(error.verify_code, "certificate-refused")
    said = str(getattr(error, "reason", "") or error).upper().replace(" ", "_")
    return next((ours for theirs, ours in _REASONS.items() if theirs in said), "handshake")


def explain(error: BaseException, lang: str = "fr") -> str:
    """A failed handshake in the words of somebody who can mend it, with what OpenSSL said."""
    said = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
    return f"{text(f'tls.{reason(error)}', lang)} ({said})"


def offered(error: BaseException) -> x509.Certificate | None:
    """The certificate that the client offered in the handshake that failed with this error, when known."""
    found = getattr(error, "offered", None)
    return found if isinstance(found, x509.Certificate) else None


def presented(error: BaseException) -> str:
    """What was wrong with the certificate shown in the handshake that failed with this error; else empty."""
    return str(getattr(error, "presented", ""))


class _Farewell(asyncio.Protocol):
    """Closes a refused connection so that its last bytes arrive.

    In TLS 1.3 the client has often sent its request already; closing with bytes unread would make the kernel
    send a reset, which overtakes the alert.
    """

    def __init__(self, before: Any, transport: Any) -> None:
        self._before, self._transport = before, transport

    def say(self) -> None:
        try:
            self._transport.set_protocol(self)
            self._transport.resume_reading()
            self._transport.write_eof()
        except Exception:
            self._transport.close()
            return
        self._end = asyncio.get_running_loop().call_later(LINGER, self._transport.close)

    def eof_received(self) -> None:
        """The client has closed too: the transport closes itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        self._before.connection_lost(exc)


Failure = Callable[[int, str, BaseException], None]  # local port, peer, error
_watchers: list[Failure] = []  # asyncio has one SSLProtocol for the whole process, so the patch is one too


def watch_failures(seen: Failure) -> Callable[[], None]:
    """Hear of each refused handshake, `seen(local port, peer, error)`; returns the way to stop.

    The first call mends asyncio so that the client gets its fatal TLS alert. Where asyncio no longer has the
    private method, nothing is mended and nothing is heard.
    """
    _send_alerts()
    _watchers.append(seen)

    def stop() -> None:
        if seen in _watchers:
            _watchers.remove(seen)

    return stop


def _send_alerts() -> None:
    protocol = asyncio.sslproto.SSLProtocol
    original = getattr(protocol, "_fatal_error", None)
    flush = getattr(protocol, "_process_outgoing", None)
    if original is None or flush is None or getattr(original, "sends_alerts", False):
        return

    def fatal_error(self: Any, error: BaseException, message: str = "Fatal error on transport") -> None:
        transport = self._transport
        if not isinstance(error, ssl.SSLError) or not self._server_side or transport is None:
            original(self, error, message)
            return
        with contextlib.suppress(Exception):
            if error.reason == "HTTP_REQUEST":
                transport.write(PLAIN_HTTP)
            else:
                flush(self)
        local = transport.get_extra_info("sockname") or ("", 0)
        peer = transport.get_extra_info("peername") or ("?", 0)
        with contextlib.suppress(Exception):
            shown = self._sslobj.context  # not self._sslcontext, when another was chosen
            error.presented = getattr(shown, "presented", "")  # type: ignore[attr-defined]
            error.offered = shown.offered(self._sslobj)  # type: ignore[attr-defined]
        for seen in tuple(_watchers):
            seen(int(local[1]), f"{peer[0]}:{peer[1]}", error)
        _Farewell(self, transport).say()

    fatal_error.sends_alerts = True  # type: ignore[attr-defined]
    protocol._fatal_error = fatal_error  # type: ignore[method-assign, assignment]
