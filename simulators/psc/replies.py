"""The answers of the provider that are neither tokens nor claims: refusals and redirections."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from schemas.messages import text
from simulators.core.service import Response, answer

from . import pages
from .errors import OidcError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
BROWSER = ("PSC.authorize", "PSC.choice", "PSC.logout")  # what people see: answered by pages
NO_STORE = ("Cache-Control", "no-store")


def refusal(transaction: str, error: OidcError) -> Response:
    """A refusal, as a page for people and as JSON for software."""
    if transaction in BROWSER:
        return pages.page(error.status, text("psc.refused"), f"{error.code} : {error.detail}")
    body = json.dumps({"error": error.code, "error_description": error.detail})
    challenge = {
        "invalid_token": ("WWW-Authenticate", 'Bearer error="invalid_token"'),
        "invalid_client": ("WWW-Authenticate", 'Basic realm="esante-wallet"'),
    }.get(error.code)
    return answer(error.status, "application/json", body, NO_STORE, *([challenge] if challenge else []))


def redirectable(uri: str) -> bool:
    """https, or http on the loopback (RFC 8252 §7.3), without fragment nor anything that a header refuses."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return False
    if not uri.isascii() or not uri.isprintable() or " " in uri or parts.fragment or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


def redirection(uri: str, told: Mapping[str, str]) -> Response:
    """A redirection to the software, with these parameters added."""
    joint = ("&" if "?" in uri else "?") if told else ""
    return Response(302, (("Location", f"{uri}{joint}{urlencode(told)}"), NO_STORE))


def sent_back(fields: Mapping[str, str], error: str) -> Response:
    """A refusal told to the software, through the browser."""
    state = {"state": fields["state"]} if fields.get("state") else {}
    return redirection(fields["redirect_uri"], {"error": error, **state})
