"""The seeded defects: each a small change of behaviour, with the rule and the requirement that must catch it.

`segur-bench defects` lists them, `segur-bench run --defect ID` plays one. The bench's engine knows nothing
of them.
"""

from collections.abc import Mapping

from ..behaviour import Behaviour
from . import (
    directory,
    dmp,
    dmp_consult,
    dmp_feeding,
    dmp_metadata,
    dmp_platform,
    dmp_update,
    dmp_users,
    dmp_vihf,
    dmp_web,
    identity,
    mail,
    prescription,
    psc,
)
from .model import Defect, UnknownDefect

MODULES = (
    identity,
    psc,
    dmp,
    dmp_feeding,
    dmp_consult,
    dmp_vihf,
    dmp_metadata,
    dmp_update,
    dmp_users,
    dmp_platform,
    dmp_web,
    prescription,
    mail,
    directory,
)
DEFECTS: Mapping[str, Defect] = {defect.id: defect for module in MODULES for defect in module.DEFECTS}


def behaviour_of(id_: str) -> Behaviour:
    """The behaviour of the software with this defect. Raises UnknownDefect."""
    if id_ not in DEFECTS:
        raise UnknownDefect(id_, DEFECTS)
    return DEFECTS[id_].behaviour


__all__ = ["DEFECTS", "Defect", "UnknownDefect", "behaviour_of"]
