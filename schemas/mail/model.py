"""A MSSanté mail, decoded once: what rules, reports and receivers need."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.xdm.model import Archive

PATIENT_DOMAIN = "patient.mssante.fr"
SUBJECT_PREFIX = "XDM/1.0/DDM+"
ARCHIVE_NAME = "IHE_XDM.zip"
AUTOMATIC_NOTE = "Ce message a été généré automatiquement. Pour joindre l'émetteur : {address}"


class MailRefused(ValueError):
    """A message that must not be decoded. `reason`: `empty`, `too-large`, `too-many-parts`,
    `header-too-long` or `too-deep`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox and its label (display name, decoded)."""

    address: str
    label: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    @property
    def is_patient(self) -> bool:
        return self.domain == PATIENT_DOMAIN

    @property
    def matricule(self) -> str:
        """The INS of a patient address; empty for anybody else."""
        return self.address.partition("@")[0].upper() if self.is_patient else ""


@dataclass(frozen=True, slots=True)
class TextPart:
    """A text of the body. `charset` as declared; `sound`: the bytes are what the charset says."""

    media_type: str
    text: str
    charset: str
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file joined to a mail. `name` is decoded (RFC 2231, RFC 2047 tolerated)."""

    name: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def is_zip(self) -> bool:
        return self.name.lower().endswith(".zip") or self.data.startswith(b"PK\x03\x04")

    @property
    def is_pdf(self) -> bool:
        return self.name.lower().endswith(".pdf") or self.data.startswith(b"%PDF-")


@dataclass(frozen=True, slots=True)
class Report:
    """A receipt: `mdn` (read, RFC 8098) or `dsn` (delivery, RFC 3464). Field names are in lower case.

    `fields` are those of the message, `recipients` those of each recipient of a DSN.
    """

    kind: str
    fields: Mapping[str, str]
    recipients: tuple[Mapping[str, str], ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def original_message_id(self) -> str:
        return self.fields.get("original-message-id", "")

    @property
    def disposition(self) -> str:
        """`displayed`, `processed`, `deleted`… ; empty for a DSN."""
        return self.fields.get("disposition", "").partition(";")[2].strip().partition("/")[0].lower()


@dataclass(frozen=True, slots=True)
class Mail:
    """A decoded message. `headers` are (name, decoded value) in order, unfolded.

    `shape` is the media type that carries the text (`text/plain`, `multipart/alternative`, `text/html`, or
    empty when there is no text). `zips` are all zip attachments; `archive` is the XDM one when it could be
    opened, else `archive_refused` holds the reason (`traversal: …`). `raw` are the bytes as received.
    """

    headers: tuple[tuple[str, str], ...]
    subject: str
    sender: Address | None
    reply_to: tuple[Address, ...]
    recipients: tuple[Address, ...]
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    shape: str
    texts: tuple[TextPart, ...]
    attachments: tuple[Attachment, ...]
    report: Report | None
    archive: Archive | None
    archive_refused: str
    defects: tuple[str, ...]
    raw: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """The first header of this name; None when absent (an empty one is an empty text)."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def header_all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def zips(self) -> tuple[Attachment, ...]:
        return tuple(one for one in self.attachments if one.is_zip)

    @property
    def pdfs(self) -> tuple[Attachment, ...]:
        return tuple(one for one in self.attachments if one.is_pdf)

    @property
    def body(self) -> str:
        """The plain text, or else the HTML source."""
        return next((one.text for one in self.texts if one.media_type == "text/plain"), "") or next(
            (one.text for one in self.texts), ""
        )

    @property
    def patients(self) -> tuple[Address, ...]:
        """The recipients that are patients."""
        return tuple(one for one in self.recipients if one.is_patient)

    @property
    def mss_headers(self) -> dict[str, str]:
        """The X-MSS-* headers, upper-case names."""
        return {key.upper(): value for key, value in self.headers if key.upper().startswith("X-MSS-")}


@dataclass(frozen=True, slots=True)
class MailContext:
    """What the scenario and the operator know about a mail. None or empty: not known, so not judged.

    `nil`: declared product reference. `sender_type`: PER, ORG or APP. `no_reply`, `delivery_receipt`,
    `read_receipt`: what was asked of the software. `qualified`: matricules that may be written to.
    `in_reply_to`: Message-ID of the mail that this one answers. `mdn_for`: Message-ID of the mail whose read
    receipt this is. `envelope`: RCPT TO addresses. `notify`: the ESMTP NOTIFY parameter was used.
    `known_ids`: Message-IDs already seen.
    """

    nil: str = ""
    sender_type: str = ""
    no_reply: bool | None = None
    delivery_receipt: bool = False
    read_receipt: bool = False
    qualified: frozenset[str] | None = None
    in_reply_to: str = ""
    mdn_for: str = ""
    envelope: tuple[str, ...] = ()
    notify: bool = False
    known_ids: frozenset[str] = frozenset()
