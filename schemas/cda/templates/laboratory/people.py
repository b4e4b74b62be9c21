"""Who did it: the laboratory that performs the exam, the biologist who validates its results."""

from schemas.cda.look import SCHEMATRON
from schemas.cda.template import Template, template
from schemas.cda.templates.laboratory.rules import FR_ENTRY, FRENCH, LAB, RULES, french

LABORATORY = f"{LAB}3.1.7"
VALIDATOR = f"{LAB}3.1.5"

TEMPLATES: tuple[Template, ...] = (
    template(
        LABORATORY,
        RULES.declare("CDA-LAB-3.3.1.7", layer="MODCDA", requirements=SCHEMATRON, source=FRENCH),
        on="performer",
        has=(
            "time 1..1",
            "assignedEntity/id 1..*",
            "assignedEntity/representedOrganization/id 1..*",
            "assignedEntity/representedOrganization/name 1..1",
            "assignedEntity/representedOrganization/telecom 1..*",
            "assignedEntity/representedOrganization/addr 1..*",
            "assignedEntity/representedOrganization/standardIndustryClassCode 1..1",
        ),
    ),
    template(f"{FR_ENTRY}23", french("3.23"), on="performer", parents=(LABORATORY,)),
    template(
        f"{FR_ENTRY}109",
        french("3.109"),
        on="participant",
        parents=(VALIDATOR,),
        has=(
            "time 1..1",
            "participantRole/id 1..*",
            "participantRole/addr 1..*",
            "participantRole/telecom 1..*",
            "participantRole/playingEntity/name 1..1",
        ),
        values={"@typeCode": "AUTHEN"},
    ),
)
