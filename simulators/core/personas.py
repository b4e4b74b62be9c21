"""The test personas of the DMP, by what they are for. Identities are synthetic, derived from the seed.

Source of the roles: the public list of DMP test patients; nobody of it is copied.
"""

from collections.abc import Mapping
from typing import Any

from .incidents import INCIDENTS
from .population import Patient, Population

CHANGED_MIND = "Ne souhaite plus de DMP"
PERSONAS: Mapping[str, Mapping[str, Any]] = {
    "sans-dmp": {"dmp": "inexistant"},
    "actif": {},
    "corse": {"corsican": True},
    "ferme": {"dmp": "ferme"},
    "ferme-motif": {"dmp": "ferme", "closure": CHANGED_MIND},
    "sans-autorisation": {"authorisation": "NON_EXISTE"},
    "bloque": {"authorisation": "INTERDIT"},
    "expire": {"authorisation": "EXPIRE"},
    "patient-du-medecin-traitant": {"treated": True},
    "urgence": {"authorisation": "NON_EXISTE", "masked_in_emergency": True},
    "oppose-centre-15": {"authorisation": "NON_EXISTE", "opposes_regulation": True},
    "oppose-urgences": {"authorisation": "NON_EXISTE", "opposes_regulation": True, "opposes_glass": True},
    "mineur": {"minor": True},
    "ins-change": {"ins_changed": True},
    "decede": {"deceased": True},
    "hors-mes": {"mes": "absent"},
    "nom-non-renseigne": {"usual_name": "NON RENSEIGNE"},
    **{f"incident-{name}": {"incident": name} for name in INCIDENTS},
}


def persona(population: Population, name: str) -> Patient:
    """The persona of this name in this population. Raises KeyError for an unknown name."""
    return population.derive(f"persona/{name}", **PERSONAS[name])


def everyone(population: Population) -> dict[str, Patient]:
    """Every persona by its name, twins included: known to the services from then on."""
    made = {name: persona(population, name) for name in PERSONAS}
    made["jumeau-1"], made["jumeau-2"] = twins(population)
    return made


def twins(population: Population) -> tuple[Patient, Patient]:
    """Two patients born together: same name, date and place, birth ranks 1 and 2."""
    first = population.derive("persona/jumeau-1")
    return first, population.derive("persona/jumeau-2", twin_of=first.ins.matricule)
