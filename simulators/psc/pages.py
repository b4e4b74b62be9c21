"""The pages a person sees: choice of a test identity, refusal, end of session. No script, strict CSP."""

from collections.abc import Mapping, Sequence
from html import escape

from schemas.messages import text
from simulators.core.identities import Professional
from simulators.core.service import Response, answer

STYLE = """
:root{--ink:#1b2733;--soft:#5a6b7b;--line:#d5dde5;--accent:#0b5cad;--ground:#f5f7fa}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
main{max-width:34rem;margin:8vh auto;padding:2rem;background:#fff;
border:1px solid var(--line);border-radius:8px}
h1{font-size:1.35rem;margin:0 0 .25rem}p{color:var(--soft);margin:.25rem 0 1.25rem}
button{display:block;width:100%;margin:.5rem 0;padding:.8rem 1rem;text-align:left;font:inherit;color:inherit;
background:#fff;border:1px solid var(--line);border-radius:6px;cursor:pointer}
button:hover,button:focus-visible{border-color:var(--accent);outline:2px solid var(--accent)}
button.deny{width:auto;color:var(--soft);margin-top:1rem}
strong{display:block}small{color:var(--soft)}
"""
CSP = ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")


def choice(people: Sequence[Professional], fields: Mapping[str, str], action: str) -> Response:
    """The login page: one button an identity."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    buttons = "".join(
        f'<button name="user" value="{person.user}"><strong>{escape(person.given)} {escape(person.family)}'
        f"</strong><small>{escape(person.structure.name)} — {person.id_nat}</small></button>"
        for person in people
    )
    deny = f'<button class="deny" name="user" value="">{escape(text("psc.deny"))}</button>'
    form = f'<form method="post" action="{escape(action)}">{hidden}{buttons}{deny}</form>'
    return page(200, text("psc.choose"), text("psc.simulated"), form)


def page(status: int, title: str, detail: str, body: str = "") -> Response:
    """A page in the provider's look; `body` is trusted HTML, the rest is escaped."""
    html = (
        f'<!doctype html><html lang="fr"><meta charset="utf-8"><title>{escape(text("psc.title"))}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<main><h1>{escape(title)}</h1><p>{escape(detail)}</p>{body}</main></html>"
    )
    return answer(status, "text/html; charset=utf-8", html, CSP, ("Cache-Control", "no-store"))
