"""Defects of users and of their certificates."""

from dataclasses import replace

from schemas.vihf import VihfRequest
from schemas.vihf.model import PROFESSIONS

from .dmp_update import but
from .model import Defect

NURSE, MIDWIFE, EMPLOYEE = "60", "50", ""
REMEMBERED = "899700100067"  # a midwife who logged in before


def one_midwife_for_all(request: VihfRequest) -> VihfRequest:
    """The midwives read under the identifier of the first one who ever logged in."""
    professions = [role.code for role in request.roles if role.system == PROFESSIONS]
    return replace(request, name_id=REMEMBERED) if MIDWIFE in professions else request


DEFECTS = (
    Defect(
        "dmp-carte-ignoree",
        "dmp",
        "La carte de l'infirmier ne sert pas à alimenter : les certificats de la structure partent",
        "The nurse's card does not serve to feed: the structure's certificates leave",
        "SCN-DMP-METIER-ALIMENTE",
        ("EX_2.1-1140",),
        {"feeds_by_card": but(NURSE)},
    ),
    Defect(
        "dmp-identite-d-un-autre",
        "dmp",
        "Les sages-femmes consultent sous l'identifiant de la première qui s'est connectée",
        "Midwives read under the identifier of the first one who logged in",
        "SCN-DMP-METIER-CONSULTE",
        ("DMP/AIRS.06",),
        {"consulting_vihf": one_midwife_for_all},
    ),
    Defect(
        "dmp-secretaire-sans-carte",
        "dmp",
        "La secrétaire alimente par les certificats de la structure au lieu de sa carte CPE",
        "The secretary feeds by the structure's certificates instead of the CPE card",
        "SCN-DMP-SECRETAIRE",
        ("EX_2.1-1140",),
        {"feeds_by_card": but(EMPLOYEE)},
    ),
)
