"""Reading a MSSanté mailbox: IMAP, STARTTLS with the operator's certificate verified, XOAUTH2.

Source: Référentiel #2 MSSanté, ECO.1.0.2, 1.2.x.
"""

import imaplib
import re
import ssl
from dataclasses import dataclass

from ..behaviour import Behaviour
from ..environment import Environment
from .http import Unavailable
from .sending import TIMEOUT, TokenRefused, tls_context, xoauth2

NAME = "La messagerie MSSanté"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """New messages of a mailbox, oldest first, and where reading stopped."""

    validity: str
    last: int
    sources: tuple[bytes, ...]


def fetch(
    environment: Environment, behaviour: Behaviour, mailbox: str, token: str, since: tuple[str, int]
) -> Mailbox:
    """The messages that came after `since` (UIDVALIDITY and last UID); they are then marked as seen.

    Raises Unavailable or TokenRefused.
    """
    endpoint = environment.imap
    try:
        connection = imaplib.IMAP4(endpoint.host, endpoint.port, timeout=TIMEOUT)
    except (OSError, imaplib.IMAP4.error) as error:
        raise Unavailable(f"{NAME} est injoignable ({error}).") from None
    try:
        _secure(connection, environment, behaviour)
        _authenticate(connection, mailbox, token)
        return _read(connection, since)
    except (OSError, imaplib.IMAP4.error) as error:
        raise Unavailable(f"{NAME} a interrompu la lecture ({error}).") from None
    finally:
        _leave(connection)


def _secure(connection: imaplib.IMAP4, environment: Environment, behaviour: Behaviour) -> None:
    if "STARTTLS" not in connection.capabilities:
        raise Unavailable(f"{NAME} ne propose pas STARTTLS : la boîte n'a pas été ouverte.")
    try:
        connection.starttls(tls_context(environment, behaviour))
    except ssl.SSLError as error:
        said = getattr(error, "verify_message", "") or str(error)
        raise Unavailable(
            f"Le certificat de la messagerie MSSanté n'est pas digne de confiance ({said})."
        ) from None


def _authenticate(connection: imaplib.IMAP4, mailbox: str, token: str) -> None:
    answers = iter((xoauth2(mailbox, token),))
    try:
        connection.authenticate("XOAUTH2", lambda _: next(answers, b""))
    except (OSError, imaplib.IMAP4.error) as error:
        raise TokenRefused(f"{NAME} a refusé l'authentification ({error}).") from None


def _read(connection: imaplib.IMAP4, since: tuple[str, int]) -> Mailbox:
    status, _ = connection.select("INBOX")
    if status != "OK":
        raise Unavailable(f"{NAME} n'ouvre pas la boîte de réception.")
    validity = _number(connection.response("UIDVALIDITY")[1])
    last = since[1] if since[0] == validity else 0
    status, found = connection.uid("SEARCH", f"UID {last + 1}:*")
    if status != "OK":
        raise Unavailable(f"{NAME} n'a pas répondu à la recherche.")
    listed = found[0].split() if found and found[0] else []
    uids = sorted({int(uid) for uid in listed} - set(range(last + 1)))
    sources = []
    for uid in uids:
        status, parts = connection.uid("FETCH", str(uid), "(BODY.PEEK[])")
        literal = next((part[1] for part in parts if isinstance(part, tuple)), None)
        if status != "OK" or literal is None:
            continue  # gone meanwhile
        sources.append(literal)
        connection.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)")
    return Mailbox(validity, uids[-1] if uids else last, tuple(sources))


def _number(lines: object) -> str:
    first = lines[0] if isinstance(lines, list) and lines else b""
    found = re.search(rb"\d+", first) if isinstance(first, bytes) else None
    return found[0].decode() if found else ""


def _leave(connection: imaplib.IMAP4) -> None:
    try:
        connection.logout()
    except (OSError, imaplib.IMAP4.error):
        connection.shutdown()
