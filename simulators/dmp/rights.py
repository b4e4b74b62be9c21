"""Who may do what at the DMP: the functional rights, as data.

Known: the two sheets (direct and indirect, PDT-INF-526 v1.8; AIR, PDT-INF-606 v1.3). Assumed, and a setting
of `Oddities`: what the sheets leave open or say twice. The sheets bind the DMP, not the software.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.vihf import AIR, INDIRECT, Vihf
from schemas.vihf.model import PROFESSIONS, SPECIALITIES

NORMAL, REGULATION, GLASS = "normal", "centre_15", "bris_de_glace"
PURPOSES = (NORMAL, REGULATION, GLASS)
DOCTOR_CODE = "10"  # TRE_G15
STUDENTS = "1.2.250.1.71.1.2.8"  # TRE_G16
OCCUPATIONAL_MEDICINE = frozenset({"SM25"})  # TRE_R38: médecine du travail


class Permission(StrEnum):
    """What a cell of the sheet says. Only NO refuses by itself; the others say within which limits."""

    NO = "no"
    YES = "yes"
    OWN = "own"  # documents of which the caller is an author
    STRUCTURE = "structure"  # for, or within, the caller's structure
    NEW = "new"  # TD0.4 of an organisation: by date, new authorisations only
    TO_DELETE = "to-delete"  # TD3.1: the reference of a document of the structure, to replace or delete it
    CONSENT = "consent"  # masked documents, if the patient allowed it in an emergency


class Actor(StrEnum):
    """A column of the sheets."""

    PS = "professional"  # not a doctor
    DOCTOR = "doctor"
    OCCUPATIONAL = "occupational-doctor"
    TREATING = "treating-doctor"
    CPE = "cpe"  # card of an employee; non-professional in AIR
    ORGANISATION = "organisation"  # organisation certificates, INDIRECTE


class Action(StrEnum):
    """A line of the sheets."""

    EXISTS = "TD0.2"
    AUTHORISE = "TD0.3 AJOUT"
    WITHDRAW = "TD0.3 SUPPRESSION"
    STOP_TREATING = "TD0.3 SUPPRESSION MEDECIN_TRAITANT"
    PATIENTS = "TD0.4"
    FIND_PATIENT = "TD0.5"
    WEB = "TD0.9"  # TD0.10 in AIR
    ADMIN_DATA = "TD1.3a"
    AUTHORISED = "TD1.6"
    FEED = "TD2.1"
    FEED_CPE = "TD2.2"
    SEARCH = "TD3.1"
    SEARCH_REFERENCES = "TD3.1 références"
    RETRIEVE = "TD3.2"
    RETRIEVE_MASKED = "TD3.2 masqué"
    RETRIEVE_INVISIBLE = "TD3.2 invisible au patient"
    RETRIEVE_ARCHIVED = "TD3.2 archivé"
    RETRIEVE_OBSOLETE = "TD3.2 obsolète"
    RETRIEVE_DELETED = "TD3.2 supprimé"
    MASK = "TD3.3a masquer"
    UNMASK = "TD3.3a démasquer"
    SHOW = "TD3.3b"  # make visible to the patient
    DELETE = "TD3.3c"
    ARCHIVE = "TD3.3d"  # and un-archive


# Of a document written by the patient, only the treating doctor (or the patient) may do these.
NOT_ON_PATIENT_DOCUMENTS = frozenset({Action.DELETE, Action.ARCHIVE})


@dataclass(frozen=True, slots=True)
class Oddities:
    """What the sheets leave open. Every default is labelled: `sheet` (as written) or `assumed`."""

    deleted_readable: bool = True  # sheet: professionals read deleted documents
    doctor_archives_any_in_emergency: bool = True  # sheet: but only their own in normal mode
    treating_in_regulation: Actor | None = Actor.DOCTOR  # assumed: no such column; None refuses all
    occupational_in_air: Actor | None = Actor.OCCUPATIONAL  # assumed: no such column; None refuses all
    unlisted_purpose: Permission = Permission.NO  # assumed: columns that give one mode mean `normal`


SHEET = Oddities()

_LETTERS = {
    "n": Permission.NO,
    "y": Permission.YES,
    "o": Permission.OWN,
    "s": Permission.STRUCTURE,
    "w": Permission.NEW,
    "d": Permission.TO_DELETE,
    "c": Permission.CONSENT,
}
_N, _NR, _NB, _NRB = (NORMAL,), (NORMAL, REGULATION), (NORMAL, GLASS), PURPOSES
_COLUMNS = (
    (Actor.PS, _NRB),
    (Actor.DOCTOR, _NRB),
    (Actor.OCCUPATIONAL, _N),
    (Actor.TREATING, _NB),
    (Actor.CPE, _N),
    (Actor.ORGANISATION, _NR),
)
# Columns: PS N/R/B, doctor N/R/B, occupational N, treating N/B, CPE N, organisation N/R
_DIRECT: Mapping[Action, str] = {
    Action.EXISTS: "yyy yyy y yy y yy",
    Action.AUTHORISE: "ynn ynn n yn s nn",
    Action.WITHDRAW: "ynn ynn n yn n nn",
    Action.STOP_TREATING: "nnn nnn n yn n nn",
    Action.PATIENTS: "yyy yyy y yy s wn",
    Action.FIND_PATIENT: "nyn nyn n nn n ny",
    Action.WEB: "yyy yyy y yy y nn",
    Action.ADMIN_DATA: "yyy yyy y yy y yy",
    Action.AUTHORISED: "ynn ynn y yn n nn",
    Action.FEED: "yyy yyy y yy n ss",
    Action.FEED_CPE: "nnn nnn n nn s nn",
    Action.SEARCH: "yyy yyy y yy n nn",
    Action.SEARCH_REFERENCES: "yyy yyy y yy d dd",
    Action.RETRIEVE: "yyy yyy n yy n nn",
    Action.RETRIEVE_MASKED: "occ occ n yc n nn",
    Action.RETRIEVE_INVISIBLE: "yyy yyy n yy n nn",
    Action.RETRIEVE_ARCHIVED: "yyy yyy n yy n nn",
    Action.RETRIEVE_OBSOLETE: "yyy yyy n yy n nn",
    Action.RETRIEVE_DELETED: "yyy yyy n yy n nn",
    Action.MASK: "ynn ynn y yn n nn",
    Action.UNMASK: "onn onn o yn n nn",
    Action.SHOW: "ynn ynn y yn n nn",
    Action.DELETE: "ooo ooo o oo s ss",
    Action.ARCHIVE: "onn oyy o yy n nn",
}
# AIR: no organisation column; what differs from the direct sheet
_AIR: Mapping[Action, str] = {
    **_DIRECT,
    Action.FEED: "nnn nnn n nn n nn",
    Action.FEED_CPE: "nnn nnn n nn n nn",
    Action.ARCHIVE: "onn yyy o yy n nn",
}
Cells = Mapping[tuple[Action, Actor, str], Permission]


def _cells(sheet: Mapping[Action, str]) -> Cells:
    return {
        (action, actor, purpose): _LETTERS[letter]
        for action, line in sheet.items()
        for (actor, purposes), letters in zip(_COLUMNS, line.split(), strict=True)
        for purpose, letter in zip(purposes, letters, strict=True)
    }


DIRECT_CELLS, AIR_CELLS = _cells(_DIRECT), _cells(_AIR)


def allowed(action: Action, actor: Actor, purpose: str, mode: str, oddities: Oddities = SHEET) -> Permission:
    """What the sheet of this authentication mode says. `purpose`: code of PurposeOfUse, empty for normal."""
    purpose = purpose or NORMAL
    if actor is Actor.TREATING and purpose == REGULATION:
        return _instead(oddities.treating_in_regulation, action, purpose, mode, oddities)
    if actor is Actor.OCCUPATIONAL and mode == AIR and oddities.occupational_in_air is not actor:
        return _instead(oddities.occupational_in_air, action, purpose, mode, oddities)
    if action is Action.RETRIEVE_DELETED and not oddities.deleted_readable:
        return Permission.NO
    if action is Action.ARCHIVE and actor is Actor.DOCTOR and purpose != NORMAL:
        return Permission.YES if oddities.doctor_archives_any_in_emergency else Permission.OWN
    cells = AIR_CELLS if mode == AIR else DIRECT_CELLS
    return cells.get((action, actor, purpose), oddities.unlisted_purpose)


def _instead(actor: Actor | None, action: Action, purpose: str, mode: str, oddities: Oddities) -> Permission:
    return Permission.NO if actor is None else allowed(action, actor, purpose, mode, oddities)


def actor_of(vihf: Vihf, is_treating_doctor: bool) -> Actor:
    """The column of the caller. `is_treating_doctor`: the DMP holds them as a treating doctor of the patient.

    Organisation certificates alone (INDIRECTE) are the organisation, whoever is named. Otherwise the first
    role of TRE_G15 or TRE_G16 makes a professional, and its absence an employee.
    """
    if vihf.mode == INDIRECT:
        return Actor.ORGANISATION
    profession = next((role for role in vihf.roles if role.system in (PROFESSIONS, STUDENTS)), None)
    if profession is None:
        return Actor.CPE
    if profession.system != PROFESSIONS or profession.code != DOCTOR_CODE:
        return Actor.PS
    if any(role.system == SPECIALITIES and role.code in OCCUPATIONAL_MEDICINE for role in vihf.roles):
        return Actor.OCCUPATIONAL
    return Actor.TREATING if is_treating_doctor else Actor.DOCTOR


def purpose_of(vihf: Vihf) -> str:
    """The purpose of access; `normal` when the VIHF gives none."""
    return vihf.purpose.code if vihf.purpose is not None else NORMAL
