"""TD0.3, TD0.4 and TD1.6: authorisations set, and listed by professional and by patient."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.habilitations import (
    ADD,
    TREATING,
    ListByPatient,
    ListedPatient,
    ListedProfessional,
    Outcome,
    PatientList,
    SetAuthorization,
)
from schemas.habilitations.model import BY_DOCUMENT
from simulators.core.clock import stamp
from simulators.core.identities import Professional
from simulators.core.population import Patient

from . import errors
from .access import Access, Caller
from .authorisations import Authorisation, State
from .rights import Action, Actor, Permission
from .state import DmpState

UNCHANGED = "[bench] autorisation déjà en place : rien n'est changé"
NOTHING = "[bench] aucune autorisation à retirer : rien n'est changé"


def action_of(asked: SetAuthorization) -> Action:
    """The line of the sheets that a TD0.3 is about."""
    if asked.action == ADD:
        return Action.AUTHORISE
    return Action.STOP_TREATING if asked.role == TREATING else Action.WITHDRAW


@dataclass(frozen=True, slots=True)
class Habilitations:
    """The two services. `professionals`: those that the DMP knows, by PS_IdNat."""

    access: Access
    documents: DmpState
    professionals: Mapping[str, Professional]

    def set(
        self, asked: SetAuthorization, caller: Caller, patient: Patient, now: datetime
    ) -> tuple[Outcome, Authorisation]:
        """TD0.3 on an open DMP. What is already so is done, with words about it. Raises Refusal."""
        action = action_of(asked)
        treating = asked.role == TREATING
        self.access.permission(action, caller)
        with self.access.authorisations.changing():
            return self._set(action, caller, patient, now, treating)

    def _set(
        self, action: Action, caller: Caller, patient: Patient, now: datetime, treating: bool
    ) -> tuple[Outcome, Authorisation]:
        if self.access.authorisations.of(patient, caller.holder, now).state is State.BLOCKED:
            raise errors.blocked(self.access.policy.blocked_code)
        if action is Action.AUTHORISE:
            return self._add(caller, patient, now, treating)
        if action is Action.STOP_TREATING:
            return Outcome(), self.access.authorisations.stop_treating(patient, caller.holder, now)
        own = self.access.authorisations.of(patient, caller.holder, now)
        if own.state is State.NONE:
            return Outcome(context=NOTHING), own
        ends = self.access.policy.withdrawal_ends_treating
        return Outcome(), self.access.authorisations.withdraw(patient, caller.holder, now, ends)

    def _add(
        self, caller: Caller, patient: Patient, now: datetime, treating: bool
    ) -> tuple[Outcome, Authorisation]:
        doctor = caller.actor in (Actor.DOCTOR, Actor.TREATING)
        if treating and not (doctor and self.access.policy.doctor_may_become_treating):
            raise errors.no_right(f"TD0.3 AJOUT {TREATING}", caller.actor, caller.purpose, caller.vihf.mode)
        before = self.access.authorisations.of(patient, caller.holder, now)
        after = self.access.authorisations.add(patient, caller.holder, now, treating)
        return Outcome(context=UNCHANGED if after == before else ""), after

    def by_patient(
        self, asked: ListByPatient, patient: Patient, now: datetime
    ) -> tuple[ListedProfessional, ...]:
        """TD1.6: known professionals that are authorised (ACTIVE), blocked (INTERDITE), or either."""
        wanted = {
            "ACTIVE": {State.VALID},
            "INTERDITE": {State.BLOCKED},
            "TOUTE": {State.VALID, State.BLOCKED},
        }[asked.mode]
        standing = (
            (one, self.access.authorisations.of(patient, one.id_nat, now))
            for one in self.professionals.values()
        )
        return tuple(_professional(one, held) for one, held in standing if held.state in wanted)

    def patients(
        self, asked: PatientList, caller: Caller, permission: Permission, now: datetime
    ) -> tuple[ListedPatient, ...]:
        """TD0.4: open DMPs on which the caller is authorised, since a date, in order of name.

        A structure lists those of its professionals and its own; an employee may name one professional of
        it. An organisation is limited to authorisations, by date. Raises Refusal.
        """
        holders = self._holders(asked, caller, permission)
        if permission is Permission.NEW and asked.date_type == BY_DOCUMENT:
            raise errors.no_right(f"TD0.4 {BY_DOCUMENT}", caller.actor, caller.purpose, caller.vihf.mode)
        listed = []
        for patient in self.access.population:
            if patient.dmp != "actif":
                continue
            for held in self._valid(patient, holders, now):
                added = self._last_document(patient)
                date = added if asked.date_type == BY_DOCUMENT else stamp(held.last_action or now)
                if date and date >= asked.start:
                    listed.append(_listed(patient, held, added))
                    break
        return tuple(
            sorted(listed, key=lambda one: (one.birth_name, one.given, one.identifiers[0].matricule))
        )

    def _holders(self, asked: PatientList, caller: Caller, permission: Permission) -> tuple[str, ...]:
        if permission is Permission.YES:
            if asked.owner not in ("", caller.holder):
                raise errors.no_right("TD0.4 psOwnerId", caller.actor, caller.purpose, caller.vihf.mode)
            return (caller.holder,)
        structure = caller.vihf.structure
        members = [one.id_nat for one in self.professionals.values() if one.structure.id_nat == structure]
        if asked.owner:
            if asked.owner not in members:
                raise errors.unlinked(asked.owner, structure)
            return (asked.owner,)
        return (*members, structure)

    def _valid(self, patient: Patient, holders: Iterable[str], now: datetime) -> Iterator[Authorisation]:
        for holder in holders:
            held = self.access.authorisations.of(patient, holder, now)
            if held.state is State.VALID:
                yield held

    def _last_document(self, patient: Patient) -> str:
        """When the newest document was deposited, YYYYMMDDhhmmss."""
        return self.documents.last_received(patient.ins.matricule)


def _professional(one: Professional, held: Authorisation) -> ListedProfessional:
    return ListedProfessional(
        id=one.id_nat,
        given=one.given,
        family=one.family,
        start=stamp(held.start) if held.start else "",
        last_action=stamp(held.last_action) if held.last_action else "",
        mode="INTERDITE" if held.state is State.BLOCKED else "ACTIVE",
        specialities=((one.speciality_code, one.speciality_code),),
        rights=(TREATING,) if held.treating else (),
    )


def _listed(patient: Patient, held: Authorisation, added: str) -> ListedPatient:
    return ListedPatient(
        identifiers=(patient.ins,),
        usual_name=patient.usual_name or patient.birth_name,
        birth_name=patient.birth_name,
        given=patient.given,
        civility="MME" if patient.sex == "F" else "M",
        birth_date=f"{patient.birth_date:%Y%m%d}",
        treating=held.treating,
        last_update=stamp(held.last_action) if held.last_action else "",
        last_addition=added,
    )
