"""The live page: one HTML file without any outside resource, its words in the language asked for.

The page puts every recorded text in place with `textContent`; its policy lets no script run but its own.
"""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources

from schemas.messages import catalogue, text

_WORD = re.compile(r"\{\{([a-z.-]+)\}\}")


@dataclass(frozen=True, slots=True)
class Page:
    html: str
    policy: str  # Content-Security-Policy


@cache
def page(lang: str) -> Page:
    """The page in French (`fr`) or English (`en`)."""
    template = (resources.files(__package__) / "page.html").read_text(encoding="utf-8")
    words = {key.removeprefix("live."): text(key, lang) for key in catalogue() if key.startswith("live.")}
    data = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    html = _WORD.sub(lambda found: _filled(found[1], words, lang, data), template)
    script, style = (_between(html, f"<{name}>", f"</{name}>") for name in ("script", "style"))
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(html, policy)


def _filled(name: str, words: dict[str, str], lang: str, data: str) -> str:
    if name == "lang":
        return lang
    return data if name == "words" else escape(words[name])


def _between(html: str, start: str, end: str) -> str:
    return html.partition(start)[2].partition(end)[0]


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
