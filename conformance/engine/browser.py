"""The user's browser, played by the bench: opens the login page, picks an identity, follows redirections."""

from pathlib import Path
from urllib.parse import urljoin

import requests
from lxml import html

MAX_STEPS = 10


class LoginRefused(Exception):
    """The login page did not let the user in. The message is what the page says."""


def login(url: str, user: str, ca_bundle: Path) -> str:
    """Log in as `user` (value of the identity's button) and end on the software's page; returns its text.

    Raises LoginRefused. A software that is unreachable behind its redirect URI is told so.
    """
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(ca_bundle)
        page = _fetch(session, "GET", url, None)
        form = _identity_form(page, user)
        if form is None:
            return page.text
        action, method, fields = form
        return _fetch(session, method, urljoin(page.url, action), fields).text


def _fetch(
    session: requests.Session, method: str, url: str, fields: dict[str, str] | None
) -> requests.Response:
    for _ in range(MAX_STEPS):
        try:
            response = session.request(method, url, data=fields, allow_redirects=False, timeout=20)
        except requests.RequestException as error:
            raise LoginRefused(f"{url.partition('?')[0]} : {error.__class__.__name__}") from None
        if response.status_code not in (301, 302, 303, 307, 308):
            return response
        url = urljoin(url, response.headers.get("Location", ""))
        method, fields = "GET", None
    raise LoginRefused("trop de redirections")


def _identity_form(page: requests.Response, user: str) -> tuple[str, str, dict[str, str]] | None:
    """Action, method and fields of the form that chooses this identity; None when the page has none."""
    if not page.text.strip() or "html" not in page.headers.get("Content-Type", ""):
        return None
    for form in html.fromstring(page.text).forms:
        buttons = form.xpath(".//button[@value=$user] | .//input[@value=$user]", user=user)
        if buttons:
            fields = {key: value for key, value in form.form_values() if value is not None}
            name = buttons[0].get("name")
            if name:
                fields[name] = user
            return form.action or page.url, (form.method or "GET").upper(), fields
    return None
