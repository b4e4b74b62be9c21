"""`check --ans-rules`: the official rules beside ours, one warm Saxon in this process for the whole batch."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .failures import UsageProblem

if TYPE_CHECKING:
    from conformance.ans.session import Session
    from reports.check.model import Batch


def opened(folder: Path | None, pin: str) -> "Session | None":
    """The rules of the folder, None without one; before anything is judged, so that a wrong folder is told
    at once. Raises UsageProblem."""
    if folder is None:
        if pin:
            raise UsageProblem("--ans-pin demande --ans-rules DIR")
        return None
    from conformance.ans import AnsProblem
    from conformance.ans.session import open_session

    try:
        return open_session(folder, pin)
    except AnsProblem as problem:
        raise UsageProblem(str(problem)) from None


def judged(batch: "Batch", session: "Session", lang: str, told: Callable[[], None] = lambda: None) -> "Batch":
    """The batch with what the official rules say of its documents, and the exit code of both."""
    from conformance.ans import session as official
    from conformance.check.reading import STDIN, Unreadable, read
    from schemas.messages import text

    files, compared = [], []
    for item in batch.files:
        if item.kind == "cda":
            try:
                if item.file == STDIN:  # can't be read twice
                    raise Unreadable("", "")
                one = session.judge(item.file, read(item.file), item.findings)
            except Unreadable:
                item = replace(item, remarks=(*item.remarks, text("ans.unread", lang)))
            else:
                compared.append(one)
                lines = tuple(official.told(one, lang))
                item = replace(
                    item,
                    remarks=(*item.remarks, *lines),
                    extra={**item.extra, "ans": official.extra(one)},
                )
        files.append(item)
        told()
    return replace(
        batch,
        files=tuple(files),
        remarks=(*batch.remarks, *official.closing(session, compared, lang)),
        extra={**batch.extra, "ans": official.total(session, compared)},
        decided=official.exit_code(batch.exit_code, compared),
    )
