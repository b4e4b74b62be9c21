"""Deposits that the bench makes itself: documents of others that the software under test will find."""

import hashlib
from dataclasses import dataclass, replace

from schemas import cda
from schemas.xds import DocumentEntry, SubmissionSet, entry_from_cda, names
from schemas.xml import XmlRefused
from simulators.core.population import Patient
from simulators.core.random import Randomness

from .feed import completed
from .state import DmpState

SOURCE = "2.25.0"  # the bench itself


@dataclass(frozen=True, slots=True)
class Deposited:
    """A document that was put into a DMP."""

    unique_id: str
    entry_uuid: str
    type_code: str
    title: str
    sha256: str


def deposit(
    state: DmpState, patient: Patient, document: bytes, randomness: Randomness, flags: tuple[str, ...] = ()
) -> str:
    """Put a CDA into a patient's DMP as its author would have. Returns its uniqueId.

    Metadata, author included, come from the header of the CDA; `flags` are French confidentiality codes.
    Raises CdaRefused or XmlRefused when the bytes are no CDA, sqlite3.IntegrityError on a duplicate.
    """
    entry = entry_from_cda(cda.read(document), document, flags=flags)
    return put(state, patient, entry, document, randomness).unique_id


def described(document: bytes, otherwise: bytes, flags: tuple[str, ...]) -> DocumentEntry:
    """The metadata of bytes that may be no CDA: those of `otherwise`, which is one, then."""
    try:
        return entry_from_cda(cda.read(document), document, flags=flags)
    except (cda.CdaRefused, XmlRefused, ValueError):
        return entry_from_cda(cda.read(otherwise), document, flags=flags)


def put(
    state: DmpState,
    patient: Patient,
    entry: DocumentEntry,
    document: bytes,
    randomness: Randomness,
    *,
    status: str = names.APPROVED,
    received: str = "",
    replaces: str = "",
) -> Deposited:
    """Put bytes with their metadata into a patient's DMP. No rule is applied: what is wrong stays wrong.

    `received`: YYYYMMDDhhmmss, by default when the document was made. `replaces`: entryUUID of the active
    document that this one replaces. Raises sqlite3.IntegrityError on a duplicate, Stale when that document is
    not active.
    """
    uuid = f"urn:uuid:{randomness.uuid('dmp.entry')}"
    entry = replace(completed(entry, document, uuid), patient_id=patient.ins.cx(), status=status)
    digest = hashlib.sha256(document).hexdigest()
    submission = SubmissionSet(
        id="",
        unique_id=f"2.25.{int(uuid[-12:], 16)}",
        source_id=SOURCE,
        patient_id=entry.patient_id,
        submission_time=received or entry.creation_time,
        content_type=None,
        authors=entry.authors,
        title=entry.title,
    )
    state.register(
        patient.ins.matricule,
        submission,
        f"urn:uuid:{randomness.uuid('dmp.set')}",
        [(entry, document, digest)],
        replaced=[(uuid, replaces)] if replaces else (),
    )
    kind = entry.type_code.code if entry.type_code else ""
    return Deposited(entry.unique_id, uuid, kind, entry.title, digest)
