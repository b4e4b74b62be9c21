"""Procedures, encounters, goals and care plan, transfers, coverage, references, results.

Sources: IHE PCC TF-2 §6.3.4 (4.4, 4.14, 4.17 to 4.19), PCC CDA supplements (1.10.4.2, 1.20.3.1, 1.25.1.4.1),
CI-SIS "modèles de contenus", cda.md §7.2 VSM-14.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.clinical.problems import COMPLETED, OBSERVATION, TEXT
from schemas.cda.templates.clinical.rules import FRENCH_TEMPLATE, TA_ASIP, ccd, entry, fixed, french, ihe, pcc
from schemas.cda.templates.clinical.sections import HAS_FRENCH
from schemas.cda.terms.codes import LOINC

PROCEDURE = ihe("4.19", title="Procedure Entry")
ENCOUNTER = ihe("4.14", title="Encounters")
GOAL = ihe("1.20.3.1", title="Observation Requests")
TRANSFER = ihe("1.25.1.4.1", title="Transfer")
TRANSPORT = ihe("1.10.4.2", title="Transport")
COVERAGE = ihe("4.17", title="Coverage Entry")
PAYER = ihe("4.18", title="Payer Entry")
REFERENCE = ihe("4.4", title="External References")
INTERNAL = ihe("4.4.1", title="Internal References")
FR_PROCEDURE = french("3.62", title="FR-Acte")
FR_ENCOUNTER = french("3.58", title="FR-Rencontre")
FR_GOAL = french("3.27", title="FR-Demande-d-examen-ou-de-suivi")
FR_TRANSFER = french("3.28", title="FR-Transfert-du-patient et FR-Transport-du-patient (3.97)")
FR_COVERAGE = french("3.61", title="FR-Prise-en-charge et FR-Financeur (3.94)")
FR_REFERENCE = french("3.36", title="FR-References-internes et FR-References-externes (3.35)")
RESULTS = french("3.208", title="FR-Resultats et FR-Resultat (3.209)", layer="MODANS")
ADVERSE = french("3.210", title="FR-Effet-indesirable et ses qualificatifs (3.211 à 3.213)", layer="MODANS")
HANDICAP = french("3.12", title="FR-Dispositif-ou-aide (FLUDT)", layer="MODANS")

ACT = {"@classCode": "ACT", "@moodCode": "EVN"}
CODED = "code[@code or @nullFlavor or originalText or translation] 1..1"
PLANNED = "@moodCode='INT' or @moodCode='PRMS' or @moodCode='ARQ' or @moodCode='RQO' or @moodCode='APT'"
REPORTED = "not(@moodCode='EVN') or templateId[@root='{}']"
ACT_STATUS = "normal|active|completed|held|new|suspended|aborted|cancelled|nullified|obsolete"
WANTED = "not({}) or templateId[@root='{}']"

TEMPLATES: tuple[Template, ...] = (
    template(
        pcc("4.19"),
        PROCEDURE,
        on="procedure",
        has=("id 1..*", CODED, TEXT, "statusCode 1..1"),
        checks=fixed(
            {
                "@classCode": "PROC",
                "@moodCode": "EVN|INT",
                "statusCode/@code": "completed|active|aborted|cancelled",
            }
        ),
        holds=[
            (REPORTED.format(ccd(29)), f"acte réalisé (EVN) : templateId {ccd(29)}", "templateId"),
            (WANTED.format(PLANNED, ccd(25)), f"acte prévu (INT) : templateId {ccd(25)}", "templateId"),
        ],
    ),
    template(entry("62"), FR_PROCEDURE, on="procedure", parents=(pcc("4.19"),), has=("code 1..1", TEXT)),
    template(
        pcc("4.14"),
        ENCOUNTER,
        on="encounter",
        has=("id 1..*", CODED, TEXT),
        checks=fixed({"@classCode": "ENC", "@moodCode": "EVN|PRMS|APT|ARQ|INT|RQO"}),
        holds=[
            (REPORTED.format(ccd(21)), f"rencontre passée (EVN) : templateId {ccd(21)}", "templateId"),
            (WANTED.format(PLANNED, ccd(25)), f"rencontre prévue : templateId {ccd(25)}", "templateId"),
            ("effectiveTime or priorityCode", "effectiveTime", "effectiveTime"),
        ],
    ),
    template(entry("58"), FR_ENCOUNTER, on="encounter", parents=(pcc("4.14"),)),
    template(
        pcc("1.20.3.1"),
        GOAL,
        on="observation",
        parents=(ccd(25),),
        has=("id 1..*", CODED, TEXT, "statusCode 1..1", "effectiveTime 1..1"),
        checks=fixed(
            {"@classCode": "OBS", "@moodCode": "GOL|INT|PRMS|PRP|RQO", "statusCode/@code": ACT_STATUS}
        ),
    ),
    template(entry("27"), FR_GOAL, on="observation", parents=(pcc("1.20.3.1"), ccd(25))),
    template(
        pcc("1.25.1.4.1"),
        TRANSFER,
        on="act",
        has=("id 1..*", TEXT, "statusCode 1..1", "effectiveTime 1..1"),
        checks=fixed({"@classCode": "ACT", "statusCode/@code": ACT_STATUS}),
    ),
    template(
        entry("28"),
        FR_TRANSFER,
        on="act",
        parents=(pcc("1.25.1.4.1"),),
        code=f"80413-8 ({LOINC})",
        has=("participant[@typeCode='DST'] 1..*",),
    ),
    template(
        pcc("1.10.4.2"),
        TRANSPORT,
        on="act",
        has=("id 1..*", "code 1..1", TEXT, "statusCode 1..1"),
        checks=fixed(
            {"@classCode": "ACT", "@moodCode": "INT|EVN|RQO|ARQ|PRMS", "statusCode/@code": ACT_STATUS}
        ),
    ),
    template(entry("97"), FR_TRANSFER, on="act", parents=(pcc("1.10.4.2"),)),
    template(
        pcc("4.17"),
        COVERAGE,
        on="act",
        parents=(ccd(20),),
        code=f"48768-6 ({LOINC})",
        has=(
            "id 1..*",
            "statusCode 1..1",
            f"entryRelationship[@typeCode='COMP']/act[templateId/@root='{pcc('4.18')}'] 1..*",
        ),
        checks=fixed({"@classCode": "ACT", "@moodCode": "DEF", **COMPLETED}),
    ),
    template(
        pcc("4.18"),
        PAYER,
        on="act",
        parents=(ccd(26),),
        has=("id 1..*", "code 1..1", "statusCode 1..1"),
        checks=fixed({**ACT, **COMPLETED}),
    ),
    template(entry("61"), FR_COVERAGE, on="act", parents=(pcc("4.17"), ccd(20))),
    template(entry("94"), FR_COVERAGE, on="act", parents=(pcc("4.18"), ccd(26))),
    template(
        pcc("4.4"),
        REFERENCE,
        on="act",
        has=(
            "id 1..*",
            "code[@nullFlavor='NA'] 1..1",
            TEXT,
            "reference 1..*",
            "reference/externalDocument/id 1..*",
        ),
        checks=fixed({**ACT, "reference/@typeCode": "REFR|SPRT"}),
    ),
    template(pcc("4.4.1"), INTERNAL, has=("id 1..*", "code 1..1")),
    template(entry("35"), FR_REFERENCE, parents=(pcc("4.4"),)),
    template(entry("36"), FR_REFERENCE, parents=(pcc("4.4.1"),)),
    template(
        entry("208"),
        RESULTS,
        on="organizer",
        has=(
            "id 1..*",
            "code 1..1",
            "statusCode 1..1",
            "effectiveTime 1..1",
            f"component[observation/templateId/@root='{entry('209')}'] 1..*",
        ),
        checks=fixed({"@classCode": "CLUSTER", "@moodCode": "EVN", **COMPLETED}),
    ),
    template(
        entry("209"), RESULTS, on="observation", parents=(entry("48"), pcc("4.13")), has=("value 1..1",)
    ),
    template(
        entry("210"),
        ADVERSE,
        on="observation",
        parents=(pcc("4.5"), ccd(28), ccd(18)),
        has=("code 1..1", "value 1..1"),
    ),
    *(
        template(
            entry(number),
            ADVERSE,
            on="observation",
            code=code,
            has=(TEXT, "statusCode 1..1", "value 1..1"),
            checks=fixed({**OBSERVATION, **COMPLETED}),
        )
        for number, code in (
            ("211", f"GEN-318 ({TA_ASIP})"),
            ("212", f"94030-4 ({LOINC})"),
            ("213", f"GEN-319 ({TA_ASIP})"),
        )
    ),
    template(
        entry("12"), HANDICAP, on="observation", parents=(entry("48"), pcc("4.13")), has=("value 1..1",)
    ),
    *(
        template(pcc(number), FRENCH_TEMPLATE, holds=[(HAS_FRENCH, "1.2.250.1.213.1.1.3.…", "templateId")])
        for number in ("4.19", "4.14", "1.20.3.1", "4.4.1")
    ),
)
