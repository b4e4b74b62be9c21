"""What the messages on authorisations say. Texts are kept as sent, so that rules can judge them."""

from dataclasses import dataclass

from schemas.ins import Ins

HABILITATIONS, PATIENTS = "urn:si-dmp-habilitations", "urn:si-dmp-patients"
SET, BY_PATIENT, LIST = "setAuthorization", "listAuthorizationByPatient", "patientList"
ADD, REMOVE = "AJOUT", "SUPPRESSION"
TREATING = "MEDECIN_TRAITANT"
MODES = ("ACTIVE", "INTERDITE", "TOUTE")
BY_AUTHORISATION, BY_DOCUMENT = "LASTAUTORIZATION", "LASTDOC"  # the first one spelled as the DMP does
DATE_TYPES = (BY_AUTHORISATION, BY_DOCUMENT)
PS_SYSTEM = "1.2.250.1.71.4.2.1"
OK = "DMPOk"


class HabilitationRefused(ValueError):
    """The element is not the message expected. `where` is its XPath, `detail` is for people."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}")
        self.where = where
        self.detail = detail


@dataclass(frozen=True, slots=True)
class SetAuthorization:
    """TD0.3. The patient is the VIHF's. `action`: AJOUT or SUPPRESSION; `role`: MEDECIN_TRAITANT or empty."""

    action: str
    role: str = ""
    unknown: tuple[str, ...] = ()  # elements that the operation does not have


@dataclass(frozen=True, slots=True)
class ListByPatient:
    """TD1.6. `mode`: ACTIVE, INTERDITE or TOUTE."""

    mode: str
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatientList:
    """TD0.4. `start`: YYYYMMDDhhmmss; `date_type`: one of DATE_TYPES; `owner`: PS_IdNat or empty."""

    start: str
    date_type: str
    owner: str = ""
    unknown: tuple[str, ...] = ()


Question = SetAuthorization | ListByPatient | PatientList


@dataclass(frozen=True, slots=True)
class Outcome:
    """`output/status` and `output/context`: the code, `DMPOk` when it is done, and words about it."""

    status: str = OK
    context: str = ""

    @property
    def done(self) -> bool:
        return self.status == OK


@dataclass(frozen=True, slots=True)
class ListedProfessional:
    """A line of TD1.6. Instants are YYYYMMDDhhmmss; `mode` is ACTIVE or INTERDITE."""

    id: str  # PS_IdNat
    given: str
    family: str
    start: str
    last_action: str
    mode: str
    specialities: tuple[tuple[str, str], ...] = ()  # code `G15_10/SM26` and its label
    rights: tuple[str, ...] = ()  # MEDECIN_TRAITANT
    id_type: str = PS_SYSTEM


@dataclass(frozen=True, slots=True)
class ListedPatient:
    """A line of TD0.4. Instants are YYYYMMDDhhmmss, empty when there is none; `birth_date` is YYYYMMDD."""

    identifiers: tuple[Ins, ...]
    usual_name: str
    birth_name: str
    given: str
    civility: str
    birth_date: str
    treating: bool = False
    message: bool = False
    last_access: str = ""
    last_update: str = ""
    last_addition: str = ""
