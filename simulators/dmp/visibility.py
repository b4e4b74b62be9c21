"""Who sees which document: one pure function, for searches, for reading, and for the patient's own view.

Known: the flags and who they hide from (PDT-INF-526 v1.8, PDT-INF-606 v1.3, CI-SIS), that the DMP leaves out
in silence, the sheets' rows on masked and deleted documents. Assumed, and a setting of `Rules`: what the
public documents leave open. The matrix of professions and types (arrêté of 26 October 2023) is not public:
only its documented examples are here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum

from schemas.vihf import Vihf
from schemas.vihf.model import PROFESSIONS
from schemas.xds import names

from .rights import SHEET, Action, Actor, Oddities, Permission, actor_of, allowed, purpose_of
from .rows import Held


class Hidden(StrEnum):
    """Why an entry is not shown."""

    SIGNATURE = "signature"  # of a submission set: kept, never shown
    SUPERSEDED = "superseded"  # another version of its metadata is the current one
    OTHER_STRUCTURE = "other-structure"  # an organisation only finds its own documents
    DELETED = "deleted"
    MASKED = "masked"
    PROFESSION = "profession"  # matrix of professions and types
    RIGHTS = "rights"  # this caller reads no document at all
    INVISIBLE_PATIENT = "invisible-patient"
    INVISIBLE_REPRESENTATIVES = "invisible-representatives"


class Kind(StrEnum):
    CALLER = "caller"  # whoever a VIHF names
    PATIENT = "patient"  # in Mon espace santé
    REPRESENTATIVE = "representative"  # of a minor, in Mon espace santé


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks. `agreed`: the patient lets masked documents be read in an emergency. `minor`: a child."""

    kind: Kind
    id: str = ""  # NameID of the VIHF
    structure: str = ""
    actor: Actor = Actor.PS
    mode: str = ""
    purpose: str = ""
    profession: str = ""  # TRE_G15
    agreed: bool = False
    minor: bool = False


def _assumed(label: str) -> dict[str, str]:
    return {"label": f"supposé : {label}"}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the public documents leave open. Each default says so (`labels`)."""

    hidden_types: frozenset[tuple[str, str]] = field(
        default=frozenset({("40", "EXPPAT_3"), ("80", "15508-5")}),
        metadata=_assumed("matrice profession × type non publique : seuls ses exemples connus"),
    )
    masked_on_request: bool = field(
        default=False,
        metadata=_assumed("le médecin traitant trouve les documents masqués sans les demander"),
    )
    superseded_listed: bool = field(
        default=False,
        metadata=_assumed("les anciennes versions de métadonnées ne sont pas rendues par la recherche"),
    )
    deleted_shown_to_patient: bool = field(
        default=False, metadata=_assumed("un document supprimé n'est plus montré au patient")
    )
    oddities: Oddities = field(
        default=SHEET, metadata=_assumed("dont la consultation des documents supprimés, lue dans la matrice")
    )

    @classmethod
    def labels(cls) -> Iterator[tuple[str, str]]:
        """Each setting and what is to be said of its default."""
        return ((one.name, one.metadata["label"]) for one in fields(cls))


DEFAULT = Rules()


def caller(vihf: Vihf, *, treating: bool = False, agreed: bool = False) -> Viewer:
    """Whoever a VIHF names. `treating`: the DMP holds them as a treating doctor of the patient."""
    profession = next((role.code for role in vihf.roles if role.system == PROFESSIONS), "")
    return Viewer(
        Kind.CALLER,
        vihf.name_id,
        vihf.structure,
        actor_of(vihf, treating),
        vihf.mode,
        purpose_of(vihf),
        profession,
        agreed,
    )


def own(held: Held, viewer: Viewer) -> bool:
    """The viewer is an author of the document, or signed it; for an organisation, its structure is one."""
    if viewer.actor in (Actor.ORGANISATION, Actor.CPE):
        return viewer.structure in held.facets["structures"]
    return bool(viewer.id) and viewer.id in held.facets["people"]


def hidden(held: Held, viewer: Viewer, rules: Rules = DEFAULT, *, reading: bool = False) -> Hidden | None:
    """Why this viewer is not shown this entry; None when it is shown. `reading`: its content (TD3.2)."""
    if held.is_signature:
        return Hidden.SIGNATURE
    if held.superseded and (reading or not rules.superseded_listed):
        return Hidden.SUPERSEDED
    if viewer.kind is not Kind.CALLER:
        return _from_the_patient(held, viewer, rules)
    mine = own(held, viewer)
    if viewer.actor in (Actor.ORGANISATION, Actor.CPE):  # references only, of the structure's own documents
        return Hidden.RIGHTS if reading else None if mine else Hidden.OTHER_STRUCTURE
    if reading and _permission(Action.RETRIEVE, viewer, rules) is Permission.NO:
        return Hidden.RIGHTS
    if held.status == names.DELETED and not _deleted_shown(viewer, rules, reading=reading):
        return Hidden.DELETED
    if held.masked and not mine and not _masked_shown(viewer, rules):
        return Hidden.MASKED
    if not mine and (viewer.profession, held.type_code) in rules.hidden_types:
        return Hidden.PROFESSION
    return None


def _from_the_patient(held: Held, viewer: Viewer, rules: Rules) -> Hidden | None:
    """Masking hides nothing from the patient. The space of a minor is used by the representatives."""
    if held.status == names.DELETED and not rules.deleted_shown_to_patient:
        return Hidden.DELETED
    if names.INVISIBLE_PATIENT in held.flags:
        return Hidden.INVISIBLE_PATIENT
    through_representatives = viewer.kind is Kind.REPRESENTATIVE or viewer.minor
    if names.INVISIBLE_REPRESENTANTS in held.flags and through_representatives:
        return Hidden.INVISIBLE_REPRESENTATIVES
    return None


def _deleted_shown(viewer: Viewer, rules: Rules, *, reading: bool) -> bool:
    if not rules.oddities.deleted_readable:
        return False
    return not reading or _permission(Action.RETRIEVE_DELETED, viewer, rules) is Permission.YES


def _masked_shown(viewer: Viewer, rules: Rules) -> bool:
    """To somebody who is no author: the treating doctor, or an emergency to which the patient agreed."""
    said = _permission(Action.RETRIEVE_MASKED, viewer, rules)
    return said is Permission.YES or (said is Permission.CONSENT and viewer.agreed)


def _permission(action: Action, viewer: Viewer, rules: Rules) -> Permission:
    return allowed(action, viewer.actor, viewer.purpose, viewer.mode, rules.oddities)
