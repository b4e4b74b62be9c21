"""IMAP commands on folders, APPEND and IDLE (RFC 3501 §6.3, RFC 2177, RFC 2342)."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from . import content
from .imap_syntax import (
    SYSTEM_FLAGS,
    BadCommand,
    Call,
    Handler,
    No,
    Quoted,
    decode_utf7,
    encode_utf7,
    moment,
    quote,
    want,
    word,
)
from .imap_syntax import flags as given_flags
from .imap_syntax import string as astring

if TYPE_CHECKING:
    from .imap import ImapSession


async def _select(session: "ImapSession", call: Call) -> str:
    return _open(session, call.arguments, read_only=False)


async def _examine(session: "ImapSession", call: Call) -> str:
    return _open(session, call.arguments, read_only=True)


def _open(session: "ImapSession", arguments: list[object], *, read_only: bool) -> str:
    session.own_mailbox()
    want(arguments, 1)
    session.leave()
    folder = session.existing_folder(arguments[0])
    world = session.desk.operator.world
    with world.lock:
        session.view = list(folder.messages)
        recent = sum(message.recent for message in session.view)
        session.known = {message.uid: frozenset(message.flags) for message in session.view}
    session.folder, session.read_only = folder, read_only
    loop = asyncio.get_running_loop()
    session.unwatch = world.watch(folder, lambda: _tell(loop, session.changed))
    session.say(f"* FLAGS ({' '.join(SYSTEM_FLAGS)})")
    permanent = "" if read_only else " ".join((*SYSTEM_FLAGS, "\\*"))
    session.say(f"* OK [PERMANENTFLAGS ({permanent})] flags kept")
    session.say(f"* {len(session.view)} EXISTS")
    session.say(f"* {recent} RECENT")
    unseen = next((n for n, message in enumerate(session.view, 1) if "\\Seen" not in message.flags), 0)
    if unseen:
        session.say(f"* OK [UNSEEN {unseen}] first unseen")
    session.say(f"* OK [UIDVALIDITY {folder.uid_validity}] valid")
    session.say(f"* OK [UIDNEXT {folder.uid_next}] next")
    session.more["messages"] = len(session.view)
    if not read_only:
        session.no_more_recent(session.view)
    return f"[{'READ-ONLY' if read_only else 'READ-WRITE'}] selected"


async def _list(session: "ImapSession", call: Call) -> str:
    return _listing(session, "LIST", call.arguments)


async def _lsub(session: "ImapSession", call: Call) -> str:
    return _listing(session, "LSUB", call.arguments)


def _listing(session: "ImapSession", command: str, arguments: list[object]) -> str:
    mailbox = session.own_mailbox()
    if arguments and isinstance(arguments[0], list):
        arguments = arguments[1:]  # selection options (RFC 5258): all are answered alike
    arguments = arguments[:2]
    want(arguments, 2)
    pattern = decode_utf7(astring(arguments[0]) + astring(arguments[1]))
    if not pattern:
        session.say(f'* {command} (\\Noselect) "/" ""')
        return f"{command} completed"
    for name, folder in sorted(mailbox.folders.items()):
        if _matches(pattern, name) and (command == "LIST" or folder.subscribed):
            flags = " ".join(filter(None, ("\\HasNoChildren", folder.special)))
            session.say(f'* {command} ({flags}) "/" {quote(encode_utf7(name)).decode()}')
    return f"{command} completed"


async def _namespace(session: "ImapSession", call: Call) -> str:
    session.own_mailbox()
    session.say('* NAMESPACE (("" "/")) NIL NIL')
    return "NAMESPACE completed"


async def _status(session: "ImapSession", call: Call) -> str:
    session.own_mailbox()
    want(call.arguments, 2)
    folder = session.existing_folder(call.arguments[0])
    if not isinstance(call.arguments[1], list):
        raise BadCommand("STATUS wants a list of items")
    with session.desk.operator.world.lock:
        values = {
            "MESSAGES": len(folder.messages),
            "RECENT": sum(message.recent for message in folder.messages),
            "UIDNEXT": folder.uid_next,
            "UIDVALIDITY": folder.uid_validity,
            "UNSEEN": sum("\\Seen" not in message.flags for message in folder.messages),
        }
    asked = [word(item) for item in call.arguments[1]]
    if set(asked) - set(values):
        raise BadCommand("unknown STATUS item")
    told = " ".join(f"{item} {values[item]}" for item in asked)
    session.say(f"* STATUS {quote(encode_utf7(folder.name)).decode()} ({told})")
    return "STATUS completed"


async def _create(session: "ImapSession", call: Call) -> str:
    mailbox = session.own_mailbox()
    want(call.arguments, 1)
    name, folder = session.folder_named(call.arguments[0])
    name = name.rstrip("/")
    if folder is not None or not name or len(name) > 200 or len(mailbox.folders) >= 200:
        raise No("that folder exists or may not", "ALREADYEXISTS" if folder else "CANNOT")
    session.desk.operator.world.make_folder(mailbox, name)
    return "CREATE completed"


async def _delete(session: "ImapSession", call: Call) -> str:
    mailbox = session.own_mailbox()
    want(call.arguments, 1)
    folder = session.existing_folder(call.arguments[0])
    if folder.name == "INBOX":
        raise No("INBOX stays", "CANNOT")
    if folder is session.folder:
        session.leave()
    del mailbox.folders[folder.name]
    return "DELETE completed"


async def _rename(session: "ImapSession", call: Call) -> str:
    mailbox = session.own_mailbox()
    want(call.arguments, 2)
    folder = session.existing_folder(call.arguments[0])
    name, taken = session.folder_named(call.arguments[1])
    if taken is not None or folder.name == "INBOX" or not name or len(name) > 200:
        raise No("that name may not be given", "CANNOT")
    mailbox.folders[name] = mailbox.folders.pop(folder.name)
    folder.name = name
    return "RENAME completed"


async def _subscribe(session: "ImapSession", call: Call) -> str:
    want(call.arguments, 1)
    session.existing_folder(call.arguments[0]).subscribed = True
    return "SUBSCRIBE completed"


async def _unsubscribe(session: "ImapSession", call: Call) -> str:
    want(call.arguments, 1)
    session.existing_folder(call.arguments[0]).subscribed = False
    return "UNSUBSCRIBE completed"


async def _append(session: "ImapSession", call: Call) -> str:
    mailbox = session.own_mailbox()
    if len(call.arguments) < 2 or not isinstance(call.arguments[-1], Quoted):
        raise BadCommand("APPEND wants a folder and a literal")
    folder = session.existing_folder(call.arguments[0], "TRYCREATE")
    flags: list[str] = []
    received: datetime | None = None
    for extra in call.arguments[1:-1]:
        if isinstance(extra, list):
            flags = given_flags(extra)
        else:
            received = moment(astring(extra))
    source = call.arguments[-1].value
    if mailbox.quota is not None and mailbox.size + len(source) > mailbox.quota:
        raise No("mailbox full", "OVERQUOTA")
    message = session.desk.operator.world.store(folder, source, flags, received)
    session.more |= content.mail_facts(source) | {"size": len(source)}
    session.appended = source
    return f"[APPENDUID {folder.uid_validity} {message.uid}] APPEND completed"


async def _idle(session: "ImapSession", call: Call) -> str:
    session.own_mailbox()
    session.say("+ idling")
    session.flush()
    options = session.desk.options
    reading = asyncio.ensure_future(session.wire.read_line(options.max_line, options.idle_timeout))
    try:
        while not reading.done():
            changing = asyncio.ensure_future(session.changed.wait())
            await asyncio.wait((reading, changing), return_when=asyncio.FIRST_COMPLETED)
            changing.cancel()
            session.changed.clear()
            session.sync(expunge=True)
            session.flush()
        line = reading.result()
    finally:
        reading.cancel()
    session.transcript.client(line)
    if line.strip().upper() != b"DONE":
        raise BadCommand("DONE was expected")
    return "IDLE completed"


def _tell(loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(changed.set)


def _matches(pattern: str, name: str) -> bool:
    """Whether a folder name matches a LIST pattern (`*` anything, `%` one level)."""
    if pattern.upper() == "INBOX":
        return name == "INBOX"
    states = {0}  # places in the pattern that the name read so far may have led to
    for char in [*name, ""]:
        for place in sorted(states):  # a wildcard also matches nothing
            while place < len(pattern) and pattern[place] in "*%":
                place += 1
                states.add(place)
        if not char:
            return len(pattern) in states
        states = {
            place if pattern[place] in "*%" else place + 1
            for place in states
            if place < len(pattern)
            and (pattern[place] in ("*", char) or (pattern[place] == "%" and char != "/"))
        }
    return False


HANDLERS: "dict[str, Handler[ImapSession]]" = {
    "SELECT": _select,
    "EXAMINE": _examine,
    "LIST": _list,
    "LSUB": _lsub,
    "NAMESPACE": _namespace,
    "STATUS": _status,
    "CREATE": _create,
    "DELETE": _delete,
    "RENAME": _rename,
    "SUBSCRIBE": _subscribe,
    "UNSUBSCRIBE": _unsubscribe,
    "APPEND": _append,
    "IDLE": _idle,
}
