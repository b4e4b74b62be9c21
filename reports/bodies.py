"""A body of evidence as blocks that can be read: what it is, laid out, coloured, bounded, escaped.

The kind is found from the content type and from the bytes; nothing here trusts either, and nothing raises:
what can't be decoded is shown as text, what is no text is described.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from markupsafe import Markup

from schemas import mailtree, safe
from schemas.layout import clip
from schemas.mailtree import Mail
from schemas.soap import mtom
from schemas.xml import XmlRefused

from . import highlight
from .highlight import Layout

MAX_LAID_OUT = 8_000_000  # bytes; a bigger body is shown as plain text
MAX_BLOCKS = 12


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a body. `label` names it: a Content-ID, a file of an archive; empty for the whole body."""

    kind: str  # xml, json, form, text, binary
    label: str
    size: int  # bytes
    layout: Layout | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of a multipart body, in its table."""

    name: str
    media: str
    size: int
    root: bool


@dataclass(frozen=True, slots=True)
class Body:
    """A body, read. `kind` is one of xml, json, form, text, binary, mtom, mail."""

    kind: str
    size: int
    blocks: tuple[Block, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    mail: Mail | None = None
    problem: str = ""

    @property
    def cut(self) -> bool:
        return any(block.layout is not None and block.layout.cut for block in self.blocks)


def content_type(head: str) -> str:
    """The Content-Type of a request or response head; empty when it says none."""
    for line in head.split("\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return value.strip()
    return ""


def read(body: bytes, media: str, limit: int, places: Collection[str] = ()) -> Body:
    """The body as blocks of at most `limit` characters in all. `places`: where findings point."""
    if mtom.is_multipart(media):
        try:
            parts = mtom.split(media, body)
        except mtom.MultipartRefused as refused:
            return Body("text", len(body), (_plain(body, limit),), problem=refused.detail)
        return _multipart(parts, len(body), limit, places)
    block = _block(body, media, "", limit, places)
    return Body(block.kind, len(body), (block,))


def read_mail(body: bytes, limit: int, places: Collection[str] = ()) -> Body:
    """The source of a mail as its tree, its texts and the XML of its archives."""
    try:
        mail = mailtree.read(body)
    except ValueError as error:
        return Body("text", len(body), (_plain(body, limit),), problem=str(error))
    pieces = [
        (entry.name, "application/xml", entry.content)
        for part in mail.parts
        for entry in part.entries
        if entry.content
    ]
    texts = [
        (part.name or part.media, part.media, part.content)
        for part in mail.parts
        if part.media in ("text/plain", "text/html", "text/xml", "application/xml", "message/delivery-status")
        and part.content
    ]
    return Body("mail", len(body), tuple(_shared([*texts, *pieces], limit, places)), mail=mail)


def _multipart(parts: mtom.Parts, size: int, limit: int, places: Collection[str]) -> Body:
    root = parts.root
    media = root.headers.get("content-type", "")
    leaves = (
        Leaf(root.content_id or "—", media or "—", len(root.content), root=True),
        *(Leaf(cid, _guess(content), len(content), root=False) for cid, content in parts.attachments.items()),
    )
    pieces = [
        (root.content_id, media, root.content),
        *((cid, "", content) for cid, content in parts.attachments.items()),
    ]
    return Body("mtom", size, tuple(_shared(pieces, limit, places)), leaves)


def _guess(content: bytes) -> str:
    """What the bytes of an attachment look like."""
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    for mark, kind in ((b"%PDF", "PDF"), (b"PK\x03\x04", "ZIP"), (b"<", "XML"), (b"{", "JSON")):
        if start.startswith(mark):
            return kind
    return "—"


def _shared(pieces: Sequence[tuple[str, str, bytes]], limit: int, places: Collection[str]) -> list[Block]:
    """Blocks that share a limit: the first ones first, each at least a little."""
    blocks: list[Block] = []
    left = limit
    for label, media, content in pieces[:MAX_BLOCKS]:
        block = _block(content, media, label, max(left, limit // 10), places)
        if block.layout is not None:
            left -= len(block.layout.markup) * 2 // 3  # without its tags, roughly
        blocks.append(block)
    return blocks


def _block(body: bytes, media: str, label: str, limit: int, places: Collection[str]) -> Block:
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    named = media.partition(";")[0].strip().lower()
    if len(body) <= MAX_LAID_OUT:
        if start[:1] == b"<" and "html" not in named:
            try:
                return Block("xml", label, len(body), highlight.pretty_xml(body, limit, places))
            except XmlRefused:
                pass  # shown as text: the bytes are what matters
        elif start[:1] in (b"{", b"["):
            try:
                return Block("json", label, len(body), highlight.pretty_json(body, limit, places))
            except ValueError:
                pass
        elif named == "application/x-www-form-urlencoded":
            return Block("form", label, len(body), _form(body, limit))
    if _binary(body):
        return Block("binary", label, len(body), None)
    return _plain(body, limit, label)


def _plain(body: bytes, limit: int, label: str = "") -> Block:
    content = body[: 4 * limit + 16_000].decode("utf-8", "replace")
    layout = highlight.text(content, limit)
    cut = layout.cut or len(body) > 4 * limit + 16_000
    return Block("text", label, len(body), Layout(layout.markup, cut))


def _form(body: bytes, limit: int) -> Layout:
    """One field a line, decoded."""
    lines = []
    for field in body[: 4 * limit].decode("utf-8", "replace").split("&"):
        name, equals, value = field.partition("=")
        name, value = unquote_plus(name), unquote_plus(value)
        secret = safe.is_secret(name, field=True)
        told = safe.shorten(value) if secret else safe.without_secrets(value)
        lines.append(f"<b>{highlight.escape(name)}</b>{equals}<i>{highlight.escape(clip(told))}</i>")
    markup, kept = "", 0
    for line in lines:
        if kept + len(line) > 2 * limit:
            return Layout(Markup(markup), cut=True)
        markup += line + "\n"
        kept += len(line)
    return Layout(Markup(markup), len(body) > 4 * limit)


def _binary(body: bytes) -> bool:
    """Whether this is no text: NUL, or many bytes that are no UTF-8."""
    sample = body[:4000]
    if b"\0" in sample or sample[:4] in (b"%PDF", b"PK\x03\x04"):
        return True
    return sample.decode("utf-8", "replace").count("\ufffd") > max(8, len(sample) // 50)
