"""What the templates of medicines share: their rule set, OIDs, the demands met everywhere."""

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
SUBSTITUTION = "2.16.840.1.113883.5.1070"

ROW = ("EX_2.1-1071",)
PRESCRIPTION_ROW = ("SC.ORDN/CONF.04",)

TEXT = ("count(text/reference)=1", "text/reference 1..1", "text/reference")
COMPLETED = ("statusCode/@code='completed'", "statusCode completed", "statusCode/@code")
SECTION = (
    ("count(code)=1 and code/@codeSystem='2.16.840.1.113883.6.1'", "code 1..1 LOINC", "code/@codeSystem"),
)


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
    "ROW",
    "RULES",
    "SECTION",
    "SUBSTITUTION",
    "TA_ASIP",
    "TEXT",
    "declared",
]
