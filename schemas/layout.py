"""XML and JSON laid out to be read: indented, secrets shortened, long values clipped, places marked, bounded.

For the live page, in plain text, and for the reports, in HTML: a `Style` says how names, values and marked
places are written. For reading, never for judging.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from schemas import safe, xml

MAX_TEXT = 1200  # characters of one text node, attribute or JSON string
MAX_DEPTH = 200


@dataclass(frozen=True, slots=True)
class Style:
    """How pieces are written: what escapes them, and what goes before and after some of them."""

    escape: Callable[[str], str] = safe.visible
    name: tuple[str, str] = ("", "")
    value: tuple[str, str] = ("", "")
    mark: tuple[str, str] = ("", "")


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Laid:
    """Text in its style; `cut` when the limit stopped it."""

    text: str
    cut: bool = False


class _Full(Exception):
    """The limit is reached."""


@dataclass(slots=True)
class _Page:
    """Collects styled pieces up to a number of characters."""

    left: int
    style: Style
    pieces: list[str] = field(default_factory=list)

    def plain(self, text: str) -> None:
        self._write(text, "", "")

    def name(self, text: str, *, marked: bool = False) -> None:
        before, after = self.style.name
        if marked:
            before, after = self.style.mark[0] + before, after + self.style.mark[1]
        self._write(text, before, after)

    def value(self, text: str) -> None:
        self._write(text, *self.style.value)

    def raw(self, tag: str) -> None:
        self.pieces.append(tag)

    def _write(self, text: str, before: str, after: str) -> None:
        if self.left <= 0:
            raise _Full
        kept = text[: self.left]
        self.left -= len(kept)
        self.pieces.append(before + self.style.escape(kept) + after)

    def laid(self, cut: bool) -> Laid:
        return Laid("".join(self.pieces), cut)


def clip(content: str, limit: int = MAX_TEXT) -> str:
    """A long value as its start and its length."""
    if len(content) <= limit:
        return content
    kept = limit if limit <= 600 else limit // 4  # of a very long one (base64), a little says enough
    return f"{content[:kept]}… ({len(content)})"


def lay_json(data: bytes, limit: int, places: Collection[str] = (), style: Style = PLAIN) -> Laid:
    """JSON, indented. `places`: paths (`$.lines[0].cip13`) of the members to mark.

    Raises ValueError when it is none, or nested too deep.
    """
    page = _Page(limit, style)
    wanted = frozenset(place for place in places if place.startswith("$"))
    try:
        _json(page, json.loads(data), "\n", "$", wanted)
    except _Full:
        return page.laid(cut=True)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return page.laid(cut=False)


def _json(page: _Page, value: Any, newline: str, path: str, wanted: frozenset[str]) -> None:
    if isinstance(value, dict) and value:
        page.plain("{")
        for index, (key, member) in enumerate(value.items()):
            page.plain(("," if index else "") + newline + "  ")
            below = f"{path}.{key}"
            page.name(json.dumps(clip(key), ensure_ascii=False), marked=below in wanted)
            page.plain(": ")
            if safe.is_secret(key) and isinstance(member, str):
                page.value(json.dumps(safe.shorten(member), ensure_ascii=False))
            else:
                _json(page, member, newline + "  ", below, wanted)
        page.plain(newline + "}")
    elif isinstance(value, list) and value:
        page.plain("[")
        for index, member in enumerate(value):
            page.plain(("," if index else "") + newline + "  ")
            _json(page, member, newline + "  ", f"{path}[{index}]", wanted)
        page.plain(newline + "]")
    elif isinstance(value, str):
        page.value(json.dumps(clip(safe.without_secrets(value)), ensure_ascii=False))
    else:
        page.plain(json.dumps(value))


def lay_xml(data: bytes, limit: int, places: Collection[str] = (), style: Style = PLAIN) -> Laid:
    """XML, indented where white space means nothing. `places`: paths (`schemas.xml.where`) to mark.

    Raises schemas.xml.XmlRefused when the bytes are no XML that may be read.
    """
    root = xml.parse(data)
    page = _Page(limit, style)
    wanted = frozenset(_place(place) for place in places) - {""}
    try:
        if data.lstrip()[:5] == b"<?xml":
            page.plain(data.lstrip().split(b"?>", 1)[0].decode("latin-1") + "?>\n")
        _element(page, root, xml.local(root), "\n", wanted)
    except _Full:
        return page.laid(cut=True)
    return page.laid(cut=False)


def _place(where: str) -> str:
    """A finding's path without its attribute or text step, and without a leading slash."""
    return where.partition("/@")[0].partition("/text()")[0].strip("/")


