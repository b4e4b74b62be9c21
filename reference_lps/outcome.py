"""How an action ends, and what the user reads of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .accounts import Account

Data = dict[str, Any]


class Refused(Exception):
    """A rule of the software itself says no. The message is for the user."""

    def __init__(self, text: str, data: Data | None = None) -> None:
        super().__init__(text)
        self.data = data or {}


class Failed(Exception):
    """The software tried and could not. The message is for the user."""

    def __init__(self, text: str, data: Data | None = None) -> None:
        super().__init__(text)
        self.data = data or {}


@dataclass(frozen=True, slots=True)
class Call:
    """One action asked by one user. `inform` and `warn` add to what the user reads."""

    account: Account
    given: Mapping[str, Any]
    messages: list[tuple[str, str]] = field(default_factory=list)
    dmp_mode: str = ""  # certificates to use for the DMP; empty: those of this installation

    def inform(self, text: str) -> None:
        self.messages.append(("info", text))

    def warn(self, text: str) -> None:
        self.messages.append(("warning", text))


def answer(outcome: str, data: Mapping[str, Any], messages: list[tuple[str, str]]) -> Data:
    """An answer of the contract."""
    shown = [{"level": level, "text": text} for level, text in messages]
    return {"outcome": outcome, "data": dict(data), "messages": shown}
