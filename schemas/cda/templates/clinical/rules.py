"""The rule set of the clinical templates, and short names for their OIDs.

Layers: an IHE OID is judged by the IHE layer of the official tool, the French entry that profiles it by
MODCDA, sections and entries that the ANS created by MODANS (cda.md §1.1, §5).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.cda.look import SCHEMATRON, at
from schemas.cda.template import Check, Has, OneOf, xpath
from schemas.cda.terms.codes import well_formed
from schemas.finding import Keyword, Observation, Rule, RuleSet
from schemas.xml import Element

RULES: RuleSet[None] = RuleSet("cda-clinical")

ACT_CODE = "2.16.840.1.113883.5.4"
ROLE_CODE = "2.16.840.1.113883.5.111"
TA_ASIP = "1.2.250.1.213.1.1.4.322"


def pcc(number: str) -> str:
    """The OID of an IHE PCC template: `pcc("4.5")`."""
    return f"1.3.6.1.4.1.19376.1.5.3.1.{number}"


def ccd(number: int) -> str:
    """The OID of an HL7 CCD template."""
    return f"2.16.840.1.113883.10.20.1.{number}"


def section(number: str) -> str:
    """The OID of a French section (FR n)."""
    return f"1.2.250.1.213.1.1.2.{number}"


def entry(number: str) -> str:
    """The OID of a French entry (FR n)."""
    return f"1.2.250.1.213.1.1.3.{number}"


def ihe(number: str, *, title: str) -> Rule:
    """The rule of an IHE PCC template."""
    return RULES.declare(
        f"CDA-PCC-{number}",
        requirements=SCHEMATRON,
        source=f"IHE PCC TF-2, {title} ({pcc(number)})",
        layer="IHE",
    )


def french(number: str, *, title: str, layer: str = "MODCDA") -> Rule:
    """The rule of a French section (`2.n`) or entry (`3.n`)."""
    return RULES.declare(
        f"CDA-FR-{number}",
        requirements=SCHEMATRON,
        source=f"CI-SIS, modèles de contenus, {title} (1.2.250.1.213.1.1.{number})",
        layer=layer,
    )


def fixed(values: Mapping[str, str]) -> tuple[Check, ...]:
    """For each path of an attribute → values separated by `|`: the attribute is there, with one of them."""
    return tuple(
        check
        for path, allowed in values.items()
        for check in (Has(path, 1, None), OneOf(path, tuple(allowed.split("|"))))
    )


@dataclass(frozen=True, slots=True)
class OfSystem:
    """Each coded element at this path is null, or its code could be one of its system, which is one of these.

    What can be said for sure of a value set that is held in part.
    """

    path: str
    systems: tuple[str, ...]

    def __call__(self, element: Element) -> Iterator[Observation]:
        for found in xpath(self.path)(element):
            code, system = found.get("code", ""), found.get("codeSystem", "")
            if found.get("nullFlavor") is None and not (system in self.systems and well_formed(code, system)):
                yield at(found, f"{code} ({system})", f"code de {' | '.join(self.systems)}", "@code")


FRENCH_TEMPLATE = RULES.declare(
    "CDA-FR-TEMPLATE",
    requires=Keyword.DEVRAIT,
    requirements=SCHEMATRON,
    source="CI-SIS, modèles de contenus (cda.md §5 L3-03)",
)
