"""Sections and entries of IHE PCC and their French profiles: problems, allergies, acts, observations."""

from schemas.cda.template import Template
from schemas.finding import RuleSet

RULES: RuleSet[None] = RuleSet("cda-clinical")

TEMPLATES: tuple[Template, ...] = ()
