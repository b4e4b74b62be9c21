"""A user's browser, played on the pages of Web PS: for scenarios and tests. Calls real sockets."""

from dataclasses import dataclass
from urllib.parse import urljoin

import requests
from lxml import html

from simulators.core.pki import Pki

CARD, LOGIN = "card", "login"
PATIENCE = 20  # seconds


@dataclass(frozen=True, slots=True)
class Shown:
    """The page on which a visit ended. `content`: the bytes of a document."""

    status: int
    url: str
    text: str
    content: bytes


def visit(pki: Pki, url: str, user: str = "", by: str = CARD, *, confirm: bool = False) -> Shown:
    """Open a contextual URL as a user would, redirections followed.

    `by` CARD: with the card of this professional or employee, or with another certificate of the PKI by its
    name (`cabinet-auth`), or with none when `user` is empty. LOGIN: choosing this professional at Pro Santé
    Connect. `confirm`: press the button of the confirmation window, if it comes. Raises requests' exceptions
    (SSLError when the handshake is refused), OSError without such a certificate, ValueError for another `by`
    or a login page without that user.
    """
    if by not in (CARD, LOGIN):
        raise ValueError(f"by: {CARD} or {LOGIN}, not {by!r}")
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(pki.ca_bundle)
        if by == CARD and user:
            cards = [pki.pair(f"{kind}-{user}-auth") for kind in ("cps", "cpe")]
            pair = next((one for one in cards if one.certificate.exists()), pki.pair(user))
            session.cert = (str(pair.certificate), str(pair.key))
        page = session.get(url, timeout=PATIENCE)
        if by == LOGIN and page.status_code == 200:
            page = _press(session, page, "user", user)
        if confirm and page.status_code == 200 and 'value="authorise"' in page.text:
            page = _press(session, page, "geste", "authorise")
        return Shown(page.status_code, page.url, page.text, page.content)


def _press(session: requests.Session, page: requests.Response, name: str, value: str) -> requests.Response:
    """Submit the form of this page that holds this button."""
    for form in html.fromstring(page.content).forms:
        if form.xpath(".//button[@name=$name][@value=$value]", name=name, value=value):
            fields = {key: item for key, item in form.form_values() if item is not None}
            where = urljoin(page.url, form.action or page.url)
            return session.post(where, data={**fields, name: value}, timeout=PATIENCE)
    raise ValueError(f"{page.url.partition('?')[0]}: no button {name}={value}")
