"""Why a hash or a size is not that of the file: the usual rewritings between computing and sending.

Generators remove a byte order mark or convert line ends after they computed: naming the rewriting names the
step at fault.
"""

import hashlib
from collections.abc import Iterator

BOM = b"\xef\xbb\xbf"


def causes(data: bytes, stated_hash: str, stated_size: int | None) -> tuple[str, str]:
    """What explains the stated SHA-1 (hexadecimal) and the stated size, in French; empty when nothing does,
    or when they are right. A size alone is explained by the rewriting that explains the hash."""
    stated_hash = stated_hash.lower()
    wrong_hash = bool(stated_hash) and stated_hash != _sha1(data)
    wrong_size = stated_size is not None and stated_size not in (-1, len(data))
    if not (wrong_hash or wrong_size):
        return "", ""
    for words, other in _rewritings(data):
        if wrong_hash and _sha1(other) == stated_hash:
            told = f"celle du fichier {words}"
            return told, told if wrong_size and len(other) == stated_size else ""
    size = ""
    if wrong_size and stated_size == len(data.decode("utf-8", "replace")):
        size = "nombre de caractères, non d'octets"
    elif wrong_size and not wrong_hash:
        found = (words for words, other in _rewritings(data) if len(other) == stated_size)
        size = next((f"celle du fichier {words}" for words in found), "")
    return "celle d'un fichier vide" if wrong_hash and stated_hash == _sha1(b"") else "", size


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _rewritings(data: bytes) -> Iterator[tuple[str, bytes]]:
    marked = data.startswith(BOM)
    other = ("sans le BOM UTF-8", data[3:]) if marked else ("avec un BOM UTF-8", BOM + data)
    for mark, start in (("", data), other):
        unix = start.replace(b"\r\n", b"\n")
        windows = unix.replace(b"\n", b"\r\n")
        lines = (("avec des fins de ligne LF", unix), ("avec des fins de ligne CRLF", windows))
        for end, text in (("", start), *(pair for pair in lines if pair[1] != start)):
            bare = text.rstrip(b"\r\n")
            tails = (("", text), ("sans la fin de ligne finale", bare)) if bare != text else (("", text),)
            for tail, whole in (
                *tails,
                *(("avec une fin de ligne finale", text + e) for e in (b"\n", b"\r\n")),
            ):
                if whole != data:
                    yield ", ".join(word for word in (mark, end, tail) if word), whole
