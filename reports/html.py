"""`report.html`: one file, no network, no script, readable by an auditor and on paper.

What the software under test sent is hostile until proven otherwise: it goes through `schemas.safe`, is
escaped, and the page's own policy forbids scripts, images, frames, forms and any style but its own.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from schemas import safe
from schemas.finding import Severity
from schemas.layout import clip

from . import digest
from .evidence import EvidenceStore
from .record import RequirementResult, RunRecord, ScenarioResult, Verdict
from .views import LOUD, CaseView, Reader, allowance
from .wording import Words

BAR_ORDER = (
    Verdict.CONFORME,
    Verdict.NON_CONFORME,
    Verdict.EN_ATTENTE,
    Verdict.NON_TESTABLE,
    Verdict.NON_APPLICABLE,
    Verdict.ERREUR_BANC,
)
CONTENTS = (
    "identity",
    "themes",
    "failures",
    "matrix",
    "unseen",
    "warnings",
    "exchanges",
    "scope",
    "integrity",
)
STATUSES = ("real-final", "real-draft", "real-dmp", "real-ref2", "real-edc", "bench")
SERVICES = ("dmp", "insi", "ep", "mss", "psc", "annuaire")
MAX_OUTSIDE = 200  # exchanges shown that belong to no case
CHIPS = 8  # conforme cases shown beside a requirement before they are folded


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement in the matrix. `why` explains a verdict that is not green."""

    item: RequirementResult
    shown: Sequence[ScenarioResult]
    folded: Sequence[ScenarioResult]
    why: str


