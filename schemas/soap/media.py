"""Media types with their parameters (RFC 2045 §5.1), as SOAP stacks really write them."""

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache

from schemas.frozen import frozen

SOAP_12 = "application/soap+xml"
SOAP_11 = "text/xml"
XOP = "application/xop+xml"
RELATED = "multipart/related"
MAX_KEPT = 1024  # characters: a longer header is read, not remembered


@frozen
class MediaType:
    """A media type in lower case and its parameters, names in lower case, values unquoted."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def get(self, parameter: str) -> str:
        return self.parameters.get(parameter, "")


def parse(header: str) -> MediaType:
    """Read a Content-Type header. Never raises: what can't be read is left out.

    Quoted strings keep `;` and escaped quotes, as in Metro's
    `start-info="application/soap+xml;action=\\"urn:x\\""`. The first value of a repeated parameter wins.
    """
    return _known(header) if len(header) < MAX_KEPT else _parse(header)


def _parse(header: str) -> MediaType:
    name, _, rest = header.partition(";")
    parameters: dict[str, str] = {}
    position = 0
    while position < len(rest):
        equal = rest.find("=", position)
        if equal < 0:
            break
        key = rest[position:equal].strip(" \t\r\n;").lower()
        start = equal + 1
        while start < len(rest) and rest[start] in " \t\r\n":
            start += 1
        if start < len(rest) and rest[start] == '"':
            value, position = _quoted(rest, start + 1)
        else:
            end = rest.find(";", start)
            end = len(rest) if end < 0 else end
            value, position = rest[start:end].strip(), end
        after = rest.find(";", position)
        position = len(rest) if after < 0 else after + 1
        if key:
            parameters.setdefault(key, value)
    return MediaType(name.strip().lower(), parameters)


_known = lru_cache(maxsize=256)(_parse)  # software sends the same few headers at each call


def _quoted(text: str, position: int) -> tuple[str, int]:
    """The value of a quoted string that begins at `position`, and where it ends (after the quote)."""
    close = text.find('"', position)
    if close >= 0 and text.find("\\", position, close) < 0:
        return text[position:close], close + 1
    kept: list[str] = []
    while position < len(text):
        char = text[position]
        if char == '"':
            return "".join(kept), position + 1
        if char == "\\" and position + 1 < len(text):
            position += 1
            char = text[position]
        kept.append(char)
        position += 1
    return "".join(kept), position
