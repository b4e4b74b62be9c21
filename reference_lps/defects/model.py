"""What a defect is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from ..behaviour import CONFORMANT, Behaviour


class UnknownDefect(LookupError):
    """No defect has this id; the message names those that look like it."""

    def __init__(self, id_: str, known: Iterable[str]) -> None:
        close = get_close_matches(id_, list(known), n=5, cutoff=0.3)
        super().__init__(f"défaut inconnu : {id_}" + (f" (proches : {', '.join(close)})" if close else ""))


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
