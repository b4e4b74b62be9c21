"""The only clock. Injected everywhere; a test forbids the system clock elsewhere."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """System time plus an offset that a scenario or a replay may set.

    `start` makes `now()` begin at that instant, as a replay needs.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._origin = timedelta(0) if start is None else start - datetime.now(UTC)
        self._shift = timedelta(0)

    def now(self) -> datetime:
        """The simulated instant, aware, in UTC."""
        return datetime.now(UTC) + self._origin + self._shift

    def shift(self, by: timedelta) -> None:
        """Set (not add) the distance from the run's own time; `timedelta(0)` goes back to it."""
        self._shift = by

    @property
    def shifted(self) -> timedelta:
        return self._shift

    @staticmethod
    def ticks() -> float:
        """Seconds of a monotonic counter, for durations and time-outs only."""
        return time.monotonic()


def stamp(instant: datetime) -> str:
    """An instant as the national formats write it: `YYYYMMDDhhmmss`, UTC."""
    return instant.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def iso(instant: datetime) -> str:
    """An instant in ISO 8601, UTC, milliseconds, `Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
