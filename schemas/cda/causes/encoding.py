"""Root causes in the bytes: the encoding announced is not the one written."""

import re
from collections.abc import Iterator

from schemas.finding import Keyword, Observation, RuleSet
from schemas.frozen import frozen
from schemas.xml import declared_encoding


@frozen
class Written:
    """The bytes of a document, and the encoding in which they were parsed: empty when they could not be."""

    data: bytes
    parsed: str = ""


RULES: RuleSet[Written] = RuleSet("cda-encoding")
SOURCE = "CI-SIS, encodage UTF-8 ; XML 1.0, déclaration d'encodage"
ROW = ("BEN-CDA-08",)
UTF8 = re.compile(r"utf-?8", re.IGNORECASE)
BOM = b"\xef\xbb\xbf"
WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
HIGH = re.compile(rb"[\x80-\xff]")
TWICE = re.compile(rb"\xc3\x83(?:\xc2[\x80-\xbf]|\xe2\x80[\x80-\xbf])")  # « Ã© »


@RULES.rule("CDA-CAUSE-01", requirements=ROW, source=SOURCE, layer="XSD")
def bytes_are_those_of_utf8(written: Written) -> Iterator[Observation]:
    """What says UTF-8, ASCII or nothing is UTF-8: the first byte that is not, and its line."""
    data = written.data
    declared = declared_encoding(data)
    if is_wide(data) or _one_byte(declared):
        return
    place = _not_utf8(written)
    if place is not None:
        byte = data[place : place + 1]
        letter = byte.decode("cp1252", "replace")
        seen = f"octet 0x{byte[0]:02X} en position {place} (« {letter} » en windows-1252)"
        yield Observation("/", seen, f"{declared or 'UTF-8'}, comme déclaré", _line(data, place))


@RULES.rule("CDA-CAUSE-02", requirements=ROW, source=SOURCE)
def characters_are_not_wide(written: Written) -> Iterator[Observation]:
    """The document is not in UTF-16."""
    data = written.data
    if is_wide(data):
        mark = "avec" if data[:2] in WIDE[:2] else "sans"
        order = "little-endian" if data[:2] in (WIDE[0], WIDE[2]) else "big-endian"
        yield Observation("/", f"UTF-16 {order}, {mark} BOM", "UTF-8", 1)


@RULES.rule("CDA-CAUSE-03", requirements=ROW, source=SOURCE)
def utf8_is_said(written: Written) -> Iterator[Observation]:
    """What says an encoding of one byte is not UTF-8: readers would show « Ã© » for « é »."""
    data = written.data
    declared = declared_encoding(data)
    if is_wide(data) or not _one_byte(declared) or data.isascii() or _not_utf8(written) is not None:
        return
    found = HIGH.search(data, len(BOM) if data.startswith(BOM) else 0)
    if found is None:
        return
    place = found.start()
    seen = data[place : place + 4].decode("utf-8", "ignore")[:1]
    wrong = seen.encode().decode(declared, "replace")
    yield Observation("/", f"« {seen} », lu « {wrong} » en {declared}", "UTF-8", _line(data, place))


@RULES.rule("CDA-CAUSE-04", requires=Keyword.DEVRAIT, requirements=ROW, source=SOURCE)
def text_is_encoded_once(written: Written) -> Iterator[Observation]:
    """No text was encoded twice in UTF-8 (« Ã© » where « é » was meant)."""
    data = written.data
    found = None if data.isascii() else TWICE.search(data)
    if found and not is_wide(data) and _not_utf8(written) is None:
        yield Observation("/", found[0].decode("utf-8"), "texte encodé une fois", _line(data, found.start()))


def is_wide(data: bytes) -> bool:
    """Whether the bytes are UTF-16, by their mark or their first character."""
    return data.startswith(WIDE)


def _one_byte(declared: str) -> bool:
    """Whether this is an encoding of one byte a character, one that Python knows."""
    if not declared or UTF8.fullmatch(declared) or declared.lower() in ("us-ascii", "ascii"):
        return False
    try:
        return len("é".encode(declared, "replace")) == 1
    except LookupError:
        return False


def _not_utf8(written: Written) -> int | None:
    """Where the first byte is that is not UTF-8. What was parsed as UTF-8 has none."""
    if UTF8.fullmatch(written.parsed) or written.data.isascii():
        return None
    try:
        written.data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


def _line(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1
