"""Problems and allergies: concerns, observations, and what qualifies them (severity, status, comment…).

Sources: IHE PCC TF-2 §6.3.4 (4.1 to 4.6), cda.md §7.2 VSM-11 to VSM-13, samples of thirteen models.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.clinical.rules import (
    ACT_CODE,
    FRENCH_TEMPLATE,
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

CONCERN = ihe("4.5.1", title="Concern Entry")
PROBLEM_CONCERN = ihe("4.5.2", title="Problem Concern Entry")
ALLERGY_CONCERN = ihe("4.5.3", title="Allergy and Intolerance Concern")
PROBLEM = ihe("4.5", title="Problem Entry")
ALLERGY = ihe("4.6", title="Allergies and Intolerances")
SEVERITY = ihe("4.1", title="Severity")
STATUS = ihe("4.1.1", title="Problem Status Observation")
CERTAINTY = ihe("4.1.2", title="Health Status")
COMMENT = ihe("4.2", title="Comments")
FR_PROBLEM_CONCERN = french("3.39", title="FR-Liste-des-problemes")
FR_ALLERGY_CONCERN = french("3.40", title="FR-Liste-des-allergies-et-hypersensibilites")
FR_PROBLEM = french("3.37", title="FR-Probleme")
FR_ALLERGY = french("3.41", title="FR-Allergie-ou-hypersensibilite")
FR_QUALIFIER = french("3.29", title="FR-Severite et entrées voisines (3.30, 3.31, 3.32)")
FR_CERTAINTY = french("3.171", title="FR-Certitude et FR-Criticite (3.172)", layer="MODANS")

OBSERVATION = {"@classCode": "OBS", "@moodCode": "EVN"}
COMPLETED = {"statusCode/@code": "completed"}
TEXT = "text/reference/@value 1..1"
OVER = "statusCode/@code='completed' or statusCode/@code='aborted'"
INVERTED = f"*/templateId[@root='{pcc('4.1')}' or @root='{pcc('4.2')}']"
AGENT = "participantRole[@classCode='MANU']/playingEntity[@classCode='MMAT']/code/originalText/reference"
CONTAINED = "entryRelationship[observation/templateId/@root='{}']"


def _contained(number: str, type_code: str, inversion: str) -> dict[str, str]:
    """How an observation or act that qualifies a problem is linked to it."""
    link = f"entryRelationship[*/templateId/@root='{pcc(number)}']"
    return {f"{link}/@typeCode": type_code, f"{link}/@inversionInd": inversion}


TEMPLATES: tuple[Template, ...] = (
    template(
        pcc("4.5.1"),
        CONCERN,
        on="act",
        parents=(ccd(27),),
        has=(
            "id 1..*",
            "code[@nullFlavor='NA'] 1..1",
            "statusCode 1..1",
            "effectiveTime 1..1",
            "entryRelationship[@typeCode='SUBJ'] 1..*",
        ),
        values={
            f"{CONTAINED.format(pcc('4.5'))}/@inversionInd": "false",
        },
        checks=fixed(
            {
                "@classCode": "ACT",
                "@moodCode": "EVN",
                "statusCode/@code": "active|suspended|aborted|completed",
            }
        ),
        holds=[
            ("effectiveTime/@nullFlavor or effectiveTime/low", "effectiveTime/low", "effectiveTime/low"),
            (
                f"effectiveTime/@nullFlavor or not({OVER}) or effectiveTime/high",
                "effectiveTime/high quand statusCode vaut completed ou aborted",
                "effectiveTime/high",
            ),
            (
                f"{OVER} or not(effectiveTime/high)",
                "pas de effectiveTime/high tant que statusCode vaut active ou suspended",
                "effectiveTime/high",
            ),
        ],
    ),
    template(
        pcc("4.5.2"),
        PROBLEM_CONCERN,
        on="act",
        parents=(pcc("4.5.1"), ccd(27)),
        has=(f"{CONTAINED.format(pcc('4.5'))} 1..*",),
    ),
    template(
        pcc("4.5.3"),
        ALLERGY_CONCERN,
        on="act",
        parents=(pcc("4.5.1"), ccd(27)),
        has=(f"{CONTAINED.format(pcc('4.6'))} 1..*",),
    ),
    template(entry("39"), FR_PROBLEM_CONCERN, on="act", parents=(pcc("4.5.2"), pcc("4.5.1"), ccd(27))),
    template(entry("40"), FR_ALLERGY_CONCERN, on="act", parents=(pcc("4.5.3"), pcc("4.5.1"), ccd(27))),
    template(
        pcc("4.5"),
        PROBLEM,
        on="observation",
        parents=(ccd(28),),
        has=(
            "id 1..1",
            "code[@code and @codeSystem or @nullFlavor] 1..1",
            TEXT,
            "statusCode 1..1",
            "effectiveTime 1..1",
            "value 1..1",
            "effectiveTime/width 0..0",
            "effectiveTime/center 0..0",
            f"entryRelationship[observation/templateId/@root='{pcc('4.1')}'] 0..1",
            f"entryRelationship[observation/templateId/@root='{pcc('4.1.1')}'] 0..1",
            f"entryRelationship[observation/templateId/@root='{pcc('4.1.2')}'] 0..1",
        ),
        checks=fixed({**OBSERVATION, **COMPLETED}),
        values={
            "effectiveTime/low/@nullFlavor": "UNK|NAV",
            "value/@xsi:type": "CD",
            **_contained("4.1", "SUBJ", "true"),
            **_contained("4.1.1", "REFR", "false"),
            **_contained("4.1.2", "REFR", "false"),
            **_contained("4.2", "SUBJ", "true"),
        },
        holds=[
            (
                "effectiveTime/@nullFlavor or effectiveTime/low[@value or @nullFlavor]",
                "effectiveTime/low avec @value, ou @nullFlavor UNK ou NAV",
                "effectiveTime/low",
            ),
            ("value/@nullFlavor or count(value/originalText)=1", "value/originalText", "value/originalText"),
            (
                f"not(entryRelationship[not(@inversionInd)][{INVERTED}])",
                "entryRelationship/@inversionInd true (sévérité, commentaire)",
                "entryRelationship/@inversionInd",
            ),
            (
                "not(value/@code) = not(value/@codeSystem)",
                "value/@code et value/@codeSystem, ensemble ou absents",
                "value/@codeSystem",
            ),
        ],
    ),
    template(
        entry("37"),
        FR_PROBLEM,
        on="observation",
        parents=(pcc("4.5"), ccd(28)),
        has=("value 1..1", "statusCode[@code='completed'] 1..1"),
        codes={"code": "PROBLEM"},
        checks=(OfSystem("code", (SNOMED_CT, LOINC)),),
    ),
    template(
        pcc("4.6"),
        ALLERGY,
        on="observation",
        parents=(pcc("4.5"), ccd(18), ccd(28)),
        has=("code[@code and @codeSystem] 1..1", "value 1..1"),
        values={
            "participant[participantRole/playingEntity]/@typeCode": "CSM|LOC",
        },
        holds=[
            (
                f"not(participant[@typeCode='CSM'][not({AGENT})])",
                "participantRole MANU / playingEntity MMAT / code/originalText/reference",
                "participant/participantRole",
            ),
            (
                f"not(entryRelationship[@typeCode='MFST'][not(observation/templateId/@root='{pcc('4.5')}')])",
                f"réaction (MFST) : observation {pcc('4.5')}",
                "entryRelationship/observation/templateId",
            ),
        ],
    ),
    template(
        entry("41"),
        FR_ALLERGY,
        on="observation",
        parents=(pcc("4.6"), pcc("4.5"), ccd(18), ccd(28)),
        has=("id 1..1", "statusCode[@code='completed'] 1..1", "effectiveTime 1..1"),
        codes={"code": "ALLERGY"},
        checks=(OfSystem("code", (SNOMED_CT,)),),
    ),
    template(
        pcc("4.1"),
        SEVERITY,
        on="observation",
        parents=(ccd(55),),
        code=f"SEV ({ACT_CODE})",
        has=(TEXT, "statusCode 1..1", "value 1..1"),
        checks=fixed({**OBSERVATION, **COMPLETED}),
        values={"value/@xsi:type": "CD"},
        codes={"value": "SEVERITY"},
    ),
    template(
        pcc("4.1.1"),
        STATUS,
        on="observation",
        parents=(ccd(57), ccd(50)),
        code=f"33999-4 ({LOINC})",
        has=(TEXT, "statusCode 1..1", "value 1..1"),
        checks=fixed({**OBSERVATION, **COMPLETED}),
        values={"value/@xsi:type": "CE"},
        codes={"value": "CLINICAL_STATUS"},
    ),
    template(
        pcc("4.1.2"),
        CERTAINTY,
        on="observation",
        parents=(ccd(51),),
        code=f"11323-3 ({LOINC})",
        has=(TEXT, "statusCode 1..1", "value 1..1"),
        checks=fixed({**OBSERVATION, **COMPLETED}),
    ),
    template(
        pcc("4.2"),
        COMMENT,
        on="act",
        parents=(ccd(40),),
        code=f"48767-8 ({LOINC})",
        has=(TEXT, "statusCode 1..1"),
        checks=fixed({"@classCode": "ACT", "@moodCode": "EVN", **COMPLETED}),
    ),
    template(entry("29"), FR_QUALIFIER, parents=(pcc("4.1"), ccd(55))),
    template(entry("30"), FR_QUALIFIER, parents=(pcc("4.1.1"), ccd(57), ccd(50))),
    template(entry("31"), FR_QUALIFIER, parents=(pcc("4.1.2"), ccd(51))),
    template(entry("32"), FR_QUALIFIER, parents=(pcc("4.2"), ccd(40))),
    template(
        entry("171"),
        FR_CERTAINTY,
        parents=(entry("48"), pcc("4.13")),
        code=f"66455-7 ({LOINC})",
        has=("value 1..1",),
    ),
    template(
        entry("172"),
        FR_CERTAINTY,
        parents=(entry("48"), pcc("4.13")),
        code=f"82606-5 ({LOINC})",
        has=("value 1..1",),
    ),
    *(
        template(pcc(number), FRENCH_TEMPLATE, holds=[(HAS_FRENCH, "1.2.250.1.213.1.1.3.…", "templateId")])
        for number in ("4.5.1", "4.5", "4.6", "4.1", "4.1.1", "4.1.2", "4.2")
    ),
)
