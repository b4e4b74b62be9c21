"""XML, JSON, heads and texts lightly coloured on the server: markup out, always escaped, bounded.

`<b>` is a name, `<i>` a value, `<mark>` a place that a finding points at. Short tags on purpose: a report
holds a thousand exchanges.
"""

from collections.abc import Collection
from dataclasses import dataclass

from markupsafe import Markup

from schemas import layout, safe


@dataclass(frozen=True, slots=True)
class Layout:
    """Escaped markup; `cut` when the limit stopped it."""

    markup: Markup
    cut: bool = False


def escape(text: str) -> str:
    """Escaped for element content (never for an attribute)."""
    return safe.visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text(content: str, limit: int) -> Layout:
    """Any text, as it is."""
    kept = safe.without_secrets(content[: limit + 4000])  # a token astride the limit is shortened whole
    return Layout(Markup(escape(kept[:limit])), len(content) > limit)


_HTML = layout.Style(escape, name=("<b>", "</b>"), value=("<i>", "</i>"), mark=("<mark>", "</mark>"))


def head(content: str, limit: int, places: Collection[str] = ()) -> Layout:
    """A request or response head, its secrets shortened. `places`: names of headers to mark."""
    told = safe.head(content)
    wanted = {place.lower() for place in places}
    lines = []
    for line in told[:limit].split("\n"):
        marked = line.partition(":")[0].strip().lower() in wanted
        lines.append(f"<mark>{escape(line)}</mark>" if marked else escape(line))
    return Layout(Markup("\n".join(lines)), len(told) > limit)


def pretty_json(data: bytes, limit: int, places: Collection[str] = ()) -> Layout:
    """See `schemas.layout.lay_json`."""
    return _coloured(layout.lay_json(data, limit, places, _HTML))


def pretty_xml(data: bytes, limit: int, places: Collection[str] = ()) -> Layout:
    """See `schemas.layout.lay_xml`."""
    return _coloured(layout.lay_xml(data, limit, places, _HTML))


def _coloured(laid: layout.Laid) -> Layout:
    return Layout(Markup(laid.text), laid.cut)
