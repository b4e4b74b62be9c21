"""A mail as a tree of parts, with what an archive among them lists. For reading, never for judging.

The standard parser in its lenient policy is used: a hostile mail is shown as far as it can be read.
"""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

MAX_PARTS = 60
MAX_HEADERS = 60
MAX_ENTRIES = 60
MAX_DEPTH = 12
MAX_MAIL = 24 * 1024 * 1024  # bytes; a bigger mail is not taken apart
MAX_READ = 3 * 1024 * 1024  # bytes unpacked from one archive
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, RuntimeError,
)  # fmt: skip
"""What a broken archive makes the standard library raise (NotImplementedError is a RuntimeError)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file listed by an archive. `content` is filled for XML ones only, and bounded."""

    name: str
    size: int
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail. `size` is that of its decoded content, in bytes; `content` that of a leaf."""

    depth: int
    media: str
    name: str
    size: int
    encoding: str
    disposition: str
    content: bytes = b""
    entries: tuple[Entry, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    headers: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    cut: bool = False  # more parts or headers than are listed


def read(data: bytes) -> Mail:
    """Take a mail apart. Raises ValueError when it is too large or nested beyond reason."""
    if len(data) > MAX_MAIL:
        raise ValueError(f"{len(data)} bytes")
    try:
        message = message_from_bytes(data)
        parts = list(_parts(message, 0))
    except (RecursionError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None
    headers = [(str(name), _decoded(value)) for name, value in message.items()]
    cut = len(parts) > MAX_PARTS or len(headers) > MAX_HEADERS
    return Mail(tuple(headers[:MAX_HEADERS]), tuple(parts[:MAX_PARTS]), cut)


def _parts(message: Message, depth: int) -> Iterator[Part]:
    media = message.get_content_type()
    name = _decoded(message.get_filename() or "")
    encoding = str(message.get("Content-Transfer-Encoding", "")).strip()
    disposition = str(message.get("Content-Disposition", "")).partition(";")[0].strip()
    payload = message.get_payload()
    if isinstance(payload, list):
        yield Part(depth, media, name, 0, encoding, disposition)
        if depth < MAX_DEPTH:
            for part in payload[:MAX_PARTS]:
                if isinstance(part, Message):
                    yield from _parts(part, depth + 1)
        return
    content = message.get_payload(decode=True)
    body = content if isinstance(content, bytes) else b""
    entries, problem = archive(body) if body[:4] == b"PK\x03\x04" else ((), "")
    yield Part(depth, media, name, len(body), encoding, disposition, body, entries, problem)


def archive(body: bytes) -> tuple[tuple[Entry, ...], str]:
    """The first `MAX_ENTRIES` files that a zip archive lists, and why it can't be read, if so."""
    entries: list[Entry] = []
    left = MAX_READ
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as zipped:
            for info in zipped.infolist()[:MAX_ENTRIES]:
                content = _xml_content(zipped, info, left)
                left -= len(content)
                entries.append(Entry(info.filename, info.file_size, content))
    except UNREADABLE as error:
        return tuple(entries), f"{type(error).__name__}: {error}"
    return tuple(entries), ""


def _xml_content(zipped: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    if not info.filename.upper().endswith(".XML") or info.file_size > limit or info.flag_bits & 1:
        return b""
    with zipped.open(info) as stream:
        return stream.read(limit)  # the declared size may lie


def _decoded(value: object) -> str:
    """A header value with its encoded words decoded, unfolded; as it came when they can't be."""
    raw = str(value)
    if "=?" not in raw:
        return " ".join(raw.split())
    try:
        return " ".join(str(make_header(decode_header(raw))).split())
    except (HeaderParseError, LookupError, ValueError):
        return " ".join(raw.split())
