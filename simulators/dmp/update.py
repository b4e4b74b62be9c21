"""TD3.3: masking and unmasking (a), making visible (b), deleting (c), archiving and un-archiving (d).

Deleting and archiving change the status in place. The rest makes a new version of the metadata: another
entryUUID, the same uniqueId and logical id, and the version before becomes Deprecated. Nothing is erased.
Known: both forms, their effects (published examples, CI-SIS), who may (PDT-INF-526, PDT-INF-606). Assumed:
which code answers which refusal, that confidentiality alone may change, that a patient's document is known by
its type or its author.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from schemas import xml
from schemas.xds import Code, DocumentEntry, Update, composite, names
from schemas.xds.reader import read_entry
from schemas.xds.update import NewVersion, StatusChange
from simulators.core.random import Randomness

from . import errors
from .rights import NOT_ON_PATIENT_DOCUMENTS, Action, Actor, Permission, allowed
from .rows import Held
from .state import Change, DmpState, Stale
from .visibility import DEFAULT, Rules, Viewer, own

# (status before, after): what it is. Deleting an obsolete document is assumed to be allowed.
TRANSITIONS: Mapping[tuple[str, str], str] = {
    (names.APPROVED, names.ARCHIVED): "archive",
    (names.ARCHIVED, names.APPROVED): "unarchive",
    (names.APPROVED, names.DELETED): "delete",
    (names.ARCHIVED, names.DELETED): "delete",
    (names.DEPRECATED, names.DELETED): "delete",
}
# What is done: the letter of TD3.3 and the line of the sheets of rights.
ACTIONS: Mapping[str, tuple[str, Action]] = {
    "mask": ("a", Action.MASK),
    "unmask": ("a", Action.UNMASK),
    "show-patient": ("b", Action.SHOW),
    "show-representatives": ("b", Action.SHOW),
    "delete": ("c", Action.DELETE),
    "archive": ("d", Action.ARCHIVE),
    "unarchive": ("d", Action.ARCHIVE),
}
# French flag: what adding it is, what taking it away is. Nothing becomes invisible again.
FLAGS: Mapping[str, tuple[str, str]] = {
    names.MASQUE_PS: ("mask", "unmask"),
    names.INVISIBLE_PATIENT: ("", "show-patient"),
    names.INVISIBLE_REPRESENTANTS: ("", "show-representatives"),
}
PATIENT_TYPES = ("DOCPAT", "EXPPAT")
CODED = ("class_code", "type_code", "format_code", "facility", "practice_setting", "events")
MAY_DIFFER = ("id", "lid", "version", "status", "line", "patient_id", "confidentiality", *CODED)


@dataclass(frozen=True, slots=True)
class Step:
    """One change that is possible. `entry`: the new version, None when the status changes in place."""

    held: Held
    words: tuple[str, ...]
    status: str
    entry: DocumentEntry | None = None


def actions(update: Update) -> tuple[Action, ...]:
    """The lines of the sheets that the message alone is about: a new version masks at least.

    Whose document it is, and what changes in it, is looked at with the registry (`update`).
    """
    found = [Action.DELETE if one.new == names.DELETED else Action.ARCHIVE for one in update.statuses]
    return tuple(dict.fromkeys(found + [Action.MASK for _ in update.versions]))


def describe(update: Update) -> dict[str, Any]:
    """The facts of what is asked for, before the registry is looked at."""
    kinds = sorted({"c" if one.new == names.DELETED else "d" for one in update.statuses})
    return {
        "kind": "".join(kinds),
        "updates": [
            *({"unique_id": None, "entry_uuid": one.entry_uuid} for one in update.statuses),
            *({"unique_id": one.entry.unique_id, "entry_uuid": None} for one in update.versions),
        ],
        "submission": update.submission.submission_set.unique_id,
    }


def update(
    state: DmpState,
    asked: Update,
    matricule: str,
    viewer: Viewer,
    randomness: Randomness,
    facts: dict[str, Any],
    rules: Rules = DEFAULT,
) -> None:
    """Do all that is asked, or nothing; `facts` (see `describe`) receive the kinds, before and after.

    Raises Refusal.
    """
    steps = [_status_step(state, one, matricule, viewer, rules) for one in asked.statuses]
    for one in asked.versions:
        entry_uuid = f"urn:uuid:{randomness.uuid('dmp.entry')}"
        steps.append(_version_step(state, one, matricule, viewer, rules, entry_uuid))
    submission = asked.submission.submission_set
    try:
        state.register(
            matricule,
            submission,
            f"urn:uuid:{randomness.uuid('dmp.set')}",
            [(step.entry, b"", step.held.sha256) for step in steps if step.entry is not None],
            changes=[
                Change(step.held.uuid, step.held.status, step.status, superseded=step.entry is not None)
                for step in steps
            ],
        )
    except Stale as error:
        raise errors.update(f"{error.uuid} a changé entre-temps, ou est visé deux fois", error.uuid) from None
    except sqlite3.IntegrityError:
        raise errors.registry(
            "XDSDuplicateUniqueIdInRegistry",
            f"lot de soumission {submission.unique_id} déjà déposé",
            location=submission.unique_id,
        ) from None
    facts["kind"] = "".join(sorted({ACTIONS[word][0] for step in steps for word in step.words}))
    facts["updates"] = [_fact(step) for step in steps]


def _fact(step: Step) -> dict[str, Any]:
    held, entry = step.held, step.entry
    before = {
        "status": held.status,
        "confidentiality": [value.partition("^")[0] for value in held.facets["ConfidentialityCode"]],
        "version": held.version,
    }
    after = {**before, "status": step.status}
    if entry is not None:
        after = {
            "status": entry.status,
            "confidentiality": [code.code for code in entry.confidentiality],
            "version": int(entry.version),
        }
    return {
        "kind": "".join(sorted({ACTIONS[word][0] for word in step.words})),
        "actions": list(step.words),
        "unique_id": held.unique_id,
        "type_code": held.type_code,
        "entry_uuid": entry.id if entry else held.uuid,
        "before": before,
        "after": after,
    }


def _status_step(state: DmpState, asked: StatusChange, matricule: str, viewer: Viewer, rules: Rules) -> Step:
    held = _target(state, asked.entry_uuid, matricule)
    if held.superseded:
        raise errors.update(f"{held.uuid} n'est pas la version actuelle de sa fiche", held.uuid)
    word = TRANSITIONS.get((asked.original, asked.new))
    if word is not None:
        _permit(word, held, viewer, rules)
    if held.status != asked.original:
        raise errors.update(f"OriginalStatus {asked.original}, statut actuel {held.status}", held.uuid)
    if word is None:
        raise errors.update(f"passage de {asked.original} à {asked.new} non prévu", held.uuid)
    return Step(held, (word,), asked.new)


def _version_step(
    state: DmpState, asked: NewVersion, matricule: str, viewer: Viewer, rules: Rules, entry_uuid: str
) -> Step:
    first = _target(state, asked.entry.lid, matricule)
    held = state.find(first.unique_id)
    if held is None or first.lid != asked.entry.lid:
        raise _unknown(asked.entry.lid)
    if int(asked.previous) != held.version:
        detail = f"PreviousVersion {asked.previous}, version actuelle {held.version}"
        raise errors.version(detail, held.uuid)
    if held.status != names.APPROVED:
        raise errors.update(f"statut actuel {held.status}, attendu {names.APPROVED}", held.uuid)
    stored = _stored(held)
    words = tuple(_changes(stored, asked.entry, held.uuid))
    for word in words:
        _permit(word, held, viewer, rules)
    new = replace(
        stored,
        id=entry_uuid,
        version=str(held.version + 1),
        confidentiality=asked.entry.confidentiality,
    )
    return Step(held, words, names.DEPRECATED, new)


def _target(state: DmpState, uuid: str, matricule: str) -> Held:
    held = state.find_uuid(uuid)
    if held is None or held.is_signature:
        raise _unknown(uuid)
    if held.patient != matricule:
        raise errors.other_patient(held.patient, matricule)
    return held


def _unknown(uuid: str) -> errors.Refusal:
    return errors.registry("UnresolvedReferenceException", f"{uuid} inconnu", location=uuid)


def _stored(held: Held) -> DocumentEntry:
    return read_entry(xml.parse(f'<list xmlns:rim="{names.RIM}">{held.xml}</list>'.encode())[0])


def _changes(stored: DocumentEntry, sent: DocumentEntry, uuid: str) -> Iterator[str]:
    """What the new version does. Raises Refusal when it does nothing, or something else."""
    others = [
        name
        for name in (one.name for one in fields(DocumentEntry))
        if name not in MAY_DIFFER and getattr(stored, name) != getattr(sent, name)
    ]
    others += [name for name in CODED if _coded(getattr(stored, name)) != _coded(getattr(sent, name))]
    if others:
        raise errors.update(f"seule la confidentialité peut changer, pas {', '.join(others)}", uuid)
    before, after = _coded(stored.confidentiality), _coded(sent.confidentiality)
    if before == after:
        raise errors.update("la nouvelle version ne change rien", uuid)
    for code, _ in sorted(before ^ after):
        added, taken = FLAGS.get(code, ("", ""))
        word = added if code not in {known for known, _ in before} else taken
        if not word:
            raise errors.update(f"changement de {code} non prévu", uuid)
        yield word


def _coded(codes: Code | Sequence[Code] | None) -> frozenset[tuple[str, str]]:
    """Codes without their labels, which may be written otherwise."""
    listed = () if codes is None else (codes,) if isinstance(codes, Code) else codes
    return frozenset((code.code, code.system) for code in listed)


def _permit(word: str, held: Held, viewer: Viewer, rules: Rules) -> None:
    """Raises Refusal when the sheets of rights do not give this action to this caller on this document."""
    action = ACTIONS[word][1]
    said = allowed(action, viewer.actor, viewer.purpose, viewer.mode, rules.oddities)
    if action in NOT_ON_PATIENT_DOCUMENTS and by_the_patient(held):
        fine = viewer.actor is Actor.TREATING and said is not Permission.NO
    else:
        fine = said is Permission.YES or (
            said in (Permission.OWN, Permission.STRUCTURE) and own(held, viewer)
        )
    if not fine:
        raise errors.not_permitted(f"TD3.3{ACTIONS[word][0]} ({word})", held.uuid)


def by_the_patient(held: Held) -> bool:
    """A document that the patient deposited: by its type, or by its author."""
    authors = map(composite.person_id, held.facets["AuthorPerson"])
    return held.type_code.startswith(PATIENT_TYPES) or held.patient in authors
