"""Metadata to ebRIM, as text: f-strings and one strict escape, because a feed must be cheap.

Element order follows the ebRIM 3.0 schema. Everything returned is UTF-8 without an XML declaration, so that
it may be put inside an envelope.
"""

import re
from collections.abc import Iterable, Sequence

from schemas.xds import names
from schemas.xds.model import Association, Author, Code, DocumentEntry, Submission, SubmissionSet

_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile('[&<>"\x00-\x1f\ud800-\udfff\ufffe\uffff]')  # most texts hold none of these
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def escape(text: str) -> str:
    """Text safe in an attribute and in content. Raises ValueError on a character that XML cannot carry."""
    if not _SPECIAL.search(text):
        return text
    found = _UNSAFE.search(text)
    if found:
        raise ValueError(f"character U+{ord(found[0]):04X} cannot be written in XML")
    return text.translate(_ESCAPES)


def write_submission(submission: Submission) -> bytes:
    """The `lcm:SubmitObjectsRequest` of a submission."""
    one = submission.submission_set
    parts = [
        f'<lcm:SubmitObjectsRequest xmlns:lcm="{names.LCM}" xmlns:rim="{names.RIM}"><rim:RegistryObjectList>',
        *(entry_text(entry) for entry in submission.entries),
        set_text(one),
    ]
    if one.marked:
        parts.append(_mark(escape(one.id)))
    for rank, link in enumerate(submission.associations, 1):
        parts.append(association_text(link, f"as{rank:02d}"))
    parts.append("</rim:RegistryObjectList></lcm:SubmitObjectsRequest>")
    return "".join(parts).encode()


def entry_text(entry: DocumentEntry) -> str:
    """One ExtrinsicObject, with the `rim` prefix left to be declared around it."""
    e = escape(entry.id)
    size = "" if entry.size is None else str(entry.size)
    slots = (
        ("creationTime", (entry.creation_time,)),
        ("hash", (entry.hash,)),
        ("languageCode", (entry.language,)),
        ("legalAuthenticator", (entry.legal_authenticator,)),
        ("repositoryUniqueId", (entry.repository_unique_id,)),
        ("serviceStartTime", (entry.service_start,)),
        ("serviceStopTime", (entry.service_stop,)),
        ("size", (size,)),
        ("sourcePatientId", (entry.source_patient_id,)),
        ("sourcePatientInfo", entry.source_patient_info),
        ("URI", (entry.uri,)),
        (names.REFERENCE_ID_LIST, entry.reference_ids),
        *entry.other_slots,
    )
    codes: list[tuple[str, Code | None]] = [
        (names.CLASS_CODE, entry.class_code),
        *((names.CONFIDENTIALITY, code) for code in entry.confidentiality),
        *((names.EVENT, code) for code in entry.events),
        (names.FORMAT_CODE, entry.format_code),
        (names.FACILITY, entry.facility),
        (names.PRACTICE_SETTING, entry.practice_setting),
        (names.TYPE_CODE, entry.type_code),
    ]
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in (("lid", entry.lid), ("status", entry.status))
        if value
    )
    version = f'<rim:VersionInfo versionName="{escape(entry.version)}"/>' if entry.version else ""
    return (
        f'<rim:ExtrinsicObject id="{e}"{attributes} mimeType="{escape(entry.mime_type)}"'
        f' objectType="{escape(entry.object_type)}">'
        + _slots(slots)
        + _label("Name", entry.title)
        + _label("Description", entry.comments)
        + version
        + _classifications(e, names.ENTRY_AUTHOR, entry.authors, codes)
        + _identifiers(
            e,
            (
                (names.ENTRY_PATIENT, "XDSDocumentEntry.patientId", entry.patient_id),
                (names.ENTRY_UNIQUE, "XDSDocumentEntry.uniqueId", entry.unique_id),
            ),
        )
        + "</rim:ExtrinsicObject>"
    )


