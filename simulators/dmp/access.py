"""May this caller do this, on this DMP, now? In the DMP's order: record, opposition, rights, authorisation.

Authentication, VIHF, structure and professional come before (`examine`, `service`).
"""

from dataclasses import dataclass
from datetime import datetime

from schemas.vihf import Vihf
from schemas.vihf.rules import PS_ID
from simulators.core.population import Patient, Population

from . import errors
from .authorisations import Authorisation, Authorisations, State
from .policy import Policy
from .rights import GLASS, NORMAL, REGULATION, Action, Actor, Permission, actor_of, allowed, purpose_of


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls about which patient: the VIHF, its column in the sheets, its authorisation, its limits."""

    vihf: Vihf
    actor: Actor
    purpose: str
    authorisation: Authorisation

    @property
    def holder(self) -> str:
        return self.authorisation.holder


@dataclass(frozen=True, slots=True)
class Access:
    """Decides. Nothing here remembers anything but `authorisations`."""

    population: Population
    authorisations: Authorisations
    policy: Policy

    def caller(self, vihf: Vihf, patient: Patient | None, now: datetime) -> Caller:
        """The caller, as the DMP knows them for this patient."""
        holder = holder_of(vihf)
        standing = self._standing(vihf, patient, holder, now) if patient else Authorisation(holder)
        actor = actor_of(vihf, standing.treating)
        return Caller(vihf, actor, purpose_of(vihf), standing)

    def _standing(self, vihf: Vihf, patient: Patient, holder: str, now: datetime) -> Authorisation:
        if self.policy.structure_shares and holder != vihf.structure:
            return self.authorisations.effective(patient, holder, vihf.structure, now)
        return self.authorisations.of(patient, holder, now)

    def patient(self, matricule: str) -> Patient | None:
        """Whose matricule this is; a former one too, when the policy takes it."""
        if self.policy.former_ins:
            return self.population.holder(matricule)
        return self.population.find(matricule)

    def record(self, matricule: str) -> Patient:
        """The patient of an open DMP. Raises Refusal: none, or closed."""
        patient = self.patient(matricule)
        if patient is None or patient.dmp == "inexistant":
            raise errors.unknown_patient(matricule)
        if patient.dmp == "ferme":
            raise errors.closed(matricule)
        return patient

    def permission(self, action: Action, caller: Caller) -> Permission:
        """What the sheet says, whatever the patient. Raises Refusal when it is no."""
        found = allowed(action, caller.actor, caller.purpose, caller.vihf.mode, self.policy.oddities)
        if found is Permission.NO:
            raise errors.no_right(action, caller.actor, caller.purpose, caller.vihf.mode)
        return found

    def check(self, action: Action, caller: Caller, patient: Patient) -> Permission:
        """Opposition, rights, authorisation, on an open DMP. Raises Refusal."""
        if action in self.policy.opposable and opposes(patient, caller.purpose):
            raise errors.opposed(caller.purpose)
        found = self.permission(action, caller)
        state = caller.authorisation.state
        personal = caller.actor is not Actor.ORGANISATION
        if personal and state is State.BLOCKED and action in self.policy.refused_to_blocked:
            raise errors.unauthorised(state)
        asked = caller.purpose == NORMAL and action in self.policy.needs_authorisation
        if personal and asked and state is not State.VALID:
            raise errors.unauthorised(state)
        return found


def opposes(patient: Patient, purpose: str) -> bool:
    """Whether the patient opposes this way of access. Accès normal is never opposed here."""
    return (purpose == REGULATION and patient.opposes_regulation) or (
        purpose == GLASS and patient.opposes_glass
    )


def holder_of(vihf: Vihf) -> str:
    """Who an authorisation of this caller belongs to: the professional, or the structure of an employee."""
    if actor_of(vihf, False) is Actor.CPE or not PS_ID.fullmatch(vihf.name_id):
        return vihf.structure
    return vihf.name_id
