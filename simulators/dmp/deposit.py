"""Deposits that the bench makes itself: a laboratory's report that the doctor will find in the DMP."""

import hashlib
from dataclasses import replace

from schemas import cda
from schemas.xds import SubmissionSet, entry_from_cda
from simulators.core.population import Patient
from simulators.core.random import Randomness

from .feed import completed
from .state import DmpState

SOURCE = "2.25.0"  # the bench itself


def deposit(
    state: DmpState, patient: Patient, document: bytes, randomness: Randomness, flags: tuple[str, ...] = ()
) -> str:
    """Put a CDA into a patient's DMP as its author would have. Returns its uniqueId.

    Metadata, author included, come from the header of the CDA; `flags` are French confidentiality codes.
    Raises CdaRefused or XmlRefused when the bytes are no CDA, sqlite3.IntegrityError on a duplicate.
    """
    header = cda.read(document)
    uuid = f"urn:uuid:{randomness.uuid('dmp.entry')}"
    entry = completed(entry_from_cda(header, document, flags=flags), document, uuid)
    entry = replace(entry, patient_id=patient.ins.cx())
    digest = hashlib.sha256(document).hexdigest()
    submission = SubmissionSet(
        id="",
        unique_id=f"2.25.{int(uuid[-12:], 16)}",
        source_id=SOURCE,
        patient_id=entry.patient_id,
        submission_time=entry.creation_time,
        content_type=None,
        authors=entry.authors,
        title=entry.title,
    )
    state.register(
        patient.ins.matricule,
        submission,
        f"urn:uuid:{randomness.uuid('dmp.set')}",
        [(entry, document, digest)],
    )
    return header.unique_id
