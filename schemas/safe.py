"""Text from outside made fit to be shown: secrets shortened, invisible characters made visible.

Everything that a vendor's software sent goes through `shown` before it reaches a page, a terminal or an XML
file: the live page and the reports hide the same things. Escaping for the medium comes after.
"""

import re
from collections.abc import Iterable

# Controls but newline and tab, bidirectional controls, zero-width and filler characters, surrogates,
# non-characters, tags: what can hide or reorder text, or break an XML file or a terminal.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

SECRET_HEADERS = frozenset(
    {
        "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token",
        "esante-api-key",
    }
)  # fmt: skip
"""Names of HTTP headers whose value is never shown whole."""

SECRET_KEYS = frozenset(
    {
        "access_token", "refresh_token", "id_token", "id_token_hint", "logout_token", "subject_token",
        "client_secret", "client_assertion", "code_verifier", "password", "passwd", "mot_de_passe", "secret",
        "assertion", "private_key", *(header.replace("-", "_") for header in SECRET_HEADERS),
    }
)  # fmt: skip
"""Names of JSON members, form fields, query parameters and XML elements whose value is never shown whole."""

_FIELD_KEYS = SECRET_KEYS | {"code", "token"}  # in a form or a query these are secrets too


def _any(keys: Iterable[str]) -> str:
    """A pattern of these names, written with `_` or `-`."""
    return "|".join(key.replace("_", "[_-]") for key in sorted(keys))


_SCHEME = re.compile(r"(?i)^(Bearer|Basic|DPoP|Digest|Negotiate)(\s+)(.+)$")
_DOTTED = re.compile(r"(?<![\w.-])[\w.-]{14,}")
_JWT_START = re.compile(r"\beyJ")
_BEARER = re.compile(r"(?i)\b(bearer\s+)([\w.~+/=-]{16,})")
_FIELD = re.compile(rf"(?i)(?<![\w-])((?:{_any(_FIELD_KEYS)})=)([^&\s\"'#<>;]{{6,}})")
_MEMBER = re.compile(rf"(?i)(\"(?:{_any(SECRET_KEYS)})\"\s*:\s*\")([^\"]+)")
_MAIL_LOGIN = re.compile(
    r"(?i)^((?:\S+ )?AUTH(?:ENTICATE)? +\S+ +)(\S.*)$|^(\S+ +LOGIN +\S+ +)(\S.*)$|^(PASS +)(\S.*)$"
)
_MAIL_SASL = re.compile(r"(?i)^(?:\S+ )?AUTH(?:ENTICATE)?(?: |$)")
_SHORTENED = re.compile(r".{0,12}…\(\d+\)|…")


def visible(text: str) -> str:
    """The same text with what can't be seen written `‹U+202E›`. Newlines and tabs are kept."""
    return _INVISIBLE.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text.replace("\r\n", "\n"))


def shorten(secret: str) -> str:
    """A secret that can still be recognised, not used: its start and its length."""
    if _SHORTENED.fullmatch(secret):
        return secret  # already done when it was recorded
    kept = secret[:8] if len(secret) >= 24 else ""
    return f"{kept}…({len(secret)})"


def without_secrets(text: str) -> str:
    """Any text with the tokens, secrets in queries and JSON members that it holds shortened."""
    if "=" in text:
        text = _FIELD.sub(_tail, text)
    if '"' in text:
        text = _MEMBER.sub(_tail, text)
    if "eyJ" in text:
        text = _DOTTED.sub(_token, text)
    return _BEARER.sub(_tail, text)


def shown(text: str) -> str:
    """Text fit to be shown, before it is escaped for its medium."""
    return visible(without_secrets(text))


def is_secret(name: str, *, field: bool = False) -> bool:
    """Whether the member, element (or form field) of this name holds a secret."""
    return name.lower().replace("-", "_") in (_FIELD_KEYS if field else SECRET_KEYS)


def head(text: str) -> str:
    """A request or response head: credentials, cookies and tokens in addresses shortened."""
    lines = []
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() in SECRET_HEADERS:
            line = f"{name}: {_credential(value.strip())}"
        lines.append(without_secrets(line))
    return "\n".join(lines)


def dialogue(lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines of a mail dialogue, credentials shortened, those sent after an AUTH challenge too."""
    told: list[tuple[str, str]] = []
    authenticating = False
    for side, text in lines:
        if side == "C":
            found = _MAIL_LOGIN.match(text)
            if found:
                start, secret = next((found[i], found[i + 1]) for i in (1, 3, 5) if found[i])
                text = start + shorten(secret)
                authenticating = True
            elif _MAIL_SASL.match(text):
                authenticating = True
            elif authenticating and text not in ("", "*"):
                text = shorten(text)
        elif side == "S" and not text.startswith(("334", "+")):
            authenticating = False
        told.append((side, without_secrets(text)))
    return told


def _tail(found: re.Match[str]) -> str:
    return found[1] + shorten(found[2])


def _token(found: re.Match[str]) -> str:
    """A dotted word from its first JWT on. One look at each character: a hostile word costs no more."""
    start = _JWT_START.search(found[0])
    if start is None:
        return found[0]
    before, token = found[0][: start.start()], found[0][start.start() :]
    return before + shorten(token) if "." in token and len(token) >= 14 else found[0]


def _credential(value: str) -> str:
    scheme = _SCHEME.match(value)
    return f"{scheme[1]} {shorten(scheme[3])}" if scheme else shorten(value)
