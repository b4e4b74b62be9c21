"""CDA R2 documents: read them, write them, judge them. Importing this loads lxml only."""

from schemas.cda.build import KINDS, build_document
from schemas.cda.codec import decode, read
from schemas.cda.model import (
    CdaRefused,
    ClinicalDocument,
    Code,
    DocumentSpec,
    Header,
    PatientIdentity,
    Person,
    PrescriptionLine,
    PrescriptionSpec,
)
from schemas.cda.timestamp import parse_ts, utc_stamp, write_ts

__all__ = [
    "KINDS",
    "CdaRefused",
    "ClinicalDocument",
    "Code",
    "DocumentSpec",
    "Header",
    "PatientIdentity",
    "Person",
    "PrescriptionLine",
    "PrescriptionSpec",
    "build_document",
    "decode",
    "parse_ts",
    "read",
    "utc_stamp",
    "write_ts",
]
