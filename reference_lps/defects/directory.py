"""Defects of the Annuaire Santé client."""

from .model import Defect

DEFECTS = (
    Defect(
        "ann-premiere-page",
        "annuaire",
        "Seule la première page de résultats est lue",
        "Only the first page of results is read",
        "SCN-ANN-PAGES",
        ("BEN-ANN-03",),
        {"pages": 1},
    ),
)
