"""The header, by what is looked at: document, patient, contacts, professionals, care, data types.

Source: CI-SIS "structuration minimale des documents de santé" (cda.md §2 and §3).
"""

from schemas.cda.header import care, contact, datatypes, document, identity, parties, people
from schemas.cda.model import ClinicalDocument
from schemas.finding import RuleSet

RULES: tuple[RuleSet[ClinicalDocument], ...] = (
    document.RULES,
    identity.RULES,
    contact.RULES,
    people.RULES,
    parties.RULES,
    care.RULES,
    datatypes.RULES,
)
