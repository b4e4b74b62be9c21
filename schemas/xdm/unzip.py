"""Unpacking an untrusted zip within bounds.

Everything is checked on the central directory before a byte is inflated, then again on the bytes themselves.
Nothing is ever written to disk. Bounds are ours: no text gives any, operators accept 10 to 25 MB a mail.
"""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise


class ArchiveRefused(ValueError):
    """An archive that must not be opened.

    `reason` is one of: `empty`, `too-large`, `not-a-zip`, `zip64`, `corrupt`, `checksum`, `too-many-members`,
    `traversal`, `absolute-path`, `bad-name`, `duplicate-name`, `symlink`, `special-file`, `encrypted`,
    `compression`, `member-size`, `total-size`, `ratio`, `overlap`, `real-size`, `nested-archive`. `detail` is
    for people, `member` the name at fault as far as known.
    """

    def __init__(self, reason: str, detail: str, member: str = "") -> None:
        super().__init__(f"{reason}: {detail}" + (f" ({member})" if member else ""))
        self.reason = reason
        self.detail = detail
        self.member = member


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds, in bytes; `ratio` is inflated over deflated size, for members above 1 MB or for the total."""

    archive: int = 40_000_000
    member: int = 40_000_000
    total: int = 80_000_000
    members: int = 500
    ratio: int = 200


@dataclass(frozen=True, slots=True)
class Member:
    """One file: the name as written, its path with `/`, its bytes."""

    name: str
    path: str
    data: bytes


_JUNK = re.compile(r"(^|/)(__MACOSX|\.DS_Store|\.svn|\.git|Thumbs\.db|desktop\.ini|\._[^/]*)(/|$)", re.I)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")
_CHUNK = 1 << 16
_END, _LOCATOR = b"PK\x05\x06", b"PK\x06\x07"
_ARCHIVES = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ"),
    *(b"\x28\xb5\x2f\xfd", b"MSCF"),  # zstd, cabinet
)
_TAR = (257, b"ustar")
_LOCAL = 30  # bytes of a local header, name and extra left out
_RATIO_FLOOR = 1_000_000


def is_junk(path: str) -> bool:
    """A file that an operating system or a tool left behind."""
    return _JUNK.search(path) is not None


def unpack(data: bytes, limits: Limits | None = None) -> tuple[list[Member], list[str]]:
    """The files of a zip, and the names of the junk entries that were not read.

    Raises ArchiveRefused. Memory stays under `limits.total` plus the archive itself.
    """
    bounds = limits or Limits()
    _check_envelope(data, bounds)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except UnicodeDecodeError as error:
        raise ArchiveRefused(
            "bad-name", "a name announced in UTF-8 is not", repr(error.object[:80])
        ) from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error) as error:
        raise ArchiveRefused("corrupt", str(error)) from None
    with archive:
        infos = archive.infolist()
        _check_directory(infos, len(data), bounds)
        members, junk, total = [], [], 0
        for info in infos:
            path = info.filename.replace("\\", "/")
            if is_junk(path):
                junk.append(info.orig_filename)
            elif not info.is_dir():
                content = b"".join(_inflate(archive, info, min(bounds.member, bounds.total - total)))
                total += len(content)
                if content.startswith(_ARCHIVES) or content.startswith(_TAR[1], _TAR[0]):
                    raise ArchiveRefused("nested-archive", "an archive inside the archive", path)
                members.append(Member(info.orig_filename, path, content))
    return members, junk


def _check_envelope(data: bytes, bounds: Limits) -> None:
    if not data:
        raise ArchiveRefused("empty", "no content")
    if len(data) > bounds.archive:
        raise ArchiveRefused("too-large", f"{len(data)} bytes, at most {bounds.archive}")
    if not data.startswith((b"PK\x03\x04", _END)):  # a program in front is no archive for the recipient
        raise ArchiveRefused("not-a-zip", f"first bytes {data[:4].hex()}")
    end = data.rfind(_END, max(0, len(data) - 65_557))
    if end < 0 or len(data) < end + 22:
        raise ArchiveRefused("corrupt", "no end of central directory: truncated")
    count, size, _ = struct.unpack_from("<HLL", data, end + 10)
    if data[end - 20 : end - 16] == _LOCATOR or count == 0xFFFF or size == 0xFFFFFFFF:
        raise ArchiveRefused("zip64", "a zip64 archive is never needed here")
    # zipfile follows the size of the directory, not the count: bound both
    if count > bounds.members or size > bounds.members * 1024:
        raise ArchiveRefused("too-many-members", f"{count} entries, at most {bounds.members}")


def _check_directory(infos: list[zipfile.ZipInfo], length: int, bounds: Limits) -> None:
    if len(infos) > bounds.members:
        raise ArchiveRefused("too-many-members", f"{len(infos)} entries, at most {bounds.members}")
    seen: set[str] = set()
    total = packed = 0
    for info in infos:
        _check_name(info)
        path = info.filename.replace("\\", "/").casefold()
        if path in seen:
            raise ArchiveRefused("duplicate-name", "two entries of one name", info.filename)
        seen.add(path)
        _check_kind(info)
        if info.file_size > bounds.member:
            raise ArchiveRefused("member-size", f"{info.file_size} bytes declared", info.filename)
        if info.file_size > max(_RATIO_FLOOR, info.compress_size * bounds.ratio):
            ratio = info.file_size // max(1, info.compress_size)
            raise ArchiveRefused("ratio", f"inflates {ratio} times", info.filename)
        total += info.file_size
        packed += info.compress_size
    if total > bounds.total:
        raise ArchiveRefused("total-size", f"{total} bytes declared, at most {bounds.total}")
    if packed > length:
        raise ArchiveRefused("overlap", f"{packed} bytes packed in an archive of {length}")
    _check_places(infos)
    if total > max(_RATIO_FLOOR, length * bounds.ratio):
        raise ArchiveRefused("ratio", f"inflates {total // length} times")


def _check_places(infos: list[zipfile.ZipInfo]) -> None:
    """No file inside another one: neither their bytes, nor their paths."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for info, following in pairwise(ordered):
        if info.header_offset + _LOCAL + info.compress_size > following.header_offset:
            raise ArchiveRefused("overlap", f"lies over {following.filename}", info.filename)
    files = {info.filename.replace("\\", "/").casefold() for info in infos if not info.is_dir()}
    for info in infos:
        head = info.filename.replace("\\", "/").casefold().rstrip("/")
        while head := head.rpartition("/")[0]:
            if head in files:
                raise ArchiveRefused("duplicate-name", "a file and a folder of one name", info.filename)


