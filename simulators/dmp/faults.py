"""What may be made to go wrong at the DMP, beyond what the hosting does to any service.

| kind | parameters | answer |
|---|---|---|
| `soap-fault` | `code`, `text`, `soap_code` | SOAP fault, HTTP 500 |
| `registry-error` | `code`, `text` | the transaction's own negative answer (HL7v3 AE for TD0.2) |
| `vihf-expired` | | the fault of an expired VIHF |
| `invalid-certificate` | | fault `DMPInvalidCertificate` |
| `rights` | | `DMPAccessDeniedByRightsService` |
| `partial-success` | `code`, `text` | TD3.1, TD3.2: done, with status PartialSuccess and one error |
"""

from simulators.core.faults import Fault

from .errors import ANSWER, FAULT, RIGHTS, Refusal, injected

SOAP_FAULT = "soap-fault"
REGISTRY_ERROR = "registry-error"
VIHF_EXPIRED = "vihf-expired"
INVALID_CERTIFICATE = "invalid-certificate"
RIGHTS_DENIED = "rights"
PARTIAL_SUCCESS = "partial-success"
KINDS = (SOAP_FAULT, REGISTRY_ERROR, VIHF_EXPIRED, INVALID_CERTIFICATE, RIGHTS_DENIED, PARTIAL_SUCCESS)


def refusal(fault: Fault) -> Refusal:
    """The refusal that a fault asks for. Raises ValueError for a kind that is none."""
    params = fault.params
    if fault.kind == SOAP_FAULT:
        text = str(params.get("text", "[bench] Erreur interne du service DMP"))
        soap_code = str(params.get("soap_code", "Receiver"))
        return injected(str(params.get("code", "")), text, carrier=FAULT, soap_code=soap_code)
    if fault.kind == REGISTRY_ERROR:
        code = str(params.get("code", "XDSRegistryError"))
        return injected(code, str(params.get("text", f"[bench] erreur {code} injectée")), carrier=ANSWER)
    if fault.kind == VIHF_EXPIRED:
        text = "[bench] VIHF périmé ou émis dans le futur"
        return injected("", text, carrier=FAULT, soap_code="Sender")
    if fault.kind == INVALID_CERTIFICATE:
        text = "[bench] certificat de signature non recevable"
        return injected("DMPInvalidCertificate", text, carrier=FAULT, soap_code="Sender")
    if fault.kind == RIGHTS_DENIED:
        return injected(RIGHTS, "[bench] accès refusé par le service des droits", carrier=ANSWER)
    raise ValueError(f"the DMP knows no fault {fault.kind!r}: one of {', '.join(KINDS)}")
