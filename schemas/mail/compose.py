"""Writing mails: same input, same bytes. Every id and instant is given by the caller.

Sources: Référentiel #2 (ECO.2.1.1 to ECO.2.4.3), RFC 5322, 2045–2047, 2231, 3464, 8098.
"""

import base64
import email.utils
import hashlib
import quopri
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header

from schemas.cda.model import ClinicalDocument
from schemas.mail import naming
from schemas.mail.model import ARCHIVE_NAME, AUTOMATIC_NOTE, Address, Attachment, Mail

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail to write. `message_id` with its angle brackets; `date` aware.

    `html`: same wording as `body`, empty for a plain mail. `reply_to`: for an application mailbox it is the
    PER or ORG address, also named by the closing note (`automatic`). `codes` and `ins` are the values of
    X-MSS-CODECDA and X-MSS-INS, empty without CDA. `no_reply` writes X-MSS-MES: FIN.
    """

    sender: Address
    to: tuple[Address, ...]
    subject: str
    body: str
    message_id: str
    date: datetime
    nil: str = ""
    html: str = ""
    reply_to: str = ""
    automatic: bool = False
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    no_reply: bool = False
    delivery_receipt: bool = False
    read_receipt: bool = False
    codes: str = ""
    ins: str = ""
    attachments: tuple[Attachment, ...] = ()
    more_headers: tuple[tuple[str, str], ...] = ()


def with_documents(
    draft: Draft,
    archive: bytes,
    documents: Sequence[ClinicalDocument],
    pdfs: Sequence[bytes],
    *,
    label: str = "",
) -> Draft:
    """The draft with subject, headers and attachments of a document mail: one archive, one PDF a document.

    Raises ValueError when documents and PDFs are not as many, or there are none.
    """
    if not documents or len(documents) != len(pdfs):
        raise ValueError("a document mail has one PDF for each of its documents")
    files = [Attachment(ARCHIVE_NAME, "application/zip", archive)]
    for document, pdf in zip(documents, pdfs, strict=True):
        files.append(Attachment(naming.document_file_name(document), "application/pdf", pdf))
    return replace(
        draft,
        subject=naming.subject(documents[0], label),
        codes=naming.code_header(documents),
        ins=naming.ins_header(documents),
        attachments=(*files, *draft.attachments),
    )


def as_reply(draft: Draft, to: Mail) -> Draft:
    """The draft as an answer: In-Reply-To, References, and `Re:` before the subject when it has none."""
    chain = (*to.references, to.message_id) if to.message_id else to.references
    subject = draft.subject or (to.subject if to.subject.lower().startswith("re:") else f"Re: {to.subject}")
    return replace(draft, subject=subject, in_reply_to=to.message_id, references=chain)


def compose(draft: Draft) -> bytes:
    """The message as bytes, CRLF. Raises ValueError on a header that would break the message."""
    body, html = draft.body, draft.html
    if draft.automatic and draft.reply_to:
        note = AUTOMATIC_NOTE.format(address=draft.reply_to)
        body = f"{body.rstrip()}\n\n{note}\n"
        html = html and f"{html}<p>{_html(note)}</p>"
    content = _text("plain", body)
    if html:
        content = _multipart("alternative", [content, _text("html", html)], draft.message_id)
    if draft.attachments:
        files = [_file(attachment) for attachment in draft.attachments]
        content = _multipart("mixed", [content, *files], draft.message_id)
    sender = draft.sender.address
    headers = [
        ("From", _mailbox(draft.sender)),
        ("To", ", ".join(_mailbox(one) for one in draft.to)),
        ("Reply-To", draft.reply_to),
        ("Date", email.utils.format_datetime(draft.date)),
        ("Message-ID", draft.message_id),
        ("In-Reply-To", draft.in_reply_to),
        ("References", " ".join(draft.references)),
        ("Subject", draft.subject),
        ("Return-Receipt-To", sender if draft.delivery_receipt else ""),
        ("Disposition-Notification-To", sender if draft.read_receipt else ""),
        ("X-MSS-CODECDA", draft.codes),
        ("X-MSS-INS", draft.ins),
        ("X-MSS-NIL", draft.nil),
        ("X-MSS-MES", "FIN" if draft.no_reply else ""),
        *draft.more_headers,
    ]
    return _headers(headers) + content


def compose_mdn(
    original: Mail,
    *,
    sender: Address,
    message_id: str,
    date: datetime,
    disposition: str = "manual-action/MDN-sent-manually; displayed",
    text: str = "Le message a été affiché au destinataire.",
    nil: str = "",
    error: str = "",
    reporting_ua: str = "segur-bench",
) -> bytes:
    """A read receipt (RFC 8098). `error`: the field of a failure, `902^Identifiant patient inconnu`.

    Raises ValueError when the original asks for no receipt.
    """
    to = original.header("Disposition-Notification-To")
    if not to:
        raise ValueError("the message asks for no read receipt")
    fields = [
        ("Reporting-UA", reporting_ua),
        ("Original-Recipient", f"rfc822;{sender.address}"),
        ("Final-Recipient", f"rfc822;{sender.address}"),
        ("Original-Message-ID", original.message_id),
        ("Disposition", disposition),
        ("Error", error),
    ]
    parts = [
        _text("plain", text),
        b"Content-Type: message/disposition-notification\r\n\r\n" + _headers(fields, mime=False),
        b"Content-Type: text/rfc822-headers\r\n\r\n" + _head(original.raw),
    ]
    subject = original.subject if not error else f"[KO Intégration système !] {original.subject}"
    headers = [
        ("From", _mailbox(sender)),
        ("To", to),
        ("Date", email.utils.format_datetime(date)),
        ("Message-ID", message_id),
        ("In-Reply-To", original.message_id),
        ("References", original.message_id),
        ("Subject", subject),
        ("X-MSS-NIL", nil),
    ]
    return _headers(headers) + _multipart(
        "report", parts, message_id, "; report-type=disposition-notification"
    )


def compose_dsn(
    original: Mail,
    *,
    sender: Address,
    to: str,
    recipient: str,
    message_id: str,
    date: datetime,
    status: str,
    diagnostic: str,
    action: str = "failed",
    reporting_mta: str = "mx.test.mssante.fr",
    text: str = "",
) -> bytes:
    """A delivery report (RFC 3464) about one recipient; `action` is `failed`, `delayed` or `delivered`."""
    words = text or f"Message non distribué : {recipient}\n{status} {diagnostic}"
    fields = [
        ("Final-Recipient", f"rfc822; {recipient}"),
        ("Action", action),
        ("Status", status),
        ("Diagnostic-Code", f"smtp; {diagnostic}" if diagnostic else ""),
    ]
    status_part = _headers([("Reporting-MTA", f"dns; {reporting_mta}")], mime=False)
    parts = [
        _text("plain", words),
        b"Content-Type: message/delivery-status\r\n\r\n" + status_part + _headers(fields, mime=False),
        b"Content-Type: text/rfc822-headers\r\n\r\n" + _head(original.raw),
    ]
    headers = [
        ("From", _mailbox(sender)),
        ("To", to),
        ("Date", email.utils.format_datetime(date)),
        ("Message-ID", message_id),
        ("In-Reply-To", original.message_id),
        ("Subject", "Message distribué" if action == "delivered" else "Message non distribué"),
        ("Auto-Submitted", "auto-replied"),
    ]
    return _headers(headers) + _multipart("report", parts, message_id, "; report-type=delivery-status")


def _headers(headers: Iterable[tuple[str, str]], *, mime: bool = True) -> bytes:
    lines = []
    for name, value in headers:
        if not value:
            continue
        if _CONTROL.search(value) or _CONTROL.search(name):
            raise ValueError(f"header {name} holds a control character")
        lines.append(f"{name}: {_encoded(name, value)}\r\n")
    if mime:
        lines.append("MIME-Version: 1.0\r\n")
    return "".join(lines).encode("ascii") + (b"" if mime else b"\r\n")


def _encoded(name: str, value: str) -> str:
    if value.isascii() and len(name) + len(value) < 900 and (len(value) < 70 or " " not in value):
        return value
    charset = Charset("utf-8")
    charset.header_encoding = QP
    header = Header(value, "us-ascii" if value.isascii() else charset, 76, name, continuation_ws=" ")
    return header.encode(linesep="\r\n")


def _mailbox(one: Address) -> str:
    if _CONTROL.search(one.address) or not one.address.isascii() or "<" in one.address or " " in one.address:
        raise ValueError(f"not a mail address: {one.address!r}")
    if not one.label:
        return one.address
    if _CONTROL.search(one.label):
        raise ValueError("a label holds a control character")
    if one.label.isascii():
        quoted = one.label.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{one.address}>'
    return email.utils.formataddr((one.label, one.address))


def _text(subtype: str, text: str) -> bytes:
    lines = "\n".join(text.splitlines()) + "\n"
    encoded = quopri.encodestring(lines.encode()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return (
        f"Content-Type: text/{subtype}; charset=UTF-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
        + encoded
    )


def _file(attachment: Attachment) -> bytes:
    name = attachment.name
    if _CONTROL.search(name):
        raise ValueError("a file name holds a control character")
    if name.isascii() and '"' not in name and "\\" not in name:
        stated = f'filename="{name}"'
    else:
        stated = "filename*=" + email.utils.encode_rfc2231(name, "utf-8")
    encoded = base64.encodebytes(attachment.data).replace(b"\n", b"\r\n")
    return (
        f"Content-Type: {attachment.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n {stated}\r\n\r\n".encode()
        + encoded
    )


def _multipart(subtype: str, parts: Sequence[bytes], seed: str, more: str = "") -> bytes:
    boundary = f"=_{hashlib.sha256(f'{seed} {subtype}'.encode()).hexdigest()[:32]}"
    head = f'Content-Type: multipart/{subtype}{more};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return head + body + b"--" + boundary.encode() + b"--\r\n"


def _head(raw: bytes) -> bytes:
    head = raw[:65_536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return head.replace(b"\n", b"\r\n") + b"\r\n"


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
