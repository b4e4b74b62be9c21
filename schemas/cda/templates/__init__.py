"""What is known of templateIds of the body, by family. One lookup for all of them."""

from functools import cache

from schemas.cda.template import Template, by_oid
from schemas.cda.templates import clinical, imaging, laboratory, pharmacy
from schemas.finding import Keyword, RuleSet

FAMILIES = (clinical, pharmacy, laboratory, imaging)
COMMON: RuleSet[None] = RuleSet("cda-templates")
OPEN_SET = COMMON.declare(
    "CDA-JDV-OPEN",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-CDA-03",),
    source="jeu de valeurs détenu en partie par le banc",
)


@cache
def known_templates() -> dict[str, tuple[Template, ...]]:
    """Templates by templateId root."""
    return by_oid(*(family.TEMPLATES for family in FAMILIES))
