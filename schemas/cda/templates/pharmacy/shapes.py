"""Shapes of the codes of medicines and devices: a code of another shape is of another system, or mistyped.

The official tools do not look at them (cda.md EP18b). Sources: ANSM (CIS, CIP), WHO (ATC), EDQM, Médicabase,
Cnam (LPP), EMDN.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.cda.look import at
from schemas.cda.template import xpath
from schemas.cda.templates.pharmacy.common import ROW, RULES
from schemas.finding import Keyword, Observation
from schemas.xml import Element

SHAPE = RULES.declare(
    "CDA-MED-01", requires=Keyword.DEVRAIT, requirements=ROW, source="contrôle du banc : forme des codes"
)

SHAPES = {
    "1.2.250.1.213.2.3.1": ("CIS", re.compile(r"6\d{7}")),
    "1.2.250.1.213.2.3.2": ("CIP", re.compile(r"3400[89]\d{8}|\d{7}")),
    "1.2.250.1.213.2.3.3": ("CIP", re.compile(r"3400[89]\d{8}|\d{7}")),
    "1.2.250.1.213.2.59": ("MV", re.compile(r"MV\d{8}")),
    "2.16.840.1.113883.6.73": ("ATC", re.compile(r"[A-Z](?:\d{2}(?:[A-Z](?:[A-Z](?:\d{2})?)?)?)?")),
    "0.4.0.127.0.16.1.1.2.1": ("EDQM", re.compile(r"\d{8}")),
    "1.2.250.1.215.200.2.1": ("LPP", re.compile(r"\d{7}")),
    "1.2.250.1.213.2.68": ("EMDN", re.compile(r"[A-Z](?:\d{2}){1,6}")),
}
"""OID of a code system → its name, the shape of its codes."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """Each code below, when its system is known here, has the shape of this system."""

    def __call__(self, element: Element) -> Iterator[Observation]:
        for found in xpath(".//*[@code and @codeSystem]")(element):
            known = SHAPES.get(found.get("codeSystem", ""))
            if known and not known[1].fullmatch(found.get("code", "")):
                yield at(found, found.get("code"), f"{known[0]} : {known[1].pattern}", "@code")
