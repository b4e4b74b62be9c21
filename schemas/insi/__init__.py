"""INSi, the service of the Cnam that searches the INS: requests, answers, faults and rules.

Source: WSDL DESIR_ICIR_EXP 1.5.0 and its schemas (Cnam), SEL-MP-043 (GIE SESAM-Vitale).
"""

from .answer import Answer, HistoryEntry, Identity, write_answer, write_fault
from .client import AnswerRefused, InsiFault, read_answer
from .request import Card, InsiRequest, RequestRefused, Software, Traits, read_request, write_traits_request
from .rules import RULES, Asked, judge

__all__ = [
    "RULES",
    "Answer",
    "AnswerRefused",
    "Asked",
    "Card",
    "HistoryEntry",
    "Identity",
    "InsiFault",
    "InsiRequest",
    "RequestRefused",
    "Software",
    "Traits",
    "judge",
    "read_answer",
    "read_request",
    "write_answer",
    "write_fault",
    "write_traits_request",
]
