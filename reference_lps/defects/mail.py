"""Defects of MSSanté mails, sent and received."""

import io
import re
import zipfile
from dataclasses import replace

from schemas.mail.compose import Draft
from schemas.mail.model import SUBJECT_PREFIX, Mail
from schemas.xdm import ArchivedDocument

from ..state import QUALIFIEE, Patient, Store
from .model import Defect

HASH = re.compile(rb'(<rim:Slot name="hash"><rim:ValueList><rim:Value>)[0-9a-f]{40}')


def without_nil(draft: Draft) -> Draft:
    return replace(draft, nil="")


def wrong_code(draft: Draft) -> Draft:
    """The code of a template that was copied."""
    return replace(draft, codes="34112-3") if draft.codes else draft


def ins_denied(draft: Draft) -> Draft:
    return replace(draft, ins="N") if draft.ins else draft


def plain_subject(draft: Draft) -> Draft:
    return replace(draft, subject=draft.subject.removeprefix(SUBJECT_PREFIX))


def free_file_name(draft: Draft) -> Draft:
    """The PDF under the name that it had on the disk."""
    renamed = (
        replace(one, name="document.pdf") if one.media_type == "application/pdf" else one
        for one in draft.attachments
    )
    return replace(draft, attachments=tuple(renamed))


def no_thread(draft: Draft) -> Draft:
    return replace(draft, references=(), in_reply_to="")


def false_hash(archive: bytes) -> bytes:
    """The archive with another hash in its METADATA.XML."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(written, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename.endswith("METADATA.XML"):
                data = HASH.sub(rb"\g<1>" + b"0" * 40, data)
            new.writestr(info, data)
    return written.getvalue()


def by_subject(document: ArchivedDocument, mail: Mail, store: Store) -> Patient | None:
    """The patient whose name stands in the subject of the mail."""
    for patient in reversed(store.patients.values()):
        if patient.status == QUALIFIEE and patient.birth_name in mail.subject.upper():
            return patient
    return None


DEFECTS = (
    Defect(
        "mss-sans-nil",
        "mssante",
        "L'en-tête X-MSS-NIL manque",
        "The X-MSS-NIL header is missing",
        "MSS-M10",
        ("SC.MSS/CONF.16",),
        {"draft": without_nil},
    ),
    Defect(
        "mss-codecda",
        "mssante",
        "X-MSS-CODECDA ne porte pas le code du document joint",
        "X-MSS-CODECDA does not carry the code of the document",
        "MSS-M08",
        ("SC.MSS/CONF.15",),
        {"draft": wrong_code},
    ),
    Defect(
        "mss-ins-n",
        "mssante",
        "X-MSS-INS vaut N alors que l'archive porte une INS qualifiée",
        "X-MSS-INS says N although the archive carries a qualified INS",
        "MSS-M09",
        ("SC.MSS/CONF.14",),
        {"draft": ins_denied},
    ),
    Defect(
        "mss-objet",
        "mssante",
        "L'objet n'a pas le préfixe XDM/1.0/DDM+",
        "The subject lacks the prefix XDM/1.0/DDM+",
        "MSS-M07",
        ("MSS/CONF.25",),
        {"draft": plain_subject},
    ),
    Defect(
        "mss-nom-pdf",
        "mssante",
        "Le PDF joint ne suit pas la règle de nommage",
        "The PDF does not follow the naming rule",
        "MSS-P04",
        ("ECO.2.1.6",),
        {"draft": free_file_name},
    ),
    Defect(
        "mss-reponse-sans-fil",
        "mssante",
        "La réponse ne désigne pas le message d'origine",
        "The reply does not name the message that it answers",
        "SCN-MSS-REPONSE",
        ("MSS/va1.08",),
        {"draft": no_thread},
    ),
    Defect(
        "mss-empreinte-xdm",
        "mssante",
        "L'empreinte annoncée dans l'archive XDM n'est pas celle du document",
        "The hash in the XDM archive is not that of the document",
        "XDS-HASH-01",
        ("BEN-CDA-06",),
        {"archive": false_hash},
    ),
    Defect(
        "mss-clair-avant-tls",
        "mssante",
        "L'envoi est d'abord tenté en clair, avant STARTTLS",
        "Sending is first tried in clear, before STARTTLS",
        "MSS-T01-SMTP",
        ("SC.MSS/CONF.05",),
        {"sender_in_clear": True},
    ),
    Defect(
        "mss-nom-certificat",
        "mssante",
        "Le nom du certificat de l'opérateur n'est pas vérifié",
        "The name in the operator's certificate is not verified",
        "SCN-MSS-CERT-NOM",
        ("BEN-MSS-09",),
        {"host_name_checked": False},
    ),
    Defect(
        "mss-autre-patient",
        "mssante",
        "Le compte rendu reçu est classé d'après l'objet du courriel",
        "The received report is filed after the subject of the mail",
        "SCN-MSS-AUTRE-PATIENT",
        ("MSS/CONF.24",),
        {"patient_of": by_subject},
    ),
)
