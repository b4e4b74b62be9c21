"""The user's TestContenuCDA folder: found, indexed without regard to letter case, pinned."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from conformance.ans.verdict import AnsProblem

TREES = ("schematrons", "jeuxDeValeurs", "infrastructure")
SUFFIXES = {".sch", ".xml", ".xsd", ".xsl", ".xslt", ".rdf", ".owl", ".svs"}
VERSION = re.compile(r"\b(?:version|v)\s*:?\s*(\d+(?:\.\d+)+)\b", re.IGNORECASE)
MAX_README = 20_000


def folded(path: str) -> str:
    """A relative path as compared: one Unicode form, no letter case, forward slashes."""
    return unicodedata.normalize("NFC", path.replace("\\", "/")).casefold()


@dataclass(frozen=True)
class Folder:
    """A TestContenuCDA folder. `files`: the rule files below it, by folded path relative to `root`."""

    root: Path
    files: Mapping[str, Path]
    version: str

    @cached_property
    def sha256(self) -> str:
        """Identity of the rule set: SHA-256 over the sorted list of its files and of their own SHA-256.

        Line ends do not count: a checkout on another system is the same rule set.
        """
        whole = hashlib.sha256()
        for name, path in sorted(self.files.items()):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            whole.update(f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode())
        return whole.hexdigest()

    @cached_property
    def names(self) -> Mapping[str, tuple[Path, ...]]:
        """Files by folded base name, value sets first."""
        found: dict[str, list[Path]] = {}
        for key, path in sorted(self.files.items(), key=lambda item: (not _is_value_set(item[0]), item[0])):
            found.setdefault(key.rpartition("/")[2], []).append(path)
        return {name: tuple(paths) for name, paths in found.items()}

    def get(self, relative: str) -> Path | None:
        """The file at this path below the root, whatever its letter case; None when absent."""
        return self.files.get(folded(relative))

    def beside(self, base: Path, reference: str) -> Path | None:
        """The file that `reference` names from the folder `base`; None when absent or outside the root."""
        try:
            start = base.relative_to(self.root).as_posix()
        except ValueError:
            return None
        parts: list[str] = []
        for part in PurePosixPath(start, reference.replace("\\", "/")).parts:
            if part == "..":
                if not parts:
                    return None
                parts.pop()
            elif part not in (".", "/"):
                parts.append(part)
        return self.get("/".join(parts))

    def named(self, name: str) -> Path | None:
        """A file by its base name alone, value sets first; None when absent."""
        paths = self.names.get(folded(PurePosixPath(name.replace("\\", "/")).name))
        return paths[0] if paths else None

    def shown(self, path: Path) -> str:
        """A path as people read it: relative to the root."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    def as_dict(self) -> dict[str, object]:
        """The pin, for reports."""
        return {"version": self.version, "sha256": self.sha256, "files": len(self.files)}


def _is_value_set(key: str) -> bool:
    return key.startswith(folded(TREES[1]))


def open_folder(given: Path) -> Folder:
    """The rule folder at `given`, or one level below it. Raises AnsProblem saying what was looked for."""
    if not given.is_dir():
        raise AnsProblem(f"{given} n'est pas un dossier")
    try:
        inside = sorted(item for item in given.iterdir() if item.is_dir() and not item.name.startswith("."))
        roots = [path for path in (given, *inside) if _has_schemas(path)]
    except OSError as error:
        raise AnsProblem(f"{error.filename} : {error.strerror}") from None
    if not roots:
        raise AnsProblem(
            f"{given} n'est pas un dossier TestContenuCDA : ni lui ni un de ses sous-dossiers ne contient "
            "« schematrons/profils » avec des fichiers .sch"
        )
    root = roots[0].resolve()
    files = {folded(path.relative_to(root).as_posix()): path for path in _rule_files(root)}
    return Folder(root, files, _version(given.resolve(), root))


def _has_schemas(path: Path) -> bool:
    for tree in path.iterdir():
        if folded(tree.name) == "schematrons" and tree.is_dir():
            profiles = [one for one in tree.iterdir() if folded(one.name) == "profils" and one.is_dir()]
            return any(True for one in profiles for _ in one.rglob("*.sch"))
    return False


def _rule_files(root: Path) -> Iterator[Path]:
    trees = {folded(tree) for tree in TREES}
    for tree in sorted(root.iterdir()):
        if folded(tree.name) in trees and tree.is_dir():
            for path in sorted(tree.rglob("*")):
                hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
                if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
                    yield path


def _version(given: Path, root: Path) -> str:
    """What the folder says of its version: the text of its README, the Git commit, or its name."""
    places = [root, given]
    if "testcontenucda" in folded(root.parent.name):  # the parent of a folder of the user's own says nothing
        places.append(root.parent)
    stated = next((one for place in places if (one := _stated(place))), "")
    commit = next((one for place in places if (one := _commit(place))), "")
    label = f"{root.name} {stated}".strip()
    return f"{label} ({commit[:10]})" if commit else label


def _stated(place: Path) -> str:
    for path in sorted(place.glob("*")):
        if folded(path.name).startswith(("readme", "lisez", "version")) and path.is_file():
            text = path.read_bytes()[:MAX_README].decode("utf-8", "replace")
            if match := VERSION.search(text):
                return match[1]
    return ""


def _commit(place: Path) -> str:
    """The commit checked out there, read from Git's files; empty when there is none."""
    git = place / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        reference = head[5:]
        if (git / reference).is_file():
            return (git / reference).read_text(encoding="ascii").strip()
        packed = (git / "packed-refs").read_text(encoding="ascii").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {reference}")), "")
    except (OSError, ValueError, IndexError):
        return ""
