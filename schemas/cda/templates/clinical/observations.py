"""Simple observations and their specialisations: vital signs, habits, pregnancy, family, functional status.

Sources: IHE PCC TF-2 §6.3.4 (4.13 and its children, 4.15), PCC CDA supplements (1.12.3.6, 1.12.3.7),
cda.md §7.2 VSM-15, VSM-16, samples of twenty models.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.clinical.problems import COMPLETED, OBSERVATION, TEXT
from schemas.cda.templates.clinical.rules import (
    FRENCH_TEMPLATE,
    ROLE_CODE,
    TA_ASIP,
    OfSystem,
    ccd,
    entry,
    fixed,
    french,
    ihe,
    pcc,
)
from schemas.cda.templates.clinical.sections import HAS_FRENCH
from schemas.cda.terms.codes import LOINC, SNOMED_CT

SIMPLE = ihe("4.13", title="Simple Observations")
VITAL_SIGNS = ihe("4.13.1", title="Vital Signs Organizer")
VITAL_SIGN = ihe("4.13.2", title="Vital Signs Observation")
FAMILY_OBSERVATION = ihe("4.13.3", title="Family History Observation")
SOCIAL = ihe("4.13.4", title="Social History Observation")
PREGNANCY = ihe("4.13.5", title="Pregnancy Observation")
DIRECTIVE = ihe("4.13.7", title="Advance Directive Observation")
SURVEY = ihe("1.12.3.6", title="Survey Observation")
SURVEY_PANEL = ihe("1.12.3.7", title="Survey Panel")
FAMILY = ihe("4.15", title="Family History Organizer")
RELATIVE = ihe("4.15.2", title="Family member")
FR_SIMPLE = french("3.48", title="FR-Simple-Observation")
FR_VITAL_SIGNS = french("3.49", title="FR-Liste-des-signes-vitaux")
FR_VITAL_SIGN = french("3.50", title="FR-Signe-vital-observe")
FR_FAMILY_OBSERVATION = french("3.51", title="FR-Antecedent-familial-observe")
FR_SOCIAL = french("3.52", title="FR-Habitus-Mode-de-vie")
FR_PREGNANCY = french("3.53", title="FR-Observation-sur-la-grossesse")
FR_DIRECTIVE = french("3.54", title="FR-Directive-anticipee")
FR_SURVEY = french("3.25", title="FR-Observation-de-statut-fonctionnel et son groupe (3.95)")
FR_FAMILY = french("3.59", title="FR-Antecedents-familiaux et FR-Sujet (3.60)")

NOT_MEASURED = ("repeatNumber 0..0", "interpretationCode 0..0", "methodCode 0..0", "targetSiteCode 0..0")
BOUND = (LOINC, SNOMED_CT, TA_ASIP)  # systems of the codes that the French value sets of observations hold
CLUSTER = {"@classCode": "CLUSTER", "@moodCode": "EVN"}
EXTERNAL = "reference[templateId/@root='2.16.840.1.113883.10.20.1.36']"

TEMPLATES: tuple[Template, ...] = (
    template(
        pcc("4.13"),
        SIMPLE,
        on="observation",
        has=(
            "id 1..*",
            "code 1..1",
            TEXT,
            "statusCode 1..1",
            "effectiveTime[@value or @nullFlavor or low or high or center] 1..1",
        ),
        checks=fixed({**OBSERVATION, **COMPLETED}),
        holds=[
            (
                "code/@nullFlavor or code/@code and code/@codeSystem or code/translation",
                "code avec @code et @codeSystem, ou @nullFlavor",
                "code/@codeSystem",
            )
        ],
    ),
    template(
        entry("48"),
        FR_SIMPLE,
        on="observation",
        parents=(pcc("4.13"),),
        has=("id 1..1", TEXT, "statusCode[@code='completed'] 1..1", "effectiveTime 1..1"),
    ),
    template(
        pcc("4.13.1"),
        VITAL_SIGNS,
        on="organizer",
        parents=(ccd(35), ccd(32)),
        code="85353-1|46680005",
        has=(
            "id 1..*",
            "statusCode 1..1",
            "effectiveTime 1..1",
            f"component[observation/templateId/@root='{pcc('4.13.2')}'] 1..*",
        ),
        checks=fixed({**CLUSTER, **COMPLETED}),
    ),
    template(
        entry("49"),
        FR_VITAL_SIGNS,
        on="organizer",
        parents=(pcc("4.13.1"), ccd(35), ccd(32)),
        code=f"85353-1 ({LOINC})",
    ),
    template(
        pcc("4.13.2"),
        VITAL_SIGN,
        on="observation",
        parents=(pcc("4.13"), ccd(31)),
        has=("value 1..1",),
        values={"value/@xsi:type": "PQ"},
        codes={"code": "VITAL_SIGN"},
        checks=(OfSystem("code", (LOINC,)),),
    ),
    template(entry("50"), FR_VITAL_SIGN, on="observation", parents=(pcc("4.13.2"), pcc("4.13"), ccd(31))),
    template(
        pcc("4.13.3"),
        FAMILY_OBSERVATION,
        on="observation",
        parents=(pcc("4.13"), ccd(22)),
        has=("value 1..1",),
    ),
    template(
        entry("51"), FR_FAMILY_OBSERVATION, on="observation", parents=(pcc("4.13.3"), pcc("4.13"), ccd(22))
    ),
    template(
        pcc("4.13.4"),
        SOCIAL,
        on="observation",
        parents=(pcc("4.13"), ccd(33)),
        has=("value 1..1", *NOT_MEASURED),
    ),
    template(
        entry("52"),
        FR_SOCIAL,
        on="observation",
        parents=(pcc("4.13.4"), pcc("4.13"), ccd(33)),
        codes={"code": "SOCIAL_HISTORY"},
        checks=(OfSystem("code", BOUND),),
    ),
    template(
        pcc("4.13.5"),
        PREGNANCY,
        on="observation",
        parents=(pcc("4.13"),),
        has=("value 1..1",),
    ),
    template(
        entry("53"),
        FR_PREGNANCY,
        on="observation",
        parents=(pcc("4.13.5"), pcc("4.13")),
        checks=(OfSystem("code", BOUND),),
    ),
    template(
        pcc("4.13.7"),
        DIRECTIVE,
        on="observation",
        parents=(pcc("4.13"), ccd(17)),
        values={f"{EXTERNAL}/@typeCode": "REFR"},
        holds=[
            (
                f"not({EXTERNAL}[not(externalDocument/id) or not(externalDocument/text/reference)])",
                "reference/externalDocument avec id et text/reference",
                "reference/externalDocument",
            )
        ],
    ),
    template(
        entry("54"),
        FR_DIRECTIVE,
        on="observation",
        parents=(pcc("4.13.7"), pcc("4.13"), ccd(17)),
        checks=(OfSystem("code", BOUND),),
    ),
    template(pcc("1.12.3.6"), SURVEY, on="observation", parents=(pcc("4.13"), ccd(31)), has=("value 1..1",)),
    template(
        pcc("1.12.3.7"),
        SURVEY_PANEL,
        on="organizer",
        parents=(ccd(32),),
        has=(
            "id 1..*",
            "statusCode 1..1",
            f"component[observation/templateId/@root='{pcc('1.12.3.6')}'] 1..*",
        ),
        checks=fixed({**CLUSTER, **COMPLETED}),
    ),
    template(entry("25"), FR_SURVEY, on="observation", parents=(pcc("1.12.3.6"), pcc("4.13"), ccd(31))),
    template(entry("95"), FR_SURVEY, on="organizer", parents=(pcc("1.12.3.7"), ccd(32))),
    template(
        pcc("4.15"),
        FAMILY,
        on="organizer",
        parents=(ccd(23),),
        has=(
            "statusCode 1..1",
            "subject 1..1",
            "subject/relatedSubject/code 1..1",
            f"component[observation/templateId/@root='{pcc('4.13.3')}'] 1..*",
        ),
        checks=fixed(
            {
                **CLUSTER,
                **COMPLETED,
                "subject/@typeCode": "SBJ",
                "subject/relatedSubject/@classCode": "PRS",
                "component/@typeCode": "COMP",
            }
        ),
    ),
    template(
        pcc("4.15.2"),
        RELATIVE,
        on="subject",
        has=("relatedSubject 1..1", "relatedSubject/code 1..1"),
        checks=(*fixed({"relatedSubject/@classCode": "PRS"}), OfSystem("relatedSubject/code", (ROLE_CODE,))),
    ),
    template(entry("59"), FR_FAMILY, on="organizer", parents=(pcc("4.15"), ccd(23))),
    template(
        entry("60"),
        FR_FAMILY,
        on="subject",
        parents=(pcc("4.15.2"),),
        codes={"relatedSubject/code": "J11"},
    ),
    *(
        template(pcc(number), FRENCH_TEMPLATE, holds=[(HAS_FRENCH, "1.2.250.1.213.1.1.3.…", "templateId")])
        for number in ("4.13", "4.13.1", "1.12.3.7", "4.15", "4.15.2")
    ),
)
