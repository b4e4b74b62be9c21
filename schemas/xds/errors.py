"""Which XDS error code answers which rule.

Spelling of the codes: IHE ITI TF-3 table 4.2.4.1-2. That the DMP answers exactly these codes is assumed for
most of them: its annex of errors is not public.
"""

from schemas.xds.model import XdsRefused

METADATA_ERROR = "XDSRepositoryMetadataError"
REGISTRY_METADATA_ERROR = "XDSRegistryMetadataError"
REGISTRY_ERROR = "XDSRegistryError"

_CODES = {
    "XDS-REF-01": "UnresolvedReferenceException",
    "XDS-DOC-01": "XDSMissingDocument",
    "XDS-DOC-02": "XDSMissingDocumentMetadata",
    "XDS-DOC-03": "XDSRepositoryDuplicateUniqueIdInMessage",
    "XDS-PAT-01": "XDSPatientIdDoesNotMatch",
    "XDS-PAT-02": "XDSUnknownPatientId",
    "XDS-PAT-03": "XDSUnknownPatientId",
    "XDS-AUT-01": "XDSRepositoryError",
    "XDS-UPD-01": "XDSMetadataUpdateOperationError",
    "XDS-UPD-02": "XDSMetadataUpdateError",
    "XDS-UPD-03": "XDSMetadataVersionError",
    "XDS-UPD-04": "XDSMetadataUpdateError",
    "XDS-UPD-05": "XDSMetadataUpdateOperationError",
}

_REASONS = {
    "missing-attachment": "XDSMissingDocument",
    "duplicate-document": METADATA_ERROR,
    "bad-base64": METADATA_ERROR,
}


def error_code(rule: str, otherwise: str = METADATA_ERROR) -> str:
    """The XDS error code for a decisive finding of this rule. `otherwise`: METADATA_ERROR of the actor."""
    return _CODES.get(rule, otherwise)


def refusal_code(refused: XdsRefused) -> str:
    """The XDS error code for a message that could not be decoded."""
    return _REASONS.get(refused.reason, METADATA_ERROR)
