"""Does a matricule leave the software? Looks through what a message really carries, archives included."""

from schemas.mail import read_mail
from schemas.soap import mtom
from schemas.xdm.unzip import ArchiveRefused, unpack
from simulators.core.exchange import Exchange

OUTGOING = ("dmp", "mssante", "epu")


def carries(exchange: Exchange, matricule: str) -> str:
    """Where the matricule stands in what the software sent; empty when it is nowhere."""
    needle = matricule.encode()
    if needle in exchange.request_body or matricule in exchange.request_head:
        return exchange.id
    if exchange.service == "mssante" and exchange.transaction == "SMTP.message":
        return _in_mail(exchange, needle)
    if exchange.service == "dmp":
        return _in_parts(exchange, needle)
    return ""


def _in_mail(exchange: Exchange, needle: bytes) -> str:
    for part in read_mail(exchange.request_body).attachments:
        if needle in part.data:
            return f"{exchange.id} {part.name}"
        if part.is_zip:
            try:
                members, _ = unpack(part.data)
            except ArchiveRefused:
                continue
            for member in members:
                if needle in member.data:
                    return f"{exchange.id} {part.name}!{member.path}"
    return ""


def _in_parts(exchange: Exchange, needle: bytes) -> str:
    rows = [row.partition(":") for row in exchange.request_head.splitlines()]
    content_type = next((value.strip() for name, _, value in rows if name.lower() == "content-type"), "")
    if not mtom.is_multipart(content_type):
        return ""
    try:
        parts = mtom.split(content_type, exchange.request_body)
    except mtom.MultipartRefused:
        return ""
    for name, content in parts.attachments.items():
        if needle in content:
            return f"{exchange.id} {name}"
    return ""
