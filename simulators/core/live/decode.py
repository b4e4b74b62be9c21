"""Recorded bytes in a form that a person reads: XML and JSON laid out, parts and mails taken apart.

Everything is returned as plain text: the page that shows it never builds HTML from it.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from schemas import layout, mailtree, safe
from schemas.soap import mtom
from schemas.xml import XmlRefused

from ..exchange import Exchange

MAX_SHOWN = 200_000  # characters of one block; the rest is downloaded
MAX_PARTS = 60
MAX_LINE = 2_000  # characters of one line of a dialogue
MAX_LAID_OUT = 4 * 1024 * 1024  # bytes above which XML and JSON are not laid out

Block = dict[str, Any]


def view(exchange: Exchange) -> dict[str, Any]:
    """An exchange decoded: `request` and `response` as `{head, blocks}`, `dialogue`, `facts`, `tls`.

    A block is `{label, kind, text, size, cut}`; `kind` is xml, json, form, text, mail or binary.
    """
    lines = [(line.side, line.text) for line in exchange.dialogue[:2_000]]
    is_mail = exchange.transaction == "SMTP.message" or b"\nMIME-Version:" in exchange.request_body[:20_000]
    return {
        "request": _side(exchange.request_head, exchange.request_body, mail=is_mail),
        "response": _side(exchange.response_head, exchange.response_body, mail=False),
        "dialogue": [
            {"side": side, "text": safe.visible(line)[:MAX_LINE]} for side, line in safe.dialogue(lines)
        ],
        "facts": {name: _fact(name, value) for name, value in exchange.facts.items()},
        "tls": _tls(exchange),
    }


def _fact(name: str, value: object) -> object:
    if isinstance(value, str):
        return safe.shorten(value) if safe.is_secret(name) else safe.shown(value)
    return value


def _tls(exchange: Exchange) -> dict[str, str] | None:
    tls = exchange.tls
    if tls is None:
        return None
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "client_subject": tls.client_subject,
        "client_issuer": tls.client_issuer,
    }


def _side(head: str, body: bytes, *, mail: bool) -> dict[str, Any]:
    media = next(
        (
            line.partition(":")[2].strip()
            for line in head.split("\n")
            if line.lower().startswith("content-type:")
        ),
        "",
    )
    if mail and body:
        blocks = list(_mail(body))
    elif body and mtom.is_multipart(media):
        blocks = list(_parts(media, body))
    else:
        blocks = [block(body, media)] if body else []
    return {"head": safe.visible(safe.head(head)), "size": len(body), "blocks": blocks}


def _parts(media: str, body: bytes) -> Iterator[Block]:
    try:
        parts = mtom.split(media, body)
    except mtom.MultipartRefused as refused:
        yield _made(str(refused), "text", body.decode("utf-8", "replace"), len(body))
        return
    yield block(parts.root.content, parts.root.headers.get("content-type", ""), "enveloppe")
    for name, content in list(parts.attachments.items())[:MAX_PARTS]:
        yield block(content, "", f"cid:{name}")


def block(body: bytes, media: str, label: str = "") -> Block:
    """One body laid out by what it is: its declared type first, then its first bytes. Never raises."""
    kind = media.partition(";")[0].strip().lower()
    start = body[:200].lstrip()
    if kind == "application/x-www-form-urlencoded":
        fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        shown = "\n".join(
            f"{name} = {safe.shorten(value) if safe.is_secret(name, field=True) else value}"
            for name, value in fields
        )
        return _made(label, "form", shown, len(body))
    if len(body) <= MAX_LAID_OUT:
        if "json" in kind or start[:1] in (b"{", b"["):
            try:
                return _laid(label, "json", layout.lay_json(body, MAX_SHOWN), len(body))
            except ValueError:
                pass
        if start[:1] == b"<" and b"html" not in start[:100].lower():
            try:
                return _laid(label, "xml", layout.lay_xml(body, MAX_SHOWN), len(body))
            except XmlRefused:
                pass
    if body.startswith(b"PK\x03\x04"):
        return _made(label, "text", _archive(body), len(body))
    if b"\0" in body[:4_000] or body.startswith(b"%PDF"):
        return _made(label, "binary", body[:64].hex(" "), len(body))
    return _made(label, "text", body[: 4 * MAX_SHOWN].decode("utf-8", "replace"), len(body))


def _made(label: str, kind: str, text: str, size: int) -> Block:
    shown = safe.shown(text)
    return _laid(label, kind, layout.Laid(shown[:MAX_SHOWN], len(shown) > MAX_SHOWN), size)


def _laid(label: str, kind: str, laid: layout.Laid, size: int) -> Block:
    return {"label": safe.visible(label), "kind": kind, "text": laid.text, "size": size, "cut": laid.cut}


def _archive(body: bytes) -> str:
    entries, problem = mailtree.archive(body)
    listed = [f"{entry.size:>10}  {entry.name}" for entry in entries]
    if len(entries) == mailtree.MAX_ENTRIES:
        listed.append("…")
    return "\n".join([*listed, problem] if problem else listed)


def _mail(source: bytes) -> Iterator[Block]:
    """The headers, the tree, then each readable leaf of a mail."""
    try:
        mail = mailtree.read(source)
    except ValueError as error:
        yield _made(str(error), "text", source[: 4 * MAX_SHOWN].decode("utf-8", "replace"), len(source))
        return
    headers = "\n".join(f"{name}: {value}" for name, value in mail.headers)
    tree = "\n".join(f"{'  ' * part.depth}{part.media}  {part.name}".rstrip() for part in mail.parts)
    more = "\n…" if mail.cut else ""
    yield _made("en-têtes", "mail", headers + more, len(source))
    yield _made("arborescence", "mail", tree + more, len(source))
    for part in mail.parts:
        if part.content:
            yield block(part.content, part.media, part.name or part.media)
