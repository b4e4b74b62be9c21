"""Sections of a laboratory report: chapter, sub-chapter, second-intention results, context of the exam."""

from schemas.cda.template import Template, template
from schemas.cda.templates.laboratory.rules import (
    FR_ENTRY,
    FR_SECTION,
    LAB,
    LOINC,
    LOINC_OR_WAITING,
    advice,
    french,
    ihe,
)

CHAPTER = f"{LAB}3.2.1"
SUB_CHAPTER = f"{LAB}3.2.2"
REPORT_ENTRY = f"{LAB}1"

_SHAPE = advice("20")

TEMPLATES: tuple[Template, ...] = (
    template(
        CHAPTER,
        ihe("3.3.2.1"),
        on="section",
        has=("code 1..1", "code/@code 1..1", "code/@codeSystem 1..1"),
        values={"code/@codeSystem": LOINC_OR_WAITING},
        holds=(
            (
                "component/section or (text and count(entry) = 1)",
                "text et un seul entry, ou des sous-sections",
            ),
            ("not(component/section and entry)", "des sous-sections, ou un entry, pas les deux", "entry"),
            (
                f"not(component/section[not(templateId/@root = '{SUB_CHAPTER}')])",
                f"sous-sections {SUB_CHAPTER} seulement",
                "component/section/templateId",
            ),
            (
                f"not(entry[not(templateId/@root = '{REPORT_ENTRY}')])",
                f"entry/templateId {REPORT_ENTRY}",
                "entry/templateId",
            ),
        ),
    ),
    template(
        SUB_CHAPTER,
        ihe("3.3.2.2"),
        on="section",
        has=("code 0..1", "text 1..1", "entry 1..1", "component/section 0..0"),
        values={"code/@codeSystem": LOINC_OR_WAITING},
        holds=(
            ("not(code[@code and not(@codeSystem)])", LOINC_OR_WAITING, "code/@codeSystem"),
            (
                f"not(entry[not(templateId/@root = '{REPORT_ENTRY}')])",
                f"entry/templateId {REPORT_ENTRY}",
                "entry/templateId",
            ),
        ),
    ),
    template(f"{FR_SECTION}70", french("2.70"), on="section", parents=(CHAPTER,)),
    template(f"{FR_SECTION}71", french("2.71"), on="section", parents=(SUB_CHAPTER,)),
    template(
        CHAPTER,
        _SHAPE,
        has=("title 1..1",),
        holds=(("not(component/section and text)", "pas de text dans un chapitre à sous-sections", "text"),),
    ),
    template(
        f"{FR_SECTION}60",
        french("2.60", "MODANS"),
        on="section",
        code=f"101792-0 ({LOINC})",
        has=(
            "id 1..1",
            "text 1..1",
            f"entry/organizer[templateId[@root='{FR_ENTRY}18']] 1..*",
        ),
    ),
    template(
        f"{FR_SECTION}128",
        french("2.128"),
        on="section",
        parents=("1.3.6.1.4.1.19376.1.5.3.1.3.1", "1.3.6.1.4.1.19376.1.5.3.1.3.2"),
        code=f"42349-1 ({LOINC})",
        has=("id 1..1", "text 1..1"),
    ),
)
