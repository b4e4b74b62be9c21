"""What the discharge letter observes of a stay (FR 48.x), the status of the document, and the VSM sections.

Sources: CI-SIS volets LDL-SES 2022.01 and VSM, cda.md §7.2 (VSM-5 to VSM-9) and §7.3 (LDL-5 to LDL-10).
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.clinical.problems import TEXT
from schemas.cda.templates.clinical.rules import TA_ASIP, entry, french, pcc, section
from schemas.cda.terms.codes import LOINC

ENTRY_MODE = french("3.48.6", title="FR-Modalite-entree")
EXIT_MODE = french("3.48.7", title="FR-Modalite-sortie")
SYNTHESIS = french("3.48.9", title="FR-Synthese-medicale-sejour", layer="MODANS")
STATUS = french("3.48.16", title="FR-Statut-du-document")
STAY = french("3.48.1", title="FR-Accidents-transfusionnels et autres événements du séjour", layer="MODANS")
STATUS_SECTION = french("2.35", title="FR-Statut-du-document", layer="MODANS")
SYNTHESIS_SECTION = french(
    "2.29", title="FR-Pathologies-antecedents-allergies-facteurs-de-risque", layer="MODANS"
)
HISTORY_SECTION = french("2.30", title="FR-Pathologies-antecedents-allergies", layer="MODANS")
RISK_SECTION = french("2.31", title="FR-Facteurs-de-risque", layer="MODANS")
LONG_TERM_SECTION = french("2.32", title="FR-Traitement-au-long-cours", layer="MODANS")

SIMPLE = (entry("48"), pcc("4.13"))
WHOLE = ("id 1..1", TEXT, "statusCode[@code='completed'] 1..1", "effectiveTime 1..1", "value 1..1")
EVENTS = {
    "1": "MED-146",
    "2": "MED-147",
    "3": "MED-143",
    "4": "MED-148",
    "5": "MED-144",
    "8": "MED-309",
    "10": "MED-145",
}
"""Events of the stay: number of the entry under FR 48, code."""


def sub_section(number: str) -> str:
    """The XPath of a sub-section that declares this PCC template."""
    return f"component/section[templateId/@root='{pcc(number)}']"


def _composite(*numbers: str) -> list[tuple[str, str, str]]:
    """Either sub-sections or a text: the text is forbidden when every sub-section is there."""
    found = [sub_section(number) for number in numbers]
    wanted = " | ".join(pcc(number) for number in numbers)
    return [
        (f"text or {' or '.join(found)}", f"text, ou une sous-section {wanted}", "text"),
        (
            f"not(text and {' and '.join(found)})",
            "pas de text quand toutes les sous-sections sont présentes",
            "text",
        ),
    ]


TEMPLATES: tuple[Template, ...] = (
    template(
        entry("48.6"),
        ENTRY_MODE,
        on="observation",
        parents=SIMPLE,
        code=f"ORG-070 ({TA_ASIP})",
        has=WHOLE,
    ),
    template(
        entry("48.7"),
        EXIT_MODE,
        on="observation",
        parents=SIMPLE,
        code=f"ORG-074 ({TA_ASIP})",
        has=WHOLE,
    ),
    template(
        entry("48.9"),
        SYNTHESIS,
        on="observation",
        parents=SIMPLE,
        code=f"MED-142 ({TA_ASIP})",
        has=WHOLE,
    ),
    template(
        entry("48.16"),
        STATUS,
        on="observation",
        parents=SIMPLE,
        code=f"GEN-065 ({TA_ASIP})",
        has=WHOLE,
        codes={"value": "DOCUMENT_STATUS"},
    ),
    template(entry("48.16.1"), STATUS, on="observation", parents=(entry("48.16"), *SIMPLE)),
    *(
        template(
            entry(f"48.{number}"),
            STAY,
            on="observation",
            parents=SIMPLE,
            code=f"{code} ({TA_ASIP})",
            has=WHOLE,
        )
        for number, code in EVENTS.items()
    ),
    template(
        section("35"),
        STATUS_SECTION,
        on="section",
        code=f"33557-0 ({LOINC})",
        has=("id 1..1", "title 1..1", f"entry/observation[templateId/@root='{entry('48.16')}'] 1..1"),
    ),
    template(section("35.1"), STATUS_SECTION, on="section", parents=(section("35"),)),
    template(
        section("163.1"),
        STATUS_SECTION,
        on="section",
        parents=(section("163"), pcc("1.21.2.9"), "1.3.6.1.4.1.19376.1.7.3.1.1.13.7"),
    ),
    template(
        section("29"),
        SYNTHESIS_SECTION,
        on="section",
        code=f"46612-8 ({LOINC})",
        has=(
            "id 1..1",
            f"component/section[templateId/@root='{section('30')}'] 1..1",
            f"component/section[templateId/@root='{section('31')}'] 1..1",
        ),
    ),
    template(
        section("30"),
        HISTORY_SECTION,
        on="section",
        code=f"34117-2 ({LOINC})",
        has=("id 1..1",),
        holds=_composite("3.6", "3.8", "3.11", "3.13"),
    ),
    template(
        section("31"),
        RISK_SECTION,
        on="section",
        code=f"57207-3 ({LOINC})",
        has=("id 1..1",),
        holds=_composite("3.16", "1.5.3.1", "3.14"),
    ),
    template(
        section("32"),
        LONG_TERM_SECTION,
        on="section",
        code=f"18776-5 ({LOINC})",
        has=("id 1..1",),
        holds=_composite("3.19"),
    ),
)
