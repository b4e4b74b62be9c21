"""What a professional does on the pages: authorise themselves; a treating doctor blocks and unblocks too."""

from collections.abc import Mapping
from datetime import datetime

from schemas.habilitations import ADD, SetAuthorization
from simulators.core.population import Patient

from ..access import Caller
from ..authorisations import State
from ..rights import Action, Actor
from ..service import DmpService
from . import errors
from .address import HOME, WISHES

FIELD, PROFESSIONAL = "geste", "professionnel"  # fields of our forms
AUTHORISE, BLOCK, UNBLOCK = "authorise", "block", "unblock"
GESTURES = (AUTHORISE, BLOCK, UNBLOCK)

Done = tuple[str, dict[str, str]]  # the page to go to, and facts


def done(dmp: DmpService, asked: Mapping[str, str], caller: Caller, patient: Patient, now: datetime) -> Done:
    """Do what a form asks, on an open DMP. Raises Refused, Refusal."""
    name = asked.get(FIELD, "")
    if name == AUTHORISE:
        return _authorise(dmp, caller, patient, now)
    if name in (BLOCK, UNBLOCK):
        return _block(dmp, name, asked.get(PROFESSIONAL, ""), caller, patient, now)
    raise errors.unknown_gesture(name)


def _authorise(dmp: DmpService, caller: Caller, patient: Patient, now: datetime) -> Done:
    """As TD0.3 AJOUT does, by the same rights."""
    _, held = dmp.desk.habilitations.set(SetAuthorization(ADD), caller, patient, now)
    return HOME, {"before": caller.authorisation.state.value, "after": held.state.value}


def _block(dmp: DmpService, name: str, target: str, caller: Caller, patient: Patient, now: datetime) -> Done:
    dmp.access.check(Action.AUTHORISED, caller, patient)
    if caller.actor is not Actor.TREATING or target == caller.holder:
        raise errors.not_treating(name)
    if target not in dmp.desk.habilitations.professionals:
        raise errors.unknown_professional(target[:40])
    before = dmp.authorisations.of(patient, target, now).state
    if name == BLOCK:
        after = dmp.authorisations.block(patient, target, now)
    elif before is State.BLOCKED:
        after = dmp.authorisations.withdraw(patient, target, now, ends_treating=True)
    else:
        raise errors.unknown_gesture(name)
    return WISHES, {"holder": target, "before": before.value, "after": after.state.value}
