"""Recorded bytes in a form that a person reads: XML and JSON laid out, parts and mails taken apart.

Everything is returned as plain text: the page that shows it never builds HTML from it.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from lxml import etree

from schemas.soap import mtom
from schemas.xml import XmlRefused, parse

from ..exchange import Exchange
from . import redact

MAX_SHOWN = 200_000  # characters of one block; the rest is downloaded
MAX_PARTS = 60
MAX_NODE = 2_000  # characters of one text node: base64 is not for reading
MAX_XML = 4 * 1024 * 1024  # bytes above which XML is not laid out

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
        "dialogue": [{"side": side, "text": line[:MAX_NODE]} for side, line in redact.dialogue(lines)],
        "facts": {name: _fact(name, value) for name, value in exchange.facts.items()},
        "tls": _tls(exchange),
    }


def _fact(name: str, value: object) -> object:
    if isinstance(value, str):
        return redact.shorten(value) if name.lower() in redact.SECRETS else redact.text(value)
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
    return {"head": redact.head(head), "size": len(body), "blocks": blocks}


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
            f"{name} = {redact.shorten(value) if _secret(name) else redact.text(value)}"
            for name, value in fields
        )
        return _made(label, "form", shown, len(body))
    if "json" in kind or start[:1] in (b"{", b"["):
        try:
            decoded = json.loads(body)
            return _made(label, "json", json.dumps(decoded, ensure_ascii=False, indent=2), len(body))
        except (ValueError, RecursionError):
            pass
    if start[:1] == b"<" and b"html" not in start[:100].lower() and len(body) <= MAX_XML:
        try:
            return _made(label, "xml", _pretty(body), len(body))
        except XmlRefused:
            pass
    if body.startswith(b"PK\x03\x04"):
        return _made(label, "text", _archive(body), len(body))
    if b"\0" in body[:4_000] or body.startswith(b"%PDF"):
        return _made(label, "binary", body[:64].hex(" "), len(body))
    return _made(label, "text", body[: 4 * MAX_SHOWN].decode("utf-8", "replace"), len(body))


def _secret(name: str) -> bool:
    return name.lower() in redact.SECRETS or name.lower() in ("code", "token")


def _made(label: str, kind: str, shown: str, size: int) -> Block:
    shown = redact.text(shown)
    return {
        "label": label,
        "kind": kind,
        "text": shown[:MAX_SHOWN],
        "size": size,
        "cut": len(shown) > MAX_SHOWN,
    }


def _pretty(body: bytes) -> str:
    root = parse(body)
    for node in root.iter():
        if node.text and len(node.text) > MAX_NODE:
            node.text = f"{node.text[:120]}… ({len(node.text)} caractères)"
    etree.indent(root, space="  ")
    return etree.tostring(root, encoding="unicode")


def _archive(body: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = archive.infolist()
            listed = [f"{entry.file_size:>10}  {entry.filename}" for entry in entries[:MAX_PARTS]]
            return "\n".join(listed) + ("" if len(entries) <= MAX_PARTS else f"\n… {len(entries)}")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        return f"{type(error).__name__}: {error}"


def _mail(source: bytes) -> Iterator[Block]:
    """The headers, the tree, then each readable leaf of a mail."""
    try:
        message = message_from_bytes(source)
        leaves = list(_leaves(message, 0))
        headers = "\n".join(f"{name}: {_header(value)}" for name, value in message.items())
    except (RecursionError, LookupError, TypeError, AttributeError, ValueError) as error:
        yield _made(
            f"{type(error).__name__}: {error}", "text", source.decode("utf-8", "replace"), len(source)
        )
        return
    tree = "\n".join(
        f"{'  ' * depth}{part.get_content_type()}  {_header(part.get_filename() or '')}".rstrip()
        for depth, part in leaves
    )
    yield _made("en-têtes", "mail", headers, len(source))
    yield _made("arborescence", "mail", tree, len(source))
    for _, part in leaves:
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            label = _header(part.get_filename() or "") or part.get_content_type()
            yield block(content, part.get_content_type(), label)


def _leaves(message: Message, depth: int) -> Iterator[tuple[int, Message]]:
    yield depth, message
    payload = message.get_payload()
    if isinstance(payload, list) and depth < 12:
        for part in payload[:MAX_PARTS]:
            if isinstance(part, Message):
                yield from _leaves(part, depth + 1)


def _header(value: object) -> str:
    raw = " ".join(str(value).split())
    if "=?" not in raw:
        return raw
    try:
        return str(make_header(decode_header(raw)))
    except (ValueError, LookupError):
        return raw
