"""Questions about patients and rights: from what was examined to the answer, with the facts of each."""

from dataclasses import dataclass
from datetime import datetime

from schemas import hl7v3
from schemas.habilitations import ListByPatient, Outcome, PatientList, SetAuthorization, write_answer
from schemas.habilitations.request import operation_of
from schemas.hl7v3 import Identity
from schemas.hl7v3.legacy import Revision
from schemas.hl7v3.pdq import Find, write_found
from simulators.core.clock import stamp

from . import legacy
from .access import Access, Caller
from .examine import Examined
from .existence import existence
from .find_patient import find_patients
from .habilitations import Habilitations
from .rights import Action

MESSAGES = "1.2.250.1.213.4.1.1.1.1"


@dataclass(frozen=True, slots=True)
class Desk:
    """Answers everything but documents."""

    access: Access
    habilitations: Habilitations

    def answers(self, seen: Examined) -> bool:
        """Whether this message is for here."""
        asked = (hl7v3.Query, SetAuthorization, ListByPatient, PatientList, Find, Revision)
        return isinstance(seen.payload, asked)

    def answer(self, seen: Examined, id_: str, now: datetime) -> str:
        """The body of the answer. `id_` is the UUID of the message. Raises Refusal."""
        asked = seen.payload
        assert seen.vihf is not None
        caller = self.access.caller(seen.vihf, self.access.patient(seen.patient), now)
        seen.facts.update(actor=caller.actor.value, purpose=caller.purpose)
        if isinstance(asked, hl7v3.Query):
            return self._existence(seen, asked, caller, id_, now)
        if isinstance(asked, SetAuthorization):
            return self._set(seen, asked, caller, now)
        if isinstance(asked, ListByPatient):
            patient = self.access.record(seen.patient)
            self.access.check(Action.AUTHORISED, caller, patient)
            lines = self.habilitations.by_patient(asked, patient, now)
            seen.facts.update(mode_asked=asked.mode, professionals=[one.id for one in lines])
            return write_answer(operation_of(asked), Outcome(), lines)
        if isinstance(asked, PatientList):
            permission = self.access.permission(Action.PATIENTS, caller)
            listed = self.habilitations.patients(asked, caller, permission, now)
            seen.facts["patients"] = [one.identifiers[0].matricule for one in listed]
            return write_answer(operation_of(asked), Outcome(), listed)
        if isinstance(asked, Find):
            self.access.permission(Action.FIND_PATIENT, caller)
            matches, total = find_patients(self.access.population, asked, self.access.policy.homonyms)
            seen.facts.update(patients=[one.patient.matricule for one in matches], total=total)
            return write_found(asked, Identity(MESSAGES, id_), stamp(now), matches, total)
        assert isinstance(asked, Revision)
        raise legacy.refusal(asked, self.access.patient(seen.patient), seen.patient)

    def _existence(self, seen: Examined, query: hl7v3.Query, caller: Caller, id_: str, now: datetime) -> str:
        reads = query.reason == hl7v3.ADMIN_DATA
        patient = self.access.patient(seen.patient)
        if reads and patient is not None and patient.dmp == "actif":
            self.access.check(Action.ADMIN_DATA, caller, patient)
        else:
            self.access.permission(Action.ADMIN_DATA if reads else Action.EXISTS, caller)
        found = existence(query, patient, id_, now, caller.authorisation, details=reads)
        seen.facts.update(exists=found.found, status=found.status, authorisation=found.authorisation)
        if found.found:
            seen.facts["treating_doctor"] = found.treating_doctor
        return hl7v3.write_answer(found)

    def _set(self, seen: Examined, asked: SetAuthorization, caller: Caller, now: datetime) -> str:
        before = caller.authorisation.state.value
        seen.facts.update(action=asked.action, role=asked.role, before=before, after=before)
        patient = self.access.record(seen.patient)
        outcome, held = self.habilitations.set(asked, caller, patient, now)
        seen.facts.update(
            holder=held.holder,
            after=held.state.value,
            treating_doctor=held.treating,
            changed=not outcome.context,
        )
        return write_answer(operation_of(asked), outcome)
