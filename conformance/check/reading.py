"""Bytes of a file, whatever it is: never blocks on a pipe or a device, never reads without end."""

import errno
import os
import stat
import sys

MAX_FILE = 64 * 1024 * 1024  # bytes
STDIN = "-"
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_REASONS = {
    errno.ENOENT: "fichier absent ou disparu",
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.ELOOP: "liens en boucle",
    errno.ENAMETOOLONG: "nom trop long",
    errno.ENXIO: "périphérique ou prise réseau",
}


class Unreadable(Exception):
    """Why a file could not be read: what was observed, what is wanted."""

    def __init__(self, observed: str, expected: str) -> None:
        super().__init__(observed)
        self.observed = observed
        self.expected = expected


def read(name: str) -> bytes:
    """The bytes of a regular file, or of the standard input for `-`. Raises Unreadable."""
    try:
        data = _standard_input() if name == STDIN else _regular(name)
    except OSError as error:
        raise Unreadable(
            _REASONS.get(error.errno or 0, error.strerror or str(error)), "fichier lisible"
        ) from None
    except ValueError as error:  # a name with a zero byte
        raise Unreadable(str(error), "nom de fichier") from None
    if len(data) > MAX_FILE:
        raise Unreadable(f"plus de {MAX_FILE} octets", f"≤ {MAX_FILE} octets")
    return data


def _standard_input() -> bytes:
    return sys.stdin.buffer.read(MAX_FILE + 1) if sys.stdin else b""


def _regular(name: str) -> bytes:
    handle = os.open(name, _FLAGS)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable(_nature(found.st_mode), "fichier ordinaire (ou - pour l'entrée standard)")
        if found.st_size > MAX_FILE:
            raise Unreadable(f"{found.st_size} octets", f"≤ {MAX_FILE} octets")
        with os.fdopen(os.dup(handle), "rb") as file:
            return file.read(MAX_FILE + 1)
    finally:
        os.close(handle)


def _nature(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "dossier"
    return "tube nommé" if stat.S_ISFIFO(mode) else "périphérique ou prise réseau"
