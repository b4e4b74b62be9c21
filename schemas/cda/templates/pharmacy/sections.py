"""Sections of medicines, devices and vaccinations.

Sources: IHE PCC TF-2 (Medications, Medications Administered, Hospital Discharge Medications, Immunizations),
IHE Pharmacy PRE and DIS, CI-SIS sections 143, 145, 146, 147, 171, 222, 223, 236.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.pharmacy.common import (
    CCD,
    FR,
    FR_SECTION,
    LOINC,
    PCC,
    PCC_SECTION,
    PHA,
    PRESCRIPTION_ROW,
    ROW,
    RULES,
    declared,
    fixed,
)
from schemas.finding import Keyword

MEDICINES = RULES.declare(
    "CDA-PCC-3.19", layer="IHE", requirements=ROW, source="IHE PCC, sections de traitements"
)
VACCINES = RULES.declare(
    "CDA-PCC-3.23", layer="IHE", requirements=ROW, source="IHE PCC, Immunizations Section"
)
FRENCH = RULES.declare(
    "CDA-FR-2.143", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Traitements et FR-Vaccinations"
)
PRESCRIBED = RULES.declare(
    "CDA-EP-B3", layer="IHE", requirements=PRESCRIPTION_ROW, source="IHE Pharmacy PRE ; CI-SIS, eP-MED-DM"
)
DEVICES = RULES.declare(
    "CDA-EP-B4",
    requires=Keyword.DEVRAIT,
    requirements=PRESCRIPTION_ROW,
    source="CI-SIS, FR-Prescription-dispositifs-medicaux",
)
BARCODE = RULES.declare(
    "CDA-EP-B5", layer="IHE", requirements=PRESCRIPTION_ROW, source="CI-SIS, FR-Code-a-barres"
)
PICTURE = RULES.declare(
    "CDA-FR-3.103", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Image-illustrative"
)
DISPENSED = RULES.declare(
    "CDA-PHA-2.3", layer="IHE", requirements=ROW, source="IHE Pharmacy DIS, Dispense Section"
)
FR_DISPENSED = RULES.declare(
    "CDA-FR-2.236", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Dispensation-medicaments"
)


def _entries(kind: str, oid: str) -> tuple[tuple[str, str, str]]:
    return ((f"entry/{kind}/{declared(oid)}", f"entry/{kind}, templateId {oid}, 1..*", "entry"),)


def _medicines(oid: str, code: str, *parents: str) -> Template:
    return template(
        oid,
        MEDICINES,
        on="section",
        parents=parents,
        holds=(fixed(code, LOINC), *_entries("substanceAdministration", f"{PCC}7")),
    )


TEMPLATES: tuple[Template, ...] = (
    _medicines(f"{PCC_SECTION}19", "10160-0", f"{CCD}8"),
    _medicines(f"{PCC_SECTION}21", "18610-6"),
    _medicines(f"{PCC_SECTION}22", "10183-2"),
    template(
        f"{PCC_SECTION}23",
        VACCINES,
        on="section",
        parents=(f"{CCD}6",),
        holds=(fixed("11369-6", LOINC), *_entries("substanceAdministration", f"{PCC}12")),
    ),
    template(f"{FR_SECTION}143", FRENCH, on="section", parents=(f"{PCC_SECTION}19",)),
    template(f"{FR_SECTION}145", FRENCH, on="section", parents=(f"{PCC_SECTION}21",)),
    template(f"{FR_SECTION}146", FRENCH, on="section", parents=(f"{PCC_SECTION}22",)),
    template(f"{FR_SECTION}147", FRENCH, on="section", parents=(f"{PCC_SECTION}23",)),
    template(
        f"{PHA}2.1",
        PRESCRIBED,
        on="section",
        parents=(f"{FR_SECTION}171",),
        has=("id 1..1",),
        holds=(fixed("57828-6", LOINC), *_entries("substanceAdministration", f"{FR}83")),
    ),
    template(f"{FR_SECTION}171", PRESCRIBED, on="section", parents=(f"{PHA}2.1",)),
    template(
        f"{FR_SECTION}222",
        DEVICES,
        on="section",
        has=("id 1..1",),
        holds=(fixed("46264-8", LOINC), *_entries("supply", f"{FR}20")),
    ),
    template(
        f"{FR_SECTION}223",
        BARCODE,
        on="section",
        has=("text 1..1",),
        holds=(fixed("57723-9", LOINC), *_entries("observationMedia", f"{FR}103")),
    ),
    template(
        f"{FR}103",
        PICTURE,
        on="observationMedia",
        parents=("2.16.840.1.113883.10.12.304",),
        has=("value 1..1",),
        holds=(
            (
                "value[@nullFlavor or (@mediaType and @representation='B64')]",
                "value B64 avec mediaType",
                "value",
            ),
        ),
    ),
    template(
        f"{PHA}2.3",
        DISPENSED,
        on="section",
        parents=(f"{CCD}8",),
        has=("id 1..1",),
        holds=(fixed("60590-7", LOINC), *_entries("supply", f"{PHA}3.4")),
    ),
    template(
        f"{FR_SECTION}236",
        FR_DISPENSED,
        on="section",
        parents=(f"{PHA}2.3",),
        holds=_entries("supply", f"{FR}204"),
    ),
)
