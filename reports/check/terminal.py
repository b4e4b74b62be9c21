"""What a person reads in the terminal: findings by file, the ones to act on first, then a table and one line.

Everything from the files is written as plain text: neither markup nor escape sequences are obeyed. On a
terminal long texts are wrapped under their label; elsewhere a line is a line, for `grep` and logs.
"""

import io
import os
import sys
from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas import safe
from schemas.layout import clip

from .fold import Group, by_rule, fold, is_loud
from .model import Batch, Checked, outcome
from .words import CheckWords, label

STYLES = {"PASS": "bold green", "WARN": "bold yellow", "FAIL": "bold red", "ERROR": "bold magenta"}
SEVERITIES = {"error": "red", "warning": "yellow", "info": "cyan"}
VALUE = 300  # characters of an observed or expected value
PLACE = 600  # characters of a path
SAME_RULE = 5  # different observations of one rule that are shown whole
MAX_RULES = 40  # rules told of one file
PLACES = 4  # other lines told of a folded finding
LISTED = 8  # names of unjudged files


def print_batch(batch: Batch, console: Console, lang: str = "fr", verbose: bool = False) -> None:
    """Print everything. `verbose`: infos, every observation and every unjudged file too."""
    words = CheckWords(lang)
    for item in batch.files:
        _file(item, console, words, verbose)
    if len(batch.files) > 1:
        console.print(_table(batch, words))
    _unjudged(batch, console, words, verbose)
    for remark in batch.remarks:
        _plain(console, Text(safe.visible(clip(remark, 600))))
    _plain(console, _summary(batch, words))
    _plain(console, Text(words("disclaimer"), "dim"))