def write(record: RunRecord, evidence: EvidenceStore, path: Path, lang: str = "fr") -> None:
    """Write the report. Links to evidence are relative to its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page = render(record, evidence, path.parent, lang)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(page.encode("utf-8", "replace"))
    draft.replace(path)


def render(record: RunRecord, evidence: EvidenceStore, base: Path, lang: str = "fr") -> str:
    """The page as text."""
    words = Words(lang)
    style = (resources.files(__package__) / "templates" / "report.css").read_text(encoding="utf-8")
    digest_of_style = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    reader = Reader(record, evidence, base)
    limits = allowance(record)
    anchors = {case.key: f"case-{index}" for index, case in enumerate(record.scenarios, 1)}
    views = [reader.case(case, anchors[case.key], limits) for case in record.scenarios]
    inside = {number for case in record.scenarios for number in case.exchanges}
    outside = [item for item in record.exchanges if item.number not in inside]
    overall = digest.overall(record)
    return (
        _environment(words, anchors)
        .get_template("report.html.j2")
        .render(
            record=record,
            style=Markup(style),
            style_hash=Markup(f"sha256-{digest_of_style}"),
            overall=overall,
            explanation=_explanation(record, overall, words),
            totals=digest.totals(record),
            figures=[v for v in digest.VERDICTS if digest.totals(record)[v] or v is Verdict.NON_CONFORME],
            contents=[(name, f"section.{name}") for name in CONTENTS],
            identity=_identity(record, words),
            themes=digest.by_theme(record),
            loud=[view for view in views if view.case.verdict in LOUD],
            failing_rules=digest.failing_rules(record),
            matrix=_matrix(record, words),
            unseen=[case for case in record.scenarios if case.verdict not in (Verdict.CONFORME, *LOUD)],
            warnings=digest.broken_rules(record, Severity.WARNING)
            + digest.broken_rules(record, Severity.INFO),
            quiet=_by_theme([view for view in views if view.case.verdict not in LOUD]),
            outside=[reader.exchange(item, limits.other) for item in outside[:MAX_OUTSIDE]],
            scope=SERVICES,
            statuses=STATUSES,
            proofs=len({name for item in record.exchanges for name in item.evidence.values()}),
            last_chain=record.exchanges[-1].chain if record.exchanges else "",
            problems=reader.problems,
        )
    )


def _environment(words: Words, anchors: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(brief=clip, wording=lambda item: _gist(item, words))
    environment.globals.update(w=words, anchors=anchors, bar_order=BAR_ORDER, verdicts=Verdict)
    return environment


def _finalize(value: Any) -> Any:
    """Every value that a template writes, before it is escaped. Markup has been through `safe` already."""
    if isinstance(value, Markup):
        return value
    return safe.shown(value) if isinstance(value, str) else value


def _gist(item: RequirementResult, words: Words) -> str:
    return (item.gist_en if words.lang == "en" else "") or item.title


def _explanation(record: RunRecord, overall: Verdict, words: Words) -> str:
    """Why the banner says what it says, in figures."""
    totals = digest.totals(record)
    failed = sum(item.verdict is Verdict.NON_CONFORME for item in record.requirements)
    parts = [
        words.plural(f"count.{verdict.value}", totals[verdict])
        for verdict in digest.VERDICTS
        if totals[verdict]
    ]
    counted = words("banner.counts", total=len(record.scenarios), parts=", ".join(parts) or "—")
    more = words.plural("banner.requirements", failed) if failed else ""
    return " ".join(filter(None, [words(f"banner.why.{overall.value}"), counted, more]))


def _identity(record: RunRecord, words: Words) -> list[tuple[str, list[tuple[str, str]]]]:
    software = record.software
    run_clock = "clock.bench" if software.clock == "bench" else "clock.system"
    return [
        (
            words("identity.software"),
            [
                (words("name"), clip(software.name, 200)),
                (words("version"), clip(software.version, 100)),
                (words("vendor"), clip(software.vendor, 200)),
                ("NIL", clip(software.nil, 100)),
                (words("profiles"), clip(", ".join(software.profiles), 300)),
                (words("users"), clip(", ".join(software.users) or words("undeclared"), 300)),
                (words("dmp-modes"), clip(", ".join(software.dmp_modes) or words("undeclared"), 100)),
                (words("driver"), words.driver(software.driver)),
                (words("clock"), words(run_clock)),
                (words("actions"), clip(", ".join(software.actions), 1000)),
            ],
        ),
        (
            words("identity.run"),
            [
                (words("run"), record.run_id),
                (words("started"), words.instant(record.started)),
                (words("ended"), words.instant(record.ended)),
                (words("duration"), words.between(record.started, record.ended)),
                (words("seed"), str(record.seed)),
                (words("bench"), f"segur-bench {record.bench_version}"),
                (words("catalogue"), record.catalogue_version),
                (words("pki"), record.pki_fingerprint),
                (words("platform"), record.platform),
                (words("dmp.settings"), clip(_dmp(record, words), 2000)),
            ],
        ),
    ]


def _dmp(record: RunRecord, words: Words) -> str:
    """The settings of the simulated DMP that are not the defaults, as `bench.toml` has them."""
    values = record.settings.get("dmp", {}).items()
    told = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values)
    return " ; ".join(told) or words("dmp.defaults")


def _matrix(record: RunRecord, words: Words) -> list[tuple[str, list[Row]]]:
    by_key = {case.key: case for case in record.scenarios}
    rows: dict[str, list[Row]] = {}
    for item in record.requirements:
        cases = [by_key[key] for key in item.scenarios if key in by_key]
        good = [case for case in cases if case.verdict is Verdict.CONFORME]
        others = sorted(
            (case for case in cases if case.verdict is not Verdict.CONFORME),
            key=lambda case: digest.VERDICTS.index(case.verdict),
        )
        shown = others + (good if len(good) <= CHIPS else [])
        folded = good if len(good) > CHIPS else []
        rows.setdefault(item.theme, []).append(Row(item, shown, folded, _why(item, others, words)))
    return sorted(rows.items(), key=lambda entry: digest.theme_rank(entry[0]))


def _why(item: RequirementResult, others: Sequence[ScenarioResult], words: Words) -> str:
    """Why this requirement is not green; empty when it is."""
    if item.verdict is Verdict.CONFORME:
        return ""
    broken = dict.fromkeys(finding.rule for finding in item.findings if finding.is_error)
    if broken:
        told = " ; ".join(words.rule(rule) or rule for rule in list(broken)[:4])
        return words("why.rules", rules=told)
    reasons = dict.fromkeys(case.reason for case in others if case.reason)
    return " ; ".join(list(reasons)[:3]) or words("reason.missing")


def _by_theme(views: Sequence[CaseView]) -> list[tuple[str, list[CaseView]]]:
    grouped: dict[str, list[CaseView]] = {}
    for view in views:
        grouped.setdefault(view.case.theme, []).append(view)
    return sorted(grouped.items(), key=lambda entry: digest.theme_rank(entry[0]))
