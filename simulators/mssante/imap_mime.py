"""MIME seen as IMAP sees it: parts as slices of the raw message, BODYSTRUCTURE, ENVELOPE, sections.

Works on bytes and offsets, so that what a client fetches is what was stored. Source: RFC 3501 §6.4.5, §7.4.2.
"""

import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses

from .imap_syntax import BadCommand, quote

MAX_DEPTH = 20
MAX_PARTS = 1000


@dataclass(slots=True)
class Part:
    """One MIME entity. `header` includes the blank line; `children` are the parts of a multipart.

    `embedded` is the message inside a message/rfc822 part.
    """

    header: bytes
    body: bytes
    fields: Message
    kind: str
    children: list["Part"] = field(default_factory=list)
    embedded: "Part | None" = None


def parse(source: bytes) -> Part:
    """The tree of a message. Never raises: what is not MIME is one text/plain part."""
    return _entity(source, 0, [0], "text/plain")


def _entity(source: bytes, depth: int, count: list[int], default: str) -> Part:
    count[0] += 1
    header, body = split(source)
    fields = BytesHeaderParser().parsebytes(header)
    kind = fields.get_content_type() if "Content-Type" in fields else default
    part = Part(header, body, fields, kind)
    if depth >= MAX_DEPTH or count[0] >= MAX_PARTS:
        return part
    if kind.startswith("multipart/"):
        boundary = fields.get_boundary()
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        if boundary:
            for piece in _pieces(body, boundary.encode("utf-8", "surrogateescape")):
                if count[0] >= MAX_PARTS:
                    break
                part.children.append(_entity(piece, depth + 1, count, inner))
    elif kind == "message/rfc822":
        part.embedded = _entity(body, depth + 1, count, "text/plain")
    return part


def split(source: bytes) -> tuple[bytes, bytes]:
    """Header with its blank line, and body."""
    if source[:2] == b"\r\n":
        return source[:2], source[2:]
    end = source.find(b"\r\n\r\n")
    if end < 0:
        end = source.find(b"\n\n")
        return (source, b"") if end < 0 else (source[: end + 2], source[end + 2 :])
    return source[: end + 4], source[end + 4 :]


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    pattern = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    pieces: list[bytes] = []
    start: int | None = None
    place = 0
    while True:
        found = pattern.search(body, place)
        if found is None:
            break
        if start is not None:
            pieces.append(body[start : max(start, found.start())])
        if found[1]:
            return pieces
        start = found.end()
        place = max(found.start() + 1, found.end() - 2)  # an empty part shares its line end with the next
    if start is not None:
        pieces.append(body[start:])
    return pieces


def structure(part: Part, *, extended: bool) -> bytes:
    """BODYSTRUCTURE (extended) or BODY of a part."""
    if part.children:
        kind = part.kind.partition("/")[2].upper()
        inner = b"".join(structure(child, extended=extended) for child in part.children)
        tail = b""
        if extended:
            tail = b" %s %s %s NIL" % (_parameters(part), _disposition(part), _language(part))
        return b"(%s %s%s)" % (inner, quote(kind), tail)
    main, _, sub = part.kind.partition("/")
    items = [
        quote(main.upper()),
        quote(sub.upper()),
        _parameters(part),
        quote(_text(part, "Content-ID")),
        quote(_text(part, "Content-Description")),
        quote((_text(part, "Content-Transfer-Encoding") or "7BIT").upper()),
        b"%d" % len(part.body),
    ]
    if part.embedded is not None:
        items += [envelope(part.embedded.fields), structure(part.embedded, extended=extended)]
        items.append(b"%d" % part.body.count(b"\n"))
    elif main == "text":
        items.append(b"%d" % part.body.count(b"\n"))
    if extended:
        items += [quote(_text(part, "Content-MD5")), _disposition(part), _language(part), b"NIL"]
    return b"(" + b" ".join(items) + b")"


def _text(part: Part, name: str) -> str | None:
    value = part.fields.get(name)
    return None if value is None else _one_line(str(value))


def _one_line(value: str) -> str:
    return re.sub(r"\r?\n[ \t]*", " ", value).strip()


def _pairs(pairs: list[tuple[str, str]]) -> bytes:
    if not pairs:
        return b"NIL"
    return (
        b"(" + b" ".join(quote(name.upper()) + b" " + quote(_one_line(value)) for name, value in pairs) + b")"
    )


