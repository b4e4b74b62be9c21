"""Defects of the e-prescription."""

from .model import Defect

DEFECTS = (
    Defect(
        "ep-code-en-panne",
        "epu",
        "Service en panne : l'ordonnance imprimée garde son code 2D",
        "Service down: the printed prescription keeps its 2D code",
        "SCN-EP-PANNE-IMPRIME",
        ("BEN-EP-06",),
        {"degraded_code": True},
    ),
    Defect(
        "ep-renvoi-silencieux",
        "epu",
        "Après une panne, l'ordonnance est renvoyée sans le dire",
        "After an outage, the prescription is sent again without a word",
        "SCN-EP-PANNE-RENVOI",
        ("BEN-EP-06",),
        {"silent_resend": 0.2},
    ),
    Defect(
        "ep-nouveau-numero",
        "epu",
        "Après une réponse perdue, l'ordonnance est recréée sous un autre numéro",
        "After a lost answer, the prescription is created again under another number",
        "SCN-EP-REPONSE-PERDUE",
        ("BEN-EP-08",),
        {"same_number_on_retry": False},
    ),
    Defect(
        "ep-intra-hospitalier",
        "epu",
        "Une prescription exécutée dans l'hôpital part vers la base nationale",
        "A prescription executed inside the hospital leaves for the national base",
        "SCN-EP-INTRA-HOSPITALIER",
        ("BEN-EP-05",),
        {"hospital_stays_inside": False},
    ),
)
