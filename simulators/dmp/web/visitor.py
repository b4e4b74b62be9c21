"""Who opens a page: the holder of a card, or whoever Pro Santé Connect names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from schemas.vihf import AIR, DIRECT, Role, Vihf, model
from schemas.vihf.certificates import AUTHENTICATION, ORGANISATION, PERSON, Authorities, holder_of
from simulators.core.exchange import Tls
from simulators.core.identities import Professional

from . import errors

TRANSACTIONS = {DIRECT: "TD0.9", AIR: "TD0.10"}


@dataclass(frozen=True, slots=True)
class Visitor:
    """A professional, and how they are known: DIRECT by their card, AIR by Pro Santé Connect.

    `session` names the session of a login; empty for a card.
    """

    person: Professional
    mode: str
    session: str = ""

    @property
    def transaction(self) -> str:
        return TRANSACTIONS[self.mode]

    def vihf(self) -> Vihf:
        """What the rights of the DMP are decided on, said of this visitor: always `normal` access."""
        one = self.person
        return Vihf(
            id="",
            version="2.0",
            issue_instant="",
            issuer="",
            issuer_format="",
            name_id=one.id_nat,
            authn_instant="",
            authn_context="",
            authn_decl="",
            attributes={model.MODE: (self.mode,), model.STRUCTURE: (one.structure.id_nat,)},
            roles=(Role(one.profession, model.PROFESSIONS), Role(one.speciality, model.SPECIALITIES)),
        )


def bearer(tls: Tls | None, authorities: Authorities) -> str:
    """Whose certificate the client showed: PERSON, ORGANISATION, `unknown`; empty without any."""
    certificate = _certificate(tls)
    return "" if certificate is None else authorities.kind(certificate) or "unknown"


def by_card(
    tls: Tls | None, authorities: Authorities, professionals: Mapping[str, Professional], now: datetime
) -> Visitor | None:
    """The holder of the card shown; None without a certificate. Raises Refused."""
    certificate = _certificate(tls)
    if certificate is None:
        return None
    subject = certificate.subject.rfc4514_string()
    problems = authorities.problems(certificate, AUTHENTICATION, now)
    kind = authorities.kind(certificate)
    if problems:
        raise errors.bad_card(problems[0], subject)
    if kind == ORGANISATION:
        raise errors.organisation(subject)
    if kind != PERSON:
        raise errors.bad_card("unknown-issuer", subject)
    holder = holder_of(certificate)
    person = professionals.get(holder)
    if person is None:
        raise errors.unknown_professional(holder)
    return Visitor(person, DIRECT)


def _certificate(tls: Tls | None) -> x509.Certificate | None:
    if tls is None or tls.client_certificate is None:
        return None
    return x509.load_der_x509_certificate(tls.client_certificate)
