"""The MSSanté mailbox: sending, reading, and filing what was received."""

from dataclasses import replace

from ..feeding import require_ins
from ..filing import file_message
from ..mailing import answering, dispatch, join_document, new_draft, patient_address, with_options
from ..outcome import Call, Data, Refused
from ..services.receiving import fetch as fetch_mailbox
from ..services.sending import TokenRefused
from ..software import Software
from ..state import Document, Patient


def send(lps: Software, call: Call) -> Data:
    """Write to a patient or to colleagues, with or without a document."""
    given, account = call.given, call.account
    lps.psc.access_token(account.user)
    patient = lps.store.patient(given["patient_id"]) if given.get("patient_id") else None
    if given["to"] == "patient":
        if patient is None:
            raise Refused("Choisissez le patient à qui écrire.")
        recipients = [patient_address(patient)]
    else:
        recipients = list(given["to"])
    if not recipients:
        raise Refused("Aucun destinataire.")
    draft = with_options(new_draft(lps, account, recipients, given.get("body", "")), given)
    if given.get("in_reply_to"):
        draft = answering(lps, draft, given["in_reply_to"])
    document = _document(lps, call, patient)
    if document is not None:
        draft = join_document(lps, account, draft, document)
    elif not draft.subject:
        draft = replace(draft, subject=f"Message de {account.name}")
    return {"message_id": dispatch(lps, call, draft)}


def fetch(lps: Software, call: Call) -> Data:
    """Read what is new, recognise documents, file those that may be. A refused token is renewed once."""
    account = call.account
    since = lps.store.last_uid.get(account.mailbox, ("", 0))
    token = lps.psc.access_token(account.user)
    try:
        mailbox = fetch_mailbox(lps.environment, lps.behaviour, account.mailbox, token, since)
    except TokenRefused:
        token = lps.psc.renew(account.user).access_token
        mailbox = fetch_mailbox(lps.environment, lps.behaviour, account.mailbox, token, since)
    lps.store.last_uid[account.mailbox] = (mailbox.validity, mailbox.last)
    messages = [file_message(lps, call, source) for source in mailbox.sources]
    return {"messages": [message for message in messages if message is not None]}


def _document(lps: Software, call: Call, patient: Patient | None) -> Document | None:
    """The document to join: one that exists, or a new one of the kind asked for."""
    given = call.given
    if given.get("document"):
        return lps.store.document(given["document"])
    if not given.get("kind"):
        return None
    if patient is None:
        raise Refused("Choisissez le patient que le document concerne.")
    ins = require_ins(lps, patient)
    return lps.store.keep(lps.workshop.letter(patient, ins, call.account, given["kind"]))
