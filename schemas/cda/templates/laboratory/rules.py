"""What the laboratory templates share: their rule set, OIDs, the documents that the CR-BIO volet is for."""

from schemas.cda.look import SCHEMATRON, VALUE_SETS
from schemas.cda.model import ClinicalDocument
from schemas.finding import Keyword, Rule, RuleSet

RULES: RuleSet[None] = RuleSet("cda-laboratory")

LAB = "1.3.6.1.4.1.19376.1.3."
FR_SECTION = "1.2.250.1.213.1.1.2."
FR_ENTRY = "1.2.250.1.213.1.1.3."
LOINC = "2.16.840.1.113883.6.1"
WAITING_CODES = "1.2.250.1.213.1.1.5.130"  # for exams that LOINC does not name yet
LOINC_OR_WAITING = f"{LOINC}|{WAITING_CODES}"
SNOMED_CT = "2.16.840.1.113883.6.96"
NCBI_TAXONOMY = "2.16.840.1.113883.3.9471"

ACTUAL = ("@classCode 1..1", "@moodCode 1..1")  # their values are told beside

PALM = "IHE PaLM TF-3, XD-LAB"
FRENCH = "CI-SIS, modèles de contenus CDA (biologie)"
VOLET = "CI-SIS, volet CR-BIO"

TEMPLATE_CR_BIO = "1.2.250.1.213.1.1.1.55"
TEMPLATE_XD_LAB = "1.3.6.1.4.1.19376.1.3.3"


def is_report(document: ClinicalDocument) -> bool:
    """Whether the rules of the CR-BIO volet are for this document."""
    return document.is_a(TEMPLATE_CR_BIO) or document.is_a(TEMPLATE_XD_LAB)


def ihe(number: str) -> Rule:
    """The rule of the IHE template of this number, `3.1.6`."""
    return RULES.declare(f"CDA-LAB-{number}", layer="IHE", requirements=SCHEMATRON, source=PALM)


def french(number: str, layer: str = "MODCDA") -> Rule:
    """The rule of the French section `2.n` or entry `3.n`."""
    return RULES.declare(f"CDA-FR-{number}", layer=layer, requirements=SCHEMATRON, source=FRENCH)


def volet(number: str, *, coded: bool = False) -> Rule:
    """The rule of this number of the CR-BIO volet, on an entry."""
    rows = VALUE_SETS if coded else SCHEMATRON
    return RULES.declare(f"CDA-BIO-{number}", layer="VOLET", requirements=rows, source=VOLET)


def advice(number: str, source: str = PALM) -> Rule:
    """A warning of the bench: what the texts ask and the official schematrons do not test."""
    return RULES.declare(
        f"CDA-BIO-{number}", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=source
    )
