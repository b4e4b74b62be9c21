"""Who opens a page: the holder of a card, or whoever Pro Santé Connect names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from schemas.vihf import AIR, DIRECT, Role, Vihf, model
from schemas.vihf.certificates import AUTHENTICATION, ORGANISATION, PERSON, Authorities, holder_of
from simulators.core.exchange import Tls
from simulators.core.identities import Employee, Professional

from . import errors

EMPLOYEES = "1.2.250.1.213.1.1.4.6"  # TRE_A00: roles of who is no professional
Holder = Professional | Employee  # of a CPS, or of a CPE
TRANSACTIONS = {DIRECT: "TD0.9", AIR: "TD0.10"}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes, and how they are known: DIRECT by their card, AIR by Pro Santé Connect.

    `session` names the session of a login; empty for a card.
    """

    person: Holder
    mode: str
    session: str = ""

    @property
    def transaction(self) -> str:
        return TRANSACTIONS[self.mode]

    @property
    def name(self) -> str:
        return name_of(self.person)

    @property
    def calling(self) -> str:
        """Profession and speciality (`G15_10/SM26`), or the role of an employee (TRE_A00)."""
        return self.person.role if isinstance(self.person, Employee) else self.person.speciality_code

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
            roles=_roles(one),
        )


def _roles(one: Holder) -> tuple[Role, ...]:
    if isinstance(one, Employee):
        return (Role(one.role, EMPLOYEES),)
    profession = Role(one.profession, model.PROFESSIONS)
    return (profession, Role(one.speciality, model.SPECIALITIES)) if one.speciality else (profession,)


def name_of(one: Holder) -> str:
    """Given name and family name; of a card that names nobody, what stands for them."""
    family, given = one.author_names if isinstance(one, Employee) else (one.family, one.given)
    return f"{given} {family}"


def bearer(tls: Tls | None, authorities: Authorities) -> str:
    """Whose certificate the client showed: PERSON, ORGANISATION, `unknown`; empty without any."""
    certificate = _certificate(tls)
    return "" if certificate is None else authorities.kind(certificate) or "unknown"


def by_card(
    tls: Tls | None, authorities: Authorities, holders: Mapping[str, Holder], now: datetime
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
    person = holders.get(holder)
    if person is None:
        raise errors.unknown_professional(holder)
    return Visitor(person, DIRECT)


def _certificate(tls: Tls | None) -> x509.Certificate | None:
    if tls is None or tls.client_certificate is None:
        return None
    return x509.load_der_x509_certificate(tls.client_certificate)
