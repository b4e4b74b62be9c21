"""What every mail session is given, whichever its protocol."""

import hashlib
import ssl
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulators.core.exchange import Tls
from simulators.core.faults import Fault
from simulators.core.pki import Pki
from simulators.core.service import Context
from simulators.core.tls import MSSANTE_CIPHERS, server_context

from .faults import CERTIFICATES
from .options import Options
from .recorder import SERVICE, Recorder
from .sasl import Attempt, Flood, Gate
from .service import Operator
from .state import Mailbox

PO, APP = "po", "app"  # the two interfaces of the API LPS

_CODES = {
    0xC030: "ECDHE-RSA-AES256-GCM-SHA384",
    0xC02F: "ECDHE-RSA-AES128-GCM-SHA256",
    0xC028: "ECDHE-RSA-AES256-SHA384",
    0xC027: "ECDHE-RSA-AES128-SHA256",
    0x009F: "DHE-RSA-AES256-GCM-SHA384",
    0x009E: "DHE-RSA-AES128-GCM-SHA256",
}
_NOT_SUITES = {0x00FF, 0x5600}  # signalling values


@dataclass(slots=True)
class Upgrades:
    """TLS contexts of the listeners, made once each, and the ClientHello of each session."""

    pki: Pki
    contexts: dict[tuple[str, str], ssl.SSLContext] = field(default_factory=dict)
    hellos: "weakref.WeakKeyDictionary[Any, bytes]" = field(default_factory=weakref.WeakKeyDictionary)

    def context(self, interface: str, fault: Fault | None) -> ssl.SSLContext:
        """The context of an interface; a fault of `CERTIFICATES` shows another certificate.

        Raises FileNotFoundError when the PKI has no such pair.
        """
        name = CERTIFICATES.get(fault.kind, "server") if fault is not None else "server"
        if (interface, name) not in self.contexts:
            pair = self.pki.pair(name)
            made = server_context(
                pair.certificate,
                pair.key,
                client_ca=self.pki.ca_bundle if interface == APP else None,
                client_required=False,  # its absence is told by a reply, which says more than an alert
                ciphers=MSSANTE_CIPHERS,
            )
            if hasattr(made, "_msg_callback"):
                made._msg_callback = self._listen
            self.contexts[(interface, name)] = made
        return self.contexts[(interface, name)]

    def _listen(
        self, connection: Any, direction: str, version: Any, content_type: Any, message: Any, data: bytes
    ) -> None:
        if direction == "read" and getattr(message, "name", "") == "CLIENT_HELLO":
            self.hellos[connection] = data

    def beyond_list(self, ssl_object: Any) -> list[str]:
        """TLS 1.2 suites offered by the client that are not in the closed list, as hex codes."""
        hello = self.hellos.get(ssl_object, b"")
        return [
            f"0x{code:04X}"
            for code in offered_suites(hello)
            if code not in _CODES
            and code not in _NOT_SUITES
            and code >> 8 != 0x13
            and code & 0x0F0F != 0x0A0A
        ]


def offered_suites(hello: bytes) -> Sequence[int]:
    """Cipher suite codes of a ClientHello handshake message; empty when it is not one."""
    if len(hello) < 39 or hello[0] != 1:
        return ()
    start = 39 + hello[38]
    length = int.from_bytes(hello[start : start + 2], "big")
    codes = hello[start + 2 : start + 2 + length]
    return [int.from_bytes(codes[i : i + 2], "big") for i in range(0, len(codes) - 1, 2)]


@dataclass(slots=True)
class Desk:
    """Shared by all sessions of the mail servers."""

    context: Context
    operator: Operator
    gate: Gate
    recorder: Recorder
    options: Options
    upgrades: Upgrades
    flood: Flood = field(default_factory=Flood)
    sessions: "set[Any]" = field(default_factory=set)
    accepted: dict[str, bytes] = field(default_factory=dict)  # SHA-256 of the first mail by Message-ID

    def fault(self, transaction: str) -> Fault | None:
        """The fault that this call must suffer, if any."""
        return self.context.faults.take(SERVICE, transaction)

    def authenticate(
        self, interface: str, attempt: Attempt, clear: bytes, tls: Tls | None
    ) -> tuple[Attempt, Mailbox | None]:
        """Judge a decoded SASL response as its interface wants it; no mailbox when it is refused."""
        now = self.context.clock.now()
        if interface == APP:
            return self.gate.plain(attempt, clear, tls, now)
        return self.gate.xoauth2(attempt, clear, now)

    def reused(self, message_id: str, source: bytes, outcome: str) -> bool:
        """Whether another mail was accepted under this Message-ID; the same one sent again is not another."""
        digest = hashlib.sha256(source).digest()
        known = self.accepted.setdefault(message_id, digest) if outcome == "accepted" else digest
        return bool(message_id) and known != digest

    def failed(self, error: BaseException) -> None:
        """Note a bug of ours on the exchange that is about to be recorded: never a finding."""
        journal = self.context.journal
        journal.bench_errors.append((journal.position + 1, f"{type(error).__name__}: {error}"))