def make_console() -> Console:
    """The terminal, its width when there is one. Colours follow NO_COLOR and what the output is.

    What the encoding of the output lacks is replaced: a table does not end on an error.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    narrow = Console(highlight=False)
    return narrow if _wraps(narrow) else Console(highlight=False, width=140)


def _wraps(console: Console) -> bool:
    return console.is_terminal or bool(os.environ.get("COLUMNS"))


def _plain(console: Console, told: Text) -> None:
    console.print(told, soft_wrap=not _wraps(console))


def _file(item: Checked, console: Console, words: CheckWords, verbose: bool) -> None:
    state = outcome(item)
    head = Text.assemble(
        (words(f"outcome.{state}"), STYLES[state]),
        "  ",
        (label(item.file), "bold"),
        f"  ({words.kind(item)})",
    )
    _plain(console, head)
    for line in _about(item, words, verbose):
        _indented(console, "", line, 2)
    rules = by_rule([one for one in fold(item) if verbose or is_loud(one)])
    for groups in rules if verbose else rules[:MAX_RULES]:
        _rule(item, groups, console, words, verbose)
    if len(rules) > MAX_RULES and not verbose:
        _plain(console, Text(f"  {words('more.rules', count=len(rules) - MAX_RULES)}", "dim"))
    console.print()


def _about(item: Checked, words: CheckWords, verbose: bool) -> Iterator[Text]:
    """The lines under the name of a file: its model, its counts, what the official rules alone would say."""
    model = words.model(item)
    if model:
        yield Text(safe.visible(clip(model, 200)), "yellow" if item.reach == "none" else "")
    yield from (Text(_safe(remark)) for remark in item.remarks)
    if item.trouble:
        yield Text(words("trouble"), "magenta")
    elif item.findings:
        counts = {
            name: words.plural(f"count.{name}", item.count(name)) for name in SEVERITIES if item.count(name)
        }
        if not verbose and not all(map(is_loud, fold(item))):
            counts["info"] = words("hidden", infos=counts["info"])
        yield Text(f"{', '.join(counts.values())}{_officially(item, words)}", "dim")


def _officially(item: Checked, words: CheckWords) -> str:
    different = item.official and item.official != item.verdict
    return f" ; {words('official', verdict=item.official)}" if different else ""


def _rule(item: Checked, groups: Sequence[Group], console: Console, words: CheckWords, verbose: bool) -> None:
    """One rule: its sentence once, its observations, what to do."""
    first = groups[0].first
    severity = first.severity.value
    count = sum(group.count for group in groups)
    head = Text.assemble(
        (words(f"severity.{severity}"), f"bold {SEVERITIES[severity]}"), "  ", (first.rule, "bold")
    )
    if item.kind == "cda":
        head.append(f"  [{words.layer(item, first.rule)}]", "dim")
    if count > 1:
        head.append(f"  × {count}", "bold")
    _indented(console, "", head, 2)
    _indented(console, "", Text(_safe(words.sentence(first.rule))), 4)
    shown = groups if verbose else groups[:SAME_RULE]
    for group in shown:
        if len(groups) > 1:
            _indented(console, "", Text(_in_one_line(group, words)), 4)
        else:
            _observation(group, console, words)
    if len(groups) > len(shown):
        rest = sum(group.count for group in groups[len(shown) :])
        _indented(console, "", Text(words("more.same", count=rest), "dim"), 4)
    todo = words.action(first.rule)
    if todo:
        _indented(console, words("todo"), Text(todo, "bold"), 4)
    if first.source or first.requirements:
        source = " · ".join(filter(None, [first.source, ", ".join(first.requirements)]))
        _indented(console, words("source"), Text(_safe(source), "dim"), 4)


def _observation(group: Group, console: Console, words: CheckWords) -> None:
    first = group.first
    _indented(console, words("where"), Text(_place(group, words)), 4)
    if first.observed:
        _indented(
            console, words("observed"), Text(_safe(first.observed), SEVERITIES[first.severity.value]), 4
        )
    if first.expected:
        _indented(console, words("expected"), Text(_safe(first.expected)), 4)


def _in_one_line(group: Group, words: CheckWords) -> str:
    """One of several observations of the same rule."""
    first = group.first
    told = [
        f"{words(name)} {_safe(value)}"
        for name, value in (("observed", first.observed), ("expected", first.expected))
        if value
    ]
    return f"• {_place(group, words)}{' — ' if told else ''}{' ; '.join(told)}"


def _place(group: Group, words: CheckWords) -> str:
    """Where: line and path of the first, lines of the others."""
    first = group.first
    told = _safe(first.where, PLACE)
    if first.line:
        told = f"{words('line', line=first.line)}, {told}"
    lines = [str(one.line) for one in group.findings[1:] if one.line]
    if group.count > 1:
        more = f"{', '.join(lines[:PLACES])}{'…' if len(lines) > PLACES else ''}"
        told += f" ({words('same', count=group.count)}{words('also', lines=more) if lines else ''})"
    return told


def _safe(value: str, limit: int = VALUE) -> str:
    return clip(safe.shown(value), limit).replace("\n", " ").replace("\t", " ")


def _indented(console: Console, name: str, value: Text, indent: int) -> None:
    """A label and its value; on a terminal the value is wrapped beside its label."""
    if not _wraps(console):
        console.print(Text(" " * indent + (f"{name:<9} " if name else "")) + value, soft_wrap=True)
        return
    grid = Table.grid(padding=(0, 1, 0, 0))
    if name:
        grid.add_column(width=9, style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(*([name, value] if name else [value]))
    console.print(Padding(grid, (0, 0, 0, indent)))


def _table(batch: Batch, words: CheckWords) -> Table:
    """One row a file: what it is, its verdict, its counts, the first rule to look at."""
    table = Table(title=words("table"), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(words("file"), overflow="fold")
    table.add_column(words("kind"), no_wrap=True)
    table.add_column(words("model"), overflow="fold")
    table.add_column(words("verdict"), no_wrap=True)
    table.add_column(words("errors.short"), justify="right", no_wrap=True)
    table.add_column(words("warnings.short"), justify="right", no_wrap=True)
    table.add_column(words("first"), overflow="fold")
    names = short_names([item.file for item in batch.files])
    for item, name in zip(batch.files, names, strict=True):
        state = outcome(item)
        groups = [group for group in fold(item) if group.first.severity.value != "info"]
        table.add_row(
            Text(label(name)),
            Text(item.kind or "?"),
            Text(_safe(item.model or words("model.short.none")) if item.reach else ""),
            Text(words(f"outcome.{state}"), STYLES[state]),
            str(item.count("error") or "·"),
            str(item.count("warning") or "·"),
            Text(groups[0].first.rule if groups else ""),
        )
    return table


def short_names(names: Sequence[str]) -> list[str]:
    """Names without the folder that they share."""
    folders = [os.path.dirname(name) for name in names]  # noqa: PTH120 — names, `-` among them
    try:
        shared = os.path.commonpath(folders) if all(folders) else ""
    except ValueError:
        shared = ""
    return [name[len(shared) :].lstrip(os.sep) if shared else name for name in names]


def _unjudged(batch: Batch, console: Console, words: CheckWords, verbose: bool) -> None:
    """What was met and not judged, by reason: counted always, named as far as it is short."""
    for reason in dict.fromkeys(item.reason for item in batch.unjudged):
        names = [label(item.file) for item in batch.unjudged if item.reason == reason]
        kept = names if verbose else names[:LISTED]
        told = f"{', '.join(kept)}{'…' if len(kept) < len(names) else ''}"
        _plain(console, Text(f"{words.plural(f'unjudged.{reason}', len(names))} : {told}", "yellow"))


def _summary(batch: Batch, words: CheckWords) -> Text:
    counts = batch.counted()
    told = Text(words.files(batch), "bold")
    for index, (state, count) in enumerate((state, count) for state, count in counts.items() if count):
        told.append(" : " if index == 0 else ", ")
        told.append(f"{count} {words(f'outcome.{state}')}", STYLES[state])
    if not batch.files:
        told.append(f" : {words('nothing')}", "yellow")
    return told
