"""The dialogue of a connection, as evidence: bounded, and with credentials shortened."""

import re

from simulators.core.exchange import Line

MAX_LINES = 400
MAX_TEXT = 1000

_SECRET = re.compile(
    r"(?i)^((?:\S+ )?AUTH(?:ENTICATE)? +[A-Z0-9-]+ +)(\S.*)$|^(\S+ LOGIN +\S+ +)(.*)$",
)


def shorten(secret: str) -> str:
    """A credential that can still be recognised, not used."""
    return f"{secret[:12]}…({len(secret)})" if len(secret) > 12 else "…"


def printable(raw: bytes) -> str:
    """Bytes of a line as one line of text: control characters are shown escaped."""
    text = raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    text = "".join(char if char >= " " and char != "\x7f" else f"\\x{ord(char):02x}" for char in text)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text)})"


class Transcript:
    """Lines since the last exchange was recorded."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._omitted = 0

    def client(self, raw: bytes, *, secret: bool = False) -> None:
        text = raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        if secret:
            self._add("C", shorten(text))
            return
        found = _SECRET.match(text)
        if found:
            head, tail = (found[1], found[2]) if found[1] else (found[3], found[4])
            self._add("C", printable(head.encode()) + shorten(tail))
            return
        self._add("C", printable(raw))

    def server(self, text: str) -> None:
        for line in text.splitlines() or [""]:
            self._add("S", line if len(line) <= MAX_TEXT else f"{line[:MAX_TEXT]}… ({len(line)})")

    def remark(self, text: str) -> None:
        self._add("*", text)

    def _add(self, side: str, text: str) -> None:
        if len(self._lines) >= MAX_LINES:
            self._omitted += 1
            return
        self._lines.append(Line(side, text))

    def __len__(self) -> int:
        return len(self._lines)

    def take(self) -> tuple[Line, ...]:
        """The lines, and start again."""
        lines, omitted = self._lines, self._omitted
        self._lines, self._omitted = [], 0
        if omitted:
            lines.append(Line("*", f"{omitted} more lines not kept"))
        return tuple(lines)
