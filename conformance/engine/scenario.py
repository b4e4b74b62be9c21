"""How a scenario is declared: a pytest function that reads like the paragraph of the requirement."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from schemas.messages import text

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Scenario:
    """Identity of a scenario. Its title is the message of the same id.

    `needs`: actions of the contract without which it cannot be played. `profile`: whom it concerns.
    """

    id: str
    theme: str
    proves: tuple[str, ...]
    needs: tuple[str, ...]
    profile: str

    def title(self, lang: str = "fr") -> str:
        return text(self.id, lang)


def scenario(
    id: str, *, theme: str, proves: Sequence[str], needs: Sequence[str], profile: str = "medecin"
) -> Callable[[Function], Function]:
    """Declare a pytest function as a scenario. `proves`: catalogue ids, as written there."""
    declared = Scenario(id, theme, tuple(proves), tuple(needs), profile)

    def mark(function: Function) -> Function:
        marked: Function = pytest.mark.segur_scenario(declared)(function)
        return marked

    return mark


def scenario_of(item: pytest.Item) -> Scenario | None:
    """The scenario that a collected item plays, if it is one."""
    marker = item.get_closest_marker("segur_scenario")
    return marker.args[0] if marker else None


def case_key(item: pytest.Item, declared: Scenario) -> str:
    """`DMP-ALIM-01[cr-bio]`: what reports show and `replay` takes."""
    callspec = getattr(item, "callspec", None)
    return f"{declared.id}[{callspec.id}]" if callspec else declared.id
