"""What was examined: collection of the specimen, and its reception at the laboratory."""

from schemas.cda.template import Template, template
from schemas.cda.templates.laboratory.rules import ACTUAL, FR_ENTRY, LAB, french, ihe

COLLECTION = f"{LAB}1.2"
RECEPTION = f"{LAB}1.3"
# the arc of IHE is 1.3.6.1…; the French model and the official tool froze a typo, and both are accepted
IHE_ACT_CODES = "1.3.5.1.4.1.19376.1.5.3.2|1.3.6.1.4.1.19376.1.5.3.2"

TEMPLATES: tuple[Template, ...] = (
    template(
        COLLECTION,
        ihe("3.1.2"),
        on="procedure",
        has=(
            *ACTUAL,
            "effectiveTime 1..1",
            "participant 1..1",
            "participant[@typeCode='PRD']/participantRole[@classCode='SPEC'] 1..1",
            "participant/participantRole/id 1..1",
            "targetSiteCode 0..1",
            "performer 0..1",
        ),
        values={"@classCode": "PROC", "@moodCode": "EVN"},
    ),
    template(
        f"{FR_ENTRY}77",
        french("3.77"),
        on="procedure",
        parents=(COLLECTION,),
        has=("participant/participantRole/playingEntity/code 1..1",),
        codes={"participant/participantRole/playingEntity/code[@code]": "SPECIMEN_TYPE"},
    ),
    template(
        RECEPTION,
        ihe("3.1.3"),
        on="act",
        code="SPRECEIVE",
        has=(*ACTUAL, "code/@codeSystem 1..1", "effectiveTime 1..1", "effectiveTime/@value 1..1"),
        values={"@classCode": "ACT", "@moodCode": "EVN", "code/@codeSystem": IHE_ACT_CODES},
    ),
    template(f"{FR_ENTRY}107", french("3.107"), on="act", parents=(RECEPTION,)),
)
