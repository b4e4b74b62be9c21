"""The operator: what it does with a submitted mail, in the order of its acceptance pipeline.

Source: Référentiel #2 MSSanté for what clients may expect; ENS "Messagerie" for the patient side. Reply codes
are the bench's own where `errors` says so.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime

from schemas.ins import well_formed
from simulators.core.clock import Clock
from simulators.core.population import Patient, Population
from simulators.core.random import Randomness

from . import behaviours, content, errors, notifications
from .behaviours import Behaviours, Effect
from .errors import Refusal
from .notifications import Fate, Mdn, Stamp
from .options import Options
from .state import PATIENT_DOMAIN, Mailbox, Message, World

OPERATOR = "operateur.test.mssante.fr"

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-\u0080-\U0010ffff]{1,64}@"
    r"(?:[A-Za-z0-9\u0080-\U0010ffff-]{1,63}\.){1,10}[A-Za-z0-9\u0080-\U0010ffff-]{1,63}"
)


class ReplyForbidden(ValueError):
    """The patient may not write to this mailbox: its last mail said `X-MSS-MES: FIN`, or none was sent."""


@dataclass(slots=True)
class Recipient:
    """An accepted RCPT. `late`: refused after all, by a DSN once the message is accepted."""

    address: str
    notify: tuple[str, ...] = ()
    orcpt: str = ""
    late: Refusal | None = None
    effect: Effect = field(default_factory=Effect)


@dataclass(slots=True)
class Envelope:
    """What SMTP said around a message. `sender` is empty for `<>` (receipts)."""

    sender: str
    mailbox: Mailbox
    recipients: list[Recipient] = field(default_factory=list)
    ret: str = ""
    envid: str = ""

    @property
    def effect(self) -> Effect:
        """The combined effect of the recipients on the end of the message."""
        effects = [recipient.effect for recipient in self.recipients]
        cuts = [effect.cut for effect in effects if effect.cut]
        return Effect(max([effect.delay for effect in effects], default=0.0), cuts[0] if cuts else "")


@dataclass(slots=True)
class Operator:
    """Decides, stores, and sends back. Synchronous and thread-safe; no socket in sight.

    `send_report(to, variant)` is what the mailbox `envoie-xdm` calls.
    """

    world: World
    options: Options
    population: Population
    clock: Clock
    randomness: Randomness
    behaviours: Behaviours
    send_report: Callable[[str, str], object] | None = None
    last_reports: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)  # CDA and PDF, by matricule
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # the acceptance pipeline

    def check_sender(self, sender: str, mailbox: Mailbox) -> None:
        """Raises Refusal unless the sender is the authenticated mailbox, or empty."""
        if sender and sender.lower() != mailbox.address.lower():
            raise errors.sender_not_allowed(sender, mailbox.address)

    def check_recipient(self, sender: str, address: str) -> Recipient:
        """Raises Refusal when the recipient is refused at once."""
        if len(address) > 254 or not _ADDRESS.fullmatch(address) or ".." in address:
            raise errors.bad_address(address)
        domain = address.rpartition("@")[2].lower()
        if not self.world.trusted(domain) and domain not in self.options.white_list:
            raise errors.outside_trust_space(domain)
        recipient = Recipient(address)
        if domain == PATIENT_DOMAIN:
            refusal = self._patient_refusal(address)
            mode = self.options.patient_reject_mode or self.options.reject_mode
        elif behaviours.concerns(address):
            refusal, recipient.effect = self.behaviours.at_recipient(sender, address)
            mode = "rcpt"
        else:
            refusal, mode = self._mailbox_refusal(address), self.options.reject_mode
        if refusal is not None and (mode != "dsn" or refusal.code < 500):
            raise refusal
        recipient.late = refusal
        return recipient

    def _patient_refusal(self, address: str) -> Refusal | None:
        matricule = address.rpartition("@")[0]
        if not well_formed(matricule):
            return errors.patient_key(address)
        patient = self.population.find(matricule)
        if patient is None or patient.mes == "absent":
            return errors.patient_absent(address)
        return errors.patient_closed(address) if patient.mes == "ferme" else None

    def _mailbox_refusal(self, address: str) -> Refusal | None:
        mailbox = self.world.find(address)
        if mailbox is None:
            elsewhere = address.rpartition("@")[2].lower() in self.options.white_list
            return None if elsewhere else errors.unknown_mailbox(address)
        if mailbox.state != "active":
            return errors.suspended(address)
        if mailbox.quota is not None and mailbox.size >= mailbox.quota:
            return errors.full(address)
        return None

    def check_message(self, envelope: Envelope, source: bytes, size: int) -> None:
        """Raises Refusal when the message itself is refused."""
        if size > self.options.max_size:
            raise errors.too_big(self.options.max_size)
        if b"\0" in source:
            raise errors.nul_bytes()
        if content.infected(source):
            raise errors.malware()
        for recipient in envelope.recipients:
            if behaviours.concerns(recipient.address):
                refusal = self.behaviours.at_end(recipient.address)
                if refusal is not None:
                    raise refusal

    def deliver(self, envelope: Envelope, source: bytes) -> None:
        """Put the mail in its mailboxes, and send back what was asked for."""
        read = content.headers(source)
        asked = bool(read.get("Return-Receipt-To"))
        fates: list[Fate] = []
        for recipient in envelope.recipients:
            late = recipient.late or self.behaviours.afterwards(recipient.address)
            if late is not None:
                if "NEVER" not in recipient.notify:
                    fates.append(Fate(recipient.address, "failed", late.enhanced, str(late), recipient.orcpt))
                continue
            self._deliver_one(envelope, recipient, source, read)
            if (asked or "SUCCESS" in recipient.notify) and "NEVER" not in recipient.notify:
                fates.append(Fate(recipient.address, "delivered", "2.0.0", "", recipient.orcpt))
        if fates and envelope.sender:
            full = envelope.ret == "FULL"
            stamp = self.stamp()
            notice = notifications.dsn(
                source, envelope.sender, fates, stamp, operator=OPERATOR, envid=envelope.envid, full=full
            )
            self.put(envelope.sender, notice)

    def _deliver_one(
        self, envelope: Envelope, recipient: Recipient, source: bytes, read: content.Headers
    ) -> None:
        if recipient.address.lower().endswith(f"@{PATIENT_DOMAIN}"):
            self._to_patient(envelope, recipient.address, source, read)
        elif behaviours.concerns(recipient.address):
            self._react(envelope, recipient.address, source)
        else:
            self.put(recipient.address, source, return_path=envelope.sender)

    def _to_patient(self, envelope: Envelope, address: str, source: bytes, read: content.Headers) -> None:
        matricule = address.rpartition("@")[0].upper()
        reply_to = (read.addresses("Reply-To") or [envelope.sender])[0].lower()
        closed = read.get("X-MSS-MES") == "FIN" or read.get("Subject") == "[FIN]"
        with self._lock:
            change = self.world.no_reply.add if closed else self.world.no_reply.discard
            change((matricule, reply_to))
        if read.get("Disposition-Notification-To"):  # Mon espace santé always grants it
            self.send_mdn(source, address)

    def _react(self, envelope: Envelope, address: str, source: bytes) -> None:
        name = behaviours.local_part(address)
        if name == "repond":
            reply = notifications.answer(source, address, "Boîte de test", "Bien reçu.", self.stamp())
            self.put(envelope.sender, reply, return_path=address)
        elif name.startswith("envoie-xdm"):
            if self.send_report is not None:
                self.send_report(envelope.sender, name.removeprefix("envoie-xdm").lstrip("-") or "nominal")
        elif name.startswith("mdn-ko-"):
            error = f"{name[7:10]}^{_MDN_ERRORS[name[7:10]]}"
            self.send_mdn(source, address, disposition="processed", error=error, legacy_error="v112" in name)
        elif name in ("mdn-affiche", "mdn-double", "mdn-faux-id"):
            false_id = f"<faux-{self.randomness.uuid('mssante')}@{OPERATOR}>"
            for _ in range(2 if name == "mdn-double" else 1):
                self.send_mdn(
                    source, address, original_message_id=false_id if name == "mdn-faux-id" else None
                )
        elif name == "mdn-traite":
            self.send_mdn(source, address, disposition="processed")

    # what the operator and the correspondents send

    def stamp(self) -> Stamp:
        """Identity of a new mail."""
        unique = self.randomness.uuid("mssante")
        return Stamp(f"<{unique}@{OPERATOR}>", f"=_{unique.replace('-', '')}", self.clock.now())

    def put(self, address: str, source: bytes, *, return_path: str = "") -> Message | None:
        """Store a mail in the INBOX of a mailbox, with its trace headers; None when there is no such one."""
        mailbox = self.world.find(address)
        if mailbox is None:
            return None
        now = self.clock.now()
        trace = (
            f"Return-Path: <{return_path}>\r\n"
            f"Received: by {OPERATOR} (banc de test) for <{address}>; {format_datetime(now)}\r\n"
        )
        return self.world.store(mailbox.folders["INBOX"], trace.encode() + source, received=now)

    def send_mdn(
        self,
        source: bytes,
        recipient: str,
        *,
        disposition: str = "displayed",
        error: str = "",
        legacy_error: bool = False,
        original_message_id: str | None = None,
        automatic: bool = True,
    ) -> Message | None:
        """Send the receipt that `source` asks for; None when it asks for none."""
        to = content.headers(source).addresses("Disposition-Notification-To")
        if not to:
            return None
        receipt = Mdn(
            recipient,
            to[0],
            disposition=disposition,
            automatic=automatic,
            error=error,
            legacy_error=legacy_error,
            original_message_id=original_message_id,
        )
        return self.put(to[0], notifications.mdn(source, receipt, self.stamp()))

    def patient_mail(self, patient: Patient, to: str, *, subject: str, body: str) -> str:
        """The patient writes from Mon espace santé; returns the Message-ID.

        Raises ReplyForbidden when the mailbox closed the conversation, ValueError when it is not here.
        """
        self._may_write(patient, to)
        stamp = self.stamp()
        letter = notifications.letter(patient.ins.mail, patient_label(patient), to, subject, body, stamp)
        return self._from_patient(patient, to, letter, stamp)

    def patient_reply(self, patient: Patient, source: bytes, body: str) -> str:
        """The patient answers the mail `source` from Mon espace santé; returns the Message-ID.

        Raises ReplyForbidden when the sender closed the conversation, ValueError when it has no mailbox here.
        """
        read = content.headers(source)
        to = (read.addresses("Reply-To") or read.addresses("From") or [""])[0]
        self._may_write(patient, to)
        stamp = self.stamp()
        reply = notifications.answer(source, patient.ins.mail, patient_label(patient), body, stamp)
        return self._from_patient(patient, to, reply, stamp)

    def _may_write(self, patient: Patient, to: str) -> None:
        if (patient.ins.matricule, to.lower()) in self.world.no_reply:
            raise ReplyForbidden(f"{to} closed its messages to {patient.ins.matricule} (X-MSS-MES: FIN)")

    def _from_patient(self, patient: Patient, to: str, source: bytes, stamp: Stamp) -> str:
        if self.put(to, source, return_path=patient.ins.mail) is None:
            raise ValueError(f"{to} has no mailbox at this operator")
        return stamp.message_id


def patient_label(patient: Patient) -> str:
    """The label that Mon espace santé gives: first given name and birth name."""
    return f"{patient.given.capitalize()} {patient.birth_name}"


_MDN_ERRORS = {
    "900": "Version non supportée",
    "901": "Auteur non autorisé",
    "902": "Patient inconnu",
    "903": "INS absent du document",
    "904": "INS non concordant",
    "905": "INS incomplet",
    "906": "Autre erreur",
}
