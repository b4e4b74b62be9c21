"""Who may not see a document: the flags that a user may choose, one document at a time.

Source: EX_2.1-1050, CI-SIS (masking).
"""

from datetime import date

from schemas.xds import names

from .outcome import Refused
from .software import Software
from .state import Patient


def chosen_flags(lps: Software, patient: Patient, flags: tuple[str, ...]) -> tuple[str, ...]:
    """The flags of a document that is about to leave. Raises Refused for those that a document can't have."""
    flags = lps.behaviour.flags(flags)
    if lps.behaviour.flags_remembered:
        flags = flags or lps.store.flags.get(patient.id, ())
        lps.store.flags[patient.id] = flags
    if lps.behaviour.flags_checked:
        check_flags(flags, patient, lps.clock.now().date())
    return flags


def check_flags(flags: tuple[str, ...], patient: Patient, today: date) -> None:
    """Raises Refused."""
    if names.MASQUE_PS in flags and names.INVISIBLE_PATIENT in flags:
        raise Refused("Un document n'est pas à la fois masqué aux professionnels et invisible au patient.")
    if names.INVISIBLE_REPRESENTANTS in flags and not patient.is_minor(today):
        raise Refused("Seul le document d'un mineur peut être invisible à ses représentants légaux.")
