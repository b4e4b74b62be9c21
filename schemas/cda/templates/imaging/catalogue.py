"""The catalogue of DICOM objects: study, series, SOP instances."""

from schemas.cda.template import Template, template
from schemas.cda.templates.imaging.rules import (
    ACTUAL,
    DCM,
    DICOM,
    DICOM_UIDS,
    FR_ENTRY,
    MODALITY,
    dicom,
    french,
)

STUDY = f"{DICOM}16"
SERIES = f"{DICOM}17"
INSTANCE = f"{DICOM}18"
_ACT = {"@classCode": "ACT", "@moodCode": "EVN"}
_MODALITY = french("IMG-SERIES", coded=True)

TEMPLATES: tuple[Template, ...] = (
    template(
        STUDY,
        dicom("9.16"),
        on="act",
        code=f"113014 ({DCM})",
        has=(
            *ACTUAL,
            "id 1..1",
            f"entryRelationship[@typeCode='COMP']/act[templateId[@root='{SERIES}']] 1..*",
        ),
        values=_ACT,
    ),
    template(f"{FR_ENTRY}155", french("3.155"), on="act", parents=(STUDY,)),
    template(
        SERIES,
        dicom("9.17"),
        on="act",
        code=f"113015 ({DCM})",
        has=(
            *ACTUAL,
            "id 1..1",
            f"code/qualifier[name[@code='{MODALITY}']]/value 1..1",
            f"entryRelationship[@typeCode='COMP']/observation[templateId[@root='{INSTANCE}']] 1..*",
        ),
        values=_ACT,
    ),
    template(f"{FR_ENTRY}156", french("3.156"), on="act", parents=(SERIES,)),
    template(
        f"{FR_ENTRY}156",
        _MODALITY,
        codes={f"code/qualifier[name[@code='{MODALITY}']]/value": "IMAGING_MODALITY"},
    ),
    template(
        INSTANCE,
        dicom("9.18"),
        on="observation",
        has=(*ACTUAL, "id 1..1", "code 1..1", "code/@code 1..1", "code/@codeSystem 1..1"),
        values={"@classCode": "DGIMG", "@moodCode": "EVN", "code/@codeSystem": DICOM_UIDS},
    ),
    template(f"{FR_ENTRY}157", french("3.157"), on="observation", parents=(INSTANCE,)),
)
