"""TD3.1 and TD3.2: what the DMP shows to whom.

Entries that the caller may not see are left out in silence, as the DMP does. The matrix of professions and
types is not public: only its documented examples are here. Sources: PDT-INF-526, arrêté of 26 October 2023.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.vihf import INDIRECT, Vihf
from schemas.vihf.model import PROFESSIONS
from schemas.xds import Query, RegistryError, Wanted, names
from schemas.xds.query import ENTRY_UUID, PATIENT, STATUS, UNIQUE_ID

from . import errors
from .state import DmpState, Held

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
# (profession TRE_G15, typeCode): documented examples of the matrix, not the matrix
HIDDEN = frozenset({("40", "EXPPAT_3"), ("80", "15508-5")})


def visible(held: Held, caller: Vihf) -> bool:
    """Whether this caller is shown this entry. Signatures never are; masked ones only to their authors."""
    if held.is_signature or held.status == names.DELETED:
        return False
    if caller.mode == INDIRECT:  # references only, of the structure's own documents
        return caller.structure in held.facets["structures"]
    own = caller.name_id in held.facets["people"]
    if held.masked and not own:
        return False
    profession = next((role.code for role in caller.roles if role.system == PROFESSIONS), "")
    return own or (profession, held.type_code) not in HIDDEN


def search(state: DmpState, query: Query, matricule: str, caller: Vihf) -> list[Held]:
    """The entries that a stored query finds for this caller.

    Raises Refusal: unknown query, missing parameter, more than one patient.
    """
    asked = query.one(PATIENT).partition("^")[0]
    if asked and asked != matricule:
        raise errors.other_patient(asked, matricule)
    if query.id == names.GET_DOCUMENTS:
        found = _named(state, query)
    elif query.id in (names.FIND_DOCUMENTS, names.FIND_BY_REFERENCE_ID):
        found = _matching(state, query, matricule)
    else:
        raise errors.registry("XDSUnknownStoredQuery", f"requête {query.id} inconnue ou non simulée")
    return [held for held in found if held.patient == matricule and visible(held, caller)]


def _named(state: DmpState, query: Query) -> list[Held]:
    unique, uuids = query.values(UNIQUE_ID), query.values(ENTRY_UUID)
    if bool(unique) == bool(uuids):
        raise errors.registry("XDSStoredQueryParamNumber", f"{UNIQUE_ID} ou {ENTRY_UUID}, l'un des deux")
    found = [state.find(one) for one in unique] + [state.find_uuid(one) for one in uuids]
    return [held for held in found if held is not None]


def _matching(state: DmpState, query: Query, matricule: str) -> list[Held]:
    if not query.values(STATUS):
        raise errors.registry("XDSStoredQueryMissingParam", f"{STATUS} absent")
    if query.id == names.FIND_BY_REFERENCE_ID and not query.values(f"{PREFIX}ReferenceIdList"):
        raise errors.registry("XDSStoredQueryMissingParam", f"{PREFIX}ReferenceIdList absent")
    return [held for held in state.of_patient(matricule) if _accepts(query, held)]


def _accepts(query: Query, held: Held) -> bool:
    if not query.allows(STATUS, [held.status]):
        return False
    if not all(query.allows(PREFIX + name, held.facets[name]) for name in CODED):
        return False
    for name in TIMES:
        if not _within(
            held.facets[name][0], query.one(f"{PREFIX}{name}From"), query.one(f"{PREFIX}{name}To")
        ):
            return False
    return all(
        any(_like(person, pattern) for person in held.facets["AuthorPerson"] for pattern in group)
        for group in query.slots.get(f"{PREFIX}AuthorPerson", ())
    )


def _within(value: str, start: str, end: str) -> bool:
    """From inclusive, To exclusive, whatever the precision written."""
    if not value:
        return not (start or end)
    padded = value.ljust(14, "0")
    return (not start or padded >= start.ljust(14, "0")) and (not end or padded < end.ljust(14, "0"))


def _like(value: str, pattern: str) -> bool:
    """SQL LIKE with `%` only, as ITI-18 wants for authors."""
    pieces = pattern.split("%")
    if len(pieces) == 1:
        return value == pattern
    if not value.startswith(pieces[0]) or not value.endswith(pieces[-1]):
        return False
    position = len(pieces[0])
    for piece in pieces[1:-1]:
        position = value.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return position <= len(value) - len(pieces[-1])


@dataclass(frozen=True, slots=True)
class Found:
    """What a retrieval gives: documents with their bytes, and an error for each that it can't give."""

    documents: tuple[tuple[Held, bytes], ...]
    errors: tuple[RegistryError, ...]


def retrieve(state: DmpState, wanted: Sequence[Wanted], matricule: str, caller: Vihf) -> Found:
    """The documents asked for by uniqueId. Raises Refusal when nothing is asked."""
    if not wanted:
        raise errors.registry("XDSRepositoryError", "aucun DocumentRequest")
    documents: list[tuple[Held, bytes]] = []
    refused: list[RegistryError] = []
    for one in wanted:
        held = state.find(one.unique_id)
        if one.repository_unique_id != names.DMP_REPOSITORY:
            context = f"[bench] dépôt {one.repository_unique_id} inconnu"
            refused.append(RegistryError("XDSUnknownRepositoryId", context, one.unique_id))
        elif held is None or held.patient != matricule or not visible(held, caller):
            context = f"[bench] aucun document {one.unique_id}"
            refused.append(RegistryError("XDSDocumentUniqueIdError", context, one.unique_id))
        else:
            documents.append((held, state.body(held)))
    return Found(tuple(documents), tuple(refused))
