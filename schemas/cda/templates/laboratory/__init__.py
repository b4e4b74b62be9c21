"""Laboratory reports: IHE PaLM (XD-LAB) and its French profiles."""

from schemas.cda.template import Template
from schemas.cda.templates.laboratory import people, results, sections, specimens
from schemas.cda.templates.laboratory.rules import RULES

TEMPLATES: tuple[Template, ...] = (
    *sections.TEMPLATES,
    *results.TEMPLATES,
    *specimens.TEMPLATES,
    *people.TEMPLATES,
)

__all__ = ["RULES", "TEMPLATES"]
