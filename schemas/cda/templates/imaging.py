"""Imaging reports: DICOM PS3.20, IHE RAD and their French profiles."""

from schemas.cda.template import Template
from schemas.finding import RuleSet

RULES: RuleSet[None] = RuleSet("cda-imaging")

TEMPLATES: tuple[Template, ...] = ()
