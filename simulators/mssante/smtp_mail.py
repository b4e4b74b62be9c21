"""SMTP commands of a mail: MAIL, RCPT, DATA, RSET (RFC 5321, DSN parameters of RFC 3461)."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from simulators.core import faults as generic

from . import errors, faults
from .errors import Refusal
from .service import Envelope, Recipient
from .stream import BareNewline, Closed, LineTooLong
from .transaction import MAX_FACTS, Transaction

if TYPE_CHECKING:
    from .smtp import SmtpSession

Handler = Callable[["SmtpSession", str], Awaitable[None]]

MAIL_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH"})
RCPT_PARAMETERS = frozenset({"NOTIFY", "ORCPT"})

_PATH = re.compile(r"(FROM|TO):[ \t]?<([^<>]*)>(.*)", re.IGNORECASE)


async def _mail(session: "SmtpSession", rest: str) -> None:
    session.need_tls()
    if session.greeted_in_tls is None:
        session.greeted_in_tls = False
    if session.mailbox is None:
        raise errors.need_authentication()
    if session.mail is not None:
        raise errors.sequence("A transaction is already open")
    sender, raw = _path(rest, "FROM")
    parameters = _parameters(raw, MAIL_PARAMETERS)
    envelope = Envelope(
        sender, session.mailbox, ret=parameters.get("RET", "").upper(), envid=parameters.get("ENVID", "")
    )
    clock = session.desk.context.clock
    fault = session.desk.fault("SMTP.message")
    session.mail = Transaction(clock.now(), clock.ticks(), sender, envelope, fault)
    if fault is not None and fault.kind == generic.UNAVAILABLE:
        raise errors.unavailable()
    if parameters.get("RET", "FULL").upper() not in ("FULL", "HDRS"):
        session.drop(errors.syntax("RET is FULL or HDRS"))
    size = parameters.get("SIZE", "")
    if size and not (size.isascii() and size.isdigit() and len(size) <= 20):
        session.drop(errors.syntax("SIZE is a number of bytes"))
    if size and int(size) > session.desk.options.max_size:
        session.drop(errors.too_big(session.desk.options.max_size))
    try:
        session.desk.operator.check_sender(sender, session.mailbox)
    except Refusal as refusal:
        session.drop(refusal)
    session.reply("250 2.1.0 Sender OK")


async def _rcpt(session: "SmtpSession", rest: str) -> None:
    session.need_tls()
    mail = session.mail
    if mail is None:
        raise errors.sequence("MAIL first") if session.mailbox else errors.need_authentication()
    address, raw = _path(rest, "TO")
    parameters = _parameters(raw, RCPT_PARAMETERS)
    notify = tuple(part.upper() for part in parameters.get("NOTIFY", "").split(",") if part)
    if set(notify) - {"NEVER", "SUCCESS", "FAILURE", "DELAY"} or ("NEVER" in notify and len(notify) > 1):
        raise errors.syntax("NOTIFY is NEVER, or some of SUCCESS, FAILURE, DELAY")
    mail.tried.append(address)
    try:
        recipient = _check_recipient(session, mail, address)
    except Refusal as refusal:
        mail.reason, mail.reply = refusal.reason, str(refusal)
        if len(mail.replies) < MAX_FACTS:
            mail.replies[address] = f"{refusal.code} {refusal.enhanced}"
        raise
    recipient.notify, recipient.orcpt = notify, parameters.get("ORCPT", "")
    mail.envelope.recipients.append(recipient)
    mail.replies[address] = "250 2.1.5"
    if notify:
        mail.notify[address] = ",".join(notify)
    session.reply("250 2.1.5 Recipient OK")


def _check_recipient(session: "SmtpSession", mail: Transaction, address: str) -> Recipient:
    if len(mail.envelope.recipients) >= session.desk.options.max_recipients:
        raise errors.too_many_recipients(session.desk.options.max_recipients)
    if mail.fault is not None and mail.fault.kind == faults.GREYLIST:
        raise errors.greylisted()
    return session.desk.operator.check_recipient(mail.sender, address)


async def _data(session: "SmtpSession", rest: str) -> None:
    if rest:
        raise errors.syntax("DATA takes no parameter")
    session.need_tls()
    mail = session.mail
    if mail is None:
        raise errors.sequence("MAIL and RCPT first") if session.mailbox else errors.need_authentication()
    if not mail.envelope.recipients:
        raise errors.no_valid_recipients()
    session.reply("354 End data with <CR><LF>.<CR><LF>")
    options = session.desk.options
    try:
        data = await session.wire.read_data(options.max_size, options.data_timeout)
    except BareNewline as bare:
        session.more["in_data"] = True
        raise errors.bare_newline(bare.character, bare.offset) from None
    except LineTooLong:
        refusal = errors.too_big(options.max_size)
        refusal.closes = True
        raise refusal from None
    session.transcript.remark(f"message of {data.size} bytes")
    await _end_of_data(session, mail, data.source, data.size)


async def _end_of_data(session: "SmtpSession", mail: Transaction, source: bytes, size: int) -> None:
    kind = mail.fault.kind if mail.fault is not None else ""
    params = mail.fault.params if mail.fault is not None else {}
    effect = mail.envelope.effect
    if kind == faults.CUT_IN_DATA or effect.cut == "before":
        session.transcript.remark("the operator cuts the connection without keeping the message")
        session.record_mail("refused", "cut-before-commit", "", source, size)
        session.wire.abort()
        raise Closed
    try:
        if kind == generic.SERVER_ERROR:
            raise errors.local_error()
        if kind == faults.REJECT:
            raise Refusal(
                int(params.get("code", 554)),
                str(params.get("enhanced", "5.7.1")),
                str(params.get("text", "Message refused")),
                "rejected",
            )
        session.desk.operator.check_message(mail.envelope, source, size)
        session.desk.operator.deliver(mail.envelope, source)
    except Refusal as refusal:
        reply = session.note(str(refusal))
        session.record_mail("refused", refusal.reason, str(refusal), source, size)
        session.wire.write(reply)
        return
    if kind == generic.CUT_AFTER_COMMIT or effect.cut == "after":
        session.transcript.remark("message kept; the operator cuts the connection before its reply")
        session.record_mail("accepted", "", "", source, size)
        session.wire.abort()
        raise Closed
    delay = float(params.get("seconds", 5.0)) if kind == generic.SLOW else effect.delay
    if delay:
        session.transcript.remark(f"the operator waits {delay:g} s before its reply")
        await asyncio.sleep(delay)
    text = "25" if kind == generic.MALFORMED else "250 2.0.0 Message accepted for delivery"
    reply = session.note(text)
    session.record_mail("accepted", "", text, source, size)
    session.wire.write(reply)
    if kind == generic.MALFORMED:
        session.wire.close()
        raise Closed


async def _rset(session: "SmtpSession", rest: str) -> None:
    session.abandon("reset")
    session.reply("250 2.0.0 OK")


def _path(rest: str, keyword: str) -> tuple[str, str]:
    found = _PATH.fullmatch(rest)
    if found is None or found[1].upper() != keyword:
        raise errors.syntax(f"{keyword}:<address> is wanted")
    return found[2].strip(), found[3]


def _parameters(raw: str, known: frozenset[str]) -> dict[str, str]:
    """ESMTP parameters, names in upper case, values as sent. Raises Refusal 555 on an unknown one."""
    if raw and not raw.startswith(" "):
        raise errors.syntax("Parameters are separated by a space")
    parameters: dict[str, str] = {}
    for part in raw.split():
        name, _, value = part.partition("=")
        if name.upper() not in known:
            raise errors.unknown_parameter(name)
        parameters[name.upper()] = value
    return parameters


HANDLERS: "dict[str, Handler]" = {
    "MAIL": _mail,
    "RCPT": _rcpt,
    "DATA": _data,
    "RSET": _rset,
}
