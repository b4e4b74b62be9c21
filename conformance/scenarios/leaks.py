"""Does a matricule leave the software? Looks through what a message really carries, archives included."""

import base64
import binascii

from schemas.mail import read_mail
from schemas.soap import mtom
from schemas.xdm import ArchiveRefused, read_archive
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
        if needle in part.content:
            return f"{exchange.id} {part.name}"
        if part.name.lower().endswith(".zip"):
            try:
                files = read_archive(part.content).files
            except ArchiveRefused:
                continue
            for name, content in files.items():
                if needle in content:
                    return f"{exchange.id} {part.name}!{name}"
    return ""


def _in_parts(exchange: Exchange, needle: bytes) -> str:
    content_type = next(
        (
            line.partition(":")[2].strip()
            for line in exchange.request_head.splitlines()
            if line.lower().startswith("content-type:")
        ),
        "",
    )
    if not content_type.lower().startswith("multipart/"):
        return ""
    try:
        parts = mtom.split(content_type, exchange.request_body)
    except ValueError:
        return ""
    for name, content in parts.attachments.items():
        if needle in content or needle in _unbase64(content):
            return f"{exchange.id} {name}"
    return ""


def _unbase64(content: bytes) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        return b""
