"""The one vocabulary of judgement: rules, and the findings that they yield.

A rule is a small generator function registered in its module's `RuleSet`. It receives a decoded artefact
and yields an `Observation` for each departure; the rule set turns it into a `Finding` that carries the
rule's identity. Wording lives in the message catalogue (`schemas/messages`), keyed by rule id, so that a
finding has no language.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Severity(StrEnum):
    """How much a departure weighs. Only ERROR makes a requirement non conforme."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Keyword(StrEnum):
    """The keyword of the specification; severity follows it, never the mood of the check."""

    DOIT = "DOIT"
    DEVRAIT = "DEVRAIT"
    PEUT = "PEUT"

    @property
    def severity(self) -> Severity:
        return {"DOIT": Severity.ERROR, "DEVRAIT": Severity.WARNING, "PEUT": Severity.INFO}[self.value]


@dataclass(frozen=True, slots=True)
class Rule:
    """Identity of a check. `requirements` are catalogue ids as written there (`SC.MSS/CONF.14`).

    `layer`: the layer of the official CDA tool (TestContenuCDA) that reports the same departure: XSD, STRUCT,
    IHE, MODCDA, MODANS, TERMINO or VOLET. Empty: the rule is the bench's own.
    """

    id: str
    keyword: Keyword
    requirements: tuple[str, ...] = ()
    source: str = ""
    layer: str = ""

    def finding(
        self, where: str, observed: object = "", expected: object = "", line: int | None = None
    ) -> "Finding":
        """A finding of this rule. `where`: XPath, header name, SMTP line, JSON path, field of an answer."""
        return Finding(
            rule=self.id,
            severity=self.keyword.severity,
            where=where,
            observed=clip(observed),
            expected=clip(expected),
            line=line,
            requirements=self.requirements,
            source=self.source,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure from one rule, ready to be shown, stored or compared."""

    rule: str
    severity: Severity
    where: str
    observed: str
    expected: str
    line: int | None = None
    requirements: tuple[str, ...] = ()
    source: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON form, the one stored in `record.json`."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "where": self.where,
            "observed": self.observed,
            "expected": self.expected,
            "line": self.line,
            "requirements": list(self.requirements),
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Finding":
        """The inverse of `as_dict`. Raises KeyError or ValueError on a malformed mapping."""
        return cls(
            rule=data["rule"],
            severity=Severity(data["severity"]),
            where=data["where"],
            observed=data["observed"],
            expected=data["expected"],
            line=data["line"],
            requirements=tuple(data["requirements"]),
            source=data["source"],
        )


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule function yields: where, what was seen, what was wanted."""

    where: str
    observed: object = ""
    expected: object = ""
    line: int | None = None


RuleFunction = Callable[[T], Iterator[Observation]]
Guard = Callable[[T], object]
Group = tuple[Guard[T] | None, list[tuple[Rule, RuleFunction[T]]]]


@dataclass(slots=True)
class RuleSet(Generic[T]):
    """The rules over one kind of artefact, in the order in which they were declared.

    `groups`: rules that follow each other and look at the same thing, after the guard that tells whether an
    artefact has it (None: they look at every artefact).
    `requirements`: those of the rules that name none of their own.
    """

    name: str
    requirements: tuple[str, ...] = ()
    rules: dict[str, Rule] = field(default_factory=dict)
    groups: list[Group[T]] = field(default_factory=list)

    def rule(
        self,
        id: str,
        *,
        requires: Keyword = Keyword.DOIT,
        requirements: Iterable[str] = (),
        source: str = "",
        layer: str = "",
        when: Guard[T] | None = None,
    ) -> Callable[[RuleFunction[T]], RuleFunction[T]]:
        """Register a generator function as a rule. Raises ValueError when the id is taken in this set.

        `when`: what the artefact must have for the rule to have anything to look at; not asked again for the
        next rule with the same one.
        """

        declared = self.declare(id, requires=requires, requirements=requirements, source=source, layer=layer)

        def register(function: RuleFunction[T]) -> RuleFunction[T]:
            if not self.groups or self.groups[-1][0] is not when:
                self.groups.append((when, []))
            self.groups[-1][1].append((declared, function))
            return function

        return register

    def declare(
        self,
        id: str,
        *,
        requires: Keyword = Keyword.DOIT,
        requirements: Iterable[str] = (),
        source: str = "",
        layer: str = "",
    ) -> Rule:
        """Declare a rule whose check is made elsewhere (while decoding, say), and return it."""
        if id in self.rules:
            raise ValueError(f"rule {id} is declared twice in {self.name}")
        self.rules[id] = Rule(id, requires, tuple(requirements) or self.requirements, source, layer)
        return self.rules[id]

    def judge(self, artefact: T, most: int = -1) -> list[Finding]:
        """Every finding of the rules on this artefact: the first `most` of each rule, if positive."""
        found: list[Finding] = []
        for guard, functions in self.groups:
            if guard is not None and not guard(artefact):
                continue
            for rule, function in functions:
                room = most
                for seen in function(artefact):
                    found.append(rule.finding(seen.where, seen.observed, seen.expected, seen.line))
                    room -= 1
                    if not room:
                        break
        return found


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Only the findings that make a requirement non conforme."""
    return [finding for finding in findings if finding.is_error]


def clip(value: object, limit: int = 400) -> str:
    """A value as short text: vendor content can be megabytes."""
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} caractères)"
