"""SMTP commands around the mail: greeting, STARTTLS, AUTH, and the small ones (RFC 5321, 3207, 4954)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from . import errors, faults, sasl
from .desk import APP
from .sasl import Attempt
from .service import OPERATOR
from .stream import Closed

if TYPE_CHECKING:
    from .smtp import SmtpSession

Handler = Callable[["SmtpSession", str], Awaitable[None]]


async def _ehlo(session: "SmtpSession", rest: str) -> None:
    _hello(session, rest)
    lines = [f"{OPERATOR} bonjour {rest}", f"SIZE {session.desk.options.max_size}"]
    lines += ["8BITMIME", "SMTPUTF8", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES"]
    if session.wire.tls is not None:
        lines.append(f"AUTH {session.mechanism}")
    elif not session.suffers(faults.NO_STARTTLS):
        lines.append("STARTTLS")
    session.reply("\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))


async def _helo(session: "SmtpSession", rest: str) -> None:
    _hello(session, rest)
    session.reply(f"250 {OPERATOR}")


def _hello(session: "SmtpSession", rest: str) -> None:
    if not rest or len(rest) > 255:
        raise errors.syntax("A host name is wanted")
    session.abandon("reset")
    session.helo = rest
    if session.wire.tls is not None:
        session.greeted_in_tls = True


async def _starttls(session: "SmtpSession", rest: str) -> None:
    if rest:
        raise errors.syntax("STARTTLS takes no parameter")
    if session.wire.tls is not None:
        raise errors.sequence("TLS is already active")
    if session.suffers(faults.NO_STARTTLS):
        raise errors.not_implemented("STARTTLS")
    if session.wire.pending:
        for line in session.wire.pending[:400].splitlines():
            session.transcript.client(line)
        raise errors.injection()
    session.reply("220 2.0.0 Ready to start TLS")
    context = session.desk.upgrades.context(session.interface, session.fault)
    made = await session.wire.start_tls(context, session.desk.options.handshake_timeout)
    session.transcript.remark(f"{made.version} {made.cipher}")
    beyond = session.desk.upgrades.beyond_list(session.wire.ssl_object)
    if beyond:
        session.more["suites_beyond_list"] = beyond
    session.helo = ""
    session.greeted_in_tls = None


async def _auth(session: "SmtpSession", rest: str) -> None:
    if session.wire.tls is None:
        session.more["mechanism"] = rest.partition(" ")[0].upper()[:20]
    session.need_tls()
    if session.greeted_in_tls is None:
        session.greeted_in_tls = False
    if session.mailbox is not None or session.mail is not None:
        raise errors.sequence("Already authenticated")
    mechanism, _, initial = rest.partition(" ")
    attempt = Attempt(mechanism.upper(), initial_response=bool(initial))
    if attempt.mechanism != session.mechanism:
        refusal = errors.unknown_mechanism(mechanism, session.mechanism)
        raise session.refused_attempt(replace(attempt, problem=refusal.reason), refusal)
    response = initial.strip().encode()
    if not response:
        response = await session.challenge("334 ")
    clear = sasl.decode(response)
    if clear is None:
        refusal = errors.bad_base64()
        raise session.refused_attempt(replace(attempt, problem=refusal.reason), refusal)
    attempt, mailbox = session.desk.authenticate(session.interface, attempt, clear, session.wire.tls)
    if session.suffers(faults.AUTH_REFUSED):
        attempt, mailbox = replace(attempt, problem="token-refused", detail="fault schedule"), None
    if mailbox is None:
        await _refuse_authentication(session, attempt)
        return
    session.attempts.append(attempt)
    session.attempt, session.mailbox = attempt, mailbox
    session.reply("235 2.7.0 Authentication successful")


async def _refuse_authentication(session: "SmtpSession", attempt: Attempt) -> None:
    if attempt.problem == "no-client-certificate":
        raise session.refused_attempt(attempt, errors.certificate_required())
    said = attempt.problem if not attempt.detail else f"{attempt.problem}: {attempt.detail}"
    refusal = errors.authentication(f"Authentication failed ({said})", attempt.problem)
    if session.interface == APP:
        raise session.refused_attempt(attempt, refusal)
    session.refused_attempt(attempt, refusal)
    data = session.note(f"334 {sasl.XOAUTH2_ERROR}")
    if session.desk.options.xoauth2_fail_mode == "close":
        session.refusals.append(refusal.reason)
        session.record_session(refusal.reason)
        session.wire.write(data)
        session.wire.close()
        raise Closed
    session.refusals.append(refusal.reason)
    session.wire.write(data)
    if await session.response():
        session.transcript.remark("an empty line was expected")
    raise refusal


async def _noop(session: "SmtpSession", rest: str) -> None:
    session.reply("250 2.0.0 OK")


async def _quit(session: "SmtpSession", rest: str) -> None:
    session.abandon("abandoned")
    session.reply("221 2.0.0 Bye")
    session.wire.close()


async def _vrfy(session: "SmtpSession", rest: str) -> None:
    session.reply("252 2.1.5 Cannot verify, send a message to try")


async def _help(session: "SmtpSession", rest: str) -> None:
    session.reply("214 2.0.0 EHLO STARTTLS AUTH MAIL RCPT DATA RSET NOOP QUIT")


async def _refused_command(session: "SmtpSession", rest: str) -> None:
    raise errors.not_implemented("This command")


HANDLERS: "dict[str, Handler]" = {
    "EHLO": _ehlo,
    "HELO": _helo,
    "STARTTLS": _starttls,
    "AUTH": _auth,
    "NOOP": _noop,
    "QUIT": _quit,
    "VRFY": _vrfy,
    "HELP": _help,
    "EXPN": _refused_command,
    "BDAT": _refused_command,
    "TURN": _refused_command,
    "ETRN": _refused_command,
}
