"""What keeps another site from acting through somebody's browser."""

import hashlib
import hmac

from simulators.core.service import Request

TOKEN = "jeton"  # field of our forms


def token(secret: str, *bound: str) -> str:
    """An anti-forgery token, of those who act and of what they act upon."""
    return hmac.new(secret.encode(), "\0".join(bound).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def ours(request: Request) -> bool:
    """Whether a request that changes something comes from a page of ours, or from no page at all."""
    origin = request.header("Origin")
    if origin and origin != f"https://{request.header('Host')}":
        return False
    return request.header("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def holds(request: Request, expected: str) -> bool:
    """Whether a form was made by us for this very person."""
    sent = request.form.get(TOKEN, "")
    return ours(request) and hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())
