"""Entries of imaging reports: technique, contrast agent, exposure, coded observations, measurements."""

from schemas.cda.template import Template, template
from schemas.cda.templates.imaging.rules import (
    ACTUAL,
    CCDA,
    DCM,
    DICOM,
    FR_ENTRY,
    SNOMED_CT,
    advice,
    dicom,
    french,
)

MEDICATION = f"{DICOM}13"
TECHNIQUE = f"{DICOM}14"
OBSERVATION = f"{CCDA}6.2.13"
MEASUREMENT = f"{CCDA}6.2.14"

_PLACED = french("IMG-JDV", coded=True)
_EXPOSURE_ROLE = advice("EXPOSURE")
_WHOLE = advice("ENTRY")

_OBSERVATION = {"@classCode": "OBS", "@moodCode": "EVN", "statusCode/@code": "completed"}
_ADMINISTERED = {"@classCode": "SBADM", "@moodCode": "EVN", "statusCode/@code": "completed"}

TEMPLATES: tuple[Template, ...] = (
    template(
        OBSERVATION,
        dicom("6.2.13"),
        on="observation",
        has=(*ACTUAL, "code 1..1", "statusCode/@code 1..1", "value 1..*"),
        values=_OBSERVATION,
    ),
    template(
        f"{FR_ENTRY}150",
        french("3.150"),
        on="observation",
        parents=(OBSERVATION,),
        has=("id 1..*", "targetSiteCode 1..*"),  # null when no site is meant
    ),
    template(
        MEASUREMENT,
        dicom("6.2.14"),
        on="observation",
        has=(*ACTUAL, "code 1..1", "statusCode/@code 1..1", "value 1..1"),
        values=_OBSERVATION,
    ),
    template(
        f"{FR_ENTRY}154",
        french("3.154"),
        on="observation",
        parents=(MEASUREMENT,),
        has=("id 1..*",),
    ),
    template(
        TECHNIQUE,
        dicom("9.14"),
        on="procedure",
        has=(*ACTUAL, "code 1..1", "methodCode 1..*"),
        values={"@classCode": "PROC", "@moodCode": "EVN"},
    ),
    template(
        f"{FR_ENTRY}153",
        french("3.153"),
        on="procedure",
        parents=(TECHNIQUE,),
        has=("id 1..*",),
    ),
    template(
        f"{FR_ENTRY}153",
        _PLACED,
        codes={"methodCode": "IMAGING_MODALITY", "targetSiteCode": "IMAGING_REGION"},
    ),
    template(f"{FR_ENTRY}150", _PLACED, codes={"targetSiteCode": "IMAGING_REGION"}),
    template(f"{FR_ENTRY}154", _PLACED, codes={"targetSiteCode": "IMAGING_REGION"}),
    template(f"{FR_ENTRY}150", _WHOLE, has=("value/originalText/reference 1..*",)),
    template(
        f"{FR_ENTRY}153", _WHOLE, has=("text/reference 1..1", "effectiveTime 1..1", "targetSiteCode 1..*")
    ),
    template(
        f"{FR_ENTRY}154", _WHOLE, has=("text/reference 1..1", "effectiveTime 1..1", "targetSiteCode 1..*")
    ),
    template(f"{FR_ENTRY}151", _WHOLE, has=("text/reference 1..1", "routeCode 1..1", "doseQuantity 1..1")),
    template(f"{FR_ENTRY}173", _WHOLE, has=("routeCode 1..1", "doseQuantity 1..1")),
    template(
        MEDICATION,
        dicom("9.13"),
        on="substanceAdministration",
        has=(*ACTUAL, "statusCode/@code 1..1", "consumable/manufacturedProduct/manufacturedMaterial 1..1"),
        values=_ADMINISTERED,
    ),
    template(
        f"{FR_ENTRY}151",
        french("3.151"),
        on="substanceAdministration",
        parents=(MEDICATION,),
        has=("id 1..*",),
    ),
    template(
        f"{FR_ENTRY}165",
        french("3.165"),
        on="procedure",
        code=f"121290 ({DCM})",
        has=ACTUAL,
        values={"@classCode": "PROC", "@moodCode": "EVN"},
    ),
    template(
        f"{FR_ENTRY}165",
        _EXPOSURE_ROLE,
        has=("participant[@typeCode='RESP']/participantRole/code[@code='113850'] 1..1",),
    ),
    template(
        f"{FR_ENTRY}173",
        french("3.173"),
        on="substanceAdministration",
        code=f"440252007 ({SNOMED_CT})",
        has=(
            *ACTUAL,
            "consumable/manufacturedProduct/manufacturedMaterial 1..1",
        ),
        values={"@classCode": "SBADM", "@moodCode": "EVN"},
    ),
)
