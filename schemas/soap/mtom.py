"""multipart/related messages: split and join by hand. Sources: RFC 2046 §5.1, RFC 2387, MTOM, XOP.

Strict on what makes a message ambiguous (boundary, start, Content-ID, end), tolerant of what real stacks
differ in (preamble, epilogue, blanks after the boundary, quoted parameters, base64 parts); every tolerance
leaves a note.
"""

import binascii
from collections.abc import Mapping, Sequence
from dataclasses import field
from urllib.parse import unquote

from schemas.frozen import frozen

from . import media
from .media import MediaType

MAX_PARTS = 1000
MAX_HEADERS = 16 * 1024  # bytes of headers of one part


class MultipartRefused(ValueError):
    """The body can't be split without guessing. `reason` is a stable word, `detail` is for people.

    Reasons: `not-multipart`, `boundary`, `truncated`, `headers`, `start`, `content-id`, `encoding`,
    `too-many-parts`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@frozen
class Part:
    """One part: headers with lower-case names, content with its transfer encoding undone."""

    headers: Mapping[str, str]
    content: bytes
    content_id: str = ""  # without angle brackets

    @property
    def media(self) -> MediaType:
        return media.parse(self.headers.get("content-type", ""))


@frozen
class Parts:
    """A message taken apart. `notes` are words for what was tolerated (see `schemas.soap.rules`)."""

    media: MediaType
    root: Part
    attachments: Mapping[str, bytes]  # content by Content-ID, the root left out
    notes: tuple[str, ...] = ()

    def resolve(self, href: str) -> bytes:
        """The content that a `cid:` URL names (percent-encoding undone, RFC 2392).

        Raises MultipartRefused (`content-id`) when it is no such URL or names no part.
        """
        if not href.startswith("cid:"):
            raise MultipartRefused("content-id", f"{href!r} is not a cid: URL")
        wanted = unquote(href[4:])
        content = self.attachments.get(wanted, self.attachments.get(href[4:]))
        if content is None:
            raise MultipartRefused("content-id", f"no part has the Content-ID <{wanted}>")
        return content


@frozen
class Attachment:
    """A part to send. `content_id` without brackets."""

    content_id: str
    content: bytes
    content_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)


def is_multipart(content_type: str) -> bool:
    """Whether this Content-Type says multipart/related."""
    return content_type.lstrip()[: len(media.RELATED)].lower() == media.RELATED


def split(content_type: str, body: bytes) -> Parts:
    """Take a multipart/related body apart.

    Raises MultipartRefused when boundary, end, part headers, start or Content-IDs are wrong.
    """
    kind = media.parse(content_type)
    if kind.name != media.RELATED:
        raise MultipartRefused("not-multipart", f"Content-Type is {kind.name or 'absent'}")
    boundary = kind.get("boundary")
    if not boundary or len(boundary) > 70:
        raise MultipartRefused("boundary", "the boundary parameter is absent or over 70 characters")
    notes: list[str] = []
    raw = _cut(body, b"--" + boundary.encode("utf-8", "replace"), notes)
    parts = [_part(body, begin, end, notes) for begin, end in raw]
    if not parts:
        raise MultipartRefused("boundary", "the message has no part")
    root = _root(kind.get("start"), parts, notes)
    attachments: dict[str, bytes] = {}
    for part in parts:
        if part is root:
            continue
        if not part.content_id:
            notes.append("part-without-content-id")
        elif part.content_id in attachments or part.content_id == root.content_id:
            raise MultipartRefused("content-id", f"two parts have the Content-ID <{part.content_id}>")
        else:
            attachments[part.content_id] = part.content
    return Parts(kind, root, attachments, tuple(dict.fromkeys(notes)))


def _cut(body: bytes, dash: bytes, notes: list[str]) -> list[tuple[int, int]]:
    """Where each part begins and ends. The line end before a delimiter belongs to the delimiter."""
    found = _delimiter(body, dash, 0, first=True)
    if found is None:
        raise MultipartRefused("boundary", f"no line begins with the boundary {dash.decode('utf-8')!r}")
    begin, after, closing, newline = found
    if body[:begin].strip():
        notes.append("preamble")
    if newline == b"\n":
        notes.append("lf-only")
    raw: list[tuple[int, int]] = []
    while not closing:
        found = _delimiter(body, dash, after, newline=newline)
        if found is None:
            raise MultipartRefused("truncated", "the closing boundary never comes")
        begin, next_after, closing, _ = found
        raw.append((after, max(begin, after)))
        if len(raw) > MAX_PARTS:
            raise MultipartRefused("too-many-parts", f"more than {MAX_PARTS} parts")
        after = next_after
    if body[after:].strip():
        notes.append("epilogue")
    return raw


def _delimiter(
    body: bytes, dash: bytes, position: int, *, first: bool = False, newline: bytes = b"\r\n"
) -> tuple[int, int, bool, bytes] | None:
    """Next delimiter line: where its leading line end begins, where its line ends, closing?, line end."""
    # the part that begins at `position` may be empty: its delimiter's line end is then the one just read
    search = position if first else max(0, position - len(newline))
    while True:
        at = body.find(dash, search)
        if at < 0:
            return None
        search = at + 1
        if at and body[at - 1 : at] != b"\n":
            continue
        lead = 0
        if at:
            lead = 2 if body[at - 2 : at] == b"\r\n" else 1
            if not first and newline == b"\r\n" and lead == 1:
                continue
            if newline == b"\n":
                lead = 1
        end = at + len(dash)
        closing = body[end : end + 2] == b"--"
        if closing:
            end += 2
        stop = end
        while body[stop : stop + 1] in (b" ", b"\t"):
            stop += 1
        if body[stop : stop + 2] == b"\r\n":
            return at - lead, stop + 2, closing, b"\r\n"
        if body[stop : stop + 1] == b"\n" and (first or newline == b"\n" or closing):
            return at - lead, stop + 1, closing, b"\n"
        if closing and stop == len(body):
            return at - lead, stop, True, newline


def _part(body: bytes, begin: int, end: int, notes: list[str]) -> Part:
    if body.startswith((b"\r\n", b"\n"), begin, end):
        head, content = b"", body[begin + (2 if body[begin : begin + 1] == b"\r" else 1) : end]
    else:
        limit = min(end, begin + MAX_HEADERS)
        crlf = body.find(b"\r\n\r\n", begin, limit)
        lf = body.find(b"\n\n", begin, limit if crlf < 0 else crlf)
        if crlf >= 0 and lf < 0:
            head, content = body[begin:crlf], body[crlf + 4 : end]
        elif lf >= 0:
            head, content = body[begin:lf], body[lf + 2 : end]
        else:
            raise MultipartRefused("headers", "no blank line after the headers of a part")
    headers = _headers(head)
    return Part(headers, _decode(headers, content, notes), headers.get("content-id", "").strip().strip("<>"))


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    name = ""
    for line in head.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"):
        if line[:1] in " \t" and name:
            headers[name] += " " + line.strip()
            continue
        key, colon, value = line.partition(":")
        if not line:
            continue
        name = key.strip().lower()
        if not colon or not name:
            raise MultipartRefused("headers", f"{line[:80]!r} is not a header")
        if name in headers and name in ("content-id", "content-type", "content-transfer-encoding"):
            raise MultipartRefused("headers", f"{name} comes twice in a part")
        headers[name] = value.strip()
    return headers


def _decode(headers: Mapping[str, str], content: bytes, notes: list[str]) -> bytes:
    encoding = headers.get("content-transfer-encoding", "binary").lower()
    if encoding in ("binary", "8bit", "7bit", ""):
        return content
    notes.append(f"encoding-{encoding}")
    if encoding == "base64":
        try:
            return binascii.a2b_base64(b"".join(content.split()), strict_mode=True)
        except binascii.Error as error:
            raise MultipartRefused("encoding", f"a part is not base64: {error}") from None
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    raise MultipartRefused("encoding", f"Content-Transfer-Encoding {encoding!r} is not known")


def _root(start: str, parts: Sequence[Part], notes: list[str]) -> Part:
    if not start:
        notes.append("no-start")
        return parts[0]
    wanted = start.strip().strip("<>")
    found = [part for part in parts if part.content_id == wanted]
    if len(found) != 1:
        count = "no part" if not found else f"{len(found)} parts"
        raise MultipartRefused("start", f"{count} with the Content-ID <{wanted}> of the start parameter")
    return found[0]


def join(
    envelope: bytes,
    attachments: Sequence[Attachment],
    action: str,
    *,
    boundary: str = "MIMEBoundary-segur-bench",
    root_id: str = "root.message@segur-bench",
) -> tuple[str, bytes]:
    """An MTOM message: its Content-Type and its body.

    `boundary` is changed as often as needed until no part contains it. Raises ValueError when two
    attachments have the same Content-ID.
    """
    names = [root_id, *(item.content_id for item in attachments)]
    if len(set(names)) != len(names):
        raise ValueError("two parts have the same Content-ID")
    stem, turn = boundary, 0
    while any(boundary.encode() in data for data in (envelope, *(item.content for item in attachments))):
        turn += 1
        boundary = f"{stem}-{turn}"
    content_type = (
        f'multipart/related; boundary="{boundary}"; type="{media.XOP}"; start="<{root_id}>"; '
        f'start-info="{media.SOAP_12}"; action="{action}"'
    )
    root_head = (
        f"--{boundary}\r\n"
        f'Content-Type: {media.XOP}; charset=UTF-8; type="{media.SOAP_12}"; action="{action}"\r\n'
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <{root_id}>\r\n\r\n"
    )
    pieces = [root_head.encode(), envelope]
    for item in attachments:
        more = "".join(f"{key}: {value}\r\n" for key, value in item.headers.items())
        pieces.append(
            f"\r\n--{boundary}\r\nContent-Type: {item.content_type}\r\n"
            f"Content-Transfer-Encoding: binary\r\nContent-ID: <{item.content_id}>\r\n{more}\r\n".encode()
        )
        pieces.append(item.content)
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    return content_type, b"".join(pieces)
