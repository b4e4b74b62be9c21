"""Sections of imaging documents: one table, from DICOM templates to their French profiles."""

from schemas.cda.template import Template, template
from schemas.cda.templates.imaging.rules import (
    CCDA,
    DCM,
    DICOM,
    FR_SECTION,
    LOINC,
    advice,
    dicom,
    french,
)

CLINICAL_INFORMATION = f"{DICOM}2"
TECHNIQUE = f"{DICOM}3"
CONCLUSION = f"{DICOM}5"
ADDENDUM = f"{DICOM}6"
RADIATION = f"{DICOM}8"
CATALOGUE = f"{CCDA}6.1.1"
FINDINGS = f"{CCDA}6.1.2"
STUDY = f"{DICOM}16"

# DICOM or C-CDA template, French profile, code, its system
SECTIONS = (
    (CLINICAL_INFORMATION, "205", "55752-0", LOINC),
    (TECHNIQUE, "206", "55111-9", LOINC),
    (f"{DICOM}4", "207", "18834-2", LOINC),
    (FINDINGS, "208", "59776-5", LOINC),
    (CONCLUSION, "209", "19005-8", LOINC),
    (ADDENDUM, "210", "55107-7", LOINC),
    (f"{DICOM}7", "211", "55115-0", LOINC),
    (f"{CCDA}22.2.39", "213", "11329-0", LOINC),
    (f"{CCDA}22.2.37", "214", "55109-3", LOINC),
    (RADIATION, "215", "73569-6", LOINC),
    (CATALOGUE, "217", "121181", DCM),
)

_SECTION = dicom("SECTION")
_FRENCH_SECTION = french("IMG-SECTION")
_CATALOGUE = dicom("6.1.1")
_SHAPE = advice("SHAPE")

TEMPLATES: tuple[Template, ...] = (
    *(
        template(oid, _SECTION, on="section", code=f"{code} ({system})", has=("text 1..1",))
        for oid, _, code, system in SECTIONS
    ),
    *(
        template(f"{FR_SECTION}{number}", _FRENCH_SECTION, on="section", parents=(oid,), has=("id 1..*",))
        for oid, number, _, _ in SECTIONS
    ),
    *(template(oid, _SHAPE, has=("title 1..1",)) for oid, _, _, _ in SECTIONS),
    template(ADDENDUM, _SHAPE, has=("author 1..*",)),
    template(TECHNIQUE, _SHAPE, has=(f"entry/procedure[templateId[@root='{DICOM}14']] 1..*",)),
    template(CATALOGUE, _CATALOGUE, has=(f"entry/act[templateId[@root='{STUDY}']] 1..*",)),
)
