"""What every driver offers, and the answer of an action."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from reports.record import Software
from schemas.actions import CAPABILITIES_SCHEMA, problems

Json = Mapping[str, Any]


class SutError(Exception):
    """The software could not be driven: unreachable, silent, or its answer breaks the contract."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the software says of an action. `messages` are what its user sees."""

    outcome: str  # done, refused, failed
    data: Json = field(default_factory=dict)
    messages: tuple[tuple[str, str], ...] = ()  # (level, text)

    @property
    def done(self) -> bool:
        return self.outcome == "done"

    def told(self) -> str:
        """Everything the user was shown, on one line."""
        return " / ".join(text for _, text in self.messages)

    def warned(self) -> bool:
        """Whether the user was shown a warning or an error."""
        return any(level in ("warning", "error") and text.strip() for level, text in self.messages)

    def as_dict(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "messages": [{"level": level, "text": text} for level, text in self.messages],
            "data": dict(self.data),
        }

    @classmethod
    def from_dict(cls, raw: Json) -> "Answer":
        messages = tuple((item["level"], item["text"]) for item in raw["messages"])
        return cls(raw["outcome"], raw["data"], messages)


class Driver(Protocol):
    """A way to make the vendor's software act."""

    name: str

    def capabilities(self) -> Software:
        """Identity and abilities, as declared. Raises SutError."""
        ...

    def configure(self, environment: Json) -> None:
        """Tell the software where the services are, when it can be told. Raises SutError."""
        ...

    def call(self, action: str, context: Json, arguments: Json) -> Answer:
        """Ask for an action and wait for its answer. Raises SutError."""
        ...

    def close(self) -> None: ...


def read_capabilities(raw: object, driver: str) -> Software:
    """Check declared capabilities against the contract. Raises SutError saying what is wrong."""
    wrong = next(iter(problems(CAPABILITIES_SCHEMA, raw)), None)
    if wrong or not isinstance(raw, dict):
        raise SutError(f"les capacités déclarées ne suivent pas le contrat : {wrong}")
    return Software(
        name=raw["name"],
        version=raw["version"],
        vendor=raw.get("vendor", ""),
        nil=raw.get("nil", ""),
        profiles=tuple(raw["profiles"]),
        actions=tuple(raw["actions"]),
        driver=driver,
        clock=raw.get("clock", "system"),
        users=tuple(raw.get("users", ())),
        dmp_modes=tuple(raw.get("dmp_modes", ())),
    )


def read_answer(raw: object, schema: Json, action: str) -> Answer:
    """Check an answer against the action's schema. Raises SutError saying what is wrong."""
    wrong = next(iter(problems(schema, raw)), None)
    if wrong or not isinstance(raw, dict):
        raise SutError(f"la réponse à {action} ne suit pas le contrat : {wrong}")
    return Answer.from_dict(raw)
