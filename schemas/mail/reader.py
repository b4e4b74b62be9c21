"""Bytes to Mail: tolerant of broken MIME, bounded in size, parts and depth.

The standard parser does the MIME; headers are decoded here, because its structured header parsers can fail on
hostile input. Sources: RFC 5322, 2045–2047, 2231, 3464, 8098.
"""

import codecs
import email.utils
import re
from collections.abc import Callable, Iterator
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import TypeVar

from schemas.mail.model import Address, Attachment, Mail, MailRefused, Report, TextPart
from schemas.xdm.model import Archive
from schemas.xdm.reader import read_archive
from schemas.xdm.unzip import ArchiveRefused

T = TypeVar("T")

MAX_BYTES = 60_000_000
MAX_PARTS = 50
MAX_HEADER = 20_000  # characters of one header that are decoded
MAX_HEADERS = 500

_FAULTS = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError)
_BOUNDARY = re.compile(rb"boundary\s*\*?\d*\*?\s*=")
_PARAMETERS = re.compile(rb"^content-(?:type|disposition):[^\n]*(?:\n[ \t][^\n]*)*", re.M)
_FOLD = re.compile(r"\r?\n(?=[ \t])|[\r\n]")
_ID = re.compile(r"<[^<>\s]+>")
_TEXT_CODECS = frozenset(
    {"utf-8", "ascii", "cp1252", "utf-16", "utf-16-le", "utf-16-be"}
    | {"iso8859-1", "iso8859-2", "iso8859-9", "iso8859-15"}
)


def read_mail(data: bytes) -> Mail:
    """Decode a message. Only the first archive that looks like XDM is opened.

    Raises MailRefused with reason `empty`, `too-large`, `too-many-parts`, `header-too-long` or `too-deep`.
    """
    if not data.strip():
        raise MailRefused("empty", "no content")
    if len(data) > MAX_BYTES:
        raise MailRefused("too-large", f"{len(data)} bytes, at most {MAX_BYTES}")
    _check_bounds(data.lower())
    try:
        message = BytesParser(policy=compat32).parsebytes(data)
    except RecursionError:
        raise MailRefused("too-deep", "parts inside parts without end") from None
    defects: list[str] = []
    headers = tuple(_headers(message))
    report = _report(message)
    texts: list[TextPart] = []
    attachments: list[Attachment] = []
    shape = _collect(message, texts, attachments, defects, is_report=report is not None)
    archive, refused = _archive(attachments)

    def values(*names: str) -> list[str]:
        return [value for name in names for key, value in headers if key.lower() == name]

    def raw(*names: str) -> list[str]:
        wanted = set(names)
        return [_unfold(value) for key, value in message.raw_items() if key.lower() in wanted]

    senders = _addresses(raw("from"))
    return Mail(
        headers=headers,
        subject=next(iter(values("subject")), ""),
        sender=senders[0] if senders else None,
        reply_to=tuple(_addresses(raw("reply-to"))),
        recipients=tuple(_addresses(raw("to", "cc", "bcc"))),
        message_id=next(iter(values("message-id")), "").strip(),
        in_reply_to=next(iter(values("in-reply-to")), "").strip(),
        references=tuple(_ID.findall(" ".join(values("references")))),
        shape=shape,
        texts=tuple(texts),
        attachments=tuple(attachments),
        report=report,
        archive=archive,
        archive_refused=refused,
        defects=tuple(defects),
        raw=data,
    )


def _check_bounds(lowered: bytes) -> None:
    """Refuse what the standard parser would take too long over; plain searches, for mails are large."""
    if lowered.count(b"boundary") > MAX_PARTS:
        boundaries = sum(1 for _ in _BOUNDARY.finditer(lowered))
        if boundaries > MAX_PARTS:
            raise MailRefused("too-many-parts", f"{boundaries} multiparts, at most {MAX_PARTS}")
    start = lowered.find(b"content-")
    while start >= 0:
        found = _PARAMETERS.match(lowered, start)
        if found and found.end() - start > MAX_HEADER:  # parameters are read in quadratic time
            raise MailRefused("header-too-long", f"{found.end() - start} bytes, at most {MAX_HEADER}")
        start = lowered.find(b"content-", found.end() if found else start + 8)


def _safe(call: Callable[[], T], default: T) -> T:
    """The standard library's header functions may fail on hostile input: what they cannot read is absent."""
    try:
        return call()
    except _FAULTS:
        return default


def _unfold(value: object) -> str:
    return _FOLD.sub("", str(value)[:MAX_HEADER])


def _headers(message: Message) -> Iterator[tuple[str, str]]:
    for rank, (name, value) in enumerate(message.raw_items()):
        if rank >= MAX_HEADERS:
            return
        yield str(name), decode_text(_unfold(value))


