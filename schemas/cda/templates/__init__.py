"""What is known of templateIds of the body, by family. One lookup for all of them."""

from functools import cache

from schemas.cda.template import Said, Template, by_oid
from schemas.cda.templates import clinical, imaging, laboratory, pharmacy
from schemas.finding import Keyword, RuleSet

FAMILIES = (clinical, pharmacy, laboratory, imaging)
COMMON: RuleSet[None] = RuleSet("cda-templates")
SAID = Said(
    open_set=COMMON.declare(
        "CDA-JDV-OPEN",
        requires=Keyword.DEVRAIT,
        requirements=("BEN-CDA-03",),
        source="jeu de valeurs détenu en partie par le banc",
    ),
    unknown=COMMON.declare(
        "CDA-TPL-01", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-02",), source="contrôle du banc"
    ),
    undeclared=COMMON.declare(
        "CDA-TPL-02", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-02",), source="CI-SIS, sections"
    ),
)


@cache
def known_templates() -> dict[str, tuple[Template, ...]]:
    """Templates by templateId root."""
    return by_oid(*(family.TEMPLATES for family in FAMILIES))
