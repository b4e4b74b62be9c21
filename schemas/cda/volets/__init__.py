"""The document models, and which one a document follows."""

from schemas.cda.model import ClinicalDocument
from schemas.cda.volets import prescription_lines
from schemas.cda.volets.model import DocumentModel
from schemas.cda.volets.prescription import prescription_model

MODELS: tuple[DocumentModel, ...] = (prescription_model(prescription_lines.RULES),)
BY_TEMPLATE = {model.template: model for model in MODELS}


def model_of(document: ClinicalDocument) -> DocumentModel | None:
    """The model that a level-3 document declares; failing that, the one whose other templateIds or type code
    it has: a wrong templateId must not switch the rules off. None when nothing tells it."""
    declared = next((BY_TEMPLATE[root] for root in document.template_ids if root in BY_TEMPLATE), None)
    if declared is not None or document.level != 3:
        return declared
    others = [model for model in MODELS if model.others and all(map(document.is_a, model.others))]
    coded = [model for model in others or MODELS if document.type_code.code in model.codes]
    return next(iter(coded or others), None)
