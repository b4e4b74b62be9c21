"""HL7v3 messages of the DMP: existence (TD0.2), administrative data (TD1.3a).

Finding a patient without INS (TD0.5) is in `pdq`, creation and revision (TD1.1 to TD1.4) in `legacy`.

PRPA_IN201307UV02 asks, PRPA_IN201308UV02 answers. Sources: HL7v3 Patient Administration (PRPA), CI-SIS
"gestion de dossier patient partagé", DMP integration guide (SEL-MP-037, TD0.2).
"""

from .answer import read_answer, write_answer, write_error
from .model import ADMIN_DATA, EXISTENCE, Answer, Closure, Hl7Refused, Identity, Query
from .request import read_query, write_query

__all__ = [
    "ADMIN_DATA",
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
