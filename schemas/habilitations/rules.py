"""Judgement of the questions on authorisations. Source: published WSDL and example messages of the DMP."""

import re
from collections.abc import Iterator

from schemas.finding import Keyword, Observation, RuleSet

from .model import ADD, DATE_TYPES, LIST, MODES, REMOVE, TREATING, ListByPatient, PatientList, Question
from .model import SetAuthorization as Set
from .request import PARAMETERS, operation_of

RULES: RuleSet[Question] = RuleSet("habilitations", ("DMP/CONF.10",))
SOURCE = "WSDL DMP v2.01.04 ; exemples de messages DMP v02.05.00"
TIME = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\d")
PS_ID = re.compile(r"8\d{11}|0\w{9}|[3-6][^/]+/.+")


def _at(question: Question, name: str) -> str:
    return f"/{operation_of(question)}/{name}"


@RULES.rule("HAB-01", source=f"{SOURCE} (TD0.3)")
def action_is_known(question: Question) -> Iterator[Observation]:
    """TD0.3 adds or removes an authorisation."""
    if isinstance(question, Set) and question.action not in (ADD, REMOVE):
        yield Observation(_at(question, "action"), question.action, f"{ADD} | {REMOVE}")


@RULES.rule("HAB-02", source=f"{SOURCE} (TD0.3)")
def role_is_known(question: Question) -> Iterator[Observation]:
    """The only role is MEDECIN_TRAITANT."""
    if isinstance(question, Set) and question.role not in ("", TREATING):
        yield Observation(_at(question, "role"), question.role, TREATING)


@RULES.rule("HAB-03", source=f"{SOURCE} (TD1.6)")
def mode_is_known(question: Question) -> Iterator[Observation]:
    """TD1.6 lists the active ones, the forbidden ones or all."""
    if isinstance(question, ListByPatient) and question.mode not in MODES:
        yield Observation(_at(question, "mode"), question.mode, " | ".join(MODES))


@RULES.rule("HAB-04", source=f"{SOURCE} (TD0.4)")
def start_is_an_instant(question: Question) -> Iterator[Observation]:
    """startDate is an instant to the second."""
    if isinstance(question, PatientList) and not TIME.fullmatch(question.start):
        yield Observation(f"/{LIST}/startDate", question.start, "AAAAMMJJhhmmss")


@RULES.rule("HAB-05", source=f"{SOURCE} (TD0.4)")
def date_type_is_known(question: Question) -> Iterator[Observation]:
    """dateType is spelled as the DMP spells it, LASTAUTORIZATION without its H."""
    if isinstance(question, PatientList) and question.date_type not in DATE_TYPES:
        yield Observation(f"/{LIST}/dateType", question.date_type, " | ".join(DATE_TYPES))


@RULES.rule("HAB-06", source=f"{SOURCE} (TD0.4)")
def owner_is_a_professional(question: Question) -> Iterator[Observation]:
    """psOwnerId, when given, is a PS_IdNat."""
    if isinstance(question, PatientList) and question.owner and not PS_ID.fullmatch(question.owner):
        yield Observation(f"/{LIST}/psOwnerId", question.owner, "8 + RPPS (11) | 0 + ADELI (9)")


@RULES.rule("HAB-07", requires=Keyword.DEVRAIT, source=f"{SOURCE} (elementFormDefault qualified)")
def nothing_else_is_sent(question: Question) -> Iterator[Observation]:
    """Parameters are those of the operation, once each, in its namespace."""
    for name in question.unknown:
        yield Observation(_at(question, name), name, " | ".join(PARAMETERS[operation_of(question)]))
