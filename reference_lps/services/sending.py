"""Sending by MSSanté: SMTP, STARTTLS with the operator's certificate verified, XOAUTH2, one message.

Source: Référentiel #2 MSSanté, ECO.1.0.1, 1.1.x, 1.2.x.
"""

import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..behaviour import Behaviour
from ..environment import Environment
from ..outcome import Failed
from .http import LostAnswer, Unavailable

NAME = "L'opérateur MSSanté"
HELLO = "[127.0.0.1]"
TIMEOUT = 15.0  # seconds

SUITES = (  # of TLS 1.2: the closed list of ECO.1.1.3
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384:"
    "ECDHE-RSA-AES128-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256"
)

Transport = smtplib.SMTP


class TokenRefused(Failed):
    """The operator refused the token."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the operator said of each recipient that it refused: address, code and text."""

    refused: tuple[tuple[str, int, str], ...] = ()


def tls_context(environment: Environment, behaviour: Behaviour) -> ssl.SSLContext:
    """TLS 1.2 at least, the listed suites, the test authorities only, host name verified."""
    context = ssl.create_default_context(cafile=environment.ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES)
    context.check_hostname = behaviour.host_name_checked
    return context


def xoauth2(mailbox: str, token: str) -> bytes:
    """The clear string of the mechanism."""
    return f"user={mailbox}\x01auth=Bearer {token}\x01\x01".encode()


def send(
    environment: Environment,
    behaviour: Behaviour,
    mailbox: str,
    token: str,
    recipients: Sequence[str],
    source: bytes,
) -> Delivery:
    """Submit one message, once.

    Raises Unavailable (nothing was sent), TokenRefused, LostAnswer (it may have been taken), or Failed when
    the message itself is refused. Recipients refused one by one come back in the Delivery.
    """
    endpoint = environment.smtp
    try:
        transport = Transport(endpoint.host, endpoint.port, local_hostname=HELLO, timeout=TIMEOUT)
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"{NAME} est injoignable ({_said(error)}).") from None
    try:
        _secure(transport, environment, behaviour, mailbox)
        _authenticate(transport, mailbox, token)
        return _submit(transport, mailbox, recipients, source)
    finally:
        _leave(transport)


def _secure(transport: Transport, environment: Environment, behaviour: Behaviour, mailbox: str) -> None:
    try:
        transport.ehlo()
        if not transport.has_extn("starttls"):
            raise Unavailable(f"{NAME} ne propose pas STARTTLS : rien n'a été envoyé.")
        if behaviour.sender_in_clear:
            transport.docmd("MAIL", f"FROM:<{mailbox}>")
        code, said = transport.starttls(context=tls_context(environment, behaviour))
        if code != 220:
            raise Unavailable(f"{NAME} a refusé STARTTLS ({code} {said.decode('utf-8', 'replace')}).")
        transport.ehlo()
    except ssl.SSLError as error:
        raise Unavailable(
            f"Le certificat de l'opérateur MSSanté n'est pas digne de confiance ({_said(error)}) : "
            "rien n'a été envoyé."
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"{NAME} a interrompu la connexion ({_said(error)}).") from None


def _authenticate(transport: Transport, mailbox: str, token: str) -> None:
    clear = xoauth2(mailbox, token).decode()

    def respond(challenge: bytes | None = None) -> str:
        return "" if challenge else clear  # the challenge is the reason of a refusal

    try:
        transport.auth("XOAUTH2", respond, initial_response_ok=True)
    except smtplib.SMTPAuthenticationError as error:
        raise TokenRefused(f"{NAME} a refusé l'authentification ({_said(error)}).") from None
    except smtplib.SMTPServerDisconnected:
        raise TokenRefused(f"{NAME} a fermé la connexion pendant l'authentification.") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"{NAME} ne permet pas l'authentification ({_said(error)}).") from None


def _submit(transport: Transport, mailbox: str, recipients: Sequence[str], source: bytes) -> Delivery:
    refused: list[tuple[str, int, str]] = []

    def step(call: Callable[[], tuple[int, bytes]]) -> tuple[int, str]:
        try:
            code, said = call()
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"{NAME} a interrompu la connexion ({_said(error)}).") from None
        return code, said.decode("utf-8", "replace")

    code, said = step(lambda: transport.mail(mailbox, [f"SIZE={len(source)}"]))
    if code != 250:
        raise Failed(f"{NAME} refuse l'émetteur ({code} {said}).")
    for address in recipients:
        code, said = step(lambda address=address: transport.rcpt(address))  # type: ignore[misc]
        if code not in (250, 251):
            refused.append((address, code, said))
    if len(refused) == len(recipients):
        return Delivery(tuple(refused))
    try:
        code, raw = transport.data(source)
    except smtplib.SMTPDataError as error:
        raise Failed(f"{NAME} refuse le message ({_said(error)}).") from None
    except (OSError, smtplib.SMTPException):
        raise LostAnswer(f"{NAME} a coupé la connexion : le message est peut-être parti.") from None
    if code != 250:
        raise Failed(f"{NAME} refuse le message ({code} {raw.decode('utf-8', 'replace')}).")
    return Delivery(tuple(refused))


def _leave(transport: Transport) -> None:
    try:
        transport.quit()
    except (OSError, smtplib.SMTPException):
        transport.close()


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return f"{error.smtp_code} {text}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return str(error) or error.__class__.__name__
