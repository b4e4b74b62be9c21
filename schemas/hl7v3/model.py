"""What the two messages of TD0.2 and TD1.3a say."""

from dataclasses import dataclass, field

from schemas.ins import Ins

HL7 = "urn:hl7-org:v3"
REQUEST, ANSWER = "PRPA_IN201307UV02", "PRPA_IN201308UV02"
INTERACTIONS = "2.16.840.1.113883.1.6"
DMP_DEVICE = "1.2.250.1.213.4.1.1.1"
REASONS = "1.2.250.1.213.1.1.4.11"
EXISTENCE = "TEST_EXST"
ADMIN_DATA = "CNSLT_DATA"  # TD1.3a
AUTHORISATION_NAMES, AUTHORISATIONS = "1.2.250.1.213.4.1.2.6.1", "1.2.250.1.213.4.1.2.6.2"
STATUT_MT = "1.2.250.1.213.4.1.2.6.3"


class Hl7Refused(ValueError):
    """The element is not the message expected. `where` is its XPath, `detail` is for people."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}")
        self.where = where
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Identity:
    """Identifier of a message or of a query: OID and extension (may be empty)."""

    root: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """The question of TD0.2 or, by its `reason`, of TD1.3a.

    `created` is `YYYYMMDDhhmmss`, UTC. `device` is the OID of the asking software.
    """

    id: Identity
    created: str
    device: str
    software: str
    query_id: Identity
    patient: Ins
    reason: str = EXISTENCE
    processing: str = "P"  # "D" is accepted too
    receiver: str = DMP_DEVICE


@dataclass(frozen=True, slots=True)
class Closure:
    """Why and when a DMP was closed. `date` is `YYYYMMDDhhmmss`. The elements that carry it are assumed."""

    date: str
    motive: str = "FERMETURE_DEMANDE_PATIENT"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    street: str
    postal_code: str
    city: str
    more: str = ""  # additionalLocator


@dataclass(frozen=True, slots=True)
class Representative:
    """A legal representative. `link`: MTH, FTH… (PersonalRelationshipRoleType). Telecoms are URLs."""

    link: str
    family: str
    given: str
    address: Address | None = None
    telecoms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdminData:
    """What TD1.3a adds. `birth_place` is a COG code; telecoms are `tel:` and `mailto:` URLs.

    `opposes_regulation` is OPPOSITION_ACCES_URGENCE, `opposes_glass` OPPOSITION_BRIS_DE_GLACE.
    """

    deceased: bool = False
    address: Address | None = None
    birth_place: str = ""
    telecoms: tuple[str, ...] = ()
    representatives: tuple[Representative, ...] = ()
    account_open: bool = False
    opposes_glass: bool = False
    opposes_regulation: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of TD0.2; of TD1.3a when it has `details`.

    `ack` is `AA` (done), `AE` or `AR` with `error` and `error_text`. `status` is `active`, `terminated`, or
    empty when there is no DMP (`found` False, queryResponseCode NF). `authorisation` is `VALIDE`, `EXPIRE`,
    `INTERDIT`, `NON_EXISTE` or empty.
    """

    id: Identity
    created: str
    target: Identity  # id of the question
    query_id: Identity
    ack: str = "AA"
    found: bool = True
    status: str = ""
    authorisation: str = ""
    treating_doctor: bool = False
    patient: Ins | None = None
    family: str = ""  # birth name
    given: str = ""
    sex: str = ""  # F, M, UN
    birth_date: str = ""  # YYYYMMDD
    attached_to_mes: bool = False
    closure: Closure | None = None
    error: str = ""
    error_text: str = ""
    software: str = field(default="")
    device: str = field(default="")
    usual: str = ""  # usual name, when it is not the birth name
    details: AdminData | None = None

    @property
    def active(self) -> bool:
        return self.found and self.status == "active"
