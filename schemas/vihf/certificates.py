"""Certificates against the authorities of a run: chain, usage, validity, revocation. Source: RFC 5280."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schemas.certificates import may_commit

AUTHENTICATION = "authentication"  # AUTH_CLI: digitalSignature and clientAuth
PERSON, ORGANISATION = "person", "organisation"  # whose certificate: a card's, or a structure's
SIGNATURE = "signature"  # SIGN: contentCommitment (nonRepudiation)
MAX_KNOWN = 256


@dataclass(frozen=True, slots=True)
class Authorities:
    """Who is trusted: root and issuing authorities, and the serial numbers in the CRL."""

    certificates: tuple[x509.Certificate, ...]
    revoked: frozenset[int] = frozenset()
    _known: dict[tuple[x509.Certificate, str], tuple[bool, bool]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _kinds: dict[x509.Certificate, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, certificates: Iterable[x509.Certificate], revoked: Iterable[int] = ()) -> "Authorities":
        return cls(tuple(certificates), frozenset(revoked))

    def problems(self, certificate: x509.Certificate, usage: str, now: datetime) -> list[str]:
        """Why this certificate can't be accepted: `unknown-issuer`, `expired`, `not-yet-valid`, `revoked`,
        `wrong-usage`. Empty when it can."""
        issued, allowed = self._lasting(certificate, usage)
        found = []
        if not issued:
            found.append("unknown-issuer")
        if now > certificate.not_valid_after_utc:
            found.append("expired")
        if now < certificate.not_valid_before_utc:
            found.append("not-yet-valid")
        if certificate.serial_number in self.revoked:
            found.append("revoked")
        if not allowed:
            found.append("wrong-usage")
        return found

    def kind(self, certificate: x509.Certificate) -> str:
        """Whose certificates its issuing authority makes: PERSON or ORGANISATION, by the name that IGC-Santé
        gives its authorities (AC IGC-SANTE … PERSONNES, … ORGANISATIONS); empty for an unknown issuer."""
        known = self._kinds.get(certificate)
        if known is None:
            names = (
                str(name.value) for name in certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
            )
            last = next(names, "").rpartition(" ")[2]
            known = {"PERSONNES": PERSON, "ORGANISATIONS": ORGANISATION}.get(last, "")
            if len(self._kinds) >= MAX_KNOWN:
                self._kinds.clear()
            if not any(_issued_by(certificate, authority) for authority in self.certificates):
                known = ""
            self._kinds[certificate] = known
        return known

    def _lasting(self, certificate: x509.Certificate, usage: str) -> tuple[bool, bool]:
        """What time does not change, worked out once a certificate: issued by a known authority, usage."""
        key = (certificate, usage)
        known = self._known.get(key)
        if known is None:
            issued = any(_issued_by(certificate, authority) for authority in self.certificates)
            known = (issued, allows(certificate, usage))
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[key] = known
        return known


def allows(certificate: x509.Certificate, usage: str) -> bool:
    """Whether keyUsage (and extendedKeyUsage) give this usage."""
    if usage == SIGNATURE:
        return may_commit(certificate)
    try:
        key_usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    if not key_usage.digital_signature:
        return False
    try:
        extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.CLIENT_AUTH in extended


@lru_cache(maxsize=MAX_KNOWN)
def structure_of(certificate: x509.Certificate) -> str:
    """The Struct_IdNat of an organisation certificate (its OU); empty when there is none."""
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME):
        return str(attribute.value)
    return ""


@lru_cache(maxsize=MAX_KNOWN)
def holder_of(certificate: x509.Certificate) -> str:
    """The CN of a certificate: on a card, the PS_IdNat of who bears it (assumed from the public example)."""
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        return str(attribute.value)
    return ""


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
