"""What the DMP is set to where its public documents say nothing. Every default says how sure it is.

Known: public document. Assumed: our choice, a setting, to be shown as such (`labels`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import timedelta

from .errors import RIGHTS
from .rights import SHEET, Action, Oddities

CONSULTING = frozenset(
    {
        Action.SEARCH,
        Action.SEARCH_REFERENCES,
        Action.RETRIEVE,
        Action.RETRIEVE_MASKED,
        Action.RETRIEVE_INVISIBLE,
        Action.RETRIEVE_ARCHIVED,
        Action.RETRIEVE_OBSOLETE,
        Action.RETRIEVE_DELETED,
        Action.MASK,
        Action.UNMASK,
        Action.SHOW,
        Action.ARCHIVE,
    }
)


def _assumed(label: str) -> dict[str, str]:
    return {"label": f"supposé : {label}"}


@dataclass(frozen=True, slots=True)
class Policy:
    """The DMP's own choices. `None` for a duration means without end."""

    lifetime: timedelta | None = field(
        default=None, metadata=_assumed("durée de vie d'une autorisation inconnue ; sans limite")
    )
    blocked_code: str = field(
        default=RIGHTS, metadata=_assumed("code qui refuse l'AJOUT d'un professionnel bloqué")
    )
    doctor_may_become_treating: bool = field(
        default=True, metadata=_assumed("AJOUT avec MEDECIN_TRAITANT, permis aux seuls médecins")
    )
    withdrawal_ends_treating: bool = field(
        default=True, metadata=_assumed("SUPPRESSION sans rôle retire aussi le statut de médecin traitant")
    )
    structure_shares: bool = field(
        default=True, metadata=_assumed("l'autorisation d'une structure vaut pour ses professionnels")
    )
    needs_authorisation: frozenset[Action] = field(
        default=CONSULTING | {Action.AUTHORISED},
        metadata=_assumed("transactions qui demandent une autorisation VALIDE en accès normal"),
    )
    opposable: frozenset[Action] = field(
        default=CONSULTING,
        metadata=_assumed("transactions que refuse l'opposition au bris de glace ou au centre 15"),
    )
    refused_to_blocked: frozenset[Action] = field(
        default=frozenset({Action.ADMIN_DATA}),
        metadata=_assumed("transactions sans autorisation, refusées pourtant au professionnel bloqué"),
    )
    former_ins: bool = field(
        default=True,
        metadata=_assumed("un appel sous un ancien INS du patient vaut un appel sous l'actuel (EX_3.1-1055)"),
    )
    homonyms: int = field(default=20, metadata=_assumed("nombre de patients rendus par TD0.5"))
    oddities: Oddities = field(
        default=SHEET, metadata=_assumed("ce que les matrices de droits laissent ouvert")
    )

    @classmethod
    def labels(cls) -> Iterator[tuple[str, str]]:
        """Each setting and what is to be said of its default."""
        return ((one.name, one.metadata["label"]) for one in fields(cls))
