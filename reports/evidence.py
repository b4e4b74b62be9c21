"""The evidence store: each body written once, under its SHA-256, and checked when it is read back.

The file is `<sha256>.txt` when the bytes are UTF-8 text and `<sha256>.bin` otherwise. Never `.html`, `.xml`
or `.svg`: a browser would run what a hostile body holds.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{64}\Z")
_SUFFIXES = (".txt", ".bin", "")


class EvidenceMissing(KeyError):
    """No evidence has this name."""


class EvidenceAltered(ValueError):
    """The bytes of a piece of evidence no longer have the hash that names it."""


@dataclass(frozen=True, slots=True)
class EvidenceStore:
    """A folder of evidence. It is created by the first `put`."""

    folder: Path

    def put(self, body: bytes) -> str:
        """Keep these bytes; returns their SHA-256. Writing the same bytes twice writes once."""
        name = hashlib.sha256(body).hexdigest()
        target = self.folder / f"{name}{_suffix(body)}"
        if not target.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = target.with_suffix(".part")
            draft.write_bytes(body)
            draft.replace(target)  # never half a piece of evidence
        return name

    def path(self, name: str) -> Path | None:
        """The file that holds this evidence; None when there is none, or when the name is no SHA-256."""
        if not _NAME.match(name):
            return None
        found = (self.folder / f"{name}{suffix}" for suffix in _SUFFIXES)
        return next((candidate for candidate in found if candidate.is_file()), None)

    def get(self, name: str) -> bytes:
        """The bytes of this name. Raises EvidenceMissing, or EvidenceAltered when their hash differs."""
        path = self.path(name)
        if path is None:
            raise EvidenceMissing(name)
        body = path.read_bytes()
        if hashlib.sha256(body).hexdigest() != name:
            raise EvidenceAltered(f"{path.name}: the content no longer has this SHA-256")
        return body


def _suffix(body: bytes) -> str:
    if b"\0" in body:
        return ".bin"
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return ".bin"
    return ".txt"
