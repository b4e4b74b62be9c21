"""Received mails: what they carry, and in whose file it goes. In doubt, nothing is filed.

Sources: Référentiel #2 MSSanté ECO.2.1.2 (the patient is that of METADATA.XML), Guide INS.
"""

import hashlib
from collections.abc import Iterator

from schemas.mail.model import Mail, MailRefused
from schemas.mail.reader import read_mail
from schemas.xdm import Archive, ArchivedDocument

from .outcome import Call, Data
from .software import Software

WORKLIST = "à traiter dans la liste de travail"


def file_message(lps: Software, call: Call, source: bytes) -> Data | None:
    """A message as the user sees it in the list; None when it can't be read at all."""
    try:
        mail = read_mail(source)
    except MailRefused as error:
        call.warn(f"Un message reçu est illisible ({error.reason}).")
        return None
    lps.store.received[mail.message_id] = source
    documents = list(_documents(lps, mail))
    for one in documents:
        if not one["integrated"]:
            lps.store.worklist.append({"message_id": mail.message_id, **one})
            call.warn(f"Document reçu non classé : {one['reason']} ({WORKLIST}).")
    return {
        "message_id": mail.message_id,
        "from": mail.sender.address if mail.sender else "",
        "subject": mail.subject,
        "category": "patient" if mail.sender is not None and mail.sender.is_patient else "professional",
        "xdm": bool(mail.zips),
        "documents": documents,
    }


def _documents(lps: Software, mail: Mail) -> Iterator[Data]:
    if not mail.zips:
        return
    if mail.archive is None:
        yield _set_aside(f"archive refusée : {mail.archive_refused}")
        return
    wrong = _unsound(mail.archive)
    if wrong and not mail.archive.documents:
        yield _set_aside(wrong)
    for document in mail.archive.documents:
        yield _file(lps, mail, document, wrong or _altered(document))


def _file(lps: Software, mail: Mail, document: ArchivedDocument, wrong: str) -> Data:
    entry, cda = document.entry, document.document
    ins = cda.patient.ins if cda is not None else None
    told: Data = {
        "unique_id": entry.unique_id,
        "type_code": entry.type_code.code if entry.type_code else "",
        "patient": ins.matricule if ins else None,
        "integrated": False,
        "reason": wrong or None,
    }
    if wrong:
        return told
    if entry.unique_id in lps.store.filed:
        return {**told, "reason": "document déjà classé"}
    patient = lps.behaviour.patient_of(document, mail, lps.store)
    if patient is None:
        return {**told, "reason": "aucun patient du fichier n'a cette INS qualifiée et ces traits"}
    lps.store.filed[entry.unique_id] = patient.id
    matricule = patient.ins.matricule if patient.ins else None
    return {**told, "patient": matricule, "integrated": True, "reason": None}


def _unsound(archive: Archive) -> str:
    """Why no document of this archive may be filed; empty when they may."""
    if not archive.subsets:
        return "archive sans dossier IHE_XDM"
    for subset in archive.subsets:
        if subset.metadata is None:
            return "archive sans METADATA.XML"
        if subset.submission is None:
            return f"METADATA.XML illisible ({subset.refused})"
    if not archive.documents:
        return "archive sans document"
    named = {document.entry.patient_id for document in archive.documents}
    inside = {cda.patient.ins.matricule for cda in archive.cdas if cda.patient.ins is not None}
    if len(named) > 1 or len(inside) > 1:
        return "l'archive concerne plusieurs personnes"
    return ""


def _altered(document: ArchivedDocument) -> str:
    """Why this document can't be trusted; empty when it can."""
    entry, data = document.entry, document.data
    if data is None:
        return "fichier absent de l'archive"
    if document.document is None:
        return f"document illisible ({document.refused or entry.mime_type})"
    if entry.hash.lower() != hashlib.sha1(data, usedforsecurity=False).hexdigest():
        return "empreinte différente de celle annoncée"
    if entry.size != len(data):
        return "taille différente de celle annoncée"
    if entry.unique_id != document.document.unique_id:
        return "identifiant différent de celui du document"
    return ""


def _set_aside(reason: str) -> Data:
    return {"unique_id": "", "type_code": "", "patient": None, "integrated": False, "reason": reason}
