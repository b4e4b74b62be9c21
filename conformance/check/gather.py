"""Arguments of `check` → the files to judge, in a stable order, and what a folder holds besides."""

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reports.check.model import Unjudged

from .reading import STDIN


class Absent(ValueError):
    """An argument that names nothing. Its text is for people."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to judge. `named`: somebody named it, so that it fails when it is not recognised. `folder`: the
    folder that somebody named, when it was found there."""

    name: str
    named: bool
    folder: str = ""


def gather(arguments: Sequence[str]) -> tuple[list[Source], list[Unjudged]]:
    """Files in the order of the arguments, those of a folder in the order of their names, none twice.

    Raises Absent when an argument names nothing and is no pattern that matches.
    """
    sources: dict[str, Source] = {}
    unjudged: dict[str, Unjudged] = {}
    for argument in arguments:
        for found in _of(argument):
            if isinstance(found, Unjudged):
                unjudged.setdefault(found.file, found)
            elif found.name not in sources:
                sources[found.name] = found
            elif found.named:  # keeps the place of the first, and its folder
                sources[found.name] = replace(sources[found.name], named=True)
    return list(sources.values()), [item for name, item in unjudged.items() if name not in sources]


def _of(argument: str) -> Iterator[Source | Unjudged]:
    if argument == STDIN:
        yield Source(STDIN, named=True)
    elif os.path.isdir(argument):  # noqa: PTH112 — false, and not an error, on a hostile name
        yield from _folder(argument)
    elif os.path.lexists(argument):
        yield Source(argument, named=True)
    elif glob.has_magic(argument):
        yield from _pattern(argument)
    else:
        raise Absent(f"fichier absent : {argument}")


def _pattern(pattern: str) -> Iterator[Source | Unjudged]:
    """What a quoted pattern matches: nobody named these files one by one."""
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 — `**` and absolute patterns
    if not matches:
        raise Absent(f"aucun fichier ne correspond à {pattern}")
    deep = "**" in pattern  # already walks the folders
    for name in matches:
        if not os.path.isdir(name):  # noqa: PTH112
            yield _file(name)
        elif not deep:
            yield from _folder(name)


def _folder(folder: str) -> Iterator[Source | Unjudged]:
    """Everything below a folder, in the order of names. Hidden entries and links to folders are told, not
    followed: no loop."""
    waiting = [folder]  # folders to open, and what was found in them, the next one last
    ready: list[list[os.DirEntry[str]]] = []
    while waiting or ready:
        if waiting:
            opened = waiting.pop()
            try:
                with os.scandir(opened) as listed:
                    ready.append(sorted(listed, key=lambda entry: entry.name, reverse=True))
            except OSError:
                yield Unjudged(opened, "folder")
        elif not ready[-1]:
            ready.pop()
        else:
            entry = ready[-1].pop()
            if entry.name.startswith("."):
                yield Unjudged(entry.path, "hidden")
            elif not _is_folder(entry):
                yield _file(entry.path, folder)
            elif entry.is_symlink():
                yield Unjudged(entry.path, "link")
            else:
                waiting.append(entry.path)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _file(name: str, folder: str = "") -> Source | Unjudged:
    """A file met in a folder: judged when it is a regular one and its content is recognised."""
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116
    except OSError:
        return Unjudged(name, "link")
    return Source(name, False, folder) if stat.S_ISREG(mode) else Unjudged(name, "special")
