"""What may be made to go wrong at the DMP, beyond what the hosting does to any service.

The menu, with parameters and transactions, is in `menu`; the effect of each kind, in words, in the messages
`fault.<kind>`. Answers in the place of the service are refusals; what is done and then spoilt is in `spoil`;
states of the patient change who the DMP believes the patient to be, for one call.
"""

from dataclasses import replace

from simulators.core.faults import Fault
from simulators.core.population import Patient

from .codes import WSA_CODES
from .errors import ANSWER, FAULT, RIGHTS, WSA, Refusal, injected

SOAP_FAULT = "soap-fault"
REGISTRY_ERROR = "registry-error"  # in the carrier of the transaction's own answer, whichever it is
HL7_ERROR = "hl7-error"
STATUS_ERROR = "status-error"
VIHF_EXPIRED = "vihf-expired"
INVALID_CERTIFICATE = "invalid-certificate"
RIGHTS_DENIED = "rights"
DUPLICATE = "duplicate"
WRONG_VERSION = "wrong-version"
REFUSALS = (
    SOAP_FAULT,
    REGISTRY_ERROR,
    HL7_ERROR,
    STATUS_ERROR,
    VIHF_EXPIRED,
    INVALID_CERTIFICATE,
    RIGHTS_DENIED,
    DUPLICATE,
    WRONG_VERSION,
)
PARTIAL_SUCCESS = "partial-success"
WARNING = "warning"
REMARKS = (PARTIAL_SUCCESS, WARNING)
PATIENT_UNKNOWN = "patient-unknown"
PATIENT_CLOSED = "patient-closed"
AUTHORISATION = "authorisation"
OPPOSITION = "opposition"
STATES = (PATIENT_UNKNOWN, PATIENT_CLOSED, AUTHORISATION, OPPOSITION)
WRONG_MULTIPART = "wrong-multipart"
WRONG_SOAP_VERSION = "wrong-soap-version"
SPOILT = (WRONG_MULTIPART, WRONG_SOAP_VERSION)
KINDS = REFUSALS + REMARKS + STATES + SPOILT
MULTIPART_WAYS = ("missing-root", "wrong-boundary", "unknown-cid", "truncated")
SOAP_CODES = ("Receiver", "Sender", "VersionMismatch", "MustUnderstand", "DataEncodingUnknown")


def unknown(kind: str) -> ValueError:
    return ValueError(f"the DMP knows no fault {kind!r}: one of {', '.join(KINDS)}")


def refusal(fault: Fault) -> Refusal:
    """The refusal that a fault asks for. Raises ValueError for a kind that is none."""
    params, kind = fault.params, fault.kind
    if kind == SOAP_FAULT:
        text = str(params.get("text", "[bench] Erreur interne du service DMP"))
        soap_code = str(params.get("soap_code", "Receiver"))
        code = str(params.get("code", ""))
        namespace = WSA if code in WSA_CODES else ""
        return injected(code, text, carrier=FAULT, soap_code=soap_code, namespace=namespace)
    if kind in (REGISTRY_ERROR, HL7_ERROR, STATUS_ERROR):
        code = str(params.get("code", RIGHTS if kind == STATUS_ERROR else "XDSRegistryError"))
        text = str(params.get("text", f"[bench] erreur {code.removeprefix('[bench] ')} injectée"))
        return injected(code, text, carrier=ANSWER, ack=str(params.get("ack", "AE")))
    if kind == VIHF_EXPIRED:
        text = "[bench] VIHF périmé ou émis dans le futur"
        return injected("", text, carrier=FAULT, soap_code="Sender")
    if kind == INVALID_CERTIFICATE:
        text = "[bench] certificat de signature non recevable"
        return injected("DMPInvalidCertificate", text, carrier=FAULT, soap_code="Sender")
    if kind == RIGHTS_DENIED:
        return injected(RIGHTS, "[bench] accès refusé par le service des droits", carrier=ANSWER)
    if kind == DUPLICATE:
        other = params.get("content") == "other"
        code = "XDSNonIdenticalHash" if other else "XDSDuplicateUniqueIdInRegistry"
        return injected(code, "[bench] uniqueId déjà déposé", carrier=ANSWER)
    if kind == WRONG_VERSION:
        text = "[bench] la version remplacée n'est plus la version courante"
        return injected("XDSMetadataVersionError", text, carrier=ANSWER)
    raise unknown(kind)


def altered(patient: Patient, fault: Fault) -> Patient:
    """The patient as the DMP believes them to be while this fault is played."""
    if fault.kind == PATIENT_UNKNOWN:
        return replace(patient, dmp="inexistant")
    if fault.kind == PATIENT_CLOSED:
        return replace(patient, dmp="ferme")
    if fault.kind == AUTHORISATION:
        return replace(patient, authorisation=str(fault.params.get("state", "INTERDIT")))
    to = fault.params.get("to", "all")
    return replace(
        patient,
        opposes_regulation=to in ("all", "regulation"),
        opposes_glass=to in ("all", "glass"),
    )