def decode_text(raw: str) -> str:
    """A header value with its RFC 2047 words decoded; surrogates of raw 8-bit bytes read as UTF-8."""
    value = raw
    if "=?" in value:
        pieces = _safe(lambda: decode_header(value), [(value, None)])
        value = "".join(
            piece if isinstance(piece, str) else _decode(piece, charset or "ascii")[0]
            for piece, charset in pieces
        )
    if any("\udc80" <= character <= "\udcff" for character in value):
        value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return value.strip()


def _decode(data: bytes, charset: str) -> tuple[str, bool]:
    """Text of bytes, and whether the charset told the truth."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = ""
    if name not in _TEXT_CODECS:
        return data.decode("utf-8", "replace"), False
    try:
        return data.decode(name), True
    except (UnicodeDecodeError, ValueError):
        return data.decode("utf-8", "replace"), False


def _addresses(values: list[str]) -> list[Address]:
    found: list[tuple[str, str]] = _safe(lambda: email.utils.getaddresses(values), [])
    return [Address(address.strip(), decode_text(label)) for label, address in found if address]


def _collect(
    message: Message,
    texts: list[TextPart],
    attachments: list[Attachment],
    defects: list[str],
    *,
    is_report: bool,
) -> str:
    """Walk the parts without entering attached messages; returns the shape of the text."""
    shape = ""
    stack: list[tuple[Message, str]] = [(message, "")]
    while stack:
        part, within = stack.pop()
        defects += [type(defect).__name__ for defect in part.defects]
        kind = _safe(part.get_content_type, "text/plain")
        payload: object = _safe(part.get_payload, None)
        if kind.startswith("multipart/") and isinstance(payload, list):
            inner = "multipart/alternative" if kind == "multipart/alternative" else within
            stack += [(child, inner) for child in reversed(payload) if isinstance(child, Message)]
            continue
        disposition = str(_safe(part.get_content_disposition, None) or "")
        name = _file_name(part)
        if kind in ("text/plain", "text/html") and disposition != "attachment" and not name:
            content = _bytes(part)
            charset = str(_safe(lambda part=part: part.get_param("charset"), None) or "")  # type: ignore[misc]
            text, sound = _decode(content, charset or "ascii")
            texts.append(TextPart(kind, text, charset.strip("\"'").lower(), sound))
            shape = shape or within or kind
        elif kind.startswith("message/") and is_report:
            continue
        else:
            content = _safe(part.as_bytes, b"") if isinstance(payload, list) else _bytes(part)
            attachments.append(Attachment(name, kind, content))
    return shape


def _bytes(part: Message) -> bytes:
    content: object = _safe(lambda: part.get_payload(decode=True), None)
    return content if isinstance(content, bytes) else b""


def _file_name(part: Message) -> str:
    name = _safe(part.get_filename, None)
    return decode_text(_unfold(name)) if name else ""


def _archive(attachments: list[Attachment]) -> tuple[Archive | None, str]:
    zips = [one for one in attachments if one.is_zip]
    chosen = next((one for one in zips if "IHE_XDM" in one.name.upper()), next(iter(zips), None))
    if chosen is None:
        return None, ""
    try:
        return read_archive(chosen.data), ""
    except ArchiveRefused as error:
        return None, str(error)


def _report(message: Message) -> Report | None:
    asked: object = _safe(lambda: message.get_param("report-type"), None)
    kind = str(asked or "").lower()
    found = {"disposition-notification": "mdn", "delivery-status": "dsn"}.get(kind)
    payload: object = _safe(message.get_payload, None)
    if message.get_content_type() != "multipart/report" or found is None or not isinstance(payload, list):
        return None
    parts = [part for part in payload if isinstance(part, Message)]
    kinds = tuple(_safe(part.get_content_type, "") for part in parts)
    for part in parts:
        if _safe(part.get_content_type, "") != f"message/{kind}":
            continue
        blocks: object = _safe(part.get_payload, None)
        found_blocks = blocks if isinstance(blocks, list) else []
        fields = [_fields(block) for block in found_blocks if isinstance(block, Message)]
        fields = [block for block in fields if block] or [{}]
        return Report(found, fields[0], tuple(fields[1:]), kinds)
    return Report(found, {}, (), kinds)


def _fields(block: Message) -> dict[str, str]:
    found = {str(name).lower(): decode_text(_unfold(value)) for name, value in block.raw_items()}
    body: object = _safe(block.get_payload, None)
    if not found and isinstance(body, str):  # an empty line came first
        for line in body[:MAX_HEADER].splitlines():
            name, colon, value = line.partition(":")
            if colon:
                found[name.strip().lower()] = value.strip()
    return found
