"""HL7v3 messages of TD0.2: does this patient have a DMP, and may I read it?

PRPA_IN201307UV02 asks, PRPA_IN201308UV02 answers. Sources: HL7v3 Patient Administration (PRPA), CI-SIS
"gestion de dossier patient partagé", DMP integration guide (SEL-MP-037, TD0.2).
"""

from .answer import read_answer, write_answer, write_error
from .model import EXISTENCE, Answer, Closure, Hl7Refused, Identity, Query
from .request import read_query, write_query

__all__ = [
    "EXISTENCE",
    "Answer",
    "Closure",
    "Hl7Refused",
    "Identity",
    "Query",
    "read_answer",
    "read_query",
    "write_answer",
    "write_error",
    "write_query",
]
