"""The grammar of IMAP commands (RFC 3501 §9): tokens, sequence sets, dates, and strings to send back."""

import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

MAX_DEPTH = 20
SYSTEM_FLAGS = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

LITERAL = re.compile(rb"\{(\d{1,10})(\+?)\}\r\n\Z")

_SECTION = re.compile(rb"BODY(?:\.PEEK)?\[[^\]]*\](?:<\d+\.\d+>)?", re.IGNORECASE)
_FLAG = re.compile(rb"\\(?:\*|[A-Za-z]+)")
_ATOM = re.compile(rb"[^\x00-\x20(){\"\\\x7f]+")


class BadCommand(Exception):
    """The command does not follow the grammar; the message is for the BAD response."""


class No(Exception):
    """A tagged NO. `code` is the response code without brackets, `reason` the word put in facts."""

    def __init__(self, text: str, code: str = "", reason: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.reason = reason or (code.partition(" ")[0].lower() if code else "refused")


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments of a command; `uid`: it came behind UID."""

    arguments: list[object]
    uid: bool = False


S = TypeVar("S")
Handler = Callable[[S, Call], Awaitable[str]]  # returns the text of the tagged OK; raises No or BadCommand


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quoted string or a literal: never a keyword."""

    value: bytes


def tokens(parts: list[bytes]) -> list[object]:
    """Tokens of a command: `bytes` atoms, `Quoted` strings, nested lists.

    `parts` alternates text and literal contents; each text but the last ends where its literal starts.
    Raises BadCommand.
    """
    stack: list[list[object]] = [[]]
    for index, part in enumerate(parts):
        if index % 2:
            stack[-1].append(Quoted(part))
        else:
            _text(part, stack)
    if len(stack) != 1:
        raise BadCommand("a parenthesis is not closed")
    return stack[0]


def _text(text: bytes, stack: list[list[object]]) -> None:
    place = 0
    while place < len(text):
        char = text[place : place + 1]
        if char == b" ":
            place += 1
        elif char == b"(":
            if len(stack) > MAX_DEPTH:
                raise BadCommand("too many nested parentheses")
            opened: list[object] = []
            stack[-1].append(opened)
            stack.append(opened)
            place += 1
        elif char == b")":
            if len(stack) == 1:
                raise BadCommand("a parenthesis is closed but was not opened")
            stack.pop()
            place += 1
        elif char == b'"':
            value, place = _quoted(text, place + 1)
            stack[-1].append(Quoted(value))
        else:
            found = _SECTION.match(text, place) or _ATOM.match(text, place)
            if char == b"\\":
                found = _FLAG.match(text, place)
            if found is None:
                raise BadCommand(f"unexpected byte 0x{text[place]:02x}")
            stack[-1].append(found[0])
            place = found.end()


def _quoted(text: bytes, place: int) -> tuple[bytes, int]:
    value = bytearray()
    while place < len(text):
        char = text[place]
        if char == 0x22:
            return bytes(value), place + 1
        if char == 0x5C:
            place += 1
            if place >= len(text) or text[place] not in b'"\\':
                raise BadCommand("bad escape in a quoted string")
            char = text[place]
        value.append(char)
        place += 1
    raise BadCommand("a quoted string is not closed")


def string(token: object) -> str:
    """An astring as text. Raises BadCommand."""
    raw = token.value if isinstance(token, Quoted) else token
    if not isinstance(raw, bytes):
        raise BadCommand("a string is wanted, not a list")
    return raw.decode("utf-8", "replace")


def word(token: object) -> str:
    """A keyword in upper case. Raises BadCommand."""
    if not isinstance(token, bytes):
        raise BadCommand("a keyword is wanted")
    return token.decode("ascii", "replace").upper()


def numbers(text: str, largest: int) -> "Numbers":
    """A sequence set; `*` is `largest`. Raises BadCommand."""
    if not re.fullmatch(
        r"(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?(?:,(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?)*", text
    ):
        raise BadCommand(f"bad sequence set: {text[:40]}")
    ranges = []
    for part in text.split(","):
        low, _, high = part.partition(":")
        first = largest if low == "*" else int(low)
        last = first if not high else largest if high == "*" else int(high)
        ranges.append((min(first, last), max(first, last)))
    return Numbers(tuple(ranges))


@dataclass(frozen=True, slots=True)
class Numbers:
    """A set of message numbers, as ranges: `1:4294967295` costs nothing."""

    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, number: int) -> bool:
        return any(low <= number <= high for low, high in self.ranges)


def day(text: str) -> date:
    """`1-Feb-2026`. Raises BadCommand."""
    found = re.fullmatch(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})", text)
    try:
        if found is None:
            raise ValueError
        return date(int(found[3]), MONTHS.index(found[2].capitalize()) + 1, int(found[1]))
    except ValueError:
        raise BadCommand(f"bad date: {text[:40]}") from None


def moment(text: str) -> datetime:
    """` 1-Feb-2026 12:00:00 +0100`. Raises BadCommand."""
    found = re.fullmatch(r" ?(\d{1,2}-[A-Za-z]{3}-\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})", text)
    if found is None:
        raise BadCommand(f"bad date-time: {text[:40]}")
    try:
        return datetime.strptime(f"{day(found[1]).isoformat()} {found[2]} {found[3]}", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        raise BadCommand(f"bad date-time: {text[:40]}") from None


def internal_date(instant: datetime) -> str:
    """An instant as INTERNALDATE."""
    return f'"{instant.day:2d}-{MONTHS[instant.month - 1]}-{instant.year:04d} {instant:%H:%M:%S %z}"'


def quote(value: str | bytes | None) -> bytes:
    """An nstring: NIL, a quoted string, or a literal when it cannot be quoted."""
    if value is None:
        return b"NIL"
    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    if len(raw) > 900 or any(byte < 32 or byte > 126 for byte in raw):
        return b"{%d}\r\n%s" % (len(raw), raw)
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def decode_utf7(name: str) -> str:
    """A mailbox name from modified UTF-7 (RFC 3501 §5.1.3); what cannot be decoded is kept."""

    def part(found: "re.Match[str]") -> str:
        if not found[1]:
            return "&"
        try:
            return f"+{found[1].replace(',', '/')}-".encode().decode("utf-7")
        except UnicodeDecodeError:
            return found[0]

    return re.sub(r"&([A-Za-z0-9+,]*)-", part, name)


def encode_utf7(name: str) -> str:
    """A mailbox name in modified UTF-7."""

    def part(found: "re.Match[str]") -> str:
        if found[0] == "&":
            return "&-"
        coded = found[0].encode("utf-16-be")
        return "&" + base64.b64encode(coded).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub(r"&|[^\x20-\x7e]+", part, name)


def want(arguments: list[object], count: int) -> None:
    """Raises BadCommand unless there are that many arguments."""
    if len(arguments) != count:
        raise BadCommand(f"{count} argument{'s' if count > 1 else ''} wanted")


def flags(tokens: list[object]) -> list[str]:
    """Flags of a STORE or an APPEND. Raises BadCommand."""
    names = {flag.lower(): flag for flag in SYSTEM_FLAGS}
    given = [string(token) for token in tokens if not isinstance(token, Quoted)]
    if len(given) != len(tokens) or any(len(flag) > 100 for flag in given):
        raise BadCommand("bad flags")
    if any(flag.startswith("\\") and flag.lower() not in names for flag in given):
        raise BadCommand("unknown system flag")
    return [names.get(flag.lower(), flag) for flag in given]
