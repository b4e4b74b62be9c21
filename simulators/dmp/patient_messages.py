"""Questions about patients and rights (TD0.3, 0.4, 0.5, 1.1 to 1.4, 1.6): read and judged on their own."""

from dataclasses import replace

from schemas import habilitations
from schemas.finding import Finding
from schemas.habilitations import ListByPatient, PatientList, SetAuthorization
from schemas.habilitations.rules import RULES as HABILITATION_RULES
from schemas.hl7v3 import Hl7Refused
from schemas.hl7v3.legacy import Revision, read_revision
from schemas.hl7v3.pdq import Find, read_find
from schemas.hl7v3.pdq_rules import RULES as PDQ_RULES
from schemas.xml import Element

from . import errors
from .errors import Refusal
from .routes import AUTHORISE, AUTHORISED, CREATE, FIND_PATIENT, PATIENT_LIST, REVISE, Operation

Question = SetAuthorization | ListByPatient | PatientList | Find | Revision
QUESTIONS = (SetAuthorization, ListByPatient, PatientList, Find, Revision)
OPERATIONS = (AUTHORISE, AUTHORISED, PATIENT_LIST, FIND_PATIENT, CREATE, REVISE)


def read(body: Element, operation: Operation) -> tuple[Question, str, Operation]:
    """The question, the matricule that it names (most name none) and the very transaction.

    Raises Hl7Refused or HabilitationRefused.
    """
    if operation is FIND_PATIENT:
        return read_find(body), "", operation
    if operation in (CREATE, REVISE):
        asked = read_revision(body)
        if asked.transaction == "?":
            raise Hl7Refused(f"/{asked.message}/controlActProcess/reasonCode", "unknown reason")
        matricule = asked.patient.matricule if asked.patient else ""
        return asked, matricule, replace(operation, transaction=asked.transaction)
    return habilitations.read_question(body), "", operation


def judge(question: Question) -> tuple[list[Finding], Refusal | None]:
    """What the question itself does wrong, and the refusal that it calls for."""
    if isinstance(question, Revision):
        return [], None
    findings = PDQ_RULES.judge(question) if isinstance(question, Find) else HABILITATION_RULES.judge(question)
    wrong = next((one for one in findings if one.is_error and one.rule != "PDQ-01"), None)
    if wrong is None:
        return findings, None
    return findings, errors.unknown_value(f"{wrong.rule} {wrong.where} : {wrong.observed or 'absent'}")
