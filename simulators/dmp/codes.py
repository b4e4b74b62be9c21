"""The error codes that public sources give to the DMP: the only ones sent without the label `[bench]`.

Sources: messages, kit and client software of the DMP for its own codes; IHE ITI TF-3 table 4.2.4.1-2 for the
spelling of the others. The DMP's whole list (annex A7-1) is not public.
"""

DMP_CODES = (
    "DMPFound",
    "DMPClosed",
    "DMPInvalidCertificate",
    "DMPAccessDeniedByRightsService",
    "DMPIdentityCertificationFailure",
    "DMPPatientAccessAlreadyExists",
    "DMPPatientAccessOTPAlreadyExists",
)
XDS_CODES = (
    "XDSDocumentUniqueIdError",
    "XDSPatientIdDoesNotMatch",
    "XDSUnknownPatientId",
    "XDSRegistryNotAvailable",
    "XDSMissingDocument",
    "XDSMissingDocumentMetadata",
    "XDSRegistryError",
    "XDSRepositoryError",
    "XDSRegistryMetadataError",
    "XDSRepositoryMetadataError",
    "XDSRegistryDuplicateUniqueIdInMessage",
    "XDSRepositoryDuplicateUniqueIdInMessage",
    "XDSDuplicateUniqueIdInRegistry",
    "XDSNonIdenticalHash",
    "XDSRegistryDeprecatedDocumentError",
    "XDSUnknownRepositoryId",
    "XDSUnknownStoredQuery",
    "XDSStoredQueryMissingParam",
    "XDSStoredQueryParamNumber",
    "XDSResultNotSinglePatient",
    "XDSTooManyResults",
    "XDSExtraMetadataNotSaved",
    "UnresolvedReferenceException",
    "XDSMetadataUpdateError",
    "XDSMetadataUpdateOperationError",
    "XDSMetadataVersionError",
    "XDSPatientIDReconciliationError",
    "XDSRegistryBusy",
    "XDSRepositoryBusy",
    "XDSRegistryOutOfResources",
    "XDSRepositoryOutOfResources",
)
CODES = XDS_CODES + DMP_CODES
WSA_CODES = ("MessageAddressingHeaderRequired", "ActionMismatch")  # subcodes of a fault, WS-Addressing 1.0
