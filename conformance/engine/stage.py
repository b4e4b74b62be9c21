"""Where scenarios are played: on a live stack, or over a record."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from conformance.sut.driver import Driver
from reports.record import RunRecord, ScenarioResult, Software
from simulators.core.exchange import Exchange

from .world import World

if TYPE_CHECKING:
    from .settings import Settings


class Stage(Protocol):
    """What a session needs of the place where it plays."""

    @property
    def run_id(self) -> str: ...

    @property
    def world(self) -> World: ...

    @property
    def sut(self) -> Driver: ...

    @property
    def software(self) -> Software: ...

    @property
    def bench_errors(self) -> list[tuple[int, str]]:
        """Our own failures so far: exchange number and message."""
        ...

    def now(self) -> str:
        """The simulated instant, ISO 8601."""
        ...

    def entering(self, key: str) -> None:
        """The case now being played (empty: none)."""
        ...

    def watch(self, seen: Callable[[Exchange], None]) -> Callable[[], None]:
        """Hear of each exchange; returns the way to stop."""
        ...

    def conclude(self, settings: "Settings", results: Sequence[ScenarioResult], started: str) -> RunRecord:
        """Make the record of the run, and write it where the settings say."""
        ...

    def close(self) -> None: ...