def _parameters(part: Part) -> bytes:
    found = part.fields.get_params(None, unquote=True)
    pairs = [(name, _value(value)) for name, value in (found or [])[1:]]
    if not pairs and part.kind == "text/plain":
        pairs = [("charset", "us-ascii")]
    return _pairs(pairs)


def _value(value: object) -> str:
    return str(value[2]) if isinstance(value, tuple) else str(value)


def _disposition(part: Part) -> bytes:
    found = part.fields.get_params(None, header="Content-Disposition", unquote=True)
    if not found:
        return b"NIL"
    return b"(%s %s)" % (quote(found[0][0].upper()), _pairs([(n, _value(v)) for n, v in found[1:]]))


def _language(part: Part) -> bytes:
    return quote(_text(part, "Content-Language"))


def envelope(fields: Message) -> bytes:
    """ENVELOPE of a header."""
    sender = _addresses(fields, "From")

    def header(name: str) -> bytes:
        value = fields.get(name)
        return quote(None if value is None else _one_line(str(value)))

    items = [header("Date"), header("Subject"), sender]
    items += [_addresses(fields, "Sender") if "Sender" in fields else sender]
    items += [_addresses(fields, "Reply-To") if "Reply-To" in fields else sender]
    items += [_addresses(fields, name) for name in ("To", "Cc", "Bcc")]
    items += [header("In-Reply-To"), header("Message-ID")]
    return b"(" + b" ".join(items) + b")"


def _addresses(fields: Message, name: str) -> bytes:
    values = [_one_line(str(value)) for value in fields.get_all(name, [])]
    found = [pair for pair in getaddresses(values) if pair[1]]
    if not found:
        return b"NIL"
    written = []
    for label, address in found:
        local, _, host = address.rpartition("@")
        written.append(
            b"(%s NIL %s %s)"
            % (quote(label or None), quote(local or address), quote(host if local else None))
        )
    return b"(" + b"".join(written) + b")"


_SECTION = re.compile(
    r"(?P<path>\d{1,4}(?:\.\d{1,4})*)?(?:(?:(?<=\d)\.|(?<!.))(?P<what>HEADER\.FIELDS(?:\.NOT)?|HEADER|TEXT|MIME))?"
    r"(?: \((?P<names>[^)]*)\))?",
    re.IGNORECASE,
)


def section(root: Part, source: bytes, spec: str) -> bytes | None:
    """The bytes of `BODY[spec]`; None when there is no such part. Raises BadCommand."""
    found = _SECTION.fullmatch(spec)
    if found is None:
        raise BadCommand(f"bad section: {spec[:60]}")
    path, what, names = found["path"], (found["what"] or "").upper(), found["names"]
    if what.startswith("HEADER.FIELDS") != (names is not None) or (what == "MIME" and not path):
        raise BadCommand(f"bad section: {spec[:60]}")
    if not path and not what:
        return source
    part: Part | None = root
    for step in (path or "").split(".") if path else ():
        part = _step(part, int(step))
        if part is None:
            return None
    if part is None:
        return None
    if not what:
        return part.body
    if what == "MIME":
        return part.header
    target = part.embedded if path else root
    if target is None:
        return None
    if what == "TEXT":
        return target.body
    if what == "HEADER":
        return target.header
    wanted = {name.strip('"').lower() for name in (names or "").split()}
    return header_lines(target.header, wanted, keep=not what.endswith(".NOT"))


def _step(part: Part | None, number: int) -> Part | None:
    if part is None:
        return None
    if part.embedded is not None:
        part = part.embedded
    if part.children:
        return part.children[number - 1] if 0 < number <= len(part.children) else None
    return part if number == 1 and not part.kind.startswith("multipart/") else None


def header_lines(header: bytes, names: set[str], *, keep: bool) -> bytes:
    """The header's fields whose names are (or are not) in `names`, in order, with the blank line."""
    kept: list[bytes] = []
    taking = False
    for line in header.splitlines(keepends=True):
        if line in (b"\r\n", b"\n"):
            break
        if line[:1] not in (b" ", b"\t"):
            name = line.partition(b":")[0].strip().lower().decode("ascii", "replace")
            taking = (name in names) is keep
        if taking:
            kept.append(line)
    return b"".join(kept) + b"\r\n"
