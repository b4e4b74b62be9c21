"""Secrets shortened before anything recorded is shown: enough is left to recognise them, not to use them."""

import re

SECRETS = frozenset(
    {
        "access_token",
        "refresh_token",
        "id_token",
        "id_token_hint",
        "subject_token",
        "client_secret",
        "code_verifier",
        "password",
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "esante-api-key",
        "x-api-key",
    }
)
_FIELDS = SECRETS | {"code", "token"}
_SCHEME = re.compile(r"(?i)^(bearer|basic|digest)\s+(\S.*)$")
_JWT = re.compile(r"\beyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*){0,3}")
_BEARER = re.compile(r"(?i)\b(bearer\s+)([\w.~+/=-]{16,})")
_FIELD = re.compile(rf"(?i)(?<![\w-])((?:{'|'.join(sorted(_FIELDS))})=)([^&\s\"'#<>;]{{6,}})")
_MEMBER = re.compile(rf"(?i)(\"(?:{'|'.join(sorted(SECRETS))})\"\s*:\s*\")([^\"]+)")
_AUTH = re.compile(r"(?i)^((?:\S+ )?AUTH(?:ENTICATE)? +\S+ +)(\S.*)$|^(\S+ +LOGIN +\S+ +)(\S.*)$")
_AUTH_BEGUN = re.compile(r"(?i)^(?:\S+ )?AUTH(?:ENTICATE)?(?: |$)")


def shorten(secret: str) -> str:
    """The start of a secret and its length."""
    return f"{secret[:8] if len(secret) >= 24 else ''}…({len(secret)})"


def text(content: str) -> str:
    """Any text, with the tokens and secret fields in it shortened."""
    content = _FIELD.sub(_tail, content) if "=" in content else content
    content = _MEMBER.sub(_tail, content) if '"' in content else content
    content = _JWT.sub(lambda found: shorten(found[0]), content) if "eyJ" in content else content
    return _BEARER.sub(_tail, content)


def head(lines: str) -> str:
    """A request or response head: credential headers and secrets in addresses shortened."""
    told = []
    for line in lines.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() in SECRETS:
            scheme = _SCHEME.match(value.strip())
            value = f"{scheme[1]} {shorten(scheme[2])}" if scheme else shorten(value.strip())
            told.append(f"{name}: {value}")
        else:
            told.append(text(line))
    return "\n".join(told)


def dialogue(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Lines of a mail dialogue (side, text): what follows AUTH or LOGIN shortened."""
    told = []
    challenged = False
    for side, line in lines:
        if side == "C":
            found = _AUTH.match(line)
            if found:
                line = (found[1] or found[3]) + shorten(found[2] or found[4])
                challenged = True
            elif _AUTH_BEGUN.match(line):
                challenged = True
            elif challenged and line not in ("", "*"):
                line = shorten(line)
        elif side == "S" and not line.startswith(("334", "+")):
            challenged = False
        told.append((side, text(line)))
    return told


def _tail(found: re.Match[str]) -> str:
    return found[1] + shorten(found[2])
