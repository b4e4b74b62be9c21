"""The shape of a counter-example."""

from dataclasses import dataclass

from .changes import Change

OTHER_INS = {"matricule": "255069999999934", "oid": "1.2.250.1.213.1.4.10"}


@dataclass(frozen=True, slots=True)
class Example:
    """`wrong`: what the software does in this case, so that the rule must fail."""

    rule: str
    case: str
    wrong: str
    change: Change
