"""The DMP's own messages on authorisations: TD0.3, TD0.4 and TD1.6, both ways, with their rules.

Known: operations, parameters, values, `status` and `context`, qualified elements (published WSDL and example
messages of the DMP, 2024). Assumed: the `input` element around the parameters, which is not required.
"""

from .answer import read_outcome, read_patients, read_professionals, write_answer
from .model import (
    ADD,
    REMOVE,
    TREATING,
    HabilitationRefused,
    ListByPatient,
    ListedPatient,
    ListedProfessional,
    Outcome,
    PatientList,
    Question,
    SetAuthorization,
)
from .request import read_question, write_question

__all__ = [
    "ADD",
    "REMOVE",
    "TREATING",
    "HabilitationRefused",
    "ListByPatient",
    "ListedPatient",
    "ListedProfessional",
    "Outcome",
    "PatientList",
    "Question",
    "SetAuthorization",
    "read_outcome",
    "read_patients",
    "read_professionals",
    "read_question",
    "write_answer",
    "write_question",
]
