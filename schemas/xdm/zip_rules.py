"""An archive that was not opened, told to the vendor: one finding, by kind of reason.

Sources: IHE ITI TF-2 §3.32 (a plain ZIP), Référentiel #2 ECO.2.1.1; the bounds are the bench's.
"""

from schemas.finding import Finding, RuleSet
from schemas.xdm.unzip import ArchiveRefused

ZIP: RuleSet[None] = RuleSet("xdm-zip")

_REQUIRES = ("BEN-CDA-06",)
_SOURCE = "IHE ITI TF-2 §3.32.4.1 (archive ZIP ordinaire)"

UNREADABLE = ZIP.declare("XDM-ZIP-01", requirements=_REQUIRES, source=_SOURCE)
UNSAFE = ZIP.declare("XDM-ZIP-02", requirements=_REQUIRES, source="Règle du banc : archive sans danger")
ENDLESS = ZIP.declare("XDM-ZIP-03", requirements=_REQUIRES, source="Règle du banc : lecture bornée")
AMBIGUOUS = ZIP.declare("XDM-ZIP-04", requirements=_REQUIRES, source=_SOURCE)

REASONS = {
    "empty": (UNREADABLE, "fichier vide"),
    "not-a-zip": (UNREADABLE, "ce n'est pas un zip"),
    "corrupt": (UNREADABLE, "zip abîmé ou coupé"),
    "checksum": (UNREADABLE, "somme de contrôle (CRC-32) fausse"),
    "zip64": (UNREADABLE, "zip64, jamais nécessaire ici"),
    "encrypted": (UNREADABLE, "fichier chiffré"),
    "compression": (UNREADABLE, "compression autre que Deflate"),
    "traversal": (UNSAFE, "chemin qui sort de l'archive (..)"),
    "absolute-path": (UNSAFE, "chemin absolu"),
    "bad-name": (UNSAFE, "nom vide, démesuré ou illisible"),
    "symlink": (UNSAFE, "lien symbolique"),
    "special-file": (UNSAFE, "ni fichier ni dossier"),
    "nested-archive": (UNSAFE, "archive dans l'archive"),
    "too-large": (ENDLESS, "archive trop grosse"),
    "too-many-members": (ENDLESS, "trop de fichiers"),
    "member-size": (ENDLESS, "fichier trop gros"),
    "total-size": (ENDLESS, "contenu trop gros"),
    "ratio": (ENDLESS, "compression démesurée (bombe)"),
    "real-size": (ENDLESS, "taille réelle autre que la taille annoncée"),
    "overlap": (AMBIGUOUS, "fichiers superposés"),
    "duplicate-name": (AMBIGUOUS, "deux fichiers du même nom"),
}


def refusal(error: ArchiveRefused) -> Finding:
    """The finding of an archive that may not be opened."""
    rule, words = REASONS[error.reason]
    return rule.finding(error.member or "archive", f"{words} : {error.detail}", "zip ordinaire")
