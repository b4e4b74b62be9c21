"""Entries that carry results: report act, battery, isolate, result and the result before it."""

from schemas.cda.template import Template, template
from schemas.cda.templates.laboratory.rules import (
    ACTUAL,
    FR_ENTRY,
    LAB,
    LOINC,
    LOINC_OR_WAITING,
    NCBI_TAXONOMY,
    SNOMED_CT,
    WAITING_CODES,
    advice,
    french,
    ihe,
    is_report,
    volet,
)

REPORT_ENTRY = f"{LAB}1"
BATTERY = f"{LAB}1.4"
ISOLATE = f"{LAB}1.5"
RESULT = f"{LAB}1.6"
_DONE = "completed|active|aborted"
_UNIVERSAL = f"@code and (@codeSystem='{LOINC}' or @codeSystem='{WAITING_CODES}')"
_NAMED = (  # a micro-organism
    f"originalText or @nullFlavor or (@code and @codeSystem='{SNOMED_CT}')"
    f" or translation/@codeSystem='{NCBI_TAXONOMY}'"
)

_SAYS_WHICH = volet("09")
_ONE_RANGE = volet("10")
_INTERPRETED = volet("12", coded=True)
_PREVIOUS = volet("11")
_WHOLE = advice("21")

_REPORT: tuple[Template, ...] = (
    template(
        REPORT_ENTRY,
        ihe("3.1"),
        on="entry",
        has=(
            "@typeCode 1..1",
            "act 1..1",
            "act/statusCode/@code 1..1",
            "act/entryRelationship[@typeCode='COMP'] 1..*",
            "act/@classCode 1..1",
            "act/@moodCode 1..1",
        ),
        values={
            "@typeCode": "DRIV",
            "act/@classCode": "ACT",
            "act/@moodCode": "EVN",
            "act/code/@codeSystem": LOINC_OR_WAITING,
            "act/statusCode/@code": _DONE,
        },
        holds=(
            (
                "not(act/effectiveTime[not(@nullFlavor) and not(low and high)])",
                "low et high",
                "act/effectiveTime",
            ),
            ("not(act/code[@code and not(@codeSystem)])", LOINC_OR_WAITING, "act/code/@codeSystem"),
        ),
    ),
    template(f"{FR_ENTRY}21", french("3.21"), on="entry", parents=(REPORT_ENTRY,)),
)

_GROUPS: tuple[Template, ...] = (
    template(
        BATTERY,
        ihe("3.1.4"),
        on="organizer",
        has=(*ACTUAL, "id 0..1", "statusCode/@code 1..1"),
        values={"@classCode": "BATTERY", "@moodCode": "EVN", "statusCode/@code": _DONE},
    ),
    template(f"{FR_ENTRY}78", french("3.78"), on="organizer", parents=(BATTERY,)),
    template(
        ISOLATE,
        ihe("3.1.5"),
        on="organizer",
        has=(*ACTUAL, "statusCode/@code 1..1"),
        values={"@classCode": "CLUSTER", "@moodCode": "EVN", "statusCode/@code": _DONE},
    ),
    template(
        f"{FR_ENTRY}79",
        french("3.79"),
        on="organizer",
        parents=(ISOLATE,),
        has=(
            "specimen 1..1",
            "specimen/specimenRole 1..1",
            "specimen/specimenRole/specimenPlayingEntity 1..1",
            "specimen/specimenRole/specimenPlayingEntity/code 1..1",
            "specimen/@typeCode 1..1",
            "specimen/specimenRole/@classCode 1..1",
            "specimen/specimenRole/specimenPlayingEntity/@classCode 1..1",
        ),
        values={
            "specimen/@typeCode": "SPC",
            "specimen/specimenRole/@classCode": "SPEC",
            "specimen/specimenRole/specimenPlayingEntity/@classCode": "MIC",
        },
        holds=(
            (
                f"not(specimen/specimenRole/specimenPlayingEntity/code[not({_NAMED})])",
                f"code SNOMED CT, originalText, ou translation {NCBI_TAXONOMY}",
                "specimen/specimenRole/specimenPlayingEntity/code",
            ),
        ),
    ),
)

_RESULTS: tuple[Template, ...] = (
    template(
        RESULT,
        ihe("3.1.6"),
        on="observation",
        has=(*ACTUAL, "code 1..1", "statusCode/@code 1..1"),
        values={"@classCode": "OBS", "@moodCode": "EVN", "statusCode/@code": "completed|aborted"},
    ),
    template(
        f"{FR_ENTRY}80",
        french("3.80"),
        on="observation",
        parents=(RESULT,),
        has=("code/originalText 1..1", "code/originalText/reference 1..1"),
    ),
    template(
        RESULT,
        _SAYS_WHICH,
        applies=is_report,
        holds=(
            (
                f"not(code[@codeSystem='{LOINC}'][not(@code) or not(@displayName)])",
                "code LOINC avec @code, @codeSystem et @displayName",
                "code",
            ),
            (
                f"code[{_UNIVERSAL}] or code/translation[@code and @displayName] or code/@nullFlavor",
                "code LOINC, ou translation avec @code et @displayName",
                "code",
            ),
        ),
    ),
    template(RESULT, _ONE_RANGE, applies=is_report, has=("referenceRange 0..1",)),
    template(
        RESULT,
        _INTERPRETED,
        applies=is_report,
        codes={"interpretationCode": "OBSERVATION_INTERPRETATION"},
    ),
    template(
        RESULT,
        _PREVIOUS,
        applies=is_report,
        holds=(
            (
                "not(entryRelationship[@typeCode='REFR']/observation[not(effectiveTime)])",
                "effectiveTime 1..1",
                "entryRelationship[@typeCode='REFR']/observation/effectiveTime",
            ),
            (
                "not(entryRelationship[@typeCode='REFR']/observation[not(statusCode/@code='completed')])",
                "completed",
                "entryRelationship[@typeCode='REFR']/observation/statusCode/@code",
            ),
        ),
    ),
    template(
        RESULT,
        _WHOLE,
        has=("effectiveTime 1..1",),
        values={
            "referenceRange/@typeCode": "REFV",
            "referenceRange/observationRange/interpretationCode/@code": "N",
        },
        holds=(("value or statusCode/@code='aborted'", "value 1..1 (résultat rendu)", "value"),),
    ),
)

TEMPLATES: tuple[Template, ...] = (*_REPORT, *_GROUPS, *_RESULTS)
