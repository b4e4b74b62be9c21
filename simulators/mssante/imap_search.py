"""SEARCH (RFC 3501 §6.4.4): criteria compiled to one predicate."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime

from . import content
from .imap_syntax import BadCommand, day, numbers, string, word
from .state import Message


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message and its sequence number in the selected folder."""

    number: int
    message: Message


Predicate = Callable[[Candidate], bool]

FLAGS = {
    "ANSWERED": "\\Answered",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
    "FLAGGED": "\\Flagged",
    "SEEN": "\\Seen",
}
HEADERS = {"BCC": "Bcc", "CC": "Cc", "FROM": "From", "SUBJECT": "Subject", "TO": "To"}


def compile_search(tokens: list[object], last_number: int, last_uid: int) -> Predicate:
    """The conjunction of these criteria. Raises BadCommand."""
    remaining = list(reversed(tokens))
    predicates: list[Predicate] = []
    while remaining:
        predicates.append(_one(remaining, last_number, last_uid, 0))
    return _all(predicates)


def _all(predicates: list[Predicate]) -> Predicate:
    return lambda candidate: all(predicate(candidate) for predicate in predicates)


def _next(remaining: list[object]) -> object:
    if not remaining:
        raise BadCommand("a search criterion lacks its argument")
    return remaining.pop()


def _one(remaining: list[object], last_number: int, last_uid: int, depth: int) -> Predicate:
    if depth > 50:
        raise BadCommand("too many nested criteria")
    token = _next(remaining)
    if isinstance(token, list):
        if not token:
            raise BadCommand("empty criteria")
        inner, predicates = list(reversed(token)), []
        while inner:
            predicates.append(_one(inner, last_number, last_uid, depth + 1))
        return _all(predicates)
    key = word(token)
    if key == "NOT":
        negated = _one(remaining, last_number, last_uid, depth + 1)
        return lambda candidate: not negated(candidate)
    if key == "OR":
        left = _one(remaining, last_number, last_uid, depth + 1)
        right = _one(remaining, last_number, last_uid, depth + 1)
        return lambda candidate: left(candidate) or right(candidate)
    if key == "UID":
        wanted = numbers(string(_next(remaining)), last_uid)
        return lambda candidate: candidate.message.uid in wanted
    if key[:1].isdigit() or key.startswith("*"):
        sequence = numbers(key, last_number)
        return lambda candidate: candidate.number in sequence
    return _flags(key) or _with_argument(key, remaining)


def _flags(key: str) -> Predicate | None:
    simple: dict[str, Predicate] = {
        "ALL": lambda candidate: True,
        "NEW": lambda candidate: candidate.message.recent and "\\Seen" not in candidate.message.flags,
        "OLD": lambda candidate: not candidate.message.recent,
        "RECENT": lambda candidate: candidate.message.recent,
    }
    if key in simple:
        return simple[key]
    if key in FLAGS:
        flag = FLAGS[key]
        return lambda candidate: flag in candidate.message.flags
    if key.startswith("UN") and key[2:] in FLAGS:
        flag = FLAGS[key[2:]]
        return lambda candidate: flag not in candidate.message.flags
    return None


def _with_argument(key: str, remaining: list[object]) -> Predicate:
    if key in HEADERS:
        return _header(HEADERS[key], string(_next(remaining)))
    if key == "HEADER":
        name = string(_next(remaining))
        return _header(name, string(_next(remaining)))
    if key in ("KEYWORD", "UNKEYWORD"):
        flag, wanted = string(_next(remaining)), key == "KEYWORD"
        return lambda candidate: (flag in candidate.message.flags) is wanted
    if key in ("LARGER", "SMALLER"):
        text = string(_next(remaining))
        if not text.isascii() or not text.isdigit():
            raise BadCommand(f"{key} wants a number")
        size, larger = int(text[:18]), key == "LARGER"
        return lambda candidate: (
            len(candidate.message.source) > size if larger else len(candidate.message.source) < size
        )
    if key in ("BODY", "TEXT"):
        needle, whole = string(_next(remaining)).lower(), key == "TEXT"
        return lambda candidate: needle in _text(candidate.message.source, whole)
    if key in ("BEFORE", "ON", "SINCE"):
        wanted_day = day(string(_next(remaining)))
        return lambda candidate: _compare(key, candidate.message.received.date(), wanted_day)
    if key in ("SENTBEFORE", "SENTON", "SENTSINCE"):
        wanted_day = day(string(_next(remaining)))
        return lambda candidate: _compare(key[4:], _sent(candidate.message), wanted_day)
    raise BadCommand(f"unknown search criterion: {key[:20]}")


def _header(name: str, needle: str) -> Predicate:
    lowered = needle.lower()

    def has(candidate: Candidate) -> bool:
        values = content.headers(candidate.message.source).all(name)
        return any(lowered in value.lower() for value in values)

    return has


def _text(source: bytes, whole: bool) -> str:
    body = source if whole else source.partition(b"\r\n\r\n")[2]
    return body.decode("utf-8", "replace").lower()


def _sent(message: Message) -> date | None:
    try:
        return parsedate_to_datetime(content.headers(message.source).get("Date")).date()
    except (ValueError, TypeError):
        return None


def _compare(key: str, seen: date | None, wanted: date) -> bool:
    if seen is None:
        return False
    return {"BEFORE": seen < wanted, "ON": seen == wanted, "SINCE": seen >= wanted}[key]
