"""What the operator reads of a mail: headers only, cheaply. Judging content is the work of `schemas.mail`."""

import contextlib
import re
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Any

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
MAX_HEADERS = 256 * 1024
RECEIPTS = (
    "Disposition-Notification-To",
    "In-Reply-To",
    "References",
    "Reply-To",
    "Return-Receipt-To",
)


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of a mail. `get` is the first value, RFC 2047 decoded, or empty."""

    message: Message
    block: bytes = b""  # as received, blank line included

    def get(self, name: str) -> str:
        values = self.all(name)
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        return [readable(str(value)) for value in self.message.get_all(name, [])]

    def addresses(self, name: str) -> list[str]:
        """Addresses of a header, without their labels."""
        values = [str(value) for value in self.message.get_all(name, [])]
        return ["".join(address.split()) for _, address in getaddresses(values) if address]


def headers(source: bytes) -> Headers:
    """Never raises: what is not a header block gives no headers."""
    found = re.search(rb"\r?\n\r?\n", source[:MAX_HEADERS])
    block = source[: found.end()] if found else source[:MAX_HEADERS]
    return Headers(BytesHeaderParser().parsebytes(block), block)


def readable(value: str) -> str:
    """A header value on one line, encoded words decoded when they can be."""
    text = re.sub(r"\r?\n[ \t]?", " ", value) if "\n" in value else value
    if "=?" in text:
        with contextlib.suppress(LookupError, ValueError, UnicodeError):
            return str(make_header(decode_header(text)))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def mail_facts(source: bytes) -> dict[str, Any]:
    """`subject`, `message_id`, `from`, `headers` (X-MSS, threading and receipts)…"""
    read = headers(source)
    wanted = {name.upper() for name in map(str, read.message.keys()) if name.upper().startswith("X-MSS-")}
    wanted |= {name for name in RECEIPTS if name in read.message}
    return {
        "subject": read.get("Subject"),
        "message_id": read.get("Message-ID"),
        "from": read.get("From"),
        "headers": {name: ", ".join(read.all(name)) for name in sorted(wanted)},
        "report": _report(read),
    }


def _report(read: Headers) -> str:
    """`report-type` of a multipart/report (a receipt or a bounce), or empty."""
    if read.message.get_content_type() != "multipart/report":
        return ""
    value = read.message.get_param("report-type", "")
    return value.lower() if isinstance(value, str) else ""


def infected(source: bytes) -> bool:
    """Whether the EICAR test string is there in clear, or at the start of a base64 part."""
    return EICAR in source or b"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0ND" in source
