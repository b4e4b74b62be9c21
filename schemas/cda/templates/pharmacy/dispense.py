"""The dispensed medicine: IHE Pharmacy DIS and its French profile.

Sources: IHE Pharmacy CDA content modules (DIS), CI-SIS volet eDISP-MED 2024.01, eprescription.md A5 and A7.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.pharmacy.common import (
    COMPLETED,
    FR,
    PCC,
    PHA,
    ROW,
    RULES,
    TEXT,
    declared,
    fixed,
)

IHE_DIS = "IHE Pharmacy, Dispense Item"
ITEM_TYPES = "1.3.6.1.4.1.19376.1.9.2.2"

ITEM = RULES.declare("CDA-PHA-3.4", layer="IHE", requirements=ROW, source=IHE_DIS)
FR_ITEM = RULES.declare(
    "CDA-FR-3.204", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Traitement-dispense"
)
SOURCE_ITEM = RULES.declare(
    "CDA-PHA-3.11", layer="IHE", requirements=ROW, source="IHE Pharmacy, référence à la ligne de prescription"
)
FR_SOURCE_ITEM = RULES.declare(
    "CDA-FR-3.90", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Reference-item-prescription"
)
SUBSTITUTED = RULES.declare(
    "CDA-PHA-3.9.2", layer="IHE", requirements=ROW, source="IHE Pharmacy, Substitution act"
)
FR_SUBSTITUTED = RULES.declare(
    "CDA-FR-3.206", layer="MODCDA", requirements=ROW, source="CI-SIS, FR-Acte-substitution"
)
DOSAGE = RULES.declare(
    "CDA-FR-3.205",
    layer="MODCDA",
    requirements=ROW,
    source="CI-SIS, FR-Traitement-dispense, posologie modifiée",
)


def _at_most_one(kind: str, oid: str) -> str:
    return f"entryRelationship/{kind}[{declared(oid)}] 0..1"


TEMPLATES: tuple[Template, ...] = (
    template(
        f"{PHA}3.4",
        ITEM,
        on="supply",
        parents=(f"{PCC}7.3",),
        values={"@moodCode": "EVN"},
        has=("id 1..1",),
        holds=(
            TEXT,
            ("count(quantity)=1 and (quantity/@value or quantity/@nullFlavor)", "quantity 1..1", "quantity"),
            ("count(product/manufacturedProduct)=1", "product/manufacturedProduct 1..1", "product"),
            (
                (
                    "not(entryRelationship[substanceAdministration/"
                    f"{declared(f'{PHA}3.11')}][not(@typeCode='REFR') or not(@inversionInd='false')])"
                ),
                "entryRelationship REFR, inversionInd false",
                "entryRelationship",
            ),
        ),
    ),
    template(
        f"{FR}204",
        FR_ITEM,
        on="supply",
        parents=(f"{PHA}3.4",),
        codes={"code[@code]": "Completeness"},
        has=(
            _at_most_one("substanceAdministration", f"{FR}90"),
            _at_most_one("act", f"{FR}206"),
            _at_most_one("act", f"{FR}33"),
            _at_most_one("act", f"{FR}207"),
            _at_most_one("substanceAdministration", f"{FR}205"),
        ),
        holds=(
            (
                (
                    f"product/manufacturedProduct[{declared(f'{FR}43')}]/manufacturedMaterial/"
                    f"{declared(f'{PHA}3.1')}"
                ),
                f"produit {FR}43, manufacturedMaterial {PHA}3.1",
                "product",
            ),
        ),
    ),
    template(
        f"{PHA}3.11",
        SOURCE_ITEM,
        on="substanceAdministration",
        values={"@moodCode": "INT"},
        has=("id 1..1",),
        holds=(
            fixed("PREItem", ITEM_TYPES),
            ("not(id[not(@root)])", "id/@root", "id/@root"),
            (
                "consumable/manufacturedProduct/manufacturedMaterial/@nullFlavor='NA'",
                "manufacturedMaterial nullFlavor NA",
                "consumable/manufacturedProduct/manufacturedMaterial",
            ),
        ),
    ),
    template(f"{FR}90", FR_SOURCE_ITEM, on="substanceAdministration", parents=(f"{PHA}3.11",)),
    template(
        f"{PHA}3.9.2",
        SUBSTITUTED,
        on="act",
        values={"@moodCode": "EVN"},
        has=("code 1..1",),
        holds=(
            ("code[@code]/@codeSystem", "code et codeSystem", "code/@code"),
            COMPLETED,
            ("parent::entryRelationship/@typeCode='COMP'", "entryRelationship COMP"),
        ),
    ),
    template(
        f"{FR}206",
        FR_SUBSTITUTED,
        on="act",
        parents=(f"{PHA}3.9.2",),
        codes={"code": "Substitution"},
    ),
    template(
        f"{FR}205",
        DOSAGE,
        on="substanceAdministration",
        holds=(
            (
                "effectiveTime[1][@xsi:type='IVL_TS'] and effectiveTime[@xsi:type='SXPR_TS'][@operator='A']",
                "effectiveTime IVL_TS, puis SXPR_TS avec operator A",
                "effectiveTime",
            ),
            (
                "consumable/manufacturedProduct/manufacturedMaterial/@nullFlavor='NA'",
                "manufacturedMaterial nullFlavor NA",
                "consumable/manufacturedProduct/manufacturedMaterial",
            ),
        ),
    ),
)
