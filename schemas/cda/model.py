"""What a CDA R2 document says, as plain values. Source: CI-SIS "structuration minimale".

Every field is what the document carries, untouched: an absent element is an empty string or None, never an
error. Judging is the business of the rules.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from schemas.cda.tree import HL7 as HL7
from schemas.cda.tree import Q as Q
from schemas.cda.tree import Top
from schemas.frozen import frozen
from schemas.ins import Ins
from schemas.xml import Element

NULLS = "@nullFlavor"  # the key of the null elements among those of the header
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

PROFESSIONAL_ID = "1.2.250.1.71.4.2.1"  # PS_IdNat
STRUCTURE_ID = "1.2.250.1.71.4.2.2"  # Struct_IdNat
EPU_ROOT = "1.2.250.1.215.500.1.1"  # identifier of the unified e-prescription (Cnam)

TEMPLATE_HL7_FRANCE = "2.16.840.1.113883.2.8.2.1"
TEMPLATE_CI_SIS = "1.2.250.1.213.1.1.1.1"
TEMPLATE_XDS_SD = "1.3.6.1.4.1.19376.1.2.20"  # unstructured body
TEMPLATE_PRESCRIPTION = "1.2.250.1.213.1.1.1.39"  # eP-MED-DM
SECTION_PDF_COPY = "1.2.250.1.213.1.1.2.243"
SECTION_CODE_2D = "1.2.250.1.213.1.1.2.223"


class CdaRefused(ValueError):
    """The XML holds no CDA document. `reason`: `not-cda` or `namespace`; `detail` is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@frozen
class Code:
    """A coded value: code, OID of its system, label."""

    code: str
    system: str = ""
    display: str = ""


Identifier = tuple[Element, str | None, str | None]  # an `id` element with its root and extension
NO_CODE = Code("")


@frozen
class Person:
    """A professional (or device) of the header, with the structure on whose behalf it acts.

    `id` is the PS_IdNat (`8` and 11 digits of the RPPS) when `id_system` is 1.2.250.1.71.4.2.1.
    `organisation_id` is the Struct_IdNat. `prefix` M or MME, `suffix` DR, PR… (J245, J246).
    """

    id: str
    id_system: str = PROFESSIONAL_ID
    family: str = ""
    given: str = ""
    prefix: str = ""
    code: Code | None = None
    organisation_id: str = ""
    organisation_name: str = ""
    suffix: str = ""
    organisation_system: str = STRUCTURE_ID
    function: Code | None = None
    time: str = ""
    device: str = ""  # name of the software or device when it is no person


@frozen
class PatientIdentity:
    """The patient: `ins` only when the document carries one (an identity that is QUALIFIEE).

    `local_ids`: (OID, value) pairs. `given`: first birth given name. `given_names`: all of them, separated
    by spaces. `sex`: F, M or UN. `birth_date`: YYYYMMDD. `birth_place`: COG code.
    """

    ins: Ins | None
    local_ids: tuple[tuple[str, str], ...]
    birth_name: str
    given: str
    given_names: str
    sex: str
    birth_date: str
    birth_place: str
    used_name: str = ""
    used_given: str = ""


@frozen
class Places:
    """The elements of the header that many rules look at; None when absent."""

    role: Element | None = None  # recordTarget/patientRole
    person: Element | None = None  # recordTarget/patientRole/patient
    act: Element | None = None  # documentationOf/serviceEvent
    encounter: Element | None = None  # componentOf/encompassingEncounter
    text: Element | None = None  # component/nonXMLBody/text
    professions: tuple[Element, ...] = ()  # the code of each professional, whatever the role


