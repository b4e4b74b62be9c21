"""IMAP commands on messages (RFC 3501 §6.4, RFC 4315, RFC 6851)."""

from typing import TYPE_CHECKING

from . import content, imap_fetch, imap_search
from .imap_syntax import BadCommand, Call, Handler, No, want, word
from .imap_syntax import flags as given_flags
from .imap_syntax import string as astring
from .state import Message

if TYPE_CHECKING:
    from .imap import ImapSession

MAX_RECORDED = 2 * 1024 * 1024  # bytes of FETCH answers kept as evidence


async def _check(session: "ImapSession", call: Call) -> str:
    session.selected_folder()
    return "CHECK completed"


async def _close(session: "ImapSession", call: Call) -> str:
    folder = session.selected_folder()
    if not session.read_only:
        deleted = [message for message in session.view if "\\Deleted" in message.flags]
        session.desk.operator.world.remove(folder, deleted)
    session.leave()
    return "CLOSE completed"


async def _unselect(session: "ImapSession", call: Call) -> str:
    session.selected_folder()
    session.leave()
    return "UNSELECT completed"


async def _expunge(session: "ImapSession", call: Call) -> str:
    folder = session.writable_folder()
    chosen = list(session.view)
    if call.uid:
        want(call.arguments, 1)
        chosen = [message for _, message in session.chosen(call.arguments[0], True)]
    gone = [message for message in chosen if "\\Deleted" in message.flags]
    session.more["uids"] = [message.uid for message in gone]
    session.desk.operator.world.remove(folder, gone)
    return "EXPUNGE completed"


async def _search(session: "ImapSession", call: Call) -> str:
    session.selected_folder()
    criteria = call.arguments
    if len(criteria) > 1 and isinstance(criteria[0], bytes) and word(criteria[0]) == "CHARSET":
        if astring(criteria[1]).upper() not in ("UTF-8", "US-ASCII"):
            raise No("charset not supported", "BADCHARSET (UTF-8 US-ASCII)", "badcharset")
        criteria = criteria[2:]
    if not criteria:
        raise BadCommand("SEARCH wants criteria")
    last_uid = session.view[-1].uid if session.view else 0
    predicate = imap_search.compile_search(criteria, len(session.view), last_uid)
    found = [
        str(message.uid if call.uid else number)
        for number, message in enumerate(session.view, 1)
        if predicate(imap_search.Candidate(number, message))
    ]
    session.say(" ".join(("* SEARCH", *found)))
    session.more["found"] = len(found)
    return "SEARCH completed"


async def _fetch(session: "ImapSession", call: Call) -> str:
    session.selected_folder()
    if len(call.arguments) < 2:
        raise BadCommand("FETCH wants messages and items")
    wanted = imap_fetch.items(call.arguments[1:])
    if call.uid and not any(item.name == "UID" for item in wanted):
        wanted.insert(0, imap_fetch.Item("UID"))
    whole = any(item.whole for item in wanted)
    chosen = session.chosen(call.arguments[0], call.uid)
    marks = not session.read_only and any(item.marks_seen for item in wanted)
    ids: list[str] = []
    for number, message in chosen:
        if marks and "\\Seen" not in message.flags:
            message.flags.add("\\Seen")
            session.known[message.uid] = frozenset(message.flags)
            if not any(item.name == "FLAGS" for item in wanted):
                wanted = [*wanted, imap_fetch.Item("FLAGS")]
        line = b"* %d FETCH %s" % (number, imap_fetch.answer(message, wanted))
        session.say(line)
        if whole:
            ids.append(content.headers(message.source).get("Message-ID"))
        if len(session.sent) + len(line) <= MAX_RECORDED:
            session.sent += line + b"\r\n"
    session.more |= {"uids": [message.uid for _, message in chosen], "whole": whole, "message_ids": ids}
    return "FETCH completed"


async def _store(session: "ImapSession", call: Call) -> str:
    session.writable_folder()
    if len(call.arguments) < 3:
        raise BadCommand("STORE wants messages, an operation and flags")
    operation = word(call.arguments[1])
    silent = operation.endswith(".SILENT")
    sign = operation.removesuffix(".SILENT")
    if sign not in ("FLAGS", "+FLAGS", "-FLAGS"):
        raise BadCommand("STORE wants FLAGS, +FLAGS or -FLAGS")
    given = call.arguments[2] if isinstance(call.arguments[2], list) else call.arguments[2:]
    flags = set(given_flags(given))
    chosen = session.chosen(call.arguments[0], call.uid)
    for number, message in chosen:
        with session.desk.operator.world.lock:
            if sign == "FLAGS":
                message.flags.clear()
            message.flags = message.flags - flags if sign == "-FLAGS" else message.flags | flags
        session.known[message.uid] = frozenset(message.flags)
        if not silent:
            told = b"UID %d " % message.uid if call.uid else b""
            session.say(b"* %d FETCH (%sFLAGS (%s))" % (number, told, imap_fetch.flags(message)))
    session.more |= {"uids": [message.uid for _, message in chosen], "flags": sorted(flags), "store": sign}
    return "STORE completed"


async def _copy(session: "ImapSession", call: Call) -> str:
    return f"{_copied(session, call.arguments, call.uid)[0]}COPY completed"


async def _move(session: "ImapSession", call: Call) -> str:
    folder = session.writable_folder()
    code, moved = _copied(session, call.arguments, call.uid)
    if code:
        session.say(f"* OK {code}moved")
    session.desk.operator.world.remove(folder, moved)
    return "MOVE completed"


def _copied(session: "ImapSession", arguments: list[object], uid: bool) -> tuple[str, list[Message]]:
    session.selected_folder()
    want(arguments, 2)
    target = session.existing_folder(arguments[1], "TRYCREATE")
    chosen = [message for _, message in session.chosen(arguments[0], uid)]
    world = session.desk.operator.world
    made = [world.store(target, message.source, message.flags, message.received) for message in chosen]
    session.more |= {"uids": [message.uid for message in chosen], "target": target.name}
    if not made:
        return "", []
    uids = ",".join(str(message.uid) for message in chosen)
    copies = ",".join(str(message.uid) for message in made)
    return f"[COPYUID {target.uid_validity} {uids} {copies}] ", chosen


HANDLERS: "dict[str, Handler[ImapSession]]" = {
    "CHECK": _check,
    "CLOSE": _close,
    "UNSELECT": _unselect,
    "EXPUNGE": _expunge,
    "SEARCH": _search,
    "FETCH": _fetch,
    "STORE": _store,
    "COPY": _copy,
    "MOVE": _move,
}
