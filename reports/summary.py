"""The summary of a run in the terminal: verdicts by theme, what failed and why, what was not verified.

Colours follow the console that is given (rich turns them off for NO_COLOR and outside a terminal). Everything
is written as plain text: neither markup nor escape sequences of vendor content are obeyed.
"""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas import safe
from schemas.layout import clip

from . import digest
from .record import RunRecord, Verdict
from .wording import Words

STYLES = {
    Verdict.CONFORME: "green",
    Verdict.NON_CONFORME: "bold red",
    Verdict.ERREUR_BANC: "bold magenta",
    Verdict.EN_ATTENTE: "yellow",
    Verdict.NON_TESTABLE: "yellow",
    Verdict.NON_APPLICABLE: "dim",
}
COLUMNS = (
    Verdict.CONFORME,
    Verdict.NON_CONFORME,
    Verdict.EN_ATTENTE,
    Verdict.NON_TESTABLE,
    Verdict.NON_APPLICABLE,
    Verdict.ERREUR_BANC,
)
MAX_LISTED = 20


def print_summary(record: RunRecord, console: Console, lang: str = "fr") -> None:
    """Print the table by theme, then failing rules, then what was not verified."""
    words = Words(lang)
    console.print(_table(record, words))
    overall = digest.overall(record)
    console.print(Text(words(f"banner.{overall.value}"), STYLES[overall]))
    _failures(record, console, words)
    _unseen(record, console, words)
    if record.bench_errors:
        console.print(Text(words("summary.errors"), "bold magenta"))
        for error in record.bench_errors[:MAX_LISTED]:
            _line(console, f"  {clip(error, 300)}")
    _line(console, words("disclaimer.head"), "dim")


def _table(record: RunRecord, words: Words) -> Table:
    table = Table(title=words("summary.title"), title_justify="left", show_footer=True)
    totals = digest.totals(record)
    table.add_column(words("theme"), words("summary.total"))
    used = [verdict for verdict in COLUMNS if totals[verdict] or verdict is Verdict.CONFORME]
    for verdict in used:
        table.add_column(words.verdict(verdict), str(totals[verdict]), justify="right", style=STYLES[verdict])
    table.add_column(words("cases"), str(len(record.scenarios)), justify="right")
    for count in digest.by_theme(record):
        if count.total:
            cells = [str(count.cases.get(verdict, 0) or "·") for verdict in used]
            table.add_row(Text(safe.shown(words.theme(count.theme))), *cells, str(count.total))
    return table


def _failures(record: RunRecord, console: Console, words: Words) -> None:
    rules = digest.failing_rules(record)
    silent = [
        case
        for case in digest.with_verdict(record, Verdict.NON_CONFORME)
        if not any(finding.is_error for finding in case.findings)
    ]
    if not rules and not silent:
        return
    console.print(Text(words("summary.failures"), "bold red"))
    for item in rules[:MAX_LISTED]:
        sentence = words.rule(item.rule)
        _line(console, f"  {item.rule}  {sentence}", "red")
        finding = item.finding
        _line(console, f"    {words('requirement')}{words('colon')} {', '.join(item.requirements) or '—'}")
        keys = ", ".join(case.key for case in item.cases[:4])
        more = f" {words('and.more', count=len(item.cases) - 4)}" if len(item.cases) > 4 else ""
        _line(console, f"    {words('cases')}{words('colon')} {keys}{more}")
        _line(console, f"    {words('where')}{words('colon')} {clip(finding.where, 200)}")
        observed = clip(finding.observed, 200) or words("nothing")
        _line(console, f"    {words('observed')}{words('colon')} {observed}")
        _line(console, f"    {words('expected')}{words('colon')} {clip(finding.expected, 200) or '—'}")
        _line(console, f"    {words('todo')}{words('colon')} {words.action(item.rule)}", "bold")
    for case in silent[:MAX_LISTED]:
        _line(console, f"  {case.key}  {clip(case.reason, 300)}", "red")
    left = max(0, len(rules) - MAX_LISTED) + max(0, len(silent) - MAX_LISTED)
    if left:
        _line(console, "  " + words("summary.more", count=left))


def _unseen(record: RunRecord, console: Console, words: Words) -> None:
    unseen = [
        case for case in record.scenarios if case.verdict not in (Verdict.CONFORME, Verdict.NON_CONFORME)
    ]
    if not unseen:
        return
    console.print(Text(words("summary.unseen"), "bold yellow"))
    for case in unseen[:MAX_LISTED]:
        _line(console, f"  {case.key}  {words.verdict(case.verdict)}  {clip(case.reason, 300)}")
    if len(unseen) > MAX_LISTED:
        _line(console, "  " + words("summary.more", count=len(unseen) - MAX_LISTED))


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(safe.shown(text), style), soft_wrap=True)
