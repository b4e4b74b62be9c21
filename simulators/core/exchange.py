"""Exchange: one request and its answer, as bytes, with transport facts and what was understood of them.

The one evidence model for SOAP/MTOM, REST, SMTP and IMAP, and for the actions asked of the vendor's software.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .clock import iso


@dataclass(frozen=True, slots=True)
class Tls:
    """Facts of a TLS session, as the server saw it."""

    version: str  # "TLSv1.2", "TLSv1.3"
    cipher: str  # OpenSSL name
    client_certificate: bytes | None = None  # DER of the leaf
    client_subject: str = ""  # RFC 4514
    client_issuer: str = ""
    presented: str = ""  # what is wrong with the certificate that the bench showed, when it plays that


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a mail dialogue. `side` is "C" (client), "S" (server) or "*" (a remark of the bench)."""

    side: str
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request/answer pair.

    `transaction` is the field's name for it: `TD2.1`, `INSi.traits`, `EPU.create`, `PSC.token`,
    `SMTP.message`, `IMAP.FETCH`, `SUT.mail.send`. `facts` is what a scenario looks for, in plain JSON
    (patient matricule, unique ids, outcome…): decoded, never secret. For mail, `dialogue` holds the lines
    and `request_body` the source of the mail.
    """

    number: int
    service: str
    transaction: str
    started: datetime
    duration: float  # seconds
    request_head: str = ""
    request_body: bytes = b""
    response_head: str = ""
    response_body: bytes = b""
    dialogue: tuple[Line, ...] = ()
    tls: Tls | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    scenario: str = ""
    fault: str = ""  # name of the fault that the bench injected here, if any
    chain: str = ""  # hash of this entry and of the one before it

    @property
    def id(self) -> str:
        return f"x{self.number:06d}"

    @property
    def accepted(self) -> bool:
        """True when the service did what was asked (`facts["outcome"] == "accepted"`)."""
        return self.facts.get("outcome") == "accepted"

    def links(self) -> dict[str, str]:
        """SHA-256 of each body, by role, the name under which evidence is stored."""
        bodies = {"request": self.request_body, "response": self.response_body}
        return {role: hashlib.sha256(body).hexdigest() for role, body in bodies.items() if body}

    def seal(self, previous: str, links: Mapping[str, str] | None = None) -> str:
        """The chain hash of this exchange after `previous`: changing any byte of the past breaks it.

        `links`: what `links()` says, where it is known already. The hash can be computed again from a
        record: an instant counts to the millisecond, as records write it.
        """
        core = [
            previous,
            self.number,
            self.service,
            self.transaction,
            iso(self.started),
            self.request_head,
            self.response_head,
            [[line.side, line.text] for line in self.dialogue],
            self.links() if links is None else links,
            self.facts,
            self.scenario,
            self.fault,
        ]
        canonical = json.dumps(core, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()
