"""IMAP commands of any state, and authentication (RFC 3501 §6.1, §6.2)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from . import faults, sasl
from .desk import APP
from .imap_syntax import BadCommand, Call, Handler, No, word
from .imap_syntax import string as astring
from .sasl import Attempt

if TYPE_CHECKING:
    from .imap import ImapSession


async def _capability(session: "ImapSession", call: Call) -> str:
    session.say(f"* CAPABILITY {session.capabilities()}")
    return "CAPABILITY completed"


async def _noop(session: "ImapSession", call: Call) -> str:
    return "NOOP completed"


async def _id(session: "ImapSession", call: Call) -> str:
    session.say('* ID ("name" "segur-bench")')
    return "ID completed"


async def _logout(session: "ImapSession", call: Call) -> str:
    session.say("* BYE logging out")
    return "LOGOUT completed"


async def _starttls(session: "ImapSession", call: Call) -> str:
    if session.wire.tls is not None:
        raise BadCommand("TLS is already active")
    if session.suffers(faults.NO_STARTTLS):
        raise BadCommand("unknown command STARTTLS")
    if session.wire.pending:
        for line in session.wire.pending[:400].splitlines():
            session.transcript.client(line)
        raise No("commands sent in clear after STARTTLS are refused; closing", "", "starttls-injection")
    return "begin TLS negotiation now"


async def _login(session: "ImapSession", call: Call) -> str:
    session.need_tls()
    mechanism = sasl.PLAIN if session.interface == APP else sasl.XOAUTH2
    session.refused_attempt(Attempt("LOGIN", problem="unknown-mechanism", detail=f"{mechanism} is wanted"))
    raise No(f"LOGIN is disabled, use AUTHENTICATE {mechanism}", "AUTHENTICATIONFAILED", "unknown-mechanism")


async def _authenticate(session: "ImapSession", call: Call) -> str:
    session.need_tls()
    if session.mailbox is not None:
        raise BadCommand("already authenticated")
    if not call.arguments:
        raise BadCommand("AUTHENTICATE wants a mechanism")
    expected = sasl.PLAIN if session.interface == APP else sasl.XOAUTH2
    attempt = Attempt(word(call.arguments[0]), initial_response=len(call.arguments) > 1)
    if attempt.mechanism != expected:
        session.refused_attempt(replace(attempt, problem="unknown-mechanism", detail=f"{expected} is wanted"))
        raise No(f"use {expected}", "AUTHENTICATIONFAILED", "unknown-mechanism")
    response = astring(call.arguments[1]).encode() if len(call.arguments) > 1 else await session.challenge("")
    clear = sasl.decode(response)
    if clear is None:
        session.refused_attempt(replace(attempt, problem="bad-base64"))
        raise BadCommand("the SASL response is not base64")
    attempt, mailbox = session.desk.authenticate(session.interface, attempt, clear, session.wire.tls)
    if session.suffers(faults.AUTH_REFUSED):
        attempt, mailbox = replace(attempt, problem="token-refused", detail="fault schedule"), None
    if mailbox is None:
        session.refused_attempt(attempt)
        by_rfc = session.interface != APP and session.desk.options.xoauth2_fail_mode == "rfc"
        if by_rfc and await session.challenge(sasl.XOAUTH2_ERROR):
            session.transcript.remark("an empty line was expected")
        said = attempt.problem if not attempt.detail else f"{attempt.problem}: {attempt.detail}"
        raise No(f"Authentication failed ({said})", "AUTHENTICATIONFAILED", attempt.problem)
    session.attempts.append(attempt)
    session.attempt, session.mailbox = attempt, mailbox
    return f"[CAPABILITY {session.capabilities()}] authenticated"


HANDLERS: "dict[str, Handler[ImapSession]]" = {
    "CAPABILITY": _capability,
    "NOOP": _noop,
    "ID": _id,
    "LOGOUT": _logout,
    "STARTTLS": _starttls,
    "LOGIN": _login,
    "AUTHENTICATE": _authenticate,
}
