"""What a CDA says that it is, and how far its model was judged, for the reader of a verdict."""

from dataclasses import dataclass

from schemas.cda import ClinicalDocument
from schemas.cda.volets import model_of

LEVEL_1 = "CDA R2 N1"


@dataclass(frozen=True, slots=True)
class Described:
    """Type in words, model with its version, and `reach`: see `reports.check.model.Checked`."""

    title: str = ""
    model: str = ""
    reach: str = ""


def describe(document: ClinicalDocument) -> Described:
    """What this document is."""
    title = document.type_code.display or document.type_code.code
    model = model_of(document)
    if document.level == 1:
        return Described(title, LEVEL_1, "whole")
    if model is None:
        return Described(title, "", "none")
    name = f"{model.name} {model.version(document)}".strip()
    return Described(title, name, "whole" if model.whole else "partial")
