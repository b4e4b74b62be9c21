"""What the official rules say of a document."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

LAYERS = ("XSD", "STRUCT", "IHE", "MODCDA", "MODANS", "TERMINO", "VOLET")
MILD = {"warning", "warn", "info", "information", "hint"}  # roles that do not fail a document


class AnsProblem(ValueError):
    """The official rules cannot be used as asked: the message is for the person who typed the command."""


class Status(StrEnum):
    """State of a layer or of a document. Only FAIL is the document's fault.

    INCONCLUSIVE: the layer ran but proves nothing (no rule fired, or some could not be evaluated).
    NOT_RUN: the layer could not run (schema absent, not compilable, aborted).
    """

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_RUN = "NOT_RUN"


@dataclass(frozen=True, slots=True)
class OfficialMessage:
    """One message of the official rules, in their words. `where`: XPath of local names."""

    layer: str
    text: str
    role: str
    where: str
    line: int | None = None
    id: str = ""
    pattern: str = ""
    context: str = ""
    test: str = ""

    @property
    def is_error(self) -> bool:
        return self.role.lower() not in MILD

    def as_dict(self) -> dict[str, object]:
        return {
            "layer": self.layer,
            "severity": "error" if self.is_error else "warning",
            "role": self.role,
            "message": self.text,
            "where": self.where,
            "line": self.line,
            "id": self.id,
            "pattern": self.pattern,
            "context": self.context,
            "test": self.test,
        }


@dataclass(frozen=True, slots=True)
class LayerVerdict:
    """One layer on one document. `fired`: rule firings counted; `reason`: why it did not conclude."""

    layer: str
    status: Status
    schema: str = ""
    reason: str = ""
    messages: tuple[OfficialMessage, ...] = ()
    fired: int = 0
    seconds: float = 0.0
    note: str = ""

    @property
    def errors(self) -> list[OfficialMessage]:
        return [one for one in self.messages if one.is_error]

    def as_dict(self) -> dict[str, object]:
        return {
            "layer": self.layer,
            "status": self.status.value,
            "schema": self.schema,
            "reason": self.reason,
            "note": self.note,
            "fired": self.fired,
            "seconds": round(self.seconds, 4),
            "messages": [one.as_dict() for one in self.messages],
        }


@dataclass(frozen=True, slots=True)
class OfficialVerdict:
    """All layers on one document. `seconds`: without what is paid once (compilation)."""

    layers: tuple[LayerVerdict, ...]
    seconds: float = 0.0

    @property
    def status(self) -> Status:
        """The worst that was proved: FAIL, else what is missing to conclude, else WARN or PASS."""
        seen = {layer.status for layer in self.layers}
        if Status.FAIL in seen:
            return Status.FAIL
        if not seen or seen & {Status.INCONCLUSIVE, Status.NOT_RUN}:
            return Status.INCONCLUSIVE
        return Status.WARN if Status.WARN in seen else Status.PASS

    def as_dict(self) -> dict[str, object]:
        return {
            "verdict": self.status.value,
            "seconds": round(self.seconds, 4),
            "layers": [layer.as_dict() for layer in self.layers],
        }


def judged(messages: Iterable[OfficialMessage]) -> Status:
    """FAIL, WARN or PASS, from messages alone."""
    roles = [one.is_error for one in messages]
    return Status.FAIL if any(roles) else Status.WARN if roles else Status.PASS
