"""TD0.2: does the patient have a DMP, open or closed, and may this professional read it? And TD1.3a."""

from datetime import datetime

from schemas import hl7v3
from schemas.hl7v3 import Answer, Closure, Identity
from simulators.core.clock import stamp
from simulators.core.population import Patient

from .admin_data import admin_data
from .authorisations import Authorisation

CLOSED = "Fermé à la demande du patient"
LONG_AGO = "20250101000000"  # of a DMP closed from the start
SEXES = {"F": "F", "M": "M"}


def existence(
    query: hl7v3.Query,
    patient: Patient | None,
    id_: str,
    now: datetime,
    held: Authorisation,
    details: bool = False,
) -> Answer:
    """The answer: NF without a DMP; `terminated` with its closure for a closed one.

    `held` is how the caller stands on this DMP. `details`: administrative data too (TD1.3a), of an open DMP.
    """
    identity = Identity("1.2.250.1.213.4.1.1.1.1", id_)
    base = Answer(
        identity,
        stamp(now),
        query.id,
        query.query_id,
        found=False,
        software=query.software,
        device=query.device,
    )
    if patient is None or patient.dmp == "inexistant":
        return base
    closed = patient.dmp == "ferme"
    return Answer(
        identity,
        base.created,
        query.id,
        query.query_id,
        found=True,
        status="terminated" if closed else "active",
        authorisation=held.state.value,
        treating_doctor=held.treating,
        patient=patient.ins,
        family=patient.birth_name,
        given=patient.given,
        sex=SEXES.get(patient.sex, "UN"),
        birth_date=f"{patient.birth_date:%Y%m%d}",
        attached_to_mes=patient.mes == "actif",
        closure=Closure(patient.closed_at or LONG_AGO, text=patient.closure or CLOSED) if closed else None,
        software=query.software,
        device=query.device,
        usual=patient.usual_name,
        details=admin_data(patient) if details and not closed else None,
    )
