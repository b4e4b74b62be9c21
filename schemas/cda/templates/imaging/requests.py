"""What an imaging request asks for: its section, and one observation an exam."""

from schemas.cda.look import SCHEMATRON, VALUE_SETS
from schemas.cda.template import Template, template
from schemas.cda.templates.imaging.rules import ACTUAL, CCDA, FR_ENTRY, FR_SECTION, FRENCH, LOINC, RULES
from schemas.finding import Keyword

PCC = "1.3.6.1.4.1.19376.1.5.3.1."
REQUESTED = f"{FR_ENTRY}27.3"

_SECTION = RULES.declare("CDA-FR-2.158.3", layer="MODANS", requirements=SCHEMATRON, source=FRENCH)
_EXAM = RULES.declare("CDA-FR-3.27.3", layer="MODANS", requirements=SCHEMATRON, source=FRENCH)
_WHOLE = RULES.declare(
    "CDA-IMG-15", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source="CI-SIS, volet DA-IMG"
)
_CODED = RULES.declare("CDA-FR-3.27.3-JDV", layer="MODANS", requirements=VALUE_SETS, source=FRENCH)

TEMPLATES: tuple[Template, ...] = (
    template(REQUESTED, _WHOLE, has=("targetSiteCode 1..*", "code/originalText/reference 1..1")),
    template(
        f"{FR_SECTION}158.3",
        _SECTION,
        on="section",
        parents=(f"{FR_SECTION}158", f"{PCC}3.36", f"{CCDA}1.10"),
        code=f"18776-5 ({LOINC})",
        has=("id 1..1", "text 1..1", f"entry/observation[templateId[@root='{REQUESTED}']] 1..*"),
    ),
    template(
        REQUESTED,
        _EXAM,
        on="observation",
        parents=(f"{FR_ENTRY}27", f"{PCC}1.20.3.1", f"{CCDA}1.25"),
        has=(
            *ACTUAL,
            "id 1..1",
            "code 1..1",
            "text/reference 1..1",
            "statusCode/@code 1..1",
            "effectiveTime 1..1",
        ),
        values={"@classCode": "OBS", "@moodCode": "INT", "statusCode/@code": "active"},
    ),
    template(REQUESTED, _CODED, codes={"code": "IMAGING_MODALITY", "targetSiteCode": "IMAGING_REGION"}),
)
