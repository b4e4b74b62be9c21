"""One file judged by what it is."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reports.check.model import Checked
from schemas.finding import Finding, Keyword, RuleSet

from .known import layers
from .reading import STDIN, Unreadable, read
from .recognise import recognise

if TYPE_CHECKING:
    from schemas.cda import ClinicalDocument

RULES: RuleSet[None] = RuleSet("check")
UNREADABLE = RULES.declare("CHECK-ILLISIBLE")
UNKNOWN = RULES.declare("CHECK-NATURE-INCONNUE")
BROKEN = RULES.declare("CHECK-ERREUR-BANC", requires=Keyword.DEVRAIT)


@dataclass(frozen=True, slots=True)
class Settings:
    """What applies to every file of a call. Goes to worker processes as it is."""

    excerpts: bool = False  # keep the lines around each finding, for the page
    printed: bool = False  # open the PDF that a CDA embeds: its PDF/A-1, what it shows, its 2D codes
    header: str = "auto"  # model of the CDA header to judge by, see schemas.cda.judge


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge says of a file; `document`: the CDA that it read, to describe."""

    findings: list[Finding]
    document: "ClinicalDocument | None" = None


def check_file(path: Path | str, *, named: bool = True, settings: Settings | None = None) -> Checked | None:
    """Judge a file, or the standard input for `-`.

    Never raises: what cannot be read is a finding, what breaks on our side is `trouble`. None for a file that
    nobody named and that is nothing of ours.
    """
    name = str(path)
    try:
        data = read(name)
    except Unreadable as why:
        return with_layers(Checked(name, findings=(UNREADABLE.finding(name, why.observed, why.expected),)))
    try:
        return _judge(name, data, named, settings or Settings())
    except (Exception, RecursionError) as error:
        return broken(name, told(error))


def broken(name: str, trouble: str) -> Checked:
    """A file that the bench could not judge: our fault, never the software's."""
    return with_layers(
        Checked(name, findings=(BROKEN.finding(name, trouble, "jugement complet"),), trouble=trouble)
    )


def _judge(name: str, data: bytes, named: bool, settings: Settings) -> Checked | None:
    found = recognise(data, "" if name == STDIN else name)
    if not named and not found.sure:
        return None
    if found.kind not in JUDGES:
        return with_layers(Checked(name, findings=(UNKNOWN.finding(name, data[:60], ", ".join(JUDGES)),)))
    judged = JUDGES[found.kind](data, settings)
    item = Checked(name, found.kind, tuple(judged.findings))
    if judged.document is not None:
        from .models import describe

        said = describe(judged.document)
        item = replace(item, title=said.title, model=said.model, reach=said.reach)
    if settings.excerpts:
        from .excerpts import excerpts

        item = replace(item, excerpts=excerpts(data, item.findings))
    # A judge that an option adds (the official rules, say) puts what it says in `extra` and `remarks` here.
    return with_layers(item)


def with_layers(item: Checked) -> Checked:
    """The same, with the official layer of each rule that it names."""
    return replace(item, layers={**item.layers, **layers(finding.rule for finding in item.findings)})


def told(error: BaseException) -> str:
    """An exception of ours in one line: what and where."""
    steps = traceback.extract_tb(error.__traceback__)
    at = f" ({Path(steps[-1].filename).name}:{steps[-1].lineno})" if steps else ""
    return f"{type(error).__name__}: {str(error)[:300]}{at}"


def _cda(data: bytes, settings: Settings) -> Judged:
    from schemas import cda

    document, found = cda.open_document(data)
    if document is None:
        return Judged(found)
    found += cda.judge_document(document, header=settings.header)
    if settings.printed:
        from schemas.beside import judge_embedded  # loads PDF libraries: only where there is one

        found += judge_embedded(document)
    return Judged(found, document)


def _pdf(data: bytes, settings: Settings) -> Judged:
    from schemas import pdf

    return Judged(pdf.judge_pdf(data))


def _xdm(data: bytes, settings: Settings) -> Judged:
    from schemas.beside import judge_whole_archive

    return Judged(judge_whole_archive(data))


def _mail(data: bytes, settings: Settings) -> Judged:
    from schemas import mail

    return Judged(mail.judge_mail(mail.read_mail(data), mail.MailContext(), codes=True))


def _soap(data: bytes, settings: Settings) -> Judged:
    from conformance.captures import judge_capture

    return Judged(judge_capture(data))


def _vihf(data: bytes, settings: Settings) -> Judged:
    from conformance.captures import judge_assertion

    return Judged(judge_assertion(data))


JUDGES: dict[str, Callable[[bytes, Settings], Judged]] = {
    "cda": _cda,
    "xdm": _xdm,
    "mail": _mail,
    "soap": _soap,
    "vihf": _vihf,
    "pdf": _pdf,
}
