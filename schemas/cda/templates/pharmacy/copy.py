"""The PDF copy that many documents carry, and the attached document that it is made of.

Sources: CI-SIS FR-Document-PDF-copie (section 243), FR-Document-attache (18), FR-Type-document-attache
(48.18), cda.md L3-07. That the PDF is one is said of every document.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.pharmacy.common import (
    COMPLETED,
    FR,
    FR_SECTION,
    LOINC,
    PCC,
    ROW,
    RULES,
    TEXT,
    declared,
    fixed,
)

COPY = RULES.declare("CDA-FR-2.243", layer="MODANS", requirements=ROW, source="CI-SIS, FR-Document-PDF-copie")
ATTACHED = RULES.declare(
    "CDA-FR-3.18", layer="MODANS", requirements=ROW, source="CI-SIS, FR-Document-attache"
)


TEMPLATES: tuple[Template, ...] = (
    template(
        f"{FR_SECTION}243",
        COPY,
        on="section",
        has=("id 1..1", "text 1..1", "entry 1..1"),
        holds=(
            fixed("55108-5", LOINC),
            ("title='Copie du document'", "Copie du document", "title"),
            (
                (
                    f"entry/organizer[{declared(f'{FR}18')}]/component/observation[{declared(f'{FR}48.18')}]"
                    f"/value[@code='55108-5']/@codeSystem='{LOINC}'"
                ),
                f"entry/organizer {FR}18, type de document 55108-5 ({FR}48.18)",
                "entry/organizer",
            ),
            (
                "entry/organizer/component/observationMedia/value",
                "observationMedia/value",
                "entry/organizer/component/observationMedia",
            ),
        ),
    ),
    template(
        f"{FR}18",
        ATTACHED,
        on="organizer",
        values={"@classCode": "CLUSTER", "@moodCode": "EVN"},
        has=("id 1..1", "component/observation 1..1", "component/observationMedia/value 1..1"),
        holds=(
            fixed("55107-7", LOINC),
            COMPLETED,
            (
                "not(component/observationMedia/value[not(@nullFlavor) and not(@representation='B64')])",
                "representation B64",
                "component/observationMedia/value/@representation",
            ),
            (
                "not(component/observationMedia/value[not(@nullFlavor) and not(@mediaType)])",
                "mediaType",
                "component/observationMedia/value/@mediaType",
            ),
        ),
    ),
    template(
        f"{FR}48.18",
        ATTACHED,
        on="observation",
        parents=(f"{FR}48", f"{PCC}13"),
        has=("id 1..1", "effectiveTime 1..1", "value 1..1"),
        holds=(fixed("69764-9", LOINC), TEXT, COMPLETED),
    ),
)
