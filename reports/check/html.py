"""`--html`: one self-contained page, no network, no script. It looks like the report of a run.

Everything from the files goes through `schemas.safe`, is escaped, and the page's own policy forbids scripts,
images, frames, forms and any style but its own.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from schemas import safe
from schemas.finding import Finding
from schemas.layout import clip

from .fold import Group, by_rule, fold, is_loud
from .model import Batch, Checked, Excerpt, outcome
from .publish import publish
from .words import CheckWords, label

COLOURS = {"PASS": "conforme", "WARN": "en_attente", "FAIL": "non_conforme", "ERROR": "erreur_banc"}
SEVERITIES = {"error": "non_conforme", "warning": "en_attente", "info": "non_applicable"}
MAX_RULES = 60  # rules told of one file
MAX_SEEN = 6  # observations told of one rule
MAX_EXCERPTS = 2_000_000  # characters of excerpts in a page: a thousand files stay readable
MAX_TOLD = 400  # files whose findings are told; the table has them all


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation, told once for all that say the same."""

    first: Finding
    count: int
    lines: str
    excerpt: Excerpt | None


@dataclass(frozen=True, slots=True)
class RuleView:
    """What one rule says of a file."""

    rule: str
    severity: str
    colour: str
    count: int
    sentence: str
    layer: str
    action: str
    seen: tuple[Seen, ...]
    more: int
    source: str


@dataclass(frozen=True, slots=True)
class FileView:
    """A file, its row in the table and its findings."""

    item: Checked
    anchor: str
    name: str
    state: str
    colour: str
    kind: str
    model: str
    counts: str
    first: str
    loud: tuple[RuleView, ...]  # what is never folded away
    infos: tuple[RuleView, ...]
    more: int

    @property
    def told(self) -> bool:
        """Whether there is something to say below the table."""
        return bool(self.loud or self.infos or self.item.trouble or self.item.remarks)


def write(batch: Batch, path: Path, lang: str = "fr") -> None:
    """Write the page. Raises OSError."""
    publish(path, render(batch, lang))


def render(batch: Batch, lang: str = "fr") -> str:
    """The page as text."""
    words = CheckWords(lang)
    style = "".join(
        (resources.files("reports") / "templates" / name).read_text(encoding="utf-8")
        for name in ("report.css", "check.css")
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    views = _views(batch, words)
    told = [view for view in views if view.told][:MAX_TOLD]
    counts = batch.counted()
    worst = next((state for state in ("ERROR", "FAIL", "WARN", "PASS") if counts[state]), "ERROR")
    return (
        _environment(words)
        .get_template("check.html.j2")
        .render(
            style=Markup(style),
            style_hash=Markup(f"sha256-{digest}"),
            version=metadata.version("segur-bench"),
            batch=batch,
            views=views,
            told=told,
            anchors={view.anchor for view in told},
            silent=max(0, sum(view.told for view in views) - MAX_TOLD),
            counts=[(state, COLOURS[state], counts[state]) for state in counts if counts[state]],
            worst=worst if batch.files else "NOTHING",
            colour=COLOURS[worst] if batch.files else "non_testable",
            unjudged=[
                (words.plural(f"unjudged.{reason}", len(names)), names[:200], len(names))
                for reason, names in _by_reason(batch).items()
            ],
        )
    )


def _environment(words: CheckWords) -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(brief=clip)
    environment.globals.update(t=words)
    return environment


def _finalize(value: Any) -> Any:
    """Every value that the template writes, before it is escaped."""
    if isinstance(value, Markup):
        return value
    return safe.shown(value) if isinstance(value, str) else value


def _by_reason(batch: Batch) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in batch.unjudged:
        found.setdefault(item.reason, []).append(label(item.file))
    return found


def _views(batch: Batch, words: CheckWords) -> list[FileView]:
    left = MAX_EXCERPTS
    views = []
    for number, item in enumerate(batch.files, 1):
        view = _view(item, f"f{number}", words, with_excerpts=left > 0)
        left -= sum(
            len(line)
            for rule in (*view.loud, *view.infos)
            for seen in rule.seen
            if seen.excerpt
            for line in seen.excerpt.lines
        )
        views.append(view)
    return views


def _view(item: Checked, anchor: str, words: CheckWords, *, with_excerpts: bool) -> FileView:
    groups = by_rule(fold(item))
    rules = tuple(_rule(item, same, words, with_excerpts) for same in groups[:MAX_RULES])
    state = outcome(item)
    loud = tuple(rule for rule, same in zip(rules, groups, strict=False) if is_loud(same[0]))
    counts = [words.plural(f"count.{name}", item.count(name)) for name in SEVERITIES if item.count(name)]
    if item.official and item.official != item.verdict:
        counts.append(words("official", verdict=item.official))
    return FileView(
        item,
        anchor,
        label(item.file),
        state,
        COLOURS[state],
        words.kind(item),
        words.model(item),
        " · ".join(counts),
        loud[0].rule if loud else "",
        loud,
        tuple(rule for rule in rules if rule not in loud),
        len(groups) - len(rules),
    )


def _rule(item: Checked, groups: Sequence[Group], words: CheckWords, with_excerpts: bool) -> RuleView:
    first = groups[0].first
    shown = groups[:MAX_SEEN]
    return RuleView(
        first.rule,
        first.severity.value,
        SEVERITIES[first.severity.value],
        sum(group.count for group in groups),
        words.sentence(first.rule),
        words.layer(item, first.rule) if item.kind == "cda" else "",
        words.action(first.rule),
        tuple(_seen(item, group, with_excerpts) for group in shown),
        sum(group.count for group in groups[len(shown) :]),
        " · ".join(filter(None, [first.source, ", ".join(first.requirements)])),
    )


def _seen(item: Checked, group: Group, with_excerpts: bool) -> Seen:
    lines = [str(one.line) for one in group.findings if one.line]
    told = f"{', '.join(lines[:8])}{'…' if len(lines) > 8 else ''}"
    excerpt = item.excerpts.get(group.position) if with_excerpts else None
    return Seen(group.first, group.count, told, excerpt)
