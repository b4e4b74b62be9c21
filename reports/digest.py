"""What a record adds up to: overall verdict, counts by theme, failing rules. The same figures everywhere."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.finding import Finding, Severity

from .record import ExchangeRecord, RequirementResult, RunRecord, ScenarioResult, Verdict

THEMES = (
    "INS", "PSC", "EP", "DMP", "MSS", "ANNUAIRE", "DOC", "CDA", "DRIM", "SSI", "HOP", "PORT", "TBB", "ERGO",
    "PARCOURS",
)  # fmt: skip
"""Order of presentation: that of the journey of a patient; unknown themes come last, by name."""

VERDICTS = (
    Verdict.NON_CONFORME,
    Verdict.ERREUR_BANC,
    Verdict.EN_ATTENTE,
    Verdict.NON_TESTABLE,
    Verdict.NON_APPLICABLE,
    Verdict.CONFORME,
)
"""Worst first."""


@dataclass(frozen=True, slots=True)
class ThemeCount:
    theme: str
    cases: Mapping[Verdict, int]
    requirements: Mapping[Verdict, int]

    @property
    def total(self) -> int:
        """Number of cases."""
        return sum(self.cases.values())


@dataclass(frozen=True, slots=True)
class FailingRule:
    """One cause, with everything that it made fail."""

    rule: str
    finding: Finding  # the first seen
    cases: tuple[ScenarioResult, ...]
    requirements: tuple[str, ...]


def theme_rank(theme: str) -> tuple[int, str]:
    """Sort key of a theme."""
    return (THEMES.index(theme) if theme in THEMES else len(THEMES), theme)


def overall(record: RunRecord) -> Verdict:
    """The verdict of the run. CONFORME only when every applicable case was played and is conforme."""
    verdicts = {case.verdict for case in record.scenarios}
    if Verdict.ERREUR_BANC in verdicts or record.bench_errors:
        return Verdict.NON_CONFORME if Verdict.NON_CONFORME in verdicts else Verdict.ERREUR_BANC
    if Verdict.NON_CONFORME in verdicts:
        return Verdict.NON_CONFORME
    if Verdict.EN_ATTENTE in verdicts:
        return Verdict.EN_ATTENTE
    if Verdict.NON_TESTABLE in verdicts or Verdict.CONFORME not in verdicts:
        return Verdict.NON_TESTABLE
    return Verdict.CONFORME


def by_theme(record: RunRecord) -> list[ThemeCount]:
    """Cases and requirements counted by verdict, theme by theme."""
    cases: dict[str, Counter[Verdict]] = {}
    requirements: dict[str, Counter[Verdict]] = {}
    for case in record.scenarios:
        cases.setdefault(case.theme, Counter())[case.verdict] += 1
    for item in record.requirements:
        requirements.setdefault(item.theme, Counter())[item.verdict] += 1
    names = sorted(set(cases) | set(requirements), key=theme_rank)
    return [ThemeCount(name, cases.get(name, Counter()), requirements.get(name, Counter())) for name in names]


def totals(record: RunRecord) -> Counter[Verdict]:
    """Cases counted by verdict."""
    return Counter(case.verdict for case in record.scenarios)


def failing_rules(record: RunRecord) -> list[FailingRule]:
    """Rules broken at error level, the most frequent first."""
    return broken_rules(record, Severity.ERROR)


def broken_rules(record: RunRecord, severity: Severity) -> list[FailingRule]:
    """Rules with findings of this severity, the most frequent first."""
    first: dict[str, Finding] = {}
    cases: dict[str, dict[str, ScenarioResult]] = {}
    named: dict[str, dict[str, None]] = {}
    for case in record.scenarios:
        for finding in case.findings:
            if finding.severity is severity:
                first.setdefault(finding.rule, finding)
                cases.setdefault(finding.rule, {})[case.key] = case
                named.setdefault(finding.rule, {}).update(dict.fromkeys(finding.requirements))
    found = [
        FailingRule(rule, finding, tuple(cases[rule].values()), tuple(named[rule]))
        for rule, finding in first.items()
    ]
    return sorted(found, key=lambda item: (-len(item.cases), item.rule))


def with_verdict(record: RunRecord, verdict: Verdict) -> list[ScenarioResult]:
    return [case for case in record.scenarios if case.verdict is verdict]


def requirements_by_id(record: RunRecord) -> dict[str, RequirementResult]:
    return {item.id: item for item in record.requirements}


def exchanges_by_number(record: RunRecord) -> dict[int, ExchangeRecord]:
    return {item.number: item for item in record.exchanges}


def simulated(exchange: ExchangeRecord) -> bool:
    """Whether the real interface behind it is not public, so that the contract is the bench's own."""
    return exchange.transaction.startswith("EPU.")
