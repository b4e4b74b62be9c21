"""Putting a submission together: the set, its documents, its signature, their associations."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from schemas.xds import names
from schemas.xds.model import Association, Author, Code, DocumentEntry, Submission, SubmissionSet

SIGNATURE_ID = "Signature01"
SET_ID = "SubmissionSet01"


def new_submission(
    entries: Iterable[DocumentEntry],
    *,
    unique_id: str,
    source_id: str,
    author: Author,
    content_type: Code,
    now: datetime,
    signature_id: str | None = None,
    replaces: Mapping[str, str] | None = None,
    title: str = "",
) -> Submission:
    """A submission of these entries (at least one), all about the patient of the first.

    `signature_id`: uniqueId of the signature document, whose entry is then added; None for an XDM archive.
    `replaces`: old entryUUID by id of the entry that replaces it. Raises ValueError without entries.
    """
    documents = tuple(entries)
    if not documents:
        raise ValueError("a submission has at least one document")
    first = documents[0]
    time = now.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    members = documents
    links = []
    if signature_id is not None:
        members = (*documents, signature_entry(first, signature_id, author, time))
        links.append(Association(names.SIGNS, SIGNATURE_ID, SET_ID, slots=_ORIGINAL))
    links[:0] = [Association(names.HAS_MEMBER, SET_ID, entry.id, slots=_ORIGINAL) for entry in members]
    links += [Association(names.RPLC, new, old) for new, old in (replaces or {}).items()]
    one = SubmissionSet(
        id=SET_ID,
        unique_id=unique_id,
        source_id=source_id,
        patient_id=first.patient_id,
        submission_time=time,
        content_type=content_type,
        authors=(author,),
        title=title or first.title,
    )
    return Submission(one, members, tuple(links))


_ORIGINAL = {"SubmissionSetStatus": ("Original",)}


def signature_entry(beside: DocumentEntry, unique_id: str, author: Author, time: str) -> DocumentEntry:
    """The entry of the signature document: described as IHE DSG, for the patient and place of `beside`."""
    french = names.FRENCH_CONFIDENTIALITY
    return replace(
        beside,
        id=SIGNATURE_ID,
        unique_id=unique_id,
        mime_type="text/xml",
        title="Source",
        comments="",
        creation_time=time,
        language="art",
        service_start=time,
        service_stop="",
        authors=(author,),
        class_code=Code(names.SIGNATURE_CLASS, "URN", "Digital Signature"),
        type_code=Code(names.SIGNATURE_TYPE, "ASTM", "Full Document"),
        format_code=Code(names.SIGNATURE_FORMAT, "URN", "Default Signature Style"),
        confidentiality=(
            Code("N", names.HL7_CONFIDENTIALITY, "Normal"),
            *(
                Code(flag, french, names.CONFIDENTIALITY_DISPLAY[flag])
                for flag in (names.MASQUE_PS, names.INVISIBLE_PATIENT)
            ),
        ),
        events=(Code(names.SIGNATURE_PURPOSE, names.SIGNATURE_PURPOSES, "Source"),),
        reference_ids=(),
        hash="",
        size=None,
        uri="",
        other_slots=(),
    )
