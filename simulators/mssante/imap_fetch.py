"""FETCH (RFC 3501 §6.4.5): items asked, and their answer for one message."""

import re
from dataclasses import dataclass

from . import imap_mime
from .imap_mime import Part
from .imap_syntax import BadCommand, Quoted, internal_date, quote, word
from .state import Message

MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}
SIMPLE = frozenset(
    {"FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY", "BODYSTRUCTURE"}
    | {"RFC822", "RFC822.HEADER", "RFC822.TEXT"}
)
_BODY = re.compile(r"BODY(\.PEEK)?\[([^\]]*)\](?:<(\d{1,10})\.(\d{1,10})>)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked. `section` is None unless it is `BODY[…]`; `start`/`length` are its partial range."""

    name: str
    section: str | None = None
    start: int | None = None
    length: int = 0
    marks_seen: bool = False

    @property
    def whole(self) -> bool:
        """Whether the whole message is sent."""
        return self.name == "RFC822" or (self.section == "" and self.start is None)


def items(tokens: list[object]) -> list[Item]:
    """Items of a FETCH. Raises BadCommand."""
    if len(tokens) == 1 and isinstance(tokens[0], list):
        tokens = tokens[0]
    elif len(tokens) == 1 and isinstance(tokens[0], bytes) and word(tokens[0]) in MACROS:
        return [Item(name) for name in MACROS[word(tokens[0])]]
    if not tokens:
        raise BadCommand("nothing to fetch")
    return [_item(token) for token in tokens]


def _item(token: object) -> Item:
    if isinstance(token, Quoted) or not isinstance(token, bytes):
        raise BadCommand("an item is a keyword")
    text = token.decode("ascii", "replace")
    found = _BODY.fullmatch(text)
    if found is not None:
        start = int(found[3]) if found[3] else None
        length = int(found[4]) if found[4] else 0
        return Item("BODY", found[2], start, length, not found[1])
    name = text.upper()
    if name not in SIMPLE:
        raise BadCommand(f"unknown fetch item: {text[:40]}")
    return Item(name, marks_seen=name in ("RFC822", "RFC822.TEXT"))


def answer(message: Message, wanted: list[Item]) -> bytes:
    """The parenthesised data of one FETCH response. Raises BadCommand on a bad section."""
    tree: Part | None = None
    written: list[bytes] = []
    for item in wanted:
        if tree is None and item.name not in ("FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE", "RFC822"):
            tree = imap_mime.parse(message.source) if item.section != "" else None
        written.append(_written(message, item, tree))
    return b"(" + b" ".join(written) + b")"


def _written(message: Message, item: Item, tree: Part | None) -> bytes:
    source = message.source
    if item.section is not None:
        data = source if item.section == "" else None
        if tree is not None and data is None:
            data = imap_mime.section(tree, source, item.section)
        label = f"BODY[{item.section}]"
        if item.start is not None:
            label += f"<{item.start}>"
            data = None if data is None else data[item.start : item.start + item.length]
        return label.encode() + b" " + _literal(data)
    if item.name == "FLAGS":
        return b"FLAGS (" + flags(message) + b")"
    if item.name == "UID":
        return b"UID %d" % message.uid
    if item.name == "INTERNALDATE":
        return b"INTERNALDATE " + internal_date(message.received).encode()
    if item.name == "RFC822.SIZE":
        return b"RFC822.SIZE %d" % len(source)
    if item.name == "RFC822":
        return b"RFC822 " + _literal(source)
    assert tree is not None
    if item.name == "ENVELOPE":
        return b"ENVELOPE " + imap_mime.envelope(tree.fields)
    if item.name == "RFC822.HEADER":
        return b"RFC822.HEADER " + _literal(tree.header)
    if item.name == "RFC822.TEXT":
        return b"RFC822.TEXT " + _literal(tree.body)
    extended = item.name == "BODYSTRUCTURE"
    return item.name.encode() + b" " + imap_mime.structure(tree, extended=extended)


def _literal(data: bytes | None) -> bytes:
    return quote(None) if data is None else b"{%d}\r\n%s" % (len(data), data)


def flags(message: Message) -> bytes:
    """Flags of a message as text, \\Recent included."""
    shown = sorted(message.flags) + (["\\Recent"] if message.recent else [])
    return " ".join(shown).encode("utf-8", "replace")
