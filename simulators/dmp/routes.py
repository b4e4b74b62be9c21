"""Paths and actions of the DMP's services. Source: published WSDL and example messages of the DMP."""

from dataclasses import dataclass, replace

from schemas.soap.envelope import Envelope

BASE = "/si-dmp-server/v2/services"
HL7 = "urn:hl7-org:v3"
IHE = "urn:ihe:iti:2007"


@dataclass(frozen=True, slots=True)
class Operation:
    """One transaction: its path segment, the wsa:Action of question and answer, its body element."""

    transaction: str
    service: str
    action: str
    answer: str
    body: str  # Clark name
    multipart: bool = False  # always answers in MTOM, faults included


EXISTENCE = Operation(
    "TD0.2",
    "patients",
    f"{HL7}:PRPA_IN201307UV02",
    f"{HL7}:PRPA_IN201308UV02",
    f"{{{HL7}}}PRPA_IN201307UV02",
)
FEED = Operation(
    "TD2.1",
    "repository",
    f"{IHE}:ProvideAndRegisterDocumentSet-b",
    f"{IHE}:ProvideAndRegisterDocumentSet-bResponse",
    "{urn:ihe:iti:xds-b:2007}ProvideAndRegisterDocumentSetRequest",
)
FEED_CPE = replace(FEED, transaction="TD2.2")  # told from TD2.1 by who feeds: an employee, by card
FEEDS = (FEED, FEED_CPE)
SEARCH = Operation(
    "TD3.1",
    "registry",
    f"{IHE}:RegistryStoredQuery",
    f"{IHE}:RegistryStoredQueryResponse",
    "{urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0}AdhocQueryRequest",
)
RETRIEVE = Operation(
    "TD3.2",
    "repository",
    f"{IHE}:RetrieveDocumentSet",
    f"{IHE}:RetrieveDocumentSetResponse",
    "{urn:ihe:iti:xds-b:2007}RetrieveDocumentSetRequest",
    multipart=True,
)
UPDATE = Operation(
    "TD3.3",
    "registry",
    "urn:ihe:iti:2010:UpdateDocumentSet",
    "urn:ihe:iti:2010:UpdateDocumentSet-Response",
    "{urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0}SubmitObjectsRequest",
)
ADMIN_DATA = replace(EXISTENCE, transaction="TD1.3a")  # told from TD0.2 by its reasonCode
_HABILITATIONS = "urn:si-dmp-habilitations"
_END_POINT = f"{_HABILITATIONS}:HabilitationsEndPoint"
AUTHORISE = Operation(
    "TD0.3",
    "habilitations",
    f"{_END_POINT}:setAuthorization",
    f"{_END_POINT}:setAuthorizationResponse",
    f"{{{_HABILITATIONS}}}setAuthorization",
)
AUTHORISED = Operation(
    "TD1.6",
    "habilitations",
    f"{_END_POINT}:listAuthorizationByPatient",
    f"{_END_POINT}:listAuthorizationByPatientResponse",
    f"{{{_HABILITATIONS}}}listAuthorizationByPatient",
)
PATIENT_LIST = Operation(
    "TD0.4",
    "patientsSpecific",
    "urn:si-dmp-patients:PatientSpecificEndPoint:patientList",
    "urn:si-dmp-patients:PatientSpecificEndPoint:patientListResponse",
    "{urn:si-dmp-patients}patientList",
)
FIND_PATIENT = Operation(
    "TD0.5",
    "patientsPDQ",
    f"{HL7}:PRPA_IN201305UV02",
    f"{HL7}:PRPA_IN201306UV02",
    f"{{{HL7}}}PRPA_IN201305UV02",
)
CREATE = Operation(
    "TD1.1",
    "patients",
    f"{HL7}:PRPA_IN201311UV02",
    f"{HL7}:PRPA_IN201311ResponseUV02",
    f"{{{HL7}}}PRPA_IN201311UV02",
)
REVISE = Operation(  # TD1.2, TD1.3b and TD1.4 are told apart by their reasonCode
    "TD1.4",
    "patients",
    f"{HL7}:PRPA_IN201314UV02",
    f"{HL7}:PRPA_IN201314ResponseUV02",
    f"{{{HL7}}}PRPA_IN201314UV02",
)
OPERATIONS = (
    EXISTENCE,
    FEED,
    SEARCH,
    RETRIEVE,
    UPDATE,
    AUTHORISE,
    AUTHORISED,
    PATIENT_LIST,
    FIND_PATIENT,
    CREATE,
    REVISE,
)
HEAD = 16 * 1024  # bytes in which the SOAP header is expected
SERVICES = (
    "patients",
    "repository",
    "registry",
    "habilitations",
    "patientsSpecific",
    "patientsPDQ",
    "patientCertif",
)

# The soapAction of the published WSDL, where it is not the wsa:Action of the example messages.
ALIASES = (
    (f"{HL7}:setAuthorization".encode(), AUTHORISE.transaction),
    (f"{HL7}:listAuthorizationByPatient".encode(), AUTHORISED.transaction),
)
# No longer part of the DMP: recognised in the journal, answered by a fault.
REMOVED = (
    (b"PatientCertificationEndPoint:identityCertification", "TD0.0"),
    (b"PatientSpecificEndPoint:createPatientAccess", "TD1.5a"),
    (b"PatientSpecificEndPoint:patientOTPUpdate", "TD1.5b"),
    (b"PatientSpecificEndPoint:updatePatientAccess", "TD1.5d"),
)
# One action, several transactions: reasonCode tells.
_REASONS = {
    "TD0.2": ((b'"CNSLT_DATA"', "TD1.3a"),),
    "TD1.4": ((b'"REAC"', "TD1.2"), (b'"MODIF_DATA"', "TD1.3b")),
}
# A role of TRE_G15 or TRE_G16, or organisation certificates: no employee.
_NO_EMPLOYEE = (b'"1.2.250.1.71.1.2.7"', b'"1.2.250.1.71.1.2.8"', b">INDIRECTE<")
_MARKS = (
    tuple((operation.action.encode(), operation.transaction) for operation in OPERATIONS) + ALIASES + REMOVED
)


def service_of(path: str) -> str:
    """The service that a path names: what follows the base; empty for any other path."""
    head, _, tail = path.rstrip("/").rpartition("/")
    return tail if head == BASE else ""


def identify(path: str, body: bytes) -> str:
    """The transaction, from the first known action near the start of the body; `?` when there is none."""
    if not service_of(path):
        return "?"
    start = body[:HEAD]
    found = ((at, name) for mark, name in _MARKS if (at := start.find(mark)) >= 0)
    name = min(found, default=(0, "?"))[1]
    if name == FEED.transaction and b"subject:role" in start and not any(m in start for m in _NO_EMPLOYEE):
        return FEED_CPE.transaction
    return next((other for mark, other in _REASONS.get(name, ()) if mark in body), name)


def dispatch(envelope: Envelope) -> Operation | None:
    """The operation asked for: by wsa:Action, then by the first element of the body."""
    by_action = next((item for item in OPERATIONS if item.action == envelope.action), None)
    return by_action or next((item for item in OPERATIONS if item.body == envelope.body.tag), None)
