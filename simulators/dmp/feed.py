"""TD2.1: a submission that is well formed, against what the DMP already holds."""

import hashlib
import sqlite3
from dataclasses import replace
from typing import Any

from schemas.ins import parse_cx
from schemas.xds import DocumentEntry, Provided, names
from simulators.core.random import Randomness

from . import errors
from .errors import Refusal
from .rows import Held
from .state import DmpState, Stale


def describe(provided: Provided) -> list[dict[str, Any]]:
    """The facts of each document as sent, before anything is stored."""
    return [
        {
            "unique_id": entry.unique_id,
            "type_code": entry.type_code.code if entry.type_code else "",
            "format_code": entry.format_code.code if entry.format_code else "",
            "entry_uuid": None,
            "title": entry.title,
            "size": len(provided.documents.get(entry.id, b"")),
            "sha256": hashlib.sha256(provided.documents.get(entry.id, b"")).hexdigest(),
            "confidentiality": [code.code for code in entry.confidentiality],
            "replaces": None,
        }
        for entry in provided.submission.documents
    ]


def feed(
    state: DmpState,
    provided: Provided,
    matricule: str,
    randomness: Randomness,
    facts: list[dict[str, Any]],
    received: str = "",
) -> None:
    """Store a submission; `facts` (see `describe`) receive entryUUIDs and what was replaced.

    `received`: the instant, YYYYMMDDhhmmss.

    Raises Refusal when the registry or the repository can't take it; then nothing is stored.
    """
    submission = provided.submission
    replaced = [(new, _replaceable(state, uuid, matricule)) for new, uuid in submission.replacements()]
    digests = {one["unique_id"]: one["sha256"] for one in facts}
    complete: list[tuple[DocumentEntry, bytes, str]] = []
    for entry in submission.entries:
        data = provided.documents[entry.id]
        sha256 = digests.get(entry.unique_id) or hashlib.sha256(data).hexdigest()
        complete.append((completed(entry, data, f"urn:uuid:{randomness.uuid('dmp.entry')}"), data, sha256))
    uuids = {entry.unique_id: entry.id for entry, _, _ in complete}
    by_unique = {entry.unique_id: entry.id for entry in submission.entries}
    new = {sent.id: uuids[sent.unique_id] for sent in submission.entries}
    set_uuid = f"urn:uuid:{randomness.uuid('dmp.set')}"
    try:
        state.register(
            matricule,
            submission.submission_set,
            set_uuid,
            complete,
            replaced=[(new[id_], old.uuid) for id_, old in replaced],
            received=received,
        )
    except sqlite3.IntegrityError as error:
        raise _known(state, submission.submission_set.unique_id, complete, str(error)) from None
    except Stale as error:
        raise _no_longer(error.uuid, error.uuid) from None
    first = dict(reversed(replaced))
    for one in facts:
        one["entry_uuid"] = uuids[one["unique_id"]]
        old = first.get(by_unique[one["unique_id"]])
        one["replaces"] = old.unique_id if old else None


def completed(entry: DocumentEntry, data: bytes, uuid: str) -> DocumentEntry:
    """An entry with what the registry and the repository add: entryUUID, status, hash (SHA-1), size.

    A hash that was sent is kept: a wrong one was refused before.
    """
    ins = None if entry.is_signature else parse_cx(entry.patient_id)  # a signature is never listed
    return replace(
        entry,
        id=uuid,
        lid=uuid,
        version="1",
        status=names.APPROVED,
        patient_id=ins.cx() if ins else entry.patient_id,
        hash=entry.hash.lower() or hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        size=len(data),
        repository_unique_id=names.DMP_REPOSITORY,
    )


def _replaceable(state: DmpState, uuid: str, matricule: str) -> Held:
    held = state.find_uuid(uuid)
    if held is None or held.is_signature:
        raise errors.registry("UnresolvedReferenceException", f"entryUUID {uuid} inconnu", location=uuid)
    if held.patient != matricule:
        raise errors.other_patient(held.patient, matricule)
    if held.status != names.APPROVED or held.superseded:
        raise _no_longer(held.unique_id, uuid)
    return held


def _no_longer(what: str, uuid: str) -> Refusal:
    detail = f"{what} n'est plus actif : déjà remplacé, archivé ou supprimé"
    return errors.registry("XDSRegistryDeprecatedDocumentError", detail, location=uuid)


def _known(
    state: DmpState, unique_id: str, complete: list[tuple[DocumentEntry, bytes, str]], detail: str
) -> Refusal:
    """What the registry holds already: a document first, then the submission set."""
    held = state.held(entry.unique_id for entry, _, _ in complete)
    for entry, _, sha256 in complete:
        if entry.unique_id in held:
            return _taken(entry.unique_id, same=held[entry.unique_id] == sha256)
    return _duplicate(unique_id, "lot de soumission" if state.has_submission(unique_id) else detail)


def _taken(unique_id: str, *, same: bool) -> Refusal:
    if same:
        return _duplicate(unique_id, "document")
    detail = f"uniqueId {unique_id} déjà déposé avec un autre contenu"
    return errors.registry("XDSNonIdenticalHash", detail, location=unique_id)


def _duplicate(unique_id: str, what: str) -> Refusal:
    return errors.registry(
        "XDSDuplicateUniqueIdInRegistry", f"{what} {unique_id} déjà déposé", location=unique_id
    )
