"""Compiled sheets kept between runs, under the user's cache folder."""

import hashlib
import json
import os
import tempfile
from pathlib import Path

from conformance.ans import assembly, schematron, voc, xpath
from conformance.ans.assembly import assemble
from conformance.ans.folder import Folder
from conformance.ans.schematron import Compiled, compile_schema


def cache_folder(folder: Folder) -> Path:
    """Where the sheets of this rule set go: its content, its place and the compiler make the name.

    Falls back on a temporary folder when the user's cache cannot be written.
    """
    base = os.environ.get("XDG_CACHE_HOME") or ""
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    identity = f"{folder.sha256} {folder.root} {compiler()}"
    path = root / "segur-bench" / "ans" / hashlib.sha256(identity.encode()).hexdigest()[:32]
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError:
        return Path(tempfile.mkdtemp(prefix="segur-bench-ans-"))


def compiler() -> str:
    """Identity of the compiler: a sheet of another version of these modules is not used."""
    sources = (Path(str(module.__file__)) for module in (assembly, schematron, voc, xpath))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def compiled(folder: Folder, schema: Path, cache: Path) -> tuple[Compiled, bool]:
    """The sheet of a schema, and whether it was made now. Raises SchemaRefused."""
    name = f"{schema.stem}-{hashlib.sha256(folder.shown(schema).encode()).hexdigest()[:8]}.json"
    stored = cache / name
    try:
        return Compiled(**json.loads(stored.read_text(encoding="utf-8"))), False
    except (OSError, ValueError, TypeError):
        pass  # absent, or damaged: made again
    made = compile_schema(assemble(folder, schema, lambda missing: voc.find(folder, missing, cache)))
    _write(stored, json.dumps(made.as_dict(), ensure_ascii=False))
    return made, True


def _write(path: Path, text: str) -> None:
    """All of the file or nothing: two runs may write it at once."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).replace(path)
    except OSError:
        return  # a cache that cannot be written costs time, nothing else
