"""Findings put in the order of reading, identical ones together."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.finding import Finding

from .model import NOT_JUDGED, ROOT_CAUSES, Checked

RANKS = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule with the same values; `position`: of the first in its file."""

    position: int
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        return self.findings[0]

    @property
    def count(self) -> int:
        return len(self.findings)


def fold(item: Checked) -> list[Group]:
    """The findings of a file, each once: what causes others first, then errors, warnings, infos."""
    gathered: dict[tuple[str, str, str, str], list[tuple[int, Finding]]] = {}
    for position, finding in enumerate(item.findings):
        key = (finding.rule, finding.severity.value, finding.observed, finding.expected)
        gathered.setdefault(key, []).append((position, finding))
    groups = [Group(same[0][0], tuple(finding for _, finding in same)) for same in gathered.values()]
    return sorted(groups, key=_rank)


def is_loud(group: Group) -> bool:
    """Whether a person is told at once: infos are not, unless they say that something was not judged."""
    return group.first.severity.value != "info" or group.first.rule in NOT_JUDGED


def _rank(group: Group) -> tuple[bool, int, int]:
    severity = group.first.severity.value
    cause = group.first.rule.startswith(ROOT_CAUSES) and severity != "info"
    return not cause, RANKS[severity], group.position


def by_rule(groups: Sequence[Group]) -> list[list[Group]]:
    """Groups of the same rule and severity side by side, in the order of the first of each."""
    gathered: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        gathered.setdefault((group.first.rule, group.first.severity.value), []).append(group)
    return list(gathered.values())
