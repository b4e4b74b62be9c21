"""From a record to what a page shows: cases with their findings and exchanges, bodies read and bounded.

Sizes: an exchange of a failing case is shown nearly whole, the others are clipped; both allowances shrink
with the number of exchanges, so that a report of a thousand stays below a few megabytes.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from schemas import safe
from schemas.finding import Finding, Severity
from schemas.layout import clip

from . import bodies, digest, highlight
from .bodies import Body
from .evidence import EvidenceAltered, EvidenceMissing, EvidenceStore
from .highlight import Layout
from .record import ExchangeRecord, RequirementResult, RunRecord, ScenarioResult, Verdict

MAX_FINDINGS = 40  # shown for one case
MAX_FACTS = 24
FAILING_BUDGET, FAILING_RANGE = 1_400_000, (900, 60_000)  # characters in all, and for one body
OTHER_BUDGET, OTHER_RANGE = 900_000, (300, 6_000)
LOUD = (Verdict.NON_CONFORME, Verdict.ERREUR_BANC)


@dataclass(frozen=True, slots=True)
class Proof:
    """A body as evidence. `state` is `ok`, `missing` or `altered`."""

    name: str
    href: str
    state: str


@dataclass(frozen=True, slots=True)
class Side:
    """One half of an exchange."""

    head: Layout | None
    body: Body | None
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class ExchangeView:
    exchange: ExchangeRecord
    request: Side
    response: Side
    dialogue: Sequence[tuple[str, str]]
    dialogue_left_out: int
    facts: Sequence[tuple[str, str]]
    simulated: bool
    headers: frozenset[str]  # names of headers that a finding points at

    @property
    def anchor(self) -> str:
        return f"x{self.exchange.number:06d}"

    @property
    def errors(self) -> int:
        return sum(finding.is_error for finding in self.exchange.findings)


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with the exchanges that show it and the requirements that it breaks."""

    finding: Finding
    exchanges: Sequence[int]
    requirements: Sequence[tuple[str, RequirementResult | None]]


@dataclass(frozen=True, slots=True)
class CaseView:
    case: ScenarioResult
    anchor: str
    findings: Sequence[FindingView]
    more_findings: int
    exchanges: Sequence[ExchangeView]
    warnings: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """Characters of each text of an exchange."""

    failing: int
    other: int


def allowance(record: RunRecord) -> Allowance:
    """How much of each body can be shown."""
    loud = {number for case in record.scenarios if case.verdict in LOUD for number in case.exchanges}
    others = len(record.exchanges) - len(loud)
    return Allowance(
        _share(FAILING_BUDGET, len(loud), FAILING_RANGE), _share(OTHER_BUDGET, others, OTHER_RANGE)
    )


def _share(budget: int, exchanges: int, bounds: tuple[int, int]) -> int:
    return max(bounds[0], min(bounds[1], budget // max(1, 2 * exchanges)))


@dataclass(slots=True)
class Reader:
    """Reads exchanges of a record with their evidence. `problems` are proofs missing or altered."""

    record: RunRecord
    store: EvidenceStore
    base: Path  # folder of the report, to which links are relative
    problems: list[str] = field(default_factory=list)
    known: dict[str, RequirementResult] = field(init=False)
    by_number: dict[int, ExchangeRecord] = field(init=False)

    def __post_init__(self) -> None:
        self.known = digest.requirements_by_id(self.record)
        self.by_number = digest.exchanges_by_number(self.record)

    def case(self, case: ScenarioResult, anchor: str, limits: Allowance) -> CaseView:
        exchanges = [self.by_number[number] for number in case.exchanges if number in self.by_number]
        limit = limits.failing if case.verdict in LOUD else limits.other
        ranked = sorted(case.findings, key=lambda finding: list(Severity).index(finding.severity))
        return CaseView(
            case=case,
            anchor=anchor,
            findings=[finding_view(finding, exchanges, self.known) for finding in ranked[:MAX_FINDINGS]],
            more_findings=max(0, len(ranked) - MAX_FINDINGS),
            exchanges=[self.exchange(item, limit) for item in exchanges],
            warnings=sum(finding.severity is Severity.WARNING for finding in case.findings),
        )

    def exchange(self, exchange: ExchangeRecord, limit: int) -> ExchangeView:
        places = {item.where for item in exchange.findings}
        mine = "response" if exchange.service == "sut" else "request"  # what the software sent
        lines = safe.dialogue(exchange.dialogue)
        kept = _kept_lines(lines, limit)
        return ExchangeView(
            exchange=exchange,
            request=self._side(
                exchange, "request", exchange.request_head, limit, places if mine == "request" else set()
            ),
            response=self._side(
                exchange, "response", exchange.response_head, limit, places if mine == "response" else set()
            ),
            dialogue=[(side, clip(text, 600)) for side, text in kept],
            dialogue_left_out=len(lines) - len(kept),
            facts=_facts(exchange, max(80, min(400, limit // 4))),
            simulated=digest.simulated(exchange),
            headers=frozenset(place.lower() for place in places),
        )

    def _side(self, exchange: ExchangeRecord, role: str, head: str, limit: int, places: set[str]) -> Side:
        told = highlight.head(head, max(600, min(limit, 6_000)), places) if head else None
        name = exchange.evidence.get(role, "")
        if not name:
            return Side(told, None, None)
        try:
            content = self.store.get(name)
        except (EvidenceMissing, EvidenceAltered, OSError) as error:
            state = "altered" if isinstance(error, EvidenceAltered) else "missing"
            self.problems.append(f"x{exchange.number:06d} {role} {name} : {state}")
            return Side(told, None, Proof(name, "", state))
        if exchange.service == "mssante":
            body = (
                bodies.read_mail(content, limit, places)
                if role == "request"
                else _mail_answer(content, limit)
            )
        else:
            body = bodies.read(content, bodies.content_type(head), limit, places)
        return Side(told, body, Proof(name, self._href(name), "ok"))

    def _href(self, name: str) -> str:
        path = self.store.path(name)
        if path is None:
            return ""
        return quote(os.path.relpath(path, self.base).replace(os.sep, "/"))


def _mail_answer(content: bytes, limit: int) -> Body:
    """What an IMAP server sent: a mail when it looks like one."""
    start = content[:2000].lower()
    looks = b"\ncontent-type:" in start or b"\nmime-version:" in start
    return bodies.read_mail(content, limit) if looks else bodies.read(content, "", limit)


def _kept_lines(lines: list[tuple[str, str]], limit: int) -> list[tuple[str, str]]:
    """The first lines of a dialogue within the limit."""
    kept: list[tuple[str, str]] = []
    used = 0
    for side, text in lines:
        used += min(len(text), 600) + 40
        if kept and used > 2 * limit:
            break
        kept.append((side, text))
    return kept


def _facts(exchange: ExchangeRecord, limit: int) -> list[tuple[str, str]]:
    told = []
    for name, value in list(exchange.facts.items())[:MAX_FACTS]:
        if value in ("", None, [], {}):
            continue
        if safe.is_secret(name):
            text = safe.shorten(str(value))
        elif isinstance(value, str):
            text = value
        else:
            text = json.dumps(value, ensure_ascii=False, default=str)
        told.append((name, clip(safe.without_secrets(text), limit)))
    return told


def finding_view(
    finding: Finding, exchanges: Iterable[ExchangeRecord], known: dict[str, RequirementResult]
) -> FindingView:
    """A finding, found again among the exchanges of its case."""
    return FindingView(
        finding,
        [item.number for item in exchanges if finding in item.findings],
        [(id_, known.get(id_)) for id_ in finding.requirements],
    )
