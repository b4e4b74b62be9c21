"""The document models, and which one a document follows."""

from schemas.cda.model import TEMPLATE_CI_SIS, ClinicalDocument
from schemas.cda.volets import (
    dispensation,
    imaging,
    ips,
    laboratory,
    ldl,
    others,
    prescription_cases,
    prescription_lines,
    vaccination,
    vsm,
)
from schemas.cda.volets.model import CI_SIS_MODEL, DocumentModel
from schemas.cda.volets.prescription import prescription_model

MODELS: tuple[DocumentModel, ...] = (
    prescription_model(prescription_lines.RULES, prescription_cases.RULES),
    dispensation.MODEL,
    *vaccination.MODELS,
    *laboratory.MODELS,
    *imaging.MODELS,
    vsm.MODEL,
    ldl.LDL_SES,
    ldl.LDL_EES,
    ips.MODEL,
    *others.MODELS,
)
SHARED = {laboratory.TEMPLATE_PRESCRIPTION}  # of two models: eP-BIO and IPS-FR


def model_of(document: ClinicalDocument) -> DocumentModel | None:
    """The model that the document declares; the type code tells those that share a templateId.

    Failing that, the one model of its type code (with its other templateIds when the document declares some
    model that is not known here): a wrong templateId must not switch the rules off. None when nothing tells
    it, or when several may be meant.
    """
    code = document.type_code.code
    declared = [model for model in MODELS if model.template in document.template_ids]
    if declared or document.level != 3:
        typed = [model for model in declared if code in model.codes]
        usual = [model for model in declared if model.whole or model.template not in SHARED]
        return next(iter(typed or usual), None)
    coded = [model for model in MODELS if model.whole and code in model.codes]
    meant = [model for model in coded if model.others and all(map(document.is_a, model.others))]
    roots = set(document.template_ids) - {TEMPLATE_CI_SIS}
    unknown = any(root.startswith(CI_SIS_MODEL) for root in roots)
    found = meant or [model for model in coded if not (unknown and model.others)]
    return found[0] if len(found) == 1 else None
