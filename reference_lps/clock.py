"""The software's own clock and chance, as every vendor has them. Nothing else here reads the system's."""

import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta
from random import Random, SystemRandom


class Clock:
    """System time, unless the bench says what time it is (`context.now`)."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def set(self, now: str | None) -> None:
        """Follow this instant (ISO 8601, aware) from now on; None goes back to system time.

        Raises ValueError when it is no aware instant.
        """
        if now is None:
            self._offset = timedelta(0)
            return
        instant = datetime.fromisoformat(now)
        if instant.tzinfo is None:
            raise ValueError(f"an instant without time zone: {now}")
        self._offset = instant - datetime.now(UTC)

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return datetime.now(UTC) + self._offset

    def wait(self, seconds: float) -> None:
        """Let this time pass: between two calls of what runs by itself."""
        time.sleep(seconds)


class Chance:
    """Identifiers and secrets."""

    random: Random = SystemRandom()

    def uuid(self) -> str:
        return str(uuid.uuid4())

    def secret(self) -> str:
        """43 URL-safe characters: state, nonce, PKCE verifier."""
        return secrets.token_urlsafe(32)

    def oid(self) -> str:
        """A fresh OID under 2.25 (ITU-T X.667: the arc of UUIDs)."""
        return f"2.25.{uuid.uuid4().int}"
