"""Writing MSSanté mails: who may be written to, what is joined, what is told when it does not leave."""

from collections.abc import Sequence
from dataclasses import replace

from schemas import cda
from schemas.mail.compose import Draft, as_reply, compose, with_documents
from schemas.mail.model import Address
from schemas.mail.reader import read_mail
from schemas.xdm import Sender, write_archive

from .accounts import NAME as SOFTWARE
from .accounts import VENDOR, VERSION, Account
from .feeding import new_submission
from .outcome import Call, Failed, Refused
from .services.http import LostAnswer
from .services.sending import Delivery, TokenRefused, send
from .software import Software
from .state import QUALIFIEE, Document, Patient, Sent

BODY = "Bonjour,\n\nVeuillez trouver ci-joint un document.\n"


def patient_address(patient: Patient) -> str:
    """The patient's address. Raises Refused when the identity is not qualified: there is none (ECO.2.2.6)."""
    if patient.status != QUALIFIEE or patient.ins is None:
        raise Refused(
            f"L'identité de {patient.name} n'est pas qualifiée ({patient.status}) : "
            "aucun courriel ne peut lui être adressé."
        )
    return patient.ins.mail


def new_draft(lps: Software, account: Account, recipients: Sequence[str], body: str) -> Draft:
    """An empty mail of this account."""
    domain = account.mailbox.partition("@")[2]
    return Draft(
        sender=Address(account.mailbox, account.label),
        to=tuple(Address(address) for address in recipients),
        subject="",
        body=body or BODY,
        message_id=f"<{lps.chance.uuid()}@{domain}>",
        date=lps.clock.now(),
        nil=lps.environment.nil,
    )


def join_document(lps: Software, account: Account, draft: Draft, document: Document) -> Draft:
    """The draft with the document as IHE_XDM.zip and as PDF."""
    read = cda.read(document.data)
    entry = lps.workshop.entry(document)
    submission = new_submission(lps, account, [entry])
    sender = Sender(account.name, account.structure_name, account.mailbox, "", SOFTWARE, VERSION, VENDOR)
    archive = write_archive(submission, {entry.id: document.data}, sender, now=lps.clock.now())
    return with_documents(draft, lps.behaviour.archive(archive), [read], [document.pdf])


def answering(lps: Software, draft: Draft, message_id: str) -> Draft:
    """The draft as an answer to a received message. Raises Refused when it is not known here."""
    source = lps.store.received.get(message_id)
    if source is None:
        raise Refused("Le message auquel vous répondez n'est pas dans la boîte.")
    return as_reply(draft, read_mail(source))


def dispatch(lps: Software, call: Call, draft: Draft) -> str:
    """Submit the mail, once; returns its Message-ID. A refused token is renewed once.

    Raises Refused, Unavailable, LostAnswer, Failed.
    """
    account = call.account
    draft = lps.behaviour.draft(draft)
    recipients = tuple(one.address for one in draft.to)
    try:
        source = compose(draft)
    except ValueError as error:
        raise Refused(f"Ce courriel ne peut pas être écrit : {error}") from None
    try:
        delivery = _submit(lps, account, recipients, source)
    except LostAnswer:
        _note(lps, draft, "incertain")
        raise
    except Failed:
        _note(lps, draft, "refusé")
        raise
    for address, code, said in delivery.refused:
        call.warn(f"{address} : refusé par l'opérateur ({code} {said}). Vérifiez l'adresse.")
    if len(delivery.refused) == len(recipients):
        _note(lps, draft, "refusé")
        raise Failed("Le courriel n'est parti vers aucun destinataire.")
    _note(lps, draft, "envoyé")
    return draft.message_id


def send_document(lps: Software, call: Call, patient: Patient, document: Document) -> str:
    """Send a document to its patient; returns the Message-ID."""
    draft = new_draft(lps, call.account, [patient_address(patient)], "")
    return dispatch(lps, call, join_document(lps, call.account, draft, document))


def with_options(draft: Draft, given: object) -> Draft:
    """The wishes of the user: no answer, receipts."""
    asked = given if isinstance(given, dict) else {}
    return replace(
        draft,
        no_reply=bool(asked.get("no_reply")),
        delivery_receipt=bool(asked.get("delivery_receipt")),
        read_receipt=bool(asked.get("read_receipt")),
    )


def _submit(lps: Software, account: Account, recipients: Sequence[str], source: bytes) -> Delivery:
    token = lps.psc.access_token(account.user)
    try:
        return send(lps.environment, lps.behaviour, account.mailbox, token, recipients, source)
    except TokenRefused:
        token = lps.psc.renew(account.user).access_token
    return send(lps.environment, lps.behaviour, account.mailbox, token, recipients, source)


def _note(lps: Software, draft: Draft, state: str) -> None:
    recipients = tuple(one.address for one in draft.to)
    lps.store.outbox.append(Sent(draft.message_id, recipients, lps.clock.now(), state))
