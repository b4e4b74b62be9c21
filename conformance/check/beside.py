"""Files that lie together, judged together: a document and its PDF, an archive unpacked, two versions.

A judge of folders receives bytes by path, relative to the folder with `/`, and says what none of the files
shows alone. Its findings say the file first in `where`: they go to that file, or to the folder when they name
none.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from reports.check.model import FOLDER, Checked
from schemas.finding import Finding

from .gather import Source
from .judge import BROKEN, told, with_layers
from .reading import STDIN, Unreadable, read

FolderJudge = Callable[[Mapping[str, bytes]], Sequence[Finding]]

MAX_FOLDER = 256 * 1024 * 1024  # bytes held at once; a bigger folder is not judged together, and says so
TOO_BIG = f"plus de {MAX_FOLDER} octets : ces fichiers n'ont pas été comparés entre eux"


def folder_judges() -> tuple[FolderJudge, ...]:
    """The judges of folders. They are imported here: a file alone needs none."""
    from schemas.beside import judge_beside as of_folder
    from schemas.cda.fulfilment import judge_fulfilments

    return (of_folder, judge_fulfilments)


def judge_beside(
    sources: Sequence[Source], items: Sequence[Checked | None], judges: Sequence[FolderJudge] | None = None
) -> list[Checked]:
    """What was judged, in the same order, with what lies beside taken into account; then, when there is
    something to say of them, the folders. `items`: what was said of each source alone."""
    folders: dict[str, dict[str, int]] = {}
    for index, source in enumerate(sources):
        if source.name != STDIN:
            base = source.folder or os.path.dirname(source.name) or os.curdir  # noqa: PTH120
            folders.setdefault(base, {})[_relative(source.name, base)] = index
    results = list(items)
    whole: list[Checked] = []
    for base, places in folders.items():
        if len(places) > 1 and (chosen := folder_judges() if judges is None else judges):
            whole += _folder(base, places, results, chosen)
    return [*(item for item in results if item is not None), *whole]


def _relative(name: str, base: str) -> str:
    return os.path.relpath(name, base).replace(os.sep, "/")


def _folder(
    base: str, places: Mapping[str, int], results: list[Checked | None], judges: Sequence[FolderJudge]
) -> list[Checked]:
    """Judge one folder: findings go to the files in `results`; the rest is what is said of the folder."""
    data: dict[str, bytes] = {}
    left = MAX_FOLDER
    for path, index in places.items():
        item = results[index]
        name = item.file if item is not None else os.path.join(base, path)  # noqa: PTH118
        try:
            data[path] = read(name)
        except Unreadable:  # told of the file itself
            continue
        left -= len(data[path])
        if left < 0:
            return [Checked(base, FOLDER, remarks=(TOO_BIG,))]
    try:
        found = [finding for judge in judges for finding in judge(data)]
    except Exception as error:
        trouble = told(error)
        finding = BROKEN.finding(base, trouble, "jugement complet")
        return [with_layers(Checked(base, FOLDER, (finding,), trouble=trouble))]
    alone: list[Finding] = []
    for finding in found:
        owner = _owner(finding.where, places)
        item = None if owner is None else results[owner]
        if owner is None or item is None:
            alone.append(finding)
        else:
            results[owner] = with_layers(replace(item, findings=(*item.findings, finding)))
    return [with_layers(Checked(base, FOLDER, tuple(alone)))] if alone else []


def _owner(where: str, places: Mapping[str, int]) -> int | None:
    """The file that a place names first, the longest name when several fit."""
    fitting = [path for path in places if where == path or where.startswith((f"{path} ", f"{path}/"))]
    return places[max(fitting, key=len)] if fitting else None
