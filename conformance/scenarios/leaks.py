"""Does a matricule leave the software? Looks through what a message really carries: archives, CDA and PDF."""

from collections.abc import Iterator

from schemas import cda, pdf
from schemas.mail import MailRefused, read_mail
from schemas.soap import mtom
from schemas.xdm.unzip import ArchiveRefused, unpack
from simulators.core.exchange import Exchange

OUTGOING = ("dmp", "mssante", "epu")


def carries(exchange: Exchange, matricule: str) -> str:
    """Where the matricule stands in what the software sent; empty when it is nowhere."""
    if matricule in exchange.request_head:
        return exchange.id
    return next((place for place, text in _contents(exchange) if matricule.encode() in text), "")


def _contents(exchange: Exchange) -> Iterator[tuple[str, bytes]]:
    """What the exchange carries, piece by piece, each under the name of its place."""
    yield exchange.id, exchange.request_body
    if exchange.service == "mssante" and exchange.transaction == "SMTP.message":
        yield from _in_mail(exchange)
    if exchange.service == "dmp":
        yield from _in_parts(exchange)


def _in_mail(exchange: Exchange) -> Iterator[tuple[str, bytes]]:
    try:
        mail = read_mail(exchange.request_body)
    except MailRefused:
        return
    for text in mail.texts:
        yield f"{exchange.id} {text.media_type}", text.text.encode()
    for part in mail.attachments:
        yield from _in_file(f"{exchange.id} {part.name}", part.data)


def _in_parts(exchange: Exchange) -> Iterator[tuple[str, bytes]]:
    rows = [row.partition(":") for row in exchange.request_head.splitlines()]
    content_type = next((value.strip() for name, _, value in rows if name.lower() == "content-type"), "")
    if not mtom.is_multipart(content_type):
        return
    try:
        parts = mtom.split(content_type, exchange.request_body)
    except mtom.MultipartRefused:
        return
    for name, content in parts.attachments.items():
        yield from _in_file(f"{exchange.id} {name}", content)


def _in_file(place: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file, then what is folded in it: members of an archive, PDF of a CDA, print of a PDF."""
    yield place, data
    try:
        if data.startswith(b"PK\x03\x04"):
            for member in unpack(data)[0]:
                yield from _in_file(f"{place}!{member.path}", member.data)
        elif data.startswith(b"%PDF-"):
            page = pdf.read_pdf(data)
            for printed in (page.text, *(code for _, code in page.codes2d)):
                yield place, "".join(printed.split()).encode()
        elif data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and (held := cda.read(data).pdf):
            yield from _in_file(f"{place} PDF", held)
    except (ArchiveRefused, ValueError):
        return  # what cannot be opened was searched as bytes
