"""What the templates of medicines share: their rule set, OIDs, the demands met everywhere.

`parents` of a template is the next one up only (French → Pharmacy → PCC → CCD): one missing templateId, one
finding.
"""

from schemas.cda.model import TEMPLATE_PRESCRIPTION, ClinicalDocument
from schemas.cda.volets.model import LOINC, TA_ASIP
from schemas.finding import RuleSet

RULES: RuleSet[None] = RuleSet("cda-pharmacy")

PCC = "1.3.6.1.4.1.19376.1.5.3.1.4."
PCC_SECTION = "1.3.6.1.4.1.19376.1.5.3.1.3."
PHA = "1.3.6.1.4.1.19376.1.9.1."
CCD = "2.16.840.1.113883.10.20.1."
FR = "1.2.250.1.213.1.1.3."
FR_SECTION = "1.2.250.1.213.1.1.2."
ACT_CODE = "2.16.840.1.113883.5.4"
IHE_ACT_CODE = "1.3.6.1.4.1.19376.1.5.3.2"
EDQM = "0.4.0.127.0.16.1.1.2.1"
HL7_ROUTE = "2.16.840.1.113883.5.112"
SUBSTITUTION = "2.16.840.1.113883.5.1070"


ROW = ("EX_2.1-1071",)
PRESCRIPTION_ROW = ("SC.ORDN/CONF.04",)

TEXT = ("count(text/reference)=1", "text/reference 1..1", "text/reference")
ROUTE = (
    f"not(routeCode[@code][not(@codeSystem='{EDQM}' or @codeSystem='{HL7_ROUTE}')])",
    f"codeSystem EDQM ({EDQM}) ou HL7 ({HL7_ROUTE})",
    "routeCode/@codeSystem",
)
SITE = ("not(approachSiteCode[@code][not(@codeSystem)])", "codeSystem", "approachSiteCode/@codeSystem")
COMPLETED = ("statusCode/@code='completed'", "statusCode completed", "statusCode/@code")


def fixed(code: str, system: str, *others: str) -> tuple[str, str, str]:
    """The demand of one code element that is one of these codes of this system, neither left out."""
    codes = " or ".join(f"@code='{one}'" for one in (code, *others))
    said = " | ".join((code, *others))
    return (
        f"count(code)=1 and code[{codes}]/@codeSystem='{system}'",
        f"{said} ({system}), code 1..1",
        "code",
    )


def prescribed(document: ClinicalDocument) -> bool:
    """Whether the document is an e-prescription."""
    return document.is_a(TEMPLATE_PRESCRIPTION)


def prescribed_now(document: ClinicalDocument) -> bool:
    """Whether it is one of the current version, which asks for the prevention flag."""
    said = document.template_ids.get(TEMPLATE_PRESCRIPTION)
    return said is not None and said not in ("2022.01", "2023.01")


def declared(oid: str) -> str:
    """The XPath predicate of an element that declares this templateId."""
    return f"templateId/@root='{oid}'"


__all__ = [
    "ACT_CODE",
    "CCD",
    "COMPLETED",
    "FR",
    "FR_SECTION",
    "IHE_ACT_CODE",
    "LOINC",
    "PCC",
    "PCC_SECTION",
    "PHA",
    "PRESCRIPTION_ROW",
    "ROUTE",
    "ROW",
    "RULES",
    "SITE",
    "SUBSTITUTION",
    "TA_ASIP",
    "TEXT",
    "declared",
    "fixed",
    "prescribed",
    "prescribed_now",
]
