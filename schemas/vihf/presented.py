"""A VIHF in its context, and the rule set that its rules join."""

import re
from datetime import datetime

from cryptography import x509

from schemas.finding import RuleSet
from schemas.frozen import frozen

from .model import Vihf
from .policy import DEFAULT, Policy
from .signature import SignatureRefused, Signed

GUIDE = "guide d'intégration DMP (SEL-MP-037)"
MAPPING = "ANS, volet HL7v2 (correspondance VIHF)"
PS_ID = re.compile(r"8\d{11}|0[0-9A-Z]{9}")
HEADER = "/Envelope/Header/Security/Assertion"
ATTRIBUTES = f"{HEADER}/AttributeStatement"

RULES: RuleSet["Presented"] = RuleSet("vihf", ("DMP/CONF.10",))


@frozen
class Presented:
    """A VIHF and what is known around it.

    `signature` is the verified signature or why it failed; `signer_problems` and `tls_problems` come from
    `Authorities.problems`, `signer_kind` and `tls_kind` from `Authorities.kind`; `body_patient` is the
    matricule in the message body; `age` is the patient's. `replayed`: its ID was seen before;
    `resent`: so was the identifier of the message.
    """

    vihf: Vihf
    now: datetime
    transaction: str  # a constant of `rights`
    signature: Signed | SignatureRefused
    signer_problems: tuple[str, ...] = ()
    tls_problems: tuple[str, ...] = ()
    tls_structure: str | None = None  # OU of the TLS certificate; None when there was no TLS
    body_patient: str = ""
    homologation: str = ""  # declared by the vendor; empty: not compared
    age: int | None = None
    replayed: bool = False
    resent: bool = False
    policy: Policy = DEFAULT
    signer_kind: str = ""
    tls_kind: str = ""
    tls_certificate: x509.Certificate | None = None

    @property
    def signed(self) -> Signed | None:
        return self.signature if isinstance(self.signature, Signed) else None


def is_weak(presented: Presented) -> bool:
    """The signature verifies, with SHA-1."""
    return presented.signed is not None and presented.signed.weak


def has_refused_certificate(presented: Presented) -> bool:
    """The signer's certificate or the TLS one has a problem."""
    return bool(presented.signer_problems or presented.tls_problems)


def at(name: str) -> str:
    """Where an attribute is."""
    return f"{ATTRIBUTES}/Attribute[@Name='{name}']"


def instant(text: str) -> datetime | None:
    """An xs:dateTime with its zone; None when it is not one."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo is not None else None
