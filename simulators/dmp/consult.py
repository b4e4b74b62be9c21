"""TD3.1 and TD3.2: the stored queries of the DMP, and giving documents.

What the caller may not see (`visibility`) is left out in silence, as the DMP does. A patient left out of the
query is the one of the VIHF (RG_3010). A submission set is listed when one of its documents is.
"""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.xds import Association, Query, RegistryError, Wanted, names
from schemas.xds.query import (
    ENTRY_UUID,
    PATIENTS,
    REQUIRED,
    SET,
    SET_STATUS,
    STATUS,
    UNIQUE_ID,
    UUID,
    judge_query,
)
from schemas.xds.writer import association_text, set_text

from . import errors
from .rights import Actor
from .rows import Held, HeldSet
from .state import DmpState
from .visibility import DEFAULT, Rules, Viewer, hidden, own

PREFIX = "$XDSDocumentEntry"
TIMES = ("CreationTime", "ServiceStartTime", "ServiceStopTime")
CODED = (
    "ClassCode",
    "TypeCode",
    "FormatCode",
    "HealthcareFacilityTypeCode",
    "PracticeSettingCode",
    "ConfidentialityCode",
    "EventCodeList",
    "ReferenceIdList",
)
MASKED = f"{names.MASQUE_PS}^^{names.FRENCH_CONFIDENTIALITY}"
# A query that breaks one of these can't be answered; the code for a wrong form is assumed.
CODES = {"XDS-QRY-05": "XDSStoredQueryParamNumber", "XDS-QRY-06": "XDSRegistryError"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of an answer: entryUUID, ebRIM, and what the facts call it (uniqueId where it has one)."""

    uuid: str
    xml: str
    name: str


def search(
    state: DmpState,
    query: Query,
    matricule: str,
    viewer: Viewer,
    rules: Rules = DEFAULT,
    *,
    asked_as: str = "",
) -> list[Listed]:
    """What a stored query finds for this viewer. `asked_as`: the INS that the call gives, when it is another
    of the same patient.

    Raises Refusal: unknown query, missing or repeated parameter, wrong form, more than one patient.
    """
    _answerable(query, asked_as or matricule)
    if query.id == names.GET_DOCUMENTS:
        found = _named(state, query, matricule)
        return [_entry(one) for one in found if _shown(state, one, query, viewer, rules)]
    asked = _statuses(query) if query.id in (names.FIND_DOCUMENTS, names.FIND_BY_REFERENCE_ID) else ()
    entries = state.of_patient(matricule, asked)
    visible = [one for one in entries if _shown(state, one, query, viewer, rules)]
    if query.id == names.FIND_SUBMISSION_SETS:
        return [_set(one) for one in _sets(state, matricule, visible) if _accepts_set(query, one)]
    if query.id == names.GET_ASSOCIATIONS:
        return _associations(state, query, entries, visible, _sets(state, matricule, visible))
    return [_entry(one) for one in visible if _accepts(query, one)]


def _answerable(query: Query, matricule: str) -> None:
    required = REQUIRED.get(query.id)
    if required is None:
        raise errors.registry("XDSUnknownStoredQuery", f"requête {query.id} inconnue ou non simulée")
    for name in PATIENTS:
        for asked in query.values(name):
            if asked.partition("^")[0] != matricule:
                raise errors.other_patient(asked.partition("^")[0], matricule)
    for alternatives in required:
        present = sum(bool(query.values(name)) for name in alternatives)
        if not present and len(alternatives) == 1:
            raise errors.registry("XDSStoredQueryMissingParam", f"{alternatives[0]} absent")
        if present != 1:
            raise errors.registry("XDSStoredQueryParamNumber", f"{' ou '.join(alternatives)}, l'un des deux")
    for finding in judge_query(query):
        if finding.rule in CODES:
            detail = f"{finding.where} : {finding.observed}, attendu {finding.expected}"
            raise errors.registry(CODES[finding.rule], detail)


def _shown(state: DmpState, held: Held, query: Query, viewer: Viewer, rules: Rules) -> bool:
    if hidden(held, viewer, rules) is not None:
        return False
    if held.superseded:  # what the current version hides, an older one must not tell
        current = state.find(held.unique_id)
        return current is not None and _shown(state, current, query, viewer, rules)
    if held.masked and rules.masked_on_request and viewer.actor is Actor.TREATING and not own(held, viewer):
        return MASKED in query.values(f"{PREFIX}ConfidentialityCode")
    return True


def _named(state: DmpState, query: Query, matricule: str) -> list[Held]:
    found = [state.find(one) for one in query.values(UNIQUE_ID)]
    found += [state.find_uuid(one) for one in query.values(ENTRY_UUID)]
    kept = {held.uuid: held for held in found if held is not None and held.patient == matricule}
    return list(kept.values())


def _statuses(query: Query) -> Sequence[str]:
    """What the table may be asked for: the first group, others only leave out more."""
    return query.slots[STATUS][0]


def _accepts(query: Query, held: Held) -> bool:
    if not query.allows(STATUS, [held.status]):
        return False
    if not all(query.allows(PREFIX + name, held.facets[name]) for name in CODED):
        return False
    return all(_between(query, PREFIX + name, held.facets[name][0]) for name in TIMES) and _by(
        query, f"{PREFIX}AuthorPerson", held.facets["AuthorPerson"]
    )


def _sets(state: DmpState, matricule: str, visible: Iterable[Held]) -> list[HeldSet]:
    numbers = {held.submission for held in visible}
    return [one for one in state.sets_of(matricule) if one.number in numbers]


def _accepts_set(query: Query, held: HeldSet) -> bool:
    one = held.set
    kind = [f"{one.content_type.code}^^{one.content_type.system}"] if one.content_type else []
    return (
        query.allows(SET_STATUS, [one.status])
        and query.allows(f"{SET}SourceId", [one.source_id])
        and query.allows(f"{SET}ContentType", kind)
        and _between(query, f"{SET}SubmissionTime", one.submission_time)
        and _by(query, f"{SET}AuthorPerson", [author.person for author in one.authors])
    )


def _associations(
    state: DmpState,
    query: Query,
    entries: Sequence[Held],
    visible: Sequence[Held],
    sets: Sequence[HeldSet],
) -> list[Listed]:
    """HasMember and RPLC of which one end is asked for, both ends being visible.

    A replacement is between documents: it is told of their current versions.
    """
    asked = set(query.values(UUID))
    set_uuids = {one.number: one.set.id for one in sets}
    links = []
    for held in visible:
        ends = (set_uuids[held.submission], held.uuid)
        if asked.intersection(ends):
            slots = {"SubmissionSetStatus": ("Original",)}
            if held.version > 1:
                slots["PreviousVersion"] = (str(held.version - 1),)
            links.append(Association(names.HAS_MEMBER, *ends, slots=slots))
    shown = {held.unique_id: held.uuid for held in visible if not held.superseded}
    current = {held.uuid: shown[held.unique_id] for held in entries if held.unique_id in shown}
    for link in state.links(one for one, now in current.items() if now in asked):
        if link.source in current and link.target in current:
            links.append(Association(link.type, current[link.source], current[link.target]))
    return [_association(link) for link in links]


def _entry(held: Held) -> Listed:
    return Listed(held.uuid, held.xml, held.unique_id)


def _set(held: HeldSet) -> Listed:
    return Listed(held.set.id, set_text(held.set, listed=True), held.set.unique_id)


def _association(link: Association) -> Listed:
    """Its id is drawn from both ends: the same at each answer."""
    id_ = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{link.type} {link.source} {link.target}')}"
    return Listed(id_, association_text(link, id_), id_)


def _between(query: Query, name: str, value: str) -> bool:
    return _within(value, query.one(f"{name}From"), query.one(f"{name}To"))


def _by(query: Query, name: str, persons: Sequence[str]) -> bool:
    """One of these persons is like one of the patterns, in each group."""
    return all(
        any(_like(person, pattern) for person in persons for pattern in group)
        for group in query.slots.get(name, ())
    )


def _within(value: str, start: str, end: str) -> bool:
    """From inclusive, To exclusive, whatever the precision written."""
    if not value:
        return not (start or end)
    padded = value.ljust(14, "0")
    return (not start or padded >= start.ljust(14, "0")) and (not end or padded < end.ljust(14, "0"))


def _like(value: str, pattern: str) -> bool:
    """SQL LIKE, as ITI-18 wants for authors: `%` any text, `_` one character."""
    pieces = [re.compile(re.escape(piece).replace("_", ".")) for piece in pattern.split("%")]
    if len(pieces) == 1:
        return pieces[0].fullmatch(value) is not None
    first, last = pieces[0].match(value), len(pattern.rpartition("%")[2])
    if first is None or pieces[-1].fullmatch(value, max(len(value) - last, 0)) is None:
        return False
    position = first.end()
    for piece in pieces[1:-1]:
        found = piece.search(value, position)
        if found is None:
            return False
        position = found.end()
    return position <= len(value) - last


@dataclass(frozen=True, slots=True)
class Found:
    """What a retrieval gives: documents with their bytes, and an error for each that it can't give."""

    documents: tuple[tuple[Held, bytes], ...]
    errors: tuple[RegistryError, ...]


def retrieve(
    state: DmpState, wanted: Sequence[Wanted], matricule: str, viewer: Viewer, rules: Rules = DEFAULT
) -> Found:
    """The documents asked for by uniqueId. Raises Refusal when nothing is asked."""
    if not wanted:
        raise errors.registry("XDSRepositoryError", "aucun DocumentRequest")
    documents: list[tuple[Held, bytes]] = []
    refused: list[RegistryError] = []
    for one in dict.fromkeys(wanted):
        held = state.find(one.unique_id)
        if one.repository_unique_id != names.DMP_REPOSITORY:
            context = f"[bench] dépôt {one.repository_unique_id} inconnu"
            refused.append(RegistryError("XDSUnknownRepositoryId", context, one.unique_id))
        elif not _readable(held, matricule, viewer, rules):
            context = f"[bench] aucun document {one.unique_id}"
            refused.append(RegistryError("XDSDocumentUniqueIdError", context, one.unique_id))
        else:
            assert held is not None
            documents.append((held, state.body(held)))
    return Found(tuple(documents), tuple(refused))


def _readable(held: Held | None, matricule: str, viewer: Viewer, rules: Rules) -> bool:
    if held is None or held.patient != matricule:
        return False
    return hidden(held, viewer, rules, reading=True) is None
