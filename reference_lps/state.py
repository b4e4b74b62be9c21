"""What the software remembers, in memory: patients, documents, prescriptions, mails."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from schemas.cda.model import PatientIdentity
from schemas.ins import Ins

from .accounts import Account
from .outcome import Refused
from .tracing import Trace

PROVISOIRE, VALIDEE, RECUPEREE, QUALIFIEE = "PROVISOIRE", "VALIDEE", "RECUPEREE", "QUALIFIEE"
DRESSED = "application/xslt+xml"
LOCAL_IDS = "1.2.250.1.999.1.1"  # patient numbers of this installation (arc of examples)


@dataclass(frozen=True, slots=True)
class Consent:
    """The patient's choices about their DMP. None: they said nothing."""

    feeding: bool | None = None
    consultation: bool | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's file. `ins` is what INSi answered; the status says whether it may be used."""

    id: str
    birth_name: str
    given_names: tuple[str, ...]
    sex: str
    birth_date: str  # YYYY-MM-DD
    birth_place: str
    document_checked: bool
    ins: Ins | None = None
    deceased: bool = False
    consent: Consent = Consent()

    @property
    def status(self) -> str:
        """Source: RNIV, statuts de confiance de l'identité numérique."""
        if self.ins is not None:
            return QUALIFIEE if self.document_checked else RECUPEREE
        return VALIDEE if self.document_checked else PROVISOIRE

    @property
    def name(self) -> str:
        return f"{self.birth_name} {self.given_names[0]}"

    def is_minor(self, today: date) -> bool:
        """Under 18 that day. `birth_date` is compared as text: it may be uncertain."""
        return self.birth_date > f"{today.year - 18:04d}-{today:%m-%d}"

    def identity(self, ins: Ins | None) -> PatientIdentity:
        """The patient as a document names them, with this INS if any."""
        return PatientIdentity(
            ins=ins,
            local_ids=((LOCAL_IDS, self.id),),
            birth_name=self.birth_name,
            given=self.given_names[0],
            given_names=" ".join(self.given_names),
            sex=self.sex,
            birth_date=self.birth_date.replace("-", ""),
            birth_place=self.birth_place,
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A document made here. `data` is the CDA."""

    unique_id: str
    patient_id: str
    type_code: str
    title: str
    data: bytes
    pdf: bytes
    set_id: str
    version: int = 1
    fed: bool = False
    historical: bool = False  # filed here before any feed, not validated for one

    @property
    def mime_type(self) -> str:
        """What the DMP is told of the CDA: XSLT when it stands inside its style sheet."""
        return DRESSED if self.data.startswith(b"<xsl:") else "text/xml"


@dataclass(frozen=True, slots=True)
class Order:
    """A document to send, and all that is needed to send it later just the same.

    `replaces`: uniqueId of the version before. `dmp_mode`: certificates that its user chose, or empty.
    """

    document: Document
    account: Account
    flags: tuple[str, ...] = ()
    replaces: str | None = None
    secret: bool = False
    dmp_mode: str = ""


@dataclass(frozen=True, slots=True)
class FedOnce:
    """A document that reached the DMP, for the figures of the month."""

    at: datetime
    lot: str  # uniqueId of its submission set
    type_code: str
    historical: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Documents fed in a month: all of them, those of the past among them, and by typeCode."""

    fed: int
    history: int
    by_type: dict[str, int]


@dataclass(frozen=True, slots=True)
class Prescription:
    """`status`: LOCALE (never sent), INCERTAINE (answer lost), or the status told by the national base.

    `content` is what was sent, kept to be sent again unchanged.
    """

    id: str
    patient_id: str
    document: Document
    epu_id: str | None = None
    status: str = "LOCALE"
    content: bytes = b""
    options: tuple[str, ...] = ()  # what remains to do once the doubt is cleared: "dmp", "patient"


@dataclass(frozen=True, slots=True)
class ReadPrescription:
    """A prescription as the pharmacy last read it."""

    etag: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that left, or of which it is not known whether it did."""

    message_id: str
    recipients: tuple[str, ...]
    at: datetime
    state: str  # "envoyé", "incertain", "refusé"


@dataclass(frozen=True, slots=True)
class Kept:
    """A document of the DMP kept here before the patient comes, and until when."""

    content: bytes
    mime_type: str
    until: datetime


@dataclass(slots=True)
class Store:
    """Everything, by identifier. One user action at a time changes it."""

    patients: dict[str, Patient] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    flags: dict[str, tuple[str, ...]] = field(default_factory=dict)  # last masking choice, by patient id
    archived: set[str] = field(default_factory=set)  # uniqueId of documents archived in the DMP from here
    prescriptions: dict[str, Prescription] = field(default_factory=dict)
    read: dict[str, ReadPrescription] = field(default_factory=dict)  # by EPU id
    outbox: list[Sent] = field(default_factory=list)
    received: dict[str, bytes] = field(default_factory=dict)  # mail source by Message-ID
    worklist: list[dict[str, Any]] = field(default_factory=list)  # received documents that nobody filed yet
    filed: dict[str, str] = field(default_factory=dict)  # uniqueId of received documents: patient id
    listed: dict[tuple[str, str], tuple[str, str]] = field(
        default_factory=dict
    )  # DMP entry: uuid, repository
    queue: list[Order] = field(default_factory=list)  # not yet in the DMP, oldest first
    fed: list[FedOnce] = field(default_factory=list)
    visits: dict[tuple[str, str], frozenset[str]] = field(
        default_factory=dict
    )  # user, patient id: uniqueIds that were there at their last opening
    entered: set[tuple[str, str, str]] = field(default_factory=set)  # user, patient id, way: right checked
    ways: dict[tuple[str, str], tuple[str, str]] = field(
        default_factory=dict
    )  # user, patient id: last way of access, its reason
    preloaded: dict[tuple[str, str], Kept] = field(default_factory=dict)  # patient id, uniqueId
    integrated: dict[tuple[str, str], bytes] = field(default_factory=dict)  # patient id, uniqueId
    traces: list[Trace] = field(default_factory=list)
    last_uid: dict[str, tuple[str, int]] = field(default_factory=dict)  # mailbox: UIDVALIDITY, last UID

    def patient(self, id_: str) -> Patient:
        """Raises Refused when there is no such patient."""
        found = self.patients.get(id_)
        if found is None:
            raise Refused(f"Aucun dossier ne porte le numéro {id_}.")
        return found

    def prescription(self, id_: str) -> Prescription:
        """Raises Refused when there is no such prescription."""
        found = self.prescriptions.get(id_)
        if found is None:
            raise Refused(f"Aucune ordonnance ne porte le numéro {id_}.")
        return found

    def document(self, id_: str) -> Document:
        """By uniqueId, or by the number of the prescription. Raises Refused."""
        prescription = self.prescriptions.get(id_)
        found = prescription.document if prescription else self.documents.get(id_)
        if found is None:
            raise Refused(f"Aucun document ne porte l'identifiant {id_}.")
        return found

    def keep(self, document: Document) -> Document:
        self.documents[document.unique_id] = document
        return document

    def mark_fed(self, document: Document, lot: str, at: datetime) -> None:
        self.documents[document.unique_id] = replace(document, fed=True)
        self.fed.append(FedOnce(at, lot, document.type_code, document.historical))

    def of_patient(self, patient_id: str) -> tuple[Document, ...]:
        """The documents made here about this patient, oldest first."""
        return tuple(one for one in self.documents.values() if one.patient_id == patient_id)

    def qualified(self, ins: Ins) -> Patient | None:
        """The last recorded patient whose qualified identity has this very INS (matricule and OID)."""
        held = [one for one in self.patients.values() if one.status == QUALIFIEE and one.ins == ins]
        return held[-1] if held else None
