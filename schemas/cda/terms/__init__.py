"""Codes and units of the body: UCUM, ICD-10, LOINC and SNOMED CT as far as their shape tells."""

from schemas.cda.model import ClinicalDocument
from schemas.cda.terms import checks, ucum
from schemas.finding import RuleSet

RULES: tuple[RuleSet[ClinicalDocument], ...] = (ucum.RULES, checks.RULES)