def _check_name(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename
    path = name.replace("\\", "/")
    if path.startswith("/") or _DRIVE.match(path):
        raise ArchiveRefused("absolute-path", "an absolute path", name)
    if ".." in path.split("/"):
        raise ArchiveRefused("traversal", "a path that leaves the archive", name)
    if not path.strip("/") or len(path) > 255 or _CONTROL.search(path):
        raise ArchiveRefused("bad-name", "an empty, endless or unprintable name", repr(name[:80]))


def _check_kind(info: zipfile.ZipInfo) -> None:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise ArchiveRefused("symlink", "a symbolic link", info.filename)
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveRefused("special-file", "neither a file nor a folder", info.filename)
    if info.flag_bits & 0x2041:  # encrypted, strong encryption, masked headers
        raise ArchiveRefused("encrypted", "an encrypted entry", info.filename)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveRefused("compression", f"method {info.compress_type}", info.filename)


def _inflate(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> Iterator[bytes]:
    size = 0
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise ArchiveRefused("real-size", f"more than {limit} bytes in fact", info.filename)
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        reason = "checksum" if str(error).startswith("Bad CRC") else "corrupt"
        raise ArchiveRefused(reason, str(error) or "unreadable entry", info.filename) from None
    except (ValueError, struct.error) as error:
        if isinstance(error, ArchiveRefused):
            raise
        raise ArchiveRefused("corrupt", str(error), info.filename) from None
    if size != info.file_size:
        raise ArchiveRefused("real-size", f"{size} bytes, {info.file_size} declared", info.filename)
