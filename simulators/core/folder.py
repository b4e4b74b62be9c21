"""Bodies in a folder, each under its SHA-256: written whole or not at all, by any number of processes."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of bodies, in sub-folders of their first two digits.

    `durable`: a body is on the disk, not only in the system's cache, when `put` returns.
    """

    root: Path
    durable: bool = False

    def put(self, data: bytes, sha256: str) -> None:
        """Keep these bytes; the same bytes again are kept once."""
        path = self.path(sha256)
        if path.exists():
            return
        draft = path.with_name(f".{sha256}.{os.getpid()}.{threading.get_ident()}")
        try:
            self._write(draft, data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(draft, data)
        draft.replace(path)
        if self.durable:
            _flush(path.parent)

    def _write(self, draft: Path, data: bytes) -> None:
        with draft.open("wb", buffering=0) as file:
            if file.write(data) != len(data):
                raise OSError(f"{draft}: not all of {len(data)} bytes written")
            if self.durable:
                os.fsync(file.fileno())

    def get(self, sha256: str) -> bytes:
        """The bytes of this name. Raises FileNotFoundError."""
        return self.path(sha256).read_bytes()

    def path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256


def _flush(folder: Path) -> None:
    """The name of a new file is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
