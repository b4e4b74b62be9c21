"""Files of a folder judged together: what one says of another (a document and its metadata, say).

A judge of folders receives the files of one folder, by name, and says what is wrong with each.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from reports.check.model import Checked
from schemas.finding import Finding

from .judge import told, with_layers
from .reading import STDIN, Unreadable, read

FolderJudge = Callable[[Mapping[str, bytes]], Mapping[str, Sequence[Finding]]]
FOLDER_JUDGES: tuple[FolderJudge, ...] = ()

MAX_FOLDER = 256 * 1024 * 1024  # bytes held at once; a bigger folder is not judged together, and says so
TOO_BIG = f"le dossier dépasse {MAX_FOLDER} octets : ses fichiers n'ont pas été comparés entre eux"


def judge_beside(files: Sequence[Checked], judges: Sequence[FolderJudge] = FOLDER_JUDGES) -> list[Checked]:
    """The same files in the same order, with what the judges of folders say of them besides."""
    if not judges:
        return list(files)
    folders: dict[str, list[int]] = {}
    for index, item in enumerate(files):
        if item.kind and item.file != STDIN:
            folders.setdefault(str(PurePath(item.file).parent), []).append(index)
    results = list(files)
    for indexes in folders.values():
        if len(indexes) > 1:
            for index, item in zip(indexes, _folder([files[i] for i in indexes], judges), strict=True):
                results[index] = item
    return results


def _folder(items: Sequence[Checked], judges: Sequence[FolderJudge]) -> list[Checked]:
    data: dict[str, bytes] = {}
    left = MAX_FOLDER
    for item in items:
        try:
            data[item.file] = read(item.file)
        except Unreadable:  # it was readable a moment ago: what it is beside can't be told
            continue
        left -= len(data[item.file])
        if left < 0:
            return [replace(one, remarks=(*one.remarks, TOO_BIG)) for one in items]
    found: dict[str, list[Finding]] = {item.file: [] for item in items}
    try:
        for judge in judges:
            for name, said in judge(data).items():
                found[name] += said
    except Exception as error:
        return [replace(one, trouble=one.trouble or told(error)) for one in items]
    return [with_layers(replace(one, findings=(*one.findings, *found[one.file]))) for one in items]
