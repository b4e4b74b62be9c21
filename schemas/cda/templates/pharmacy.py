"""Medicines and devices: IHE Pharmacy, IHE PCC medication entries and their French profiles."""

from schemas.cda.template import Template
from schemas.finding import RuleSet

RULES: RuleSet[None] = RuleSet("cda-pharmacy")

TEMPLATES: tuple[Template, ...] = ()
