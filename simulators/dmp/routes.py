"""Paths and actions of the DMP's services. Source: published WSDL and example messages of the DMP."""

from dataclasses import dataclass

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
OPERATIONS = (EXISTENCE, FEED, SEARCH, RETRIEVE)
HEAD = 16 * 1024  # bytes in which the SOAP header is expected
SERVICES = ("patients", "repository", "registry")

# Recognised in the journal, answered by a fault: not simulated.
OTHERS = (
    (b"HabilitationsEndPoint:setAuthorization", "TD0.3"),
    (b"PatientSpecificEndPoint:patientList", "TD0.4"),
    (b"PRPA_IN201305UV02", "TD0.5"),
    (b"HabilitationsEndPoint:listAuthorizationByPatient", "TD1.6"),
    (b"PRPA_IN201311UV02", "TD1.1"),
    (b"PRPA_IN201314UV02", "TD1.4"),
    (b"UpdateDocumentSet", "TD3.3"),
)
_MARKS = tuple((operation.action.encode(), operation.transaction) for operation in OPERATIONS) + OTHERS


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
    return min(found, default=(0, "?"))[1]


def dispatch(envelope: Envelope) -> Operation | None:
    """The operation asked for: by wsa:Action, then by the first element of the body."""
    by_action = next((item for item in OPERATIONS if item.action == envelope.action), None)
    return by_action or next((item for item in OPERATIONS if item.body == envelope.body.tag), None)
