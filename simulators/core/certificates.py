"""Wrong certificates on demand: what a listener shows at the next handshakes, which a client must refuse."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from schemas.messages import text

from .exchange import Exchange
from .faults import BAD_CERTIFICATE, TLS, Fault
from .pki import Pair, Pki
from .service import Context
from .tls import ServerContext

# What is wrong, and the pair of the PKI that shows it.
CERTIFICATES = {
    "expired": "server-expired",
    "host": "server-wrong-host",
    "issuer": "server-unknown-authority",
    "revoked": "server-revoked",
    "range": "server-wrong-range",
}
DEFAULT = "expired"


@dataclass(slots=True)
class WrongCertificates:
    """Chooses the context of each connection of one listener. `make` builds a context around a pair."""

    listener: str
    pki: Pki
    context: Context
    make: Callable[[Pair], ServerContext]
    _made: dict[str, ServerContext] = field(default_factory=dict)

    def choose(self) -> ServerContext | None:
        """The context that shows what the due fault asks for, and the evidence of it; None: the right one.

        One connection counts as one handshake, even when its client leaves before.
        """
        fault = self.context.faults.take(self.listener, TLS)
        if fault is None:
            return None
        kind = str(fault.params.get("kind", DEFAULT))
        if kind not in self._made:
            made = self.make(self.pki.pair(CERTIFICATES.get(kind, CERTIFICATES[DEFAULT])))
            made.presented = kind
            self._made[kind] = made
        self.context.journal.append(shown(self.listener, kind, fault, self.context.clock.now()))
        return self._made[kind]


def shown(listener: str, kind: str, fault: Fault, now: datetime) -> Exchange:
    """The evidence that a wrong certificate was shown, whatever the client then does."""
    return Exchange(
        number=0,
        service=listener,
        transaction="TLS.presented",
        started=now,
        duration=0.0,
        facts={
            "outcome": "presented",
            "presented": kind,
            "injected": fault.told(),
            "detail": text("tls.shown", kind=kind),
        },
        fault=BAD_CERTIFICATE,
    )
