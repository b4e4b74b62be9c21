"""Laboratory reports: IHE PaLM (XD-LAB) and its French profiles."""

from schemas.cda.template import Template
from schemas.finding import RuleSet

RULES: RuleSet[None] = RuleSet("cda-laboratory")

TEMPLATES: tuple[Template, ...] = ()
