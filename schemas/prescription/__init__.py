"""The stand-in contract of the e-prescription service, "bench/epu v1".

The interface of the Cnam (SEL-SFG-023) is not public. This one is ours: the content of the CDA volet
e-Prescription in JSON, and the transport of the ANS volet for REST API. What is public and real here: the
OID of the identifier, the prescription types, the completeness codes, the identity of the prescriber.
"""

from .canonical import digest
from .contract import CONTRACT, names, schema, shape
from .identifiers import EPU_ID, EPU_ROOT, new_epu_id, plausible, qr_text, read_code
from .reading import JsonRefused, read_json

__all__ = [
    "CONTRACT",
    "EPU_ID",
    "EPU_ROOT",
    "JsonRefused",
    "digest",
    "names",
    "new_epu_id",
    "plausible",
    "qr_text",
    "read_code",
    "read_json",
    "schema",
    "shape",
]
