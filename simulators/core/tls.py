"""TLS on the server side: contexts, facts of a session, and the diagnosis of a refused client.

asyncio never flushes the fatal alert of a failed handshake (python/cpython#98078), so a client that shows
no certificate sees "connection reset". `watch_failures` mends that with one guarded patch, shared by HTTPS
and STARTTLS listeners.
"""

import asyncio.sslproto
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509

from .exchange import Tls

# The closed list of MSSanté (ECO.1.1.3); the DMP accepts a subset of it plus ChaCha20 (PDT-INF-579).
MSSANTE_CIPHERS = (
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384:"
    "ECDHE-RSA-AES128-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256"
)
DMP_CIPHERS = (
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
)


def server_context(
    certificate: Path,
    key: Path,
    *,
    client_ca: Path | None = None,
    client_required: bool = True,
    ciphers: str | None = None,
    crl: Path | None = None,
) -> ssl.SSLContext:
    """A TLS 1.2+ server context; with `client_ca`, the client must show a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if ciphers:
        context.set_ciphers(ciphers)
    if client_ca is not None:
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
    return Tls(ssl_object.version() or "", cipher[0] if cipher else "", der or None, subject, issuer)


def explain(error: BaseException) -> str:
    """A failed handshake in the words of somebody who can mend it."""
    reason = getattr(error, "reason", "") or str(error)
    known = {
        "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the client showed no certificate: mutual TLS is required here",
        "CERTIFICATE_VERIFY_FAILED": "the client's certificate was refused",
        "NO_SHARED_CIPHER": "the client offers none of the allowed cipher suites",
        "UNSUPPORTED_PROTOCOL": "the client offers no TLS version that is allowed (1.2 at least)",
        "TLSV1_ALERT_UNKNOWN_CA": "the client does not trust the bench's authority: install its CA bundle",
        "SSLV3_ALERT_BAD_CERTIFICATE": "the client refused the bench's certificate",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the client refused the bench's certificate",
        "HTTP_REQUEST": "the client spoke plain HTTP to a TLS port",
        "WRONG_VERSION_NUMBER": "the client did not speak TLS",
    }
    message = next((text for key, text in known.items() if key in reason.upper().replace(" ", "_")), "")
    verify = getattr(error, "verify_message", "")
    detail = f" ({verify})" if verify else ""
    return f"{message}{detail}" if message else f"TLS handshake failed: {reason}{detail}"


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
            flush(self)
        local = transport.get_extra_info("sockname") or ("", 0)
        peer = transport.get_extra_info("peername") or ("?", 0)
        for seen in tuple(_watchers):
            seen(int(local[1]), f"{peer[0]}:{peer[1]}", error)
        transport.close()

    fatal_error.sends_alerts = True  # type: ignore[attr-defined]
    protocol._fatal_error = fatal_error  # type: ignore[method-assign, assignment]
