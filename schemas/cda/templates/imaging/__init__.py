"""Imaging requests and reports: DICOM PS3.20, IHE RAD and their French profiles."""

from schemas.cda.template import Template
from schemas.cda.templates.imaging import catalogue, entries, requests, sections
from schemas.cda.templates.imaging.rules import RULES

TEMPLATES: tuple[Template, ...] = (
    *sections.TEMPLATES,
    *entries.TEMPLATES,
    *catalogue.TEMPLATES,
    *requests.TEMPLATES,
)

__all__ = ["RULES", "TEMPLATES"]
