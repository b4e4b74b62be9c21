"""The prescribed medicine: IHE Pharmacy PRE and its French profile, with its flags and its permissions.

Sources: IHE Pharmacy CDA content modules (PRE), CI-SIS FR-Traitement-prescrit (83) and around, cda.md §7.1.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.pharmacy.common import (
    COMPLETED,
    FR,
    PCC,
    PHA,
    PRESCRIPTION_ROW,
    ROUTE,
    RULES,
    SITE,
    SUBSTITUTION,
    TA_ASIP,
    TEXT,
    declared,
    fixed,
    prescribed,
    prescribed_now,
)
from schemas.cda.templates.pharmacy.period import PERIOD, Ordered
from schemas.finding import Keyword

IHE_PRE = "IHE Pharmacy, Prescription Item"
VOLET = "CI-SIS, FR-Traitement-prescrit"

PARENTS = RULES.declare(
    "CDA-EP-M1", layer="IHE", requirements=PRESCRIPTION_ROW, source=f"{IHE_PRE} ; {VOLET}"
)
SUBSTITUTED = RULES.declare("CDA-EP-M15", layer="IHE", requirements=PRESCRIPTION_ROW, source=IHE_PRE)
ALONE = RULES.declare("CDA-EP-M11", layer="IHE", requirements=PRESCRIPTION_ROW, source=IHE_PRE)
PERMISSION = RULES.declare(
    "CDA-EP-M15B",
    layer="MODCDA",
    requirements=PRESCRIPTION_ROW,
    source="CI-SIS, FR-Autorisation-Substitution",
)
ONCE = RULES.declare("CDA-EP-12", layer="MODCDA", requirements=PRESCRIPTION_ROW, source=VOLET)
LINE = RULES.declare("CDA-FR-3.83", layer="MODCDA", requirements=PRESCRIPTION_ROW, source=VOLET)
STEP = RULES.declare(
    "CDA-FR-3.83.1",
    layer="MODCDA",
    requirements=PRESCRIPTION_ROW,
    source="CI-SIS, FR-Traitement-prescrit-subordonnee",
)
FLAG = RULES.declare(
    "CDA-EP-M18",
    layer="MODANS",
    requirements=PRESCRIPTION_ROW,
    source="CI-SIS, FR-En-rapport-avec-ALD et autres",
)
QUANTITY = RULES.declare(
    "CDA-EP-M19", layer="IHE", requirements=PRESCRIPTION_ROW, source="IHE Pharmacy, Amount of units"
)
FR_QUANTITY = RULES.declare(
    "CDA-FR-3.86", layer="MODCDA", requirements=PRESCRIPTION_ROW, source="CI-SIS, FR-Quantite-de-produit"
)
RENEWAL = RULES.declare(
    "CDA-EP-M20", layer="IHE", requirements=PRESCRIPTION_ROW, source="IHE Pharmacy, Renewal Period"
)
PLAN = RULES.declare(
    "CDA-EP-M22",
    layer="IHE",
    requirements=PRESCRIPTION_ROW,
    source="IHE Pharmacy, référence au plan de traitement",
)

INTENTION = RULES.declare(
    "CDA-EP-M4",
    requires=Keyword.DEVRAIT,
    requirements=PRESCRIPTION_ROW,
    source=f"{VOLET} ; {IHE_PRE}",
)
PREVENTED = RULES.declare(
    "CDA-EP-12B", requires=Keyword.DEVRAIT, requirements=PRESCRIPTION_ROW, source="CI-SIS, volet eP-MED-DM"
)

FLAGS = {
    f"{FR}48.13": "MED-574",
    f"{FR}48.14": "GEN-180",
    f"{FR}48.15": "GEN-181",
    f"{FR}48.12": "GEN-179",
}
"""templateId of a flag that each medicine says once → its code."""
PREVENTION = f"{FR}48.34"

_PRODUCT = (
    f"consumable/manufacturedProduct[{declared(f'{FR}43')}]/manufacturedMaterial/{declared(f'{PHA}3.1')}",
    f"produit {FR}43, manufacturedMaterial {PHA}3.1",
    "consumable",
)


def _once(oid: str, code: str) -> tuple[str, str, str]:
    return (
        f"count(entryRelationship[@typeCode='COMP']/observation[{declared(oid)}])=1",
        f"{code} ({oid}) 1..1, entryRelationship COMP",
        "entryRelationship/observation",
    )


def flag(oid: str, code: str) -> Template:
    """A boolean flag of a line. Its id, text, statusCode and date are those of any simple observation."""
    return template(
        oid,
        FLAG,
        on="observation",
        parents=(f"{FR}48",),
        holds=(
            fixed(code, TA_ASIP),
            (
                (
                    "count(value)=1 and (value/@xsi:type='BL' or substring-after(value/@xsi:type,':')='BL')"
                    " and (value/@value='true' or value/@value='false')"
                ),
                "value BL true | false",
                "value",
            ),
        ),
    )


TEMPLATES: tuple[Template, ...] = (
    template(f"{PHA}3.2", PARENTS, on="substanceAdministration", parents=(f"{PCC}7",)),
    template(
        f"{PHA}3.2",
        SUBSTITUTED,
        holds=(
            (
                f"count(entryRelationship[@typeCode='COMP']/act[@moodCode='DEF'][{declared(f'{PHA}3.9.1')}])=1",
                f"autorisation de substitution {PHA}3.9.1 1..1",
                "entryRelationship/act",
            ),
        ),
    ),
    template(
        f"{PHA}3.2",
        ALONE,
        holds=(
            ("not(author)", "author absent", "author"),
            ("not(reference)", "reference absent", "reference"),
        ),
    ),
    template(
        f"{FR}83",
        PARENTS,
        on="substanceAdministration",
        parents=(f"{PHA}3.2",),
    ),
    template(
        f"{FR}83",
        LINE,
        codes={"approachSiteCode[@code]": "AdministrationSite"},
        has=(
            f"entryRelationship/act[{declared(f'{PCC}3')}] 0..1",
            f"entryRelationship/act[{declared(f'{PCC}3.1')}] 0..1",
            f"entryRelationship/supply[{declared(f'{PHA}3.8')}] 0..1",
            f"entryRelationship/supply[{declared(f'{PHA}3.15')}] 0..1",
        ),
        holds=(
            ROUTE,
            SITE,
            _PRODUCT,
            (
                f"not(entryRelationship[@typeCode='COMP']/substanceAdministration[not({declared(f'{FR}83.1')})])",
                f"templateId {FR}83.1 de chaque ligne subordonnée",
                "entryRelationship/substanceAdministration/templateId",
            ),
        ),
    ),
    # CDA-EXT-10 leaves the lines of a prescription to this rule
    *(
        template(oid, PERIOD, checks=(Ordered("effectiveTime"),), applies=prescribed)
        for oid in (f"{PCC}7", f"{FR}83.1")
    ),
    # the official tools accept an event; a prescription is an intention
    template(f"{FR}83", INTENTION, holds=(("not(@moodCode='EVN')", "moodCode INT", "@moodCode"),)),
    # the official assertion is commented out
    template(
        f"{FR}83",
        PREVENTED,
        has=(f"entryRelationship/observation[{declared(PREVENTION)}] 1..1",),
        applies=prescribed_now,
    ),
    template(f"{FR}83", ONCE, holds=tuple(_once(oid, code) for oid, code in FLAGS.items())),
    template(
        f"{FR}83.1",
        STEP,
        on="substanceAdministration",
        values={"@moodCode": "INT"},
        has=("id 1..1",),
        holds=(
            TEXT,
            COMPLETED,
            ("not(doseQuantity[not(@nullFlavor) and not(low and high)])", "low et high", "doseQuantity"),
            ("not(rateQuantity[not(@nullFlavor) and not(low and high)])", "low et high", "rateQuantity"),
            _PRODUCT,
            ("parent::entryRelationship[@typeCode='COMP'][sequenceNumber]", "entryRelationship COMP"),
        ),
    ),
    template(
        f"{PHA}3.9.1",
        SUBSTITUTED,
        on="act",
        values={"@moodCode": "DEF"},
        has=("code 1..1",),
        holds=(COMPLETED,),
    ),
    template(
        f"{FR}87",
        PERMISSION,
        on="act",
        parents=(f"{PHA}3.9.1",),
        holds=(
            (
                f"code[@code='N' or @code='G']/@codeSystem='{SUBSTITUTION}'",
                f"N | G ({SUBSTITUTION})",
                "code/@code",
            ),
        ),
    ),
    template(
        f"{PHA}3.8",
        QUANTITY,
        on="supply",
        values={"@moodCode": "RQO"},
        holds=(
            ("parent::entryRelationship/@typeCode='COMP'", "entryRelationship COMP"),
            ("independentInd/@value='false'", "independentInd false", "independentInd/@value"),
            ("count(quantity)=1 and quantity/@value", "quantity/@value", "quantity/@value"),
        ),
    ),
    template(f"{FR}86", FR_QUANTITY, on="supply", parents=(f"{PHA}3.8",)),
    template(
        f"{PHA}3.15",
        RENEWAL,
        on="supply",
        holds=(("effectiveTime[high or width]", "effectiveTime avec high ou width", "effectiveTime"),),
    ),
    template(f"{FR}88", FR_QUANTITY, on="supply", parents=(f"{PHA}3.15",)),
    template(
        f"{PHA}3.10",
        PLAN,
        holds=(
            (
                "parent::entryRelationship[@typeCode='REFR'][@inversionInd='false']",
                "entryRelationship REFR, inversionInd false",
            ),
        ),
    ),
    *(flag(oid, code) for oid, code in {**FLAGS, PREVENTION: "GEN-295"}.items()),
)
