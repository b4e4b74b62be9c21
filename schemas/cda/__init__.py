"""CDA R2 documents: read them, write them, judge them. Importing this loads lxml only."""

from schemas.cda.build import KINDS, build_document
from schemas.cda.causes.old_header import HEADERS
from schemas.cda.codec import decode, read
from schemas.cda.lines import ReadLine, prescription_lines
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
from schemas.cda.ordonnance import build_prescription
from schemas.cda.timestamp import parse_ts, utc_stamp, write_ts
from schemas.cda.verdict import judge, judge_bytes, judge_document, judge_header, open_document

__all__ = [
    "HEADERS",
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
    "ReadLine",
    "build_document",
    "build_prescription",
    "decode",
    "judge",
    "judge_bytes",
    "judge_document",
    "judge_header",
    "open_document",
    "parse_ts",
    "prescription_lines",
    "read",
    "utc_stamp",
    "write_ts",
]
