"""The official rules of the ANS (TestContenuCDA), run from the user's own copy.

Nothing of that tool is here: the folder is downloaded by the user, its Schematron files are compiled by our
own compiler and run by SaxonC-HE. Importing this package does not load Saxon.
"""

from conformance.ans.oracle import Rules, open_rules
from conformance.ans.verdict import (
    LAYERS,
    AnsProblem,
    LayerVerdict,
    OfficialMessage,
    OfficialVerdict,
    Status,
)

__all__ = [
    "LAYERS",
    "AnsProblem",
    "LayerVerdict",
    "OfficialMessage",
    "OfficialVerdict",
    "Rules",
    "Status",
    "open_rules",
]
