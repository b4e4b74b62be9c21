"""The user's browser, played by the bench: opens the login page, picks an identity, follows redirections."""

from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
from lxml import etree, html

from .outcomes import NonTestable

MAX_STEPS = 10


class LoginRefused(NonTestable):
    """The browser could not get to the end of the login. The message says where it stopped."""


class VisitRefused(NonTestable):
    """The browser got no page at all from Web PS. The message says why."""


def elsewhere(url: str, home: str) -> str:
    """Where this URL leads when that is not to `home`, scheme, host and port; empty when it is."""
    there = _origin(url)
    return "" if there == _origin(home) else there or url[:200] or "?"


def _origin(url: str) -> str:
    """`https://host:port`; empty for what is no address, or names a user."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return ""
    if not parts.hostname or "@" in parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}"


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
        return _fetch(session, method, _join(page.url, action), fields).text


def _fetch(
    session: requests.Session, method: str, url: str, fields: dict[str, str] | None
) -> requests.Response:
    for _ in range(MAX_STEPS):
        try:
            response = session.request(method, url, data=fields, allow_redirects=False, timeout=20)
        except (requests.RequestException, ValueError) as error:  # ValueError: what is no URL at all
            raise LoginRefused(f"{url.partition('?')[0]} : {error.__class__.__name__}") from None
        if response.status_code not in (301, 302, 303, 307, 308):
            return response
        url = _join(url, response.headers.get("Location", ""))
        method, fields = "GET", None
    raise LoginRefused("trop de redirections")


def _join(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:
        raise LoginRefused(f"{reference[:200]} : pas une adresse") from None


def _identity_form(page: requests.Response, user: str) -> tuple[str, str, dict[str, str]] | None:
    """Action, method and fields of the form that chooses this identity; None when the page has none."""
    if not page.text.strip() or "html" not in page.headers.get("Content-Type", ""):
        return None
    try:
        forms = html.fromstring(page.content).forms
    except (etree.LxmlError, ValueError):
        return None
    for form in forms:
        buttons = form.xpath(".//button[@value=$user] | .//input[@value=$user]", user=user)
        if buttons:
            fields = {key: value for key, value in form.form_values() if value is not None}
            name = buttons[0].get("name")
            if name:
                fields[name] = user
            return form.action or page.url, (form.method or "GET").upper(), fields
    return None