def _element(
    page: _Page, element: xml.Element, path: str, newline: str | None, wanted: frozenset[str], depth: int = 0
) -> None:
    """Write one element and what it holds. `newline` is None inside mixed content."""
    name = _name(element)
    marked = path in wanted or any(path.endswith("/" + place) for place in wanted)
    if marked:
        page.raw(page.style.mark[0])
    try:
        _start(page, element, name)
    finally:
        if marked:
            page.raw(page.style.mark[1])
    if len(element) == 0:
        if not element.text:
            page.plain("/>")
            return
        page.plain(">")
        _text(page, element.text, secret=safe.is_secret(xml.local(element)))
        _end(page, name)
        return
    page.plain(">")
    loose = newline is not None and _only_elements(element)
    inner = f"{newline}  " if loose else None
    if not loose:
        _text(page, element.text)
    if depth >= MAX_DEPTH:
        page.plain(" … ")
    else:
        for child, below in _paths(element, path, bool(wanted)):
            if inner:
                page.plain(inner)
            if isinstance(child.tag, str):
                _element(page, child, below, inner, wanted, depth + 1)
            else:
                page.plain(clip(_aside(child)))
            if not loose:
                _text(page, child.tail)
    if loose:
        page.plain(newline or "")
    _end(page, name)


def _text(page: _Page, content: str | None, *, secret: bool = False) -> None:
    if content:
        told = safe.shorten(content) if secret else clip(safe.without_secrets(content))
        page.plain(told.replace("&", "&amp;").replace("<", "&lt;"))


def _start(page: _Page, element: xml.Element, name: str) -> None:
    page.plain("<")
    page.name(name)
    parent = element.getparent()
    known = parent.nsmap if parent is not None else {}
    for prefix, uri in element.nsmap.items():
        if known.get(prefix) != uri:
            page.plain(f" xmlns:{prefix}=" if prefix else " xmlns=")
            page.value(_quoted(uri))
    prefixes = {uri: prefix for prefix, uri in element.nsmap.items() if prefix}
    for key, value in element.attrib.items():
        uri, brace, local = str(key).rpartition("}")
        prefix = "xml" if uri.endswith("/XML/1998/namespace") else prefixes.get(uri[1:], "")
        page.plain(f" {prefix}:{local}=" if brace and prefix else f" {local}=")
        secret = safe.is_secret(local)
        page.value(_quoted(safe.shorten(str(value)) if secret else safe.without_secrets(clip(str(value)))))


def _end(page: _Page, name: str) -> None:
    page.plain("</")
    page.name(name)
    page.plain(">")


def _paths(element: xml.Element, path: str, needed: bool) -> Iterator[tuple[xml.Element, str]]:
    """Children with their paths, as `schemas.xml.where` writes them."""
    if not needed:
        yield from ((child, "") for child in element)
        return
    totals = Counter(child.tag for child in element if isinstance(child.tag, str))
    seen: Counter[str] = Counter()
    for child in element:
        if not isinstance(child.tag, str):
            yield child, ""
            continue
        seen[child.tag] += 1
        position = f"[{seen[child.tag]}]" if totals[child.tag] > 1 else ""
        yield child, f"{path}/{xml.local(child)}{position}"


def _only_elements(element: xml.Element) -> bool:
    return not (element.text or "").strip() and all(not (child.tail or "").strip() for child in element)


def _name(element: xml.Element) -> str:
    return f"{element.prefix}:{xml.local(element)}" if element.prefix else xml.local(element)


def _aside(node: xml.Element) -> str:
    """A comment or a processing instruction."""
    if type(node).__name__ == "_Comment":
        return f"<!--{node.text or ''}-->"
    return f"<?{getattr(node, 'target', '')} {node.text or ''}?>"


def _quoted(value: str) -> str:
    return '"' + value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;") + '"'
