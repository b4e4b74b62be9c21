"""Periods end after they start. The official tools do not look at it in the body (cda.md §10: error)."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.cda.look import at
from schemas.cda.template import xpath
from schemas.cda.templates.pharmacy.common import PRESCRIPTION_ROW, RULES
from schemas.cda.timestamp import earlier
from schemas.finding import Observation
from schemas.xml import Element

PERIOD = RULES.declare("CDA-EP-M8", requirements=PRESCRIPTION_ROW, source="contrôle du banc")


@dataclass(frozen=True, slots=True)
class Ordered:
    """Each period at this path ends after its start."""

    path: str

    def __call__(self, element: Element) -> Iterator[Observation]:
        for time in xpath(f"{self.path}[low/@value and high/@value]")(element):
            [low], [high] = xpath("low[1]/@value")(time), xpath("high[1]/@value")(time)
            if earlier(low, high):
                yield at(time, f"{low} – {high}", "low ≤ high")
