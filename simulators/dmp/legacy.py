"""TD1.1, TD1.2, TD1.3b, TD1.4: what is left of them. All are refused; how depends on the DMP.

Known: software no longer creates DMPs since Mon espace santé; TD1.3b and TD1.4 are for DMPs that are not
attached to it; `DMPFound` and `DMPClosed`. Assumed: the code of the other refusals.
"""

from schemas.hl7v3.legacy import Revision
from simulators.core.population import Patient

from . import errors
from .errors import Refusal


def refusal(asked: Revision, patient: Patient | None, matricule: str) -> Refusal:
    """Why a creation or a revision is refused today."""
    status = patient.dmp if patient else "inexistant"
    if asked.transaction == "TD1.1":
        return errors.ended(asked.transaction) if status == "inexistant" else _found(asked)
    if status == "inexistant":
        return errors.unknown_patient(matricule)
    if asked.transaction == "TD1.2":
        return errors.ended(asked.transaction) if status == "ferme" else _found(asked)
    if status == "ferme":
        return errors.closed(matricule)
    if patient is not None and patient.mes == "absent":
        return errors.not_revised(asked.transaction)
    return errors.ended(asked.transaction)


def _found(asked: Revision) -> Refusal:
    return errors.already("DMPFound", f"{asked.transaction} : le DMP existe déjà")
