"""The document models, and which one a document follows."""

from schemas.cda.model import ClinicalDocument
from schemas.cda.volets import imaging, laboratory, prescription_lines
from schemas.cda.volets.model import DocumentModel
from schemas.cda.volets.prescription import prescription_model

MODELS: tuple[DocumentModel, ...] = (
    prescription_model(prescription_lines.RULES),
    *laboratory.MODELS,
    *imaging.MODELS,
)


def model_of(document: ClinicalDocument) -> DocumentModel | None:
    """The model that a level-3 document declares (its type code chooses between two that share a templateId).

    Failing that, the one model of its type code whose other templateIds are there: a wrong templateId must
    not switch the rules off. None when nothing tells it, or when several may be meant.
    """
    code = document.type_code.code
    declared = [model for model in MODELS if document.is_a(model.template)]
    if declared or document.level != 3:
        return next((model for model in declared if code in model.codes), next(iter(declared), None))
    coded = [model for model in MODELS if model.whole and code in model.codes]
    meant = [model for model in coded if model.others and all(map(document.is_a, model.others))]
    found = meant or [model for model in coded if not model.others]
    return found[0] if len(found) == 1 else None
