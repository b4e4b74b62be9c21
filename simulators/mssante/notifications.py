"""Mails that an operator or a correspondent sends back: DSN (RFC 3464), MDN (RFC 8098), answers of patients.

Built on plain text templates: field order and case are those of the examples of the national volets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from .content import headers


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes a mail unique, chosen by the caller."""

    message_id: str  # with its angle brackets
    boundary: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one recipient. `action`: `delivered`, `failed`, `relayed`, `delayed`."""

    address: str
    action: str
    status: str  # RFC 3463, `2.0.0`, `5.1.1`…
    diagnostic: str = ""  # `550 5.1.1 …`
    original: str = ""  # ORCPT as given, `rfc822;…`


@dataclass(frozen=True, slots=True)
class Mdn:
    """A receipt. `disposition`: `displayed`, `processed`, `deleted`; `error`: `<code>^<label>` or empty.

    `legacy_error` writes the error inside Disposition, as the volet did in its version 1.1.2.
    `subject` replaces the original subject.
    """

    recipient: str
    to: str
    disposition: str = "displayed"
    automatic: bool = True
    error: str = ""
    legacy_error: bool = False
    original_message_id: str | None = None
    subject: str | None = None


def _encoded(value: str) -> str:
    """A header value as RFC 2047 wants it, on lines of ASCII."""
    holder = EmailMessage(policy=SMTP)
    holder["X"] = " ".join(value.split())
    return holder.as_bytes().decode("ascii", "replace").partition(":")[2].strip()


def _head(stamp: Stamp, sender: str, to: str, subject: str, more: Sequence[str] = ()) -> list[str]:
    return [
        f"Date: {format_datetime(stamp.now)}",
        f"Message-ID: {stamp.message_id}",
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {_encoded(subject)}",
        *more,
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
    ]


def _report(kind: str, stamp: Stamp) -> str:
    return f'Content-Type: multipart/report; report-type={kind}; boundary="{stamp.boundary}"'


def _crlf(lines: Sequence[str]) -> bytes:
    return "\r\n".join(lines).encode("utf-8")


def dsn(
    source: bytes,
    to: str,
    fates: Sequence[Fate],
    stamp: Stamp,
    *,
    operator: str,
    envid: str = "",
    full: bool = False,
) -> bytes:
    """A delivery status notification about `source`, to its sender. `full` returns the whole message."""
    failed = any(fate.action == "failed" for fate in fates)
    subject = "Message non distribué" if failed else "Message distribué"
    told = [f"{fate.address} : {fate.action} {fate.diagnostic or fate.status}" for fate in fates]
    per_message = [f"Reporting-MTA: dns; {operator}"]
    if envid:
        per_message.append(f"Original-Envelope-Id: {envid}")
    blocks = []
    for fate in fates:
        blocks += ["", f"Final-Recipient: rfc822; {fate.address}"]
        if fate.original:
            blocks.append(f"Original-Recipient: {fate.original}")
        blocks += [f"Action: {fate.action}", f"Status: {fate.status}"]
        if fate.diagnostic:
            blocks.append(f"Diagnostic-Code: smtp; {fate.diagnostic}")
    kind = "message/rfc822" if full else "text/rfc822-headers"
    return b"".join(
        [
            _crlf(
                [
                    *_head(stamp, f"Service de distribution <postmaster@{operator}>", to, subject),
                    _report("delivery-status", stamp),
                    "",
                    f"--{stamp.boundary}",
                    "Content-Type: text/plain; charset=utf-8",
                    "Content-Transfer-Encoding: 8bit",
                    "",
                    f"{subject} :",
                    *told,
                    "",
                    f"--{stamp.boundary}",
                    "Content-Type: message/delivery-status",
                    "",
                    *per_message,
                    *blocks,
                    "",
                    f"--{stamp.boundary}",
                    f"Content-Type: {kind}",
                    "",
                    "",
                ]
            ),
            source if full else headers(source).block,
            f"\r\n--{stamp.boundary}--\r\n".encode(),
        ]
    )


def mdn(source: bytes, receipt: Mdn, stamp: Stamp) -> bytes:
    """A message disposition notification about `source`, from the mailbox that received it."""
    read = headers(source)
    original = receipt.original_message_id or read.get("Message-ID")
    subject = receipt.subject if receipt.subject is not None else read.get("Subject")
    code = receipt.error.partition("^")[0]
    if receipt.error and receipt.subject is None:
        subject = f"[KO Intégration système !][{code}] {subject}"
    mode = "automatic-action/MDN-sent-automatically"
    if not receipt.automatic:
        mode = "manual-action/MDN-sent-manually"
    disposition = f"{mode}; {receipt.disposition}"
    if receipt.error:
        disposition += f"/Error: {receipt.error}" if receipt.legacy_error else "/error"
    fields = [
        f"Reporting-UA: {receipt.recipient.rpartition('@')[2]}; segur-bench",
        f"Original-Recipient: rfc822; {receipt.recipient}",
        f"Final-Recipient: rfc822; {receipt.recipient}",
        f"Original-Message-ID: {original}",
        f"Disposition: {disposition}",
    ]
    if receipt.error and not receipt.legacy_error:
        fields.append(f"Error: {receipt.error}")
    return b"".join(
        [
            _crlf(
                [
                    *_head(stamp, receipt.recipient, receipt.to, subject, (f"In-Reply-To: {original}",)),
                    _report("disposition-notification", stamp),
                    "",
                    f"--{stamp.boundary}",
                    "Content-Type: text/plain; charset=utf-8",
                    "Content-Transfer-Encoding: 8bit",
                    "",
                    f"Le message « {' '.join(read.get('Subject').split())} » a été traité : {disposition}",
                    "",
                    f"--{stamp.boundary}",
                    "Content-Type: message/disposition-notification",
                    "",
                    *fields,
                    "",
                    f"--{stamp.boundary}",
                    "Content-Type: message/rfc822",
                    "",
                    "",
                ]
            ),
            source,
            f"\r\n--{stamp.boundary}--\r\n".encode(),
        ]
    )


def answer(
    source: bytes, sender: str, label: str, body: str, stamp: Stamp, *, subject: str | None = None
) -> bytes:
    """An answer to `source`, threaded (In-Reply-To, References), to its Reply-To or else its From."""
    read = headers(source)
    parent = read.get("Message-ID")
    to = (read.addresses("Reply-To") or read.addresses("From") or [""])[0]
    text = subject if subject is not None else f"Re: {read.get('Subject')}"
    more = (("In-Reply-To", parent), ("References", " ".join([*read.get("References").split(), parent])))
    return letter(sender, label, to, text, body, stamp, more=tuple(item for item in more if item[1]))


def letter(
    sender: str,
    label: str,
    to: str,
    subject: str,
    body: str,
    stamp: Stamp,
    *,
    more: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A plain text mail."""
    mail = EmailMessage(policy=SMTP)
    mail["Date"] = format_datetime(stamp.now)
    mail["Message-ID"] = stamp.message_id
    mail["From"] = Address(label, addr_spec=sender) if label else sender
    mail["To"] = to
    mail["Subject"] = " ".join(subject.split())
    for name, value in more:
        mail[name] = " ".join(value.split())
    mail.set_content(body, charset="utf-8", cte="quoted-printable")
    return mail.as_bytes()
