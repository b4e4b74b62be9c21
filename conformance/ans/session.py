"""One call of `check --ans-rules`: documents judged in turn, beside our findings, and told in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.ans.disagree import Comparison, compare, layer_names, summary
from conformance.ans.oracle import Rules, open_rules
from conformance.ans.verdict import LayerVerdict, OfficialMessage, Status
from schemas.finding import Finding, clip
from schemas.messages import text

TOLD = 8  # official messages told of one layer
EXIT_FAIL, EXIT_BENCH = 1, 3


@dataclass(frozen=True, slots=True)
class Session:
    """The official rules, warm, and what our rules claim to mirror."""

    rules: Rules
    layer_of: Mapping[str, str]

    def judge(self, file: str, data: bytes, ours: Iterable[Finding]) -> Comparison:
        """The official verdict on a document, beside our findings on it."""
        return compare(file, self.rules.judge(data), ours, self.layer_of)


def open_session(given: Path, pin: str = "") -> Session:
    """Raises AnsProblem, as `open_rules` does."""
    return Session(open_rules(given, pin), layer_names())


def extra(comparison: Comparison) -> dict[str, Any]:
    """The members of a document in JSON."""
    return {**comparison.official.as_dict(), "comparison": comparison.as_dict()}


def total(session: Session, comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """The members of the whole in JSON: the pin, the cost, the table of disagreements."""
    return {**session.rules.as_dict(), "disagreements": summary(comparisons)}


def exit_code(ours: int, comparisons: Iterable[Comparison]) -> int:
    """1 as soon as a document fails officially; 3 when nothing fails and a layer did not conclude."""
    seen = {one.official.status for one in comparisons}
    if Status.FAIL in seen:
        return ours or EXIT_FAIL
    return EXIT_BENCH if ours == 0 and Status.INCONCLUSIVE in seen else ours


def told(comparison: Comparison, lang: str = "fr") -> Iterator[str]:
    """The lines about one document."""
    official = comparison.official
    yield text(
        "ans.verdict",
        lang,
        verdict=text(f"ans.{official.status.value}", lang),
        seconds=f"{official.seconds:.2f}",
    )
    for layer in official.layers:
        yield from _layer(layer, lang)
    for one in comparison.layers:
        if one.kind in ("missed", "elsewhere"):
            yield text(f"ans.{one.kind}", lang, layer=one.layer)
        elif one.kind == "claimed":
            for finding in one.ours:
                place = _place(finding.where, finding.line, lang)
                yield text("ans.claimed", lang, rule=finding.rule, place=place, layer=one.layer)
    if comparison.own:
        yield text("ans.own", lang, count=len(comparison.own))


def _layer(layer: LayerVerdict, lang: str) -> Iterator[str]:
    """A layer that passes on a schema that needs no explaining is not told."""
    why = " ; ".join(filter(None, (layer.reason, layer.note)))
    status = text(f"ans.{layer.status.value}", lang)
    if why:
        yield text("ans.layer.why", lang, layer=layer.layer, status=status, why=why)
    elif layer.status is not Status.PASS:
        yield text("ans.layer", lang, layer=layer.layer, status=status)
    for message in layer.messages[:TOLD]:
        yield _message(message, lang)
    if len(layer.messages) > TOLD:
        yield text("ans.more", lang, layer=layer.layer, count=len(layer.messages) - TOLD)


def _message(message: OfficialMessage, lang: str) -> str:
    severity = text("ans.error" if message.is_error else "ans.warning", lang)
    place = _place(message.where, message.line, lang)
    return text(
        "ans.message", lang, layer=message.layer, severity=severity, place=place, message=clip(message.text)
    )


def _place(where: str, line: int | None, lang: str) -> str:
    return text("ans.line", lang, line=line, where=where) if line else where


def closing(session: Session, comparisons: Sequence[Comparison], lang: str = "fr") -> Iterator[str]:
    """The lines about the whole: the table by layer, the totals, the cost, the pin."""
    found = summary(comparisons)
    rows: Any = found["layers"]
    if rows:
        yield from _table(rows, lang)
    yield text("ans.summary", lang, **{key: value for key, value in found.items() if key != "layers"})
    cost = session.rules.counts
    each = sum(one.official.seconds for one in comparisons) / len(comparisons) if comparisons else 0.0
    yield text(
        "ans.cost",
        lang,
        seconds=f"{cost.seconds:.1f}",
        compiled=cost.compiled,
        cached=cost.cached,
        each=f"{each:.2f}",
    )
    yield text("ans.pin", lang, **session.rules.folder.as_dict())


def _table(rows: Sequence[Mapping[str, object]], lang: str) -> Iterator[str]:
    names = list(rows[0])
    heads = [text(f"ans.head.{name}", lang) for name in names]
    widths = [max(len(head), 7) for head in heads]
    yield "  ".join(head.ljust(width) for head, width in zip(heads, widths, strict=True)).rstrip()
    for row in rows:
        cells = [str(row[name]) for name in names]
        yield "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
