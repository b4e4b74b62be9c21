"""Vaccinations in any document: the IHE PCC immunization entry, its dose number, its French profile.

Sources: IHE PCC TF-2 6.3.4.17, CCD 3.9.2.4.2, CI-SIS FR-Vaccination (45) and FR-Rang-de-la-vaccination (82).
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.pharmacy.common import (
    ACT_CODE,
    CCD,
    COMPLETED,
    FR,
    LOINC,
    PCC,
    ROUTE,
    ROW,
    RULES,
    SITE,
    TEXT,
    declared,
    fixed,
)

ENTRY = RULES.declare("CDA-PCC-4.12", layer="IHE", requirements=ROW, source="IHE PCC, Immunizations")
RANK = RULES.declare(
    "CDA-CCD-46", layer="IHE", requirements=ROW, source="CCD, Medication series number observation"
)
FR_ENTRY = RULES.declare("CDA-FR-3.45", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Vaccination")
FR_RANK = RULES.declare(
    "CDA-FR-3.82", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Rang-de-la-vaccination"
)

TEMPLATES: tuple[Template, ...] = (
    template(
        f"{PCC}12",
        ENTRY,
        on="substanceAdministration",
        parents=(f"{CCD}24",),
        values={"@moodCode": "EVN", "@negationInd": "true|false"},
        has=("id 1..*", "@negationInd 1..1", "effectiveTime 1..1"),
        holds=(
            fixed("IMMUNIZ", ACT_CODE, "INITIMMUNIZ", "BOOSTER"),
            TEXT,
            COMPLETED,
            ("effectiveTime/@*", "date de la vaccination, ou nullFlavor", "effectiveTime"),
            (
                "not(approachSiteCode[not(originalText/reference)])",
                "originalText/reference",
                "approachSiteCode",
            ),
            (
                f"consumable/manufacturedProduct/{declared(f'{PCC}7.2')}",
                f"consumable/manufacturedProduct, templateId {PCC}7.2",
                "consumable",
            ),
            (
                "not(entryRelationship[@typeCode='CAUS'][not(@inversionInd='false')])",
                "inversionInd false",
                "entryRelationship[@typeCode='CAUS']/@inversionInd",
            ),
            (
                (
                    "not(entryRelationship[@typeCode='CAUS'][not(observation["
                    f"{declared(f'{PCC}5')}][{declared(f'{CCD}54')}])])"
                ),
                f"réaction : templateId {CCD}54 et {PCC}5",
                "entryRelationship[@typeCode='CAUS']/observation",
            ),
        ),
    ),
    template(
        f"{FR}45",
        FR_ENTRY,
        on="substanceAdministration",
        parents=(f"{PCC}12",),
        codes={"routeCode[@code]": "VaccineRoute", "approachSiteCode[@code]": "VaccineSite"},
        holds=(
            ROUTE,
            SITE,
            (
                f"consumable/manufacturedProduct/{declared(f'{FR}43')}",
                f"consumable/manufacturedProduct, templateId {FR}43",
                "consumable",
            ),
            (
                f"count(entryRelationship/observation[{declared(f'{FR}82')}])<2",
                "rang de la vaccination 0..1",
                "entryRelationship/observation",
            ),
        ),
    ),
    template(
        f"{CCD}46",
        RANK,
        on="observation",
        holds=(
            fixed("30973-2", LOINC),
            COMPLETED,
            (
                (
                    "count(value)=1 and (value/@xsi:type='INT' or substring-after(value/@xsi:type,':')='INT')"
                    " and (value/@value or value/@nullFlavor)"
                ),
                "value INT",
                "value",
            ),
            ("parent::entryRelationship/@typeCode='SUBJ'", "entryRelationship SUBJ"),
        ),
    ),
    template(f"{FR}82", FR_RANK, on="observation", parents=(f"{CCD}46",)),
)
