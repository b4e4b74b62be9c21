"""Who is at the other end: SASL XOAUTH2 with a Pro Santé Connect token, PLAIN with a client certificate.

Source: Référentiel #2 MSSanté ECO.1.2.1 (XOAUTH2 string), ECO.1.2.4 (SASL-IR), ECO.1.3.1 (application
mailboxes). The operator's order of checks is ours.
"""

import base64
import binascii
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulators.core.exchange import Tls
from simulators.core.pki import Pki

from .state import APP, Mailbox, World

XOAUTH2, PLAIN = "XOAUTH2", "PLAIN"
XOAUTH2_ERROR = base64.b64encode(b'{"status":"401","schemes":"bearer","scope":"mail"}').decode()


class Claims(Protocol):
    """What a verified access token says; `subject_name_id` is the PS_IdNat."""

    @property
    def subject_name_id(self) -> str: ...


class TokenVerifier(Protocol):
    """Raises an exception with a `reason` attribute when the token is refused."""

    def verify(self, token: str, now: datetime, /) -> Claims: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One authentication, as evidence: never the token itself.

    `problem` is empty on success, else a stable word; `detail` says more. `user` is the login given.
    """

    mechanism: str
    user: str = ""
    initial_response: bool = False
    problem: str = ""
    detail: str = ""
    id_nat: str = ""

    def as_facts(self) -> dict[str, Any]:
        return {
            "mechanism": self.mechanism,
            "login": self.user,
            "initial_response": self.initial_response,
            "problem": self.problem,
            "detail": self.detail,
        }


@dataclass(slots=True)
class Flood:
    """Refused attempts by login: to see a client that tries again and again (ECO.1.2.3)."""

    refused: dict[str, list[float]] = field(default_factory=dict)

    def count(self, login: str, now: float, *, window: float = 60.0) -> int:
        """Refusals of this login in the last `window` seconds, this one included."""
        kept = [instant for instant in self.refused.get(login, []) if now - instant < window]
        kept.append(now)
        self.refused[login] = kept[-1000:]
        return len(kept)


def decode(response: bytes) -> bytes | None:
    """Strict base64 (`=` alone is the empty response); None when it is not."""
    if response == b"=":
        return b""
    try:
        return base64.b64decode(response, validate=True)
    except (binascii.Error, ValueError):
        return None


def read_xoauth2(clear: bytes) -> tuple[str, str, str]:
    """Login, token and what is wrong with `user=…^Aauth=Bearer …^A^A` ("" when nothing is)."""
    try:
        text = clear.decode("utf-8")
    except UnicodeDecodeError:
        return "", "", "the clear string is not UTF-8"
    parts = text.split("\x01")
    login = parts[0][5:] if parts[0].startswith("user=") else ""
    if not text.startswith("user="):
        return login, "", "the clear string does not start with user="
    if len(parts) < 2 or not parts[1].startswith("auth="):
        return login, "", "auth= is missing after the first ^A"
    if not parts[1].startswith("auth=Bearer "):
        return login, "", "auth= is not followed by 'Bearer ' and the token"
    token = parts[1].removeprefix("auth=Bearer ")
    if not token or any(char.isspace() for char in token):
        return login, "", "the token is empty or holds white space"
    if parts[2:] != ["", ""]:
        return login, "", "the clear string does not end with two ^A"
    if "@" not in login:
        return login, "", "user= is not a mailbox address"
    return login, token, ""


@dataclass(slots=True)
class Gate:
    """Decides who gets in. Synchronous."""

    world: World
    verifier: TokenVerifier
    pki: Pki

    def xoauth2(self, attempt: Attempt, clear: bytes, now: datetime) -> tuple[Attempt, Mailbox | None]:
        """Check format, token, entitlement, and state of the mailbox, in that order."""
        login, token, wrong = read_xoauth2(clear)
        attempt = replace(attempt, user=login)
        if wrong:
            return replace(attempt, problem="xoauth2-format", detail=wrong), None
        try:
            claims = self.verifier.verify(token, now)
        except Exception as error:
            reason = str(getattr(error, "reason", "") or "invalid-token")
            return replace(attempt, problem="token-refused", detail=reason), None
        attempt = replace(attempt, id_nat=claims.subject_name_id)
        mailbox = self.world.find(login)
        if mailbox is None:
            return replace(attempt, problem="unknown-mailbox", detail=login), None
        if mailbox.kind == APP:
            detail = "an application mailbox is opened on the other interface, with a certificate"
            return replace(attempt, problem="application-mailbox", detail=detail), None
        if claims.subject_name_id not in mailbox.professionals:
            detail = f"{claims.subject_name_id} has no right on {login}"
            return replace(attempt, problem="not-entitled", detail=detail), None
        return self._state(attempt, mailbox)

    def plain(
        self, attempt: Attempt, clear: bytes, tls: Tls | None, now: datetime
    ) -> tuple[Attempt, Mailbox | None]:
        """Check the certificate of the session, the PLAIN login, and that the structure owns the mailbox.

        The password is described by no text: any is accepted.
        """
        fields = clear.split(b"\0")
        login = fields[1].decode("utf-8", "replace") if len(fields) == 3 else ""
        attempt = replace(attempt, user=login)
        if tls is None or tls.client_certificate is None:
            return replace(attempt, problem="no-client-certificate"), None
        wrong, structure = self._certificate(tls.client_certificate, now)
        if wrong:
            return replace(attempt, problem="wrong-certificate", detail=wrong), None
        if len(fields) != 3:
            detail = "PLAIN is authzid NUL login NUL password"
            return replace(attempt, problem="plain-format", detail=detail), None
        mailbox = self.world.find(login)
        if mailbox is None or mailbox.kind != APP:
            detail = f"{login} is not an application mailbox"
            return replace(attempt, problem="unknown-mailbox", detail=detail), None
        if mailbox.structure != structure:
            detail = f"the certificate is of structure {structure}, {login} is of {mailbox.structure}"
            return replace(attempt, problem="not-owner", detail=detail), None
        return self._state(attempt, mailbox)

    def _state(self, attempt: Attempt, mailbox: Mailbox) -> tuple[Attempt, Mailbox | None]:
        if mailbox.state != "active":
            return replace(attempt, problem="mailbox-disabled", detail=mailbox.state), None
        return attempt, mailbox

    def _certificate(self, der: bytes, now: datetime) -> tuple[str, str]:
        certificate = x509.load_der_x509_certificate(der)
        organisations = self.pki.authorities()[1]
        if certificate.issuer != organisations.subject:
            return f"issued by {certificate.issuer.rfc4514_string()}, not by the organisation authority", ""
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return f"valid until {certificate.not_valid_after_utc:%Y-%m-%d}", ""
        if certificate.serial_number in self.pki.revoked_serials():
            return "revoked", ""
        try:
            usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            return "no extended key usage: this is no AUTH_CLI certificate", ""
        if ExtendedKeyUsageOID.CLIENT_AUTH not in usages:
            return "its extended key usage is not clientAuth", ""
        units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        return "", str(units[0].value) if units else ""
