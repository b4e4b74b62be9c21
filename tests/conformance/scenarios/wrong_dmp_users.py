"""What a wrong software does with its users and their certificates, rule by rule."""

from simulators.core.identities import MEDECIN

from .changes import sends, without
from .example import Example

NURSE, MIDWIFE, SECRETARY = (
    "DMP-METIER-01[infirmier-carte]",
    "DMP-METIER-01[sage-femme-structure]",
    "DMP-METIER-02",
)

EXAMPLES = (
    Example("SCN-DMP-METIER-ALIMENTE", NURSE, "rien n'est envoyé", without("TD2.1")),
    Example("SCN-DMP-METIER-ALIMENTE", NURSE, "la carte ne sert pas", sends("TD2.1", {"mode": "INDIRECTE"})),
    Example(
        "SCN-DMP-METIER-CONSULTE",
        MIDWIFE,
        "la consultation est au nom du médecin",
        sends("TD3.1", {"user": MEDECIN.id_nat}),
    ),
    Example("SCN-DMP-SECRETAIRE", SECRETARY, "rien n'est envoyé par la carte", without("TD2.2")),
    Example(
        "SCN-DMP-SECRETAIRE",
        SECRETARY,
        "la secrétaire se fait passer pour le médecin",
        sends("TD2.2", {"user": MEDECIN.id_nat}),
    ),
)
