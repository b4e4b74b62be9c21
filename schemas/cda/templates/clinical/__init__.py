"""Sections and entries of IHE PCC and their French profiles: problems, allergies, acts, observations."""

from schemas.cda.template import Template
from schemas.cda.templates.clinical import acts, observations, problems, sections, stay
from schemas.cda.templates.clinical.rules import RULES

__all__ = ["RULES", "TEMPLATES"]

TEMPLATES: tuple[Template, ...] = (
    *sections.TEMPLATES,
    *problems.TEMPLATES,
    *observations.TEMPLATES,
    *acts.TEMPLATES,
    *stay.TEMPLATES,
)