@frozen
class ClinicalDocument:
    """A decoded CDA document. `unique_id` is `root` or `root^extension`, the form of XDS.

    `template_ids`: root → version (empty when none). `level`: 1 for a nonXMLBody, 3 for a structuredBody.
    `nonxml`: (media type, decoded bytes; empty bytes when not base64). `pdf`: the PDF of level 1 or of the
    "Copie du document" section. `epu_id`: number of the e-prescription. `code_image`: picture of the 2D code.
    `version` is 0 when absent or not an integer. `root` is the parsed ClinicalDocument element, `header` the
    elements of the header by qualified tag, and under `@nullFlavor` those that are null; `ids`
    its identifiers; `top` the ways down from the root. `size`: its bytes, 0 when unknown.
    """

    unique_id: str
    set_id: str
    version: int
    type_code: Code
    title: str
    effective_time: str
    confidentiality: Code
    language: str
    patient: PatientIdentity
    author: Person
    authors: tuple[Person, ...]
    legal_authenticator: Person | None
    custodian_id: str
    custodian_name: str
    service_start: str
    service_stop: str
    service_code: Code
    service_codes: tuple[Code, ...]
    performer: Person | None
    facility: Code
    practice_setting: Code
    recipients: tuple[Person, ...]
    template_ids: Mapping[str, str]
    replaces: str | None
    level: int
    nonxml: tuple[str, bytes] | None
    pdf: bytes | None
    epu_id: str | None
    code_image: bytes | None
    root: Element = field(repr=False, compare=False)
    header: Mapping[str, list[Element]] = field(repr=False, compare=False)
    ids: tuple[Identifier, ...] = field(repr=False, compare=False)
    top: Top = field(repr=False, compare=False)
    places: Places = field(repr=False, compare=False)
    size: int = field(default=0, compare=False)

    def is_a(self, template: str) -> bool:
        """Whether the header declares this templateId root."""
        return template in self.template_ids


@frozen
class Header:
    """What every document that we write says in its header (current CI-SIS model).

    Instants are aware. `title` empty: the usual title of the kind. `legal_authenticator`, `performer` and
    the custodian are the author and his structure when not given. `service_start` is `created` when not
    given. `replaces` is the unique id of the version before, `co_authors` those written after the author.
    `facility` is a J02 code, `practice_setting` a
    J04 code, `encounter` a J142 code.
    """

    unique_id: str
    set_id: str
    created: datetime
    patient: PatientIdentity
    author: Person
    title: str = ""
    version: int = 1
    replaces: str | None = None
    co_authors: tuple[Person, ...] = ()
    service_start: datetime | None = None
    service_stop: datetime | None = None
    service_code: Code | None = None
    legal_authenticator: Person | None = None
    performer: Person | None = None
    custodian_id: str = ""
    custodian_name: str = ""
    recipients: tuple[Person, ...] = ()
    facility: str = "SA07"
    practice_setting: str = "AMBULATOIRE"
    encounter: str = "AMB"
    confidentiality: str = "N"


@frozen
class DocumentSpec:
    """A level-1 document to write: a header, a kind (see `build.KINDS`) or a J07 type code, and its PDF."""

    header: Header
    kind: str
    pdf: bytes


@frozen
class PrescriptionLine:
    """A medicine line. `line_id`: UUID, derived from the document when empty. `cis`/`cip13` empty for a
    magistral preparation. `quantity`: boxes. `substitution_reason` is demanded when it is not allowed."""

    label: str
    posology: str
    cis: str = ""
    cip13: str = ""
    quantity: int = 1
    renewals: int = 0
    days: int = 30
    substitution_allowed: bool = True
    substitution_reason: str = ""
    ald: bool = False
    work_accident: bool = False
    prevention: bool = False
    not_reimbursed: bool = False
    off_label: bool = False
    line_id: str = ""


@frozen
class PrescriptionSpec:
    """An e-prescription to write (eP-MED-DM 2024.01, level 3).

    `epu_id` None: degraded mode, no number and no 2D code. `code_payload`: text of the 2D code, the number
    when empty. `types`: codes such as MED-1096 (bizone). Validity is `header.service_start` to `valid_until`
    (None: unknown end).
    """

    header: Header
    lines: tuple[PrescriptionLine, ...]
    pdf: bytes
    epu_id: str | None = None
    code_payload: str = ""
    types: tuple[str, ...] = ()
    valid_until: datetime | None = None
    comment: str = ""
