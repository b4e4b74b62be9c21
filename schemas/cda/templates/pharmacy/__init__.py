"""Medicines, devices and vaccines: IHE Pharmacy, IHE PCC medication entries and their French profiles."""

from schemas.cda.template import Template
from schemas.cda.templates.pharmacy import (
    copy,
    devices,
    dispense,
    french,
    immunization,
    medication,
    prescription,
    sections,
)
from schemas.cda.templates.pharmacy.common import RULES

TEMPLATES: tuple[Template, ...] = (
    *french.TEMPLATES,
    *sections.TEMPLATES,
    *copy.TEMPLATES,
    *medication.TEMPLATES,
    *prescription.TEMPLATES,
    *devices.TEMPLATES,
    *dispense.TEMPLATES,
    *immunization.TEMPLATES,
)

__all__ = ["RULES", "TEMPLATES"]
