"""What a wrong software does with the directory, rule by rule."""

from .changes import says, sends, silent, without
from .example import Example

EXAMPLES = (
    Example("SCN-ANN-REQUETE", "ANN-01", "l'annuaire n'est pas interrogé", without("ANN.search")),
    Example(
        "SCN-ANN-TROUVE", "ANN-01", "le résultat n'est pas montré", says("directory.search", {"results": []})
    ),
    Example(
        "SCN-ANN-TROUVE",
        "ANN-02",
        "le RPPS n'est pas lu",
        says("directory.search", {"results.0.rpps": ""}),
    ),
    Example("SCN-ANN-REQUETE", "ANN-02", "l'annuaire n'est pas interrogé", without("ANN.search")),
    Example(
        "SCN-ANN-CLE",
        "ANN-01",
        "la clé n'est pas acceptée",
        sends("ANN.search", {"outcome": "refused", "reason": "key"}),
    ),
    Example("SCN-ANN-PAGES", "ANN-03", "la seconde page n'est pas lue", without("ANN.search", nth=-1)),
    Example(
        "SCN-ANN-PAGES",
        "ANN-03",
        "la seconde page est lue et perdue",
        says("directory.search", {"results": []}),
    ),
    Example("SCN-ANN-PANNE", "ANN-04", "la panne n'est pas dite", silent("directory.search", nth=0)),
    Example(
        "SCN-ANN-PANNE",
        "ANN-04",
        "la recherche reste en panne",
        says("directory.search", outcome="failed"),
    ),
)
