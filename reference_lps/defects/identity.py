"""Defects about identity: INSi, and the INS that leaves the software."""

from schemas.ins import Ins

from ..state import Patient
from .model import Defect


def all_first(names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """All given names at once, then each."""
    return (names, *((name,) for name in names)) if len(names) > 1 else (names,)


def whatever_the_status(patient: Patient) -> Ins | None:
    return patient.ins


DEFECTS = (
    Defect(
        "ins-prenoms-ensemble",
        "insi",
        "INSi est interrogé d'abord avec tous les prénoms à la fois",
        "INSi is first asked with all given names at once",
        "SCN-INS-PRENOMS",
        ("INS/va1.34",),
        {"name_attempts": all_first},
    ),
    Defect(
        "ins-non-qualifie-transmis",
        "dmp",
        "L'INS d'une identité récupérée, non qualifiée, part vers le DMP et la base d'ordonnances",
        "The INS of a recovered, unqualified identity leaves for the DMP and the prescription base",
        "SCN-INS-FUITE",
        ("INS/va1.53",),
        {"feed_ins": whatever_the_status},
    ),
)
