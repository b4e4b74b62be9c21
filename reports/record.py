"""The record of a run: all that decided it and all that it decided. Versioned, with a JSON Schema.

Exchanges and bodies are stored once, as evidence files named by their SHA-256, and referenced from here.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from schemas.finding import Finding

SCHEMA_VERSION = "1.0"


class Verdict(StrEnum):
    """Outcome of a scenario or of a requirement. Only CONFORME is green."""

    CONFORME = "conforme"
    NON_CONFORME = "non_conforme"
    NON_APPLICABLE = "non_applicable"  # justified by the declared profile
    NON_TESTABLE = "non_testable"  # the software did nothing, or a prerequisite is missing
    EN_ATTENTE = "en_attente"  # a person must answer
    ERREUR_BANC = "erreur_banc"  # our fault, never the vendor's


@dataclass(frozen=True, slots=True)
class Software:
    """Identity of the software under test, as it declares itself."""

    name: str
    version: str
    vendor: str
    nil: str
    profiles: tuple[str, ...]
    actions: tuple[str, ...]
    driver: str
    clock: str = "system"  # "bench" when it follows the simulated clock


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """An exchange without its bodies. `evidence` maps `request`/`response` to SHA-256 names."""

    number: int
    service: str
    transaction: str
    started: str
    duration: float
    scenario: str
    request_head: str
    response_head: str
    dialogue: tuple[tuple[str, str], ...]
    tls: dict[str, str] | None
    facts: dict[str, Any]
    fault: str
    evidence: dict[str, str]
    findings: tuple[Finding, ...]
    chain: str


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """One case of one scenario.

    `findings` are the failures and warnings that belong to this case: those of its exchanges and those of
    its own checks. `exchanges` are numbers, in order. `key` is what `replay` takes (`DMP-ALIM-01[cr-bio]`).
    """

    key: str
    scenario: str
    title_fr: str
    title_en: str
    theme: str
    proves: tuple[str, ...]
    verdict: Verdict
    reason: str
    started: str
    duration: float
    clock_shift: float  # seconds
    faults: tuple[dict[str, Any], ...]
    patients: tuple[str, ...]
    exchanges: tuple[int, ...]
    findings: tuple[Finding, ...]
    checked: tuple[str, ...] = ()  # ids of scenario-level rules that were evaluated


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """Verdict on one catalogue row, from the scenarios that prove it and the findings that name it."""

    id: str
    status: str  # real-final, real-draft, real-dmp, real-ref2, bench…
    theme: str
    title: str
    gist_en: str
    keyword: str
    verdict: Verdict
    scenarios: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A whole run."""

    run_id: str
    seed: int
    started: str
    ended: str
    bench_version: str
    catalogue_version: str
    platform: str
    pki_fingerprint: str
    settings: dict[str, Any]
    software: Software
    scenarios: tuple[ScenarioResult, ...]
    requirements: tuple[RequirementResult, ...]
    exchanges: tuple[ExchangeRecord, ...]
    bench_errors: tuple[str, ...] = ()
    defect: str = ""
    schema_version: str = SCHEMA_VERSION
    extra: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
