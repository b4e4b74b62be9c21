"""Addresses of the e-prescription service, to their transactions."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

PREFIX = "/epu/v1"
_ID = r"([^/]{1,200})"

# method, path, transaction; None: allowed without token
_ROUTES = tuple(
    (method, re.compile(PREFIX + path), transaction)
    for method, path, transaction in (
        ("POST", "/token", "EPU.token"),
        ("GET", r"/errors\.json", "EPU.errors"),
        ("GET", rf"/schemas/{_ID}\.json", "EPU.schema"),
        ("POST", "/prescriptions", "EPU.create"),
        ("GET", "/prescriptions", "EPU.list"),
        ("POST", "/prescriptions/lookup", "EPU.lookup"),
        ("GET", f"/prescriptions/{_ID}", "EPU.read"),
        ("POST", f"/prescriptions/{_ID}/cancel", "EPU.cancel"),
        ("POST", f"/prescriptions/{_ID}/replace", "EPU.replace"),
        ("POST", f"/prescriptions/{_ID}/dispensations", "EPU.dispense"),
        ("GET", f"/prescriptions/{_ID}/execution", "EPU.execution"),
        ("DELETE", f"/dispensations/{_ID}", "EPU.undispense"),
    )
)
OPEN = frozenset({"EPU.token", "EPU.errors", "EPU.schema"})  # without a token of the service
WITH_BODY = frozenset({"EPU.create", "EPU.lookup", "EPU.cancel", "EPU.replace", "EPU.dispense"})
UNKNOWN = "EPU.?"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a call goes. `allowed`: methods of that address, when the method is not one of them."""

    transaction: str
    address: str = ""
    allowed: tuple[str, ...] = ()


def find(method: str, path: str) -> Route:
    """The route of a call; `EPU.?` for an unknown address or method."""
    path = path.rstrip("/") or "/"
    allowed: list[str] = []
    for wanted, pattern, transaction in _ROUTES:
        if (match := pattern.fullmatch(path)) is None:
            continue
        if wanted == method:
            return Route(transaction, unquote(match[1]) if match.groups() else "")
        allowed.append(wanted)
    return Route(UNKNOWN, "", tuple(allowed))
