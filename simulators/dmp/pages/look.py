"""The look of the pages: templates, style, policy. No script, no outside resource, everything escaped."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING

from schemas import safe
from schemas.messages import catalogue, text
from simulators.core.service import Headers, Request, Response, answer

if TYPE_CHECKING:
    from jinja2 import Environment

# `same-origin`, not `no-referrer`: without a referrer browsers send `Origin: null` with our own forms.
COMMON: Headers = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
FORMATS = {"fr": "%d/%m/%Y %H:%M UTC", "en": "%Y-%m-%d %H:%M UTC"}
WIRE = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 10: "%Y%m%d%H", 8: "%Y%m%d"}  # by length


def language(request: Request) -> str:
    """`fr` or `en`: the one asked for (`?lang=`), else the first that Accept-Language names, else French."""
    asked = request.query.get("lang", "")
    if asked in FORMATS:
        return asked
    named = (
        part.partition(";")[0].strip()[:2].lower() for part in request.header("Accept-Language").split(",")
    )
    return next((one for one in named if one in FORMATS), "fr")


def page(
    status: int, template: str, lang: str, values: dict[str, object], *more: tuple[str, str]
) -> Response:
    """A page from `templates/<template>.html.j2`. `more`: other headers."""
    html = (
        _environment()
        .get_template(f"{template}.html.j2")
        .render(
            lang=lang,
            style=_style(),
            t=partial(_worded, lang),
            when=partial(when, lang=lang),
            **values,
        )
    )
    return answer(
        status, "text/html; charset=utf-8", html, ("Content-Security-Policy", _policy()), *COMMON, *more
    )


def when(instant: datetime | str, lang: str = "fr") -> str:
    """An instant (an object, ISO 8601, or a wire time in UTC) as people read it; as it is when unreadable."""
    if isinstance(instant, datetime):
        return instant.astimezone(UTC).strftime(FORMATS[lang])
    try:
        if "T" in instant:
            return when(datetime.fromisoformat(instant), lang)
        found = datetime.strptime(instant, WIRE[len(instant)])
    except (KeyError, ValueError):
        return instant
    return found.strftime(FORMATS[lang] if len(instant) > 8 else FORMATS[lang].partition(" ")[0])


def _worded(lang: str, key: str, /, **values: object) -> str:
    return text(key, lang, **values)


def label(family: str, value: str, lang: str) -> str:
    """The words of a code: the message `<family>.<value>`, or the code itself when there is none."""
    key = f"{family}.{value}"
    return text(key, lang) if key in catalogue() else value


@cache
def _style() -> str:
    return (resources.files(__package__) / "templates" / "style.css").read_text(encoding="utf-8")


@cache
def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # only who opens a page needs it

    made = Environment(
        loader=PackageLoader("simulators.dmp.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {"shown": safe.shown}  # what a vendor or a patient wrote
    made.filters.update(filters)
    return made
