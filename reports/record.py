"""The record of a run: all that decided it and all that it decided. Versioned, with a JSON Schema.

Exchanges and bodies are stored once, as evidence files named by their SHA-256, and referenced from here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
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
    users: tuple[str, ...] = ()  # who may be asked to act; empty: those of the profiles
    dmp_modes: tuple[str, ...] = ()  # certificates that it can use for the DMP; empty: it chooses


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

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RunRecord":
        """The inverse of `as_dict`, after a trip through JSON or not.

        Raises RecordRefused when the mapping does not follow the published schema.
        """
        _check(data)
        software = data["software"]
        return cls(
            **{
                **data,
                "software": Software(
                    **{**software, **_tuples(software, "profiles", "actions", "users", "dmp_modes")}
                ),
                "scenarios": tuple(_scenario(item) for item in data["scenarios"]),
                "requirements": tuple(_requirement(item) for item in data["requirements"]),
                "exchanges": tuple(_exchange(item) for item in data["exchanges"]),
                "bench_errors": tuple(data["bench_errors"]),
            }
        )


class RecordRefused(ValueError):
    """These bytes are no record of a run that this version of the bench can read."""


def dumps(record: RunRecord) -> bytes:
    """The record as JSON: keys sorted, UTF-8, same record same bytes.

    A lone surrogate (hostile text) is written as its JSON escape.
    """
    text = json.dumps(
        record.as_dict(), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False, default=_plain
    )
    return (text + "\n").encode("utf-8", "backslashreplace")


def loads(data: bytes) -> RunRecord:
    """The record that `dumps` wrote. Raises RecordRefused."""
    try:
        decoded = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RecordRefused(f"not JSON: {error}") from None
    return RunRecord.from_dict(decoded)


def save(record: RunRecord, path: Path) -> None:
    """Write `record.json`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(dumps(record))
    draft.replace(path)


def load(path: Path) -> RunRecord:
    """Read `record.json`. Raises OSError, or RecordRefused."""
    return loads(path.read_bytes())


@cache
def json_schema() -> Mapping[str, Any]:
    """The published JSON Schema of `record.json`."""
    source = resources.files(__package__) / "record.schema.json"
    schema: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return schema


def _check(data: object) -> None:
    from jsonschema import Draft202012Validator  # late: 0.1 s of import, and only readers need it

    version = data.get("schema_version") if isinstance(data, Mapping) else None
    if isinstance(version, str) and version != SCHEMA_VERSION:
        raise RecordRefused(f"schema version {version}, this bench reads {SCHEMA_VERSION}")
    plain = json.loads(json.dumps(data, default=_plain))  # tuples become arrays
    problem = next(Draft202012Validator(json_schema()).iter_errors(plain), None)
    if problem is not None:
        raise RecordRefused(f"{problem.json_path}: {problem.message[:300]}")


def _tuples(data: Mapping[str, Any], *names: str) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(data[name]) for name in names if name in data}


def _findings(data: Mapping[str, Any]) -> tuple[Finding, ...]:
    return tuple(Finding.from_dict(item) for item in data["findings"])


def _scenario(data: Mapping[str, Any]) -> ScenarioResult:
    plain = {**data, **_tuples(data, "proves", "faults", "patients", "exchanges", "checked")}
    return ScenarioResult(**{**plain, "verdict": Verdict(data["verdict"]), "findings": _findings(data)})


def _requirement(data: Mapping[str, Any]) -> RequirementResult:
    plain = {**data, **_tuples(data, "scenarios")}
    return RequirementResult(**{**plain, "verdict": Verdict(data["verdict"]), "findings": _findings(data)})


def _exchange(data: Mapping[str, Any]) -> ExchangeRecord:
    dialogue = tuple((side, said) for side, said in data["dialogue"])
    return ExchangeRecord(**{**data, "dialogue": dialogue, "findings": _findings(data)})


def _plain(value: object) -> object:
    """JSON form of what `facts` may hold beside plain JSON."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
