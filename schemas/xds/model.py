"""The XDS.b metadata that the DMP and MSSanté use: plain immutable values, close to the wire.

Composite HL7 v2 values (CX, XCN, XON) stay text as sent: rules want to see what was written. `line` is the
source line of the element when the object was read. Sources: IHE ITI TF-3 §4.2, CI-SIS "Partage de
documents de santé".
"""

from collections.abc import Mapping
from dataclasses import field

from schemas.finding import Observation
from schemas.frozen import frozen
from schemas.xds import names


class XdsRefused(ValueError):
    """An ebRIM message that cannot be decoded. `reason` is a stable word, `detail` is for people."""

    def __init__(self, reason: str, detail: str, line: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.line = line


@frozen
class Code:
    """A coded value: code, scheme (OID, `URN` or `ASTM`) and display name."""

    code: str
    system: str
    display: str = ""


@frozen
class Author:
    """One author classification: XCN, XON, free text roles, `code^label^scheme` specialties."""

    person: str = ""
    institutions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()


@frozen
class DocumentEntry:
    """Metadata of one document (ExtrinsicObject).

    Empty text or None means absent. Times are `YYYYMMDDhhmmss` in UTC as on the wire. `duplicates` names the
    attributes that occurred more often than they may (the first was kept); `schemes` holds classification or
    identification schemes that mean nothing for a document.
    """

    id: str
    unique_id: str
    patient_id: str
    mime_type: str = "text/xml"
    title: str = ""
    comments: str = ""
    creation_time: str = ""
    language: str = ""
    legal_authenticator: str = ""
    service_start: str = ""
    service_stop: str = ""
    source_patient_id: str = ""
    source_patient_info: tuple[str, ...] = ()
    authors: tuple[Author, ...] = ()
    class_code: Code | None = None
    type_code: Code | None = None
    format_code: Code | None = None
    facility: Code | None = None
    practice_setting: Code | None = None
    confidentiality: tuple[Code, ...] = ()
    events: tuple[Code, ...] = ()
    reference_ids: tuple[str, ...] = ()
    hash: str = ""
    size: int | None = None
    uri: str = ""
    repository_unique_id: str = ""
    object_type: str = names.STABLE_DOCUMENT
    status: str = ""
    lid: str = ""
    version: str = ""
    other_slots: tuple[tuple[str, tuple[str, ...]], ...] = ()
    duplicates: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    line: int | None = None

    @property
    def is_signature(self) -> bool:
        """The entry of the XAdES signature of the submission set."""
        kind, form = self.class_code, self.format_code
        return (kind is not None and kind.code == names.SIGNATURE_CLASS) or (
            form is not None and form.code == names.SIGNATURE_FORMAT
        )

    def slot(self, name: str) -> tuple[str, ...]:
        """Values of a slot that has no attribute of its own here (`action`, say)."""
        return next((values for slot, values in self.other_slots if slot == name), ())


@frozen
class SubmissionSet:
    """Metadata of the submission itself (RegistryPackage)."""

    id: str
    unique_id: str
    source_id: str
    patient_id: str
    submission_time: str
    content_type: Code | None
    authors: tuple[Author, ...] = ()
    title: str = ""
    comments: str = ""
    intended_recipients: tuple[str, ...] = ()
    marked: bool = True  # carries the classification node of a submission set
    status: str = ""
    other_slots: tuple[tuple[str, tuple[str, ...]], ...] = ()
    duplicates: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    line: int | None = None


@frozen
class Association:
    """One association; `slots` such as SubmissionSetStatus, PreviousVersion, NewStatus."""

    type: str
    source: str
    target: str
    id: str = ""
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    line: int | None = None


@frozen
class Submission:
    """A submission set, its entries and their associations.

    `departures` are faults of the encoding itself (order of elements, missing attributes) met while reading.
    `folders`: ids of the folders, of which nothing else is read.
    """

    submission_set: SubmissionSet
    entries: tuple[DocumentEntry, ...]
    associations: tuple[Association, ...]
    departures: tuple[Observation, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def documents(self) -> tuple[DocumentEntry, ...]:
        """The entries without the signature."""
        return tuple(entry for entry in self.entries if not entry.is_signature)

    @property
    def signature(self) -> DocumentEntry | None:
        return next((entry for entry in self.entries if entry.is_signature), None)

    def replacements(self) -> tuple[tuple[str, str], ...]:
        """(new entry id, old entryUUID) of each RPLC association."""
        return tuple((link.source, link.target) for link in self.associations if link.type == names.RPLC)


@frozen
class RegistryError:
    """One error of a registry answer. `code` is an XDS code, `context` is for people."""

    code: str
    context: str
    location: str = ""
    severity: str = names.SEVERITY_ERROR


@frozen
class RegistryResponse:
    """Answer to a submission: a status URN and its errors."""

    status: str = names.SUCCESS
    errors: tuple[RegistryError, ...] = ()

    @property
    def succeeded(self) -> bool:
        return self.status == names.SUCCESS
