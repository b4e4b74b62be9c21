"""What the ports with mutual TLS share, in the stack and in the processes that help it."""

from schemas.messages import text

from .core import tls
from .core.clock import Clock
from .core.exchange import Exchange
from .core.faults import BAD_CERTIFICATE
from .core.pki import Pair, Pki


def mutual_context(pki: Pki, shown: Pair) -> tls.ServerContext:
    """TLS of the DMP and of the Cnam: the client shows a certificate, the list of suites is theirs."""
    return tls.server_context(
        shown.certificate, shown.key, client_ca=pki.ca_bundle, ciphers=tls.DMP_CIPHERS, crl=pki.crl
    )


def refused(service: str, clock: Clock, peer: str, error: BaseException) -> Exchange:
    """The evidence of a handshake that failed, with the reason in words that help."""
    facts = {"outcome": "refused", "reason": tls.reason(error), "detail": tls.explain(error)}
    certificate = tls.offered(error)
    if certificate is not None:
        facts["subject"] = certificate.subject.rfc4514_string()
        facts["issuer"] = certificate.issuer.rfc4514_string()
    presented = tls.presented(error)
    if presented:
        facts["presented"] = presented
        facts["detail"] = text("tls.presented", kind=presented)
    return Exchange(
        number=0,
        service=service,
        transaction="TLS.refused",
        started=clock.now(),
        duration=0.0,
        request_head=f"TLS {peer}",
        response_head=str(error),
        facts=facts,
        fault=BAD_CERTIFICATE if presented else "",
    )