def set_text(one: SubmissionSet, *, listed: bool = False) -> str:
    """One RegistryPackage, with the `rim` prefix left to be declared around it.

    `listed`: as an answer lists it, the mark of a submission set inside.
    """
    s = escape(one.id)
    slots = (
        ("submissionTime", (one.submission_time,)),
        ("intendedRecipient", one.intended_recipients),
        *one.other_slots,
    )
    status = f' status="{escape(one.status)}"' if one.status else ""
    return (
        f'<rim:RegistryPackage id="{s}"{status}>'
        + _slots(slots)
        + _label("Name", one.title)
        + _label("Description", one.comments)
        + _classifications(s, names.SET_AUTHOR, one.authors, [(names.CONTENT_TYPE, one.content_type)])
        + (_mark(s) if listed else "")
        + _identifiers(
            s,
            (
                (names.SET_PATIENT, "XDSSubmissionSet.patientId", one.patient_id),
                (names.SET_SOURCE, "XDSSubmissionSet.sourceId", one.source_id),
                (names.SET_UNIQUE, "XDSSubmissionSet.uniqueId", one.unique_id),
            ),
        )
        + "</rim:RegistryPackage>"
    )


def _mark(owner: str) -> str:
    return (
        f'<rim:Classification id="{owner}_node" classifiedObject="{owner}"'
        f' classificationNode="{names.SUBMISSION_SET_NODE}"/>'
    )


def association_text(link: Association, default_id: str) -> str:
    """One Association, with the `rim` prefix left to be declared around it."""
    return (
        f'<rim:Association id="{escape(link.id or default_id)}" associationType="{escape(link.type)}"'
        f' sourceObject="{escape(link.source)}" targetObject="{escape(link.target)}">'
        + _slots(link.slots.items())
        + "</rim:Association>"
    )


def _slots(slots: Iterable[tuple[str, Sequence[str]]]) -> str:
    parts = []
    for name, values in slots:
        if values and values[0]:
            parts.append(f'<rim:Slot name="{escape(name)}"><rim:ValueList>')
            for value in values:
                parts.append(f"<rim:Value>{escape(value)}</rim:Value>")
            parts.append("</rim:ValueList></rim:Slot>")
    return "".join(parts)


def _slot(name: str, value: str) -> str:
    if not value:
        return ""
    inside = f"<rim:Value>{escape(value)}</rim:Value>"
    return f'<rim:Slot name="{name}"><rim:ValueList>{inside}</rim:ValueList></rim:Slot>'


def _label(tag: str, text: str) -> str:
    if not text:
        return ""
    value = escape(text)
    return f'<rim:{tag}><rim:LocalizedString xml:lang="FR" charset="UTF8" value="{value}"/></rim:{tag}>'


def _classifications(
    owner: str, author_scheme: str, authors: Iterable[Author], codes: Iterable[tuple[str, Code | None]]
) -> str:
    parts = []
    rank = 0
    for author in authors:
        rank += 1
        content = _slots(
            (
                ("authorPerson", (author.person,)),
                ("authorInstitution", author.institutions),
                ("authorRole", author.roles),
                ("authorSpecialty", author.specialties),
            )
        )
        parts.append(_classification(owner, rank, author_scheme, "", content))
    for scheme, code in codes:
        if code is not None:
            rank += 1
            content = _slot("codingScheme", code.system) + _label("Name", code.display)
            parts.append(_classification(owner, rank, scheme, escape(code.code), content))
    return "".join(parts)


def _classification(owner: str, rank: int, scheme: str, node: str, content: str) -> str:
    return (
        f'<rim:Classification id="{owner}_c{rank:02d}" classificationScheme="{scheme}"'
        f' classifiedObject="{owner}" nodeRepresentation="{node}">{content}</rim:Classification>'
    )


def _identifiers(owner: str, identifiers: Iterable[tuple[str, str, str]]) -> str:
    return "".join(
        f'<rim:ExternalIdentifier id="{owner}_e{rank:02d}" registryObject="{owner}"'
        f' identificationScheme="{scheme}" value="{escape(value)}">{_label("Name", name)}'
        "</rim:ExternalIdentifier>"
        for rank, (scheme, name, value) in enumerate(identifiers, 1)
        if value
    )
