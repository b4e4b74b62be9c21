"""The message catalogue: every sentence shown to a person, French first, English beside it.

One TOML file an area. A table is a message key (a rule id, a scenario id or a name), its entries are
`fr` and `en`, and for rules `action_fr` and `action_en` (what to do next).
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

LANGUAGES = ("fr", "en")


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All messages by key. Raises ValueError when two areas define the same key."""
    merged: dict[str, Mapping[str, str]] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        for key, texts in tomllib.loads(entry.read_text(encoding="utf-8")).items():
            if key in merged:
                raise ValueError(f"message {key} is defined twice ({entry.name})")
            merged[key] = texts
    return merged


def text(key: str, lang: str = "fr", /, **values: object) -> str:
    """The message in this language with its `{placeholders}` filled; the key itself when unknown."""
    entry = catalogue().get(key)
    if entry is None:
        return key
    template = entry.get(lang) or entry["fr"]
    return template.format(**values) if values else template


def action(key: str, lang: str = "fr") -> str:
    """What to do next about this rule; empty when the catalogue says nothing."""
    entry = catalogue().get(key, {})
    return entry.get(f"action_{lang}") or entry.get("action_fr", "")
