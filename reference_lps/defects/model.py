"""What a defect is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..behaviour import CONFORMANT, Behaviour


class UnknownDefect(LookupError):
    """No defect has this id; the message lists those that there are."""

    def __init__(self, id_: str, known: Iterable[str]) -> None:
        super().__init__(f"défaut inconnu : {id_} (connus : {', '.join(known)})")


@dataclass(frozen=True, slots=True)
class Defect:
    """A seeded defect. `rule` and `requirements`: what must fail because of it, and nothing else.

    `patch`: fields of `Behaviour` and their wrong values.
    """

    id: str
    service: str  # insi, psc, dmp, epu, mssante, annuaire
    title_fr: str
    title_en: str
    rule: str
    requirements: tuple[str, ...]
    patch: Mapping[str, Any] = field(repr=False)

    @property
    def behaviour(self) -> Behaviour:
        return replace(CONFORMANT, **self.patch)
