"""The scenarios and cases there are, without playing any."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from .scenario import Scenario, case_key, scenario_of


@dataclass(frozen=True, slots=True)
class Collected:
    scenario: Scenario
    keys: tuple[str, ...]


class Catcher:
    """Keeps what pytest collected."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[Scenario, list[str]]] = {}

    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        for item in items:
            declared = scenario_of(item)
            if declared is not None:
                self.found.setdefault(declared.id, (declared, []))[1].append(case_key(item, declared))


def collect() -> list[Collected]:
    """Every scenario with its cases, in the order in which they are played.

    Raises RuntimeError when a scenario cannot be imported.
    """
    from .launch import arguments

    catcher, said = Catcher(), io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main([*arguments(), "--collect-only"], plugins=[catcher])
    if code != pytest.ExitCode.OK:
        raise RuntimeError(said.getvalue() or f"pytest {code!r}")
    return [Collected(scenario, tuple(keys)) for scenario, keys in catcher.found.values()]
