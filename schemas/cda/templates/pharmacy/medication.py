"""Medicines in any document: the IHE PCC medication entry, its dosing modes, the product, instructions.

Sources: IHE PCC TF-2 6.3.4.16 to 6.3.4.20, CI-SIS FR-Traitement (42), FR-Produit-de-sante (43) and the
instructions (33, 34, 207), cda.md §7.1 EP-M2 to EP-M14 and EP-M21.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.pharmacy.common import (
    ACT_CODE,
    CCD,
    COMPLETED,
    FR,
    IHE_ACT_CODE,
    PCC,
    PRESCRIPTION_ROW,
    ROUTE,
    ROW,
    RULES,
    SITE,
    TEXT,
    declared,
    fixed,
)
from schemas.cda.templates.pharmacy.shapes import SHAPE, Shaped

CIS = "1.2.250.1.213.2.3.1"
NORMAL, DELAYED = f"{PCC}7.1", f"{PCC}21"
STEPPED = tuple(f"{PCC}{end}" for end in ("8", "9", "10", "11"))  # tapered, split, conditional, combined
MODES = (NORMAL, *STEPPED, DELAYED)
_MODE = " or ".join(f"@root='{mode}'" for mode in MODES)
_IVL = "@xsi:type='IVL_TS' or substring-after(@xsi:type,':')='IVL_TS'"
_BOUNDED = "((low and high) or width)"

ENTRY = RULES.declare("CDA-PCC-4.7", layer="IHE", requirements=ROW, source="IHE PCC, Medications Entry")
MODE = RULES.declare("CDA-PCC-4.8", layer="IHE", requirements=ROW, source="IHE PCC, modes d'administration")
PRODUCT = RULES.declare("CDA-PCC-4.7.2", layer="IHE", requirements=ROW, source="IHE PCC, Product Entry")
SUPPLY = RULES.declare("CDA-PCC-4.7.3", layer="IHE", requirements=ROW, source="IHE PCC, Supply Entry")
INSTRUCTION = RULES.declare(
    "CDA-PCC-4.3", layer="IHE", requirements=ROW, source="IHE PCC, Patient et Fulfillment Instructions"
)
FR_ENTRY = RULES.declare("CDA-FR-3.42", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Traitement")
FR_PRODUCT = RULES.declare(
    "CDA-EP-M13", layer="MODCDA", requirements=PRESCRIPTION_ROW, source="CI-SIS, FR-Produit-de-sante"
)
FR_PARENTS = RULES.declare(
    "CDA-FR-3.43", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Produit-de-sante"
)
FR_INSTRUCTION = RULES.declare(
    "CDA-FR-3.33",
    layer="MODCDA",
    requirements=ROW,
    source="CI-SIS, FR-Instructions-au-patient et -dispensateur",
)

NO_STEP = (
    (
        "not(entryRelationship[@typeCode='COMP']/substanceAdministration)",
        "aucune ligne subordonnée",
        "entryRelationship",
    ),
)
STEPS = (
    (
        "entryRelationship[@typeCode='COMP'][sequenceNumber]/substanceAdministration",
        "entryRelationship COMP avec sequenceNumber et substanceAdministration 1..*",
        "entryRelationship",
    ),
    (
        "not(entryRelationship[@typeCode='COMP'][substanceAdministration][not(sequenceNumber)])",
        "sequenceNumber de chaque ligne subordonnée",
        "entryRelationship/sequenceNumber",
    ),
)


def _instruction(oid: str, parent: str, code: str) -> Template:
    return template(
        oid,
        INSTRUCTION,
        on="act",
        parents=(parent,),
        values={"@moodCode": "INT"},
        holds=(
            fixed(code, IHE_ACT_CODE),
            TEXT,
            COMPLETED,
            (
                "parent::entryRelationship[@typeCode='SUBJ'][@inversionInd='true']",
                "entryRelationship SUBJ, inversionInd true",
            ),
        ),
    )


TEMPLATES: tuple[Template, ...] = (
    template(
        f"{PCC}7",
        ENTRY,
        on="substanceAdministration",
        parents=(f"{CCD}24",),
        values={"@moodCode": "INT|EVN", "code/@code": "DRUG", "code[@code]/@codeSystem": ACT_CODE},
        has=("id 1..1",),
        holds=(
            (
                f"count(templateId[{_MODE}])=1",
                "un mode d'administration (4.7.1, 4.8 à 4.11, 4.21)",
                "templateId",
            ),
            TEXT,
            COMPLETED,
            (
                f"not(effectiveTime) or effectiveTime[1][@nullFlavor or (({_IVL}) and {_BOUNDED})]",
                "IVL_TS avec low et high, ou width",
                "effectiveTime[1]",
            ),
            (
                "not(effectiveTime[position()>1][not(@operator='A') and not(@nullFlavor)])",
                "operator A",
                "effectiveTime[2]",
            ),
            (
                "not(doseQuantity[not(@nullFlavor) and not(low and high)])",
                "low et high",
                "doseQuantity",
            ),
            (
                "not(rateQuantity[not(@nullFlavor) and not(low and high)])",
                "low et high",
                "rateQuantity",
            ),
            (
                "not(maxDoseQuantity[not(@nullFlavor) and not(numerator and denominator)])",
                "numerator et denominator",
                "maxDoseQuantity",
            ),
            (
                "not(approachSiteCode[not(originalText/reference)])",
                "originalText/reference",
                "approachSiteCode",
            ),
            (
                "not(precondition[not(criterion/text/reference)])",
                "criterion/text/reference",
                "precondition",
            ),
            (
                f"not(entryRelationship[@typeCode='RSON'][not(*/{declared(f'{PCC}4.1')})])",
                f"templateId {PCC}4.1",
                "entryRelationship[@typeCode='RSON']",
            ),
            (
                f"consumable/manufacturedProduct/{declared(f'{PCC}7.2')}",
                f"consumable/manufacturedProduct, templateId {PCC}7.2",
                "consumable",
            ),
        ),
    ),
    template(f"{PCC}7.2", SHAPE, checks=(Shaped(),)),
    *(template(mode, MODE, holds=NO_STEP) for mode in (NORMAL, DELAYED)),
    *(template(mode, MODE, holds=STEPS) for mode in STEPPED),
    template(
        f"{PCC}7.2",
        PRODUCT,
        on="manufacturedProduct",
        parents=(f"{CCD}53",),
        holds=(
            (
                "manufacturedMaterial/code[@nullFlavor or originalText/reference]",
                "code avec originalText/reference",
                "manufacturedMaterial/code",
            ),
        ),
    ),
    template(
        f"{FR}43",
        FR_PARENTS,
        on="manufacturedProduct",
        parents=(f"{PCC}7.2",),
        values={"@classCode": "MANU", "manufacturedMaterial/@determinerCode": "KIND"},
    ),
    template(
        f"{FR}43",
        FR_PRODUCT,
        values={"manufacturedMaterial/code[@code]/@codeSystem": CIS},
        holds=(
            (
                "not(manufacturedMaterial/code[@code][not(@codeSystem)])",
                f"codeSystem {CIS}",
                "manufacturedMaterial/code/@codeSystem",
            ),
            (
                "count(manufacturedMaterial/name[@nullFlavor or normalize-space()])=1",
                "name 1..1",
                "manufacturedMaterial/name",
            ),
        ),
    ),
    template(
        f"{FR}42",
        FR_ENTRY,
        on="substanceAdministration",
        parents=(f"{PCC}7",),
        codes={"approachSiteCode[@code]": "AdministrationSite"},
        holds=(
            ROUTE,
            SITE,
            (
                f"consumable/manufacturedProduct/{declared(f'{FR}43')}",
                f"consumable/manufacturedProduct, templateId {FR}43",
                "consumable",
            ),
        ),
    ),
    template(
        f"{PCC}7.3",
        SUPPLY,
        on="supply",
        parents=(f"{CCD}34",),
        values={"@moodCode": "INT|EVN"},
        has=("id 1..1",),
        holds=(
            ("not(performer[not(assignedEntity)])", "performer/assignedEntity", "performer"),
            ("not(quantity[not(@value) and not(@nullFlavor)])", "quantity/@value", "quantity/@value"),
        ),
    ),
    _instruction(f"{PCC}3", f"{CCD}49", "PINSTRUCT"),
    _instruction(f"{PCC}3.1", f"{CCD}43", "FINSTRUCT"),
    template(f"{FR}44", FR_ENTRY, on="supply", parents=(f"{PCC}7.3",)),
    template(f"{FR}33", FR_INSTRUCTION, on="act", parents=(f"{PCC}3",)),
    template(f"{FR}34", FR_INSTRUCTION, on="act", parents=(f"{PCC}3.1",)),
    template(f"{FR}207", FR_INSTRUCTION, on="act", parents=(f"{PCC}3.1",)),
)
