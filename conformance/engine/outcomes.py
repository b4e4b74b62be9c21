"""Outcomes of a scenario, as small exceptions: each knows its own verdict."""

from reports.record import Verdict
from schemas.finding import Finding


class Outcome(Exception):
    """A scenario ended otherwise than conforme. `reason` is shown in the report."""

    verdict: Verdict

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NonConforme(Outcome):
    """The software breaks a requirement; the findings say which and where."""

    verdict = Verdict.NON_CONFORME

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(sorted({finding.rule for finding in findings})))
        self.findings = findings


class NonTestable(Outcome):
    """The software did nothing, or a prerequisite is missing. Never green."""

    verdict = Verdict.NON_TESTABLE


class NonApplicable(Outcome):
    """Not demanded of this software, by its declared profile."""

    verdict = Verdict.NON_APPLICABLE


class ErreurBanc(Outcome):
    """Our fault, never the vendor's."""

    verdict = Verdict.ERREUR_BANC
