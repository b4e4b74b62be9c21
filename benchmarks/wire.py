"""One HTTPS connection to the DMP, kept alive, in mutual TLS: answers told apart as a right client does."""

import http.client
import socket
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from schemas.soap import envelope, message, mtom
from schemas.xml import Element, XmlRefused
from simulators.core.pki import Pki

from .messages import Sealed

PATIENCE = 30.0  # seconds
READABLE = ("application/soap+xml", "multipart/related")


class Doubt(Exception):
    """No readable answer: it may have been done, or not."""


class Unavailable(Exception):
    """Nothing was done: it may be asked again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A readable answer: the body of the envelope, its attachments, the fault it is if it is one."""

    body: Element
    attachments: dict[str, bytes]
    fault: envelope.SoapFault | None


@dataclass(slots=True)
class Wire:
    """A client of one DMP. Not safe to use from several threads."""

    url: str
    pki: Pki
    _context: ssl.SSLContext = field(init=False)
    _connection: http.client.HTTPSConnection | None = None

    def __post_init__(self) -> None:
        pair = self.pki.pair("cabinet-auth")
        self._context = ssl.create_default_context(cafile=str(self.pki.ca_bundle))
        self._context.load_cert_chain(pair.certificate, pair.key)

    def send(self, sent: Sealed) -> Answer:
        """Send a message, once. Raises Doubt and Unavailable."""
        status, content_type, body = self.raw(sent)
        if status == 503:
            raise Unavailable
        if not content_type.lower().startswith(READABLE):
            raise Doubt(f"HTTP {status}, {content_type}")
        try:
            carried = message.read(content_type, body)
            read = envelope.read(carried.root)
        except (mtom.MultipartRefused, XmlRefused, envelope.EnvelopeRefused) as error:
            raise Doubt(f"HTTP {status}, {content_type}: {error}") from None
        return Answer(read.body, dict(carried.referenced()), envelope.read_fault(read.body))

    def raw(self, sent: Sealed) -> tuple[int, str, bytes]:
        """Status, content type and body. Raises Doubt, and Unavailable when no connection can be had."""
        connection = self._connection or self._connect()
        try:
            connection.request("POST", sent.path, sent.body, {"Content-Type": sent.content_type})
            reply = connection.getresponse()
            body = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Doubt(f"{type(error).__name__}: {error}") from None
        if reply.will_close:
            self.close()
        return reply.status, reply.headers.get("Content-Type", ""), body

    def _connect(self) -> http.client.HTTPSConnection:
        parts = urlsplit(self.url)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=PATIENCE, context=self._context
        )
        try:
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            raise Unavailable(str(error)) from None
        self._connection = connection
        return connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
