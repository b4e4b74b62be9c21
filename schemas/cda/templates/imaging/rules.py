"""What the imaging templates share: their rule set, OIDs, code systems."""

from schemas.cda.look import SCHEMATRON, VALUE_SETS
from schemas.finding import Keyword, Rule, RuleSet

RULES: RuleSet[None] = RuleSet("cda-imaging")

DICOM = "1.2.840.10008.9."
CCDA = "2.16.840.1.113883.10.20."
FR_SECTION = "1.2.250.1.213.1.1.2."
FR_ENTRY = "1.2.250.1.213.1.1.3."
LOINC = "2.16.840.1.113883.6.1"
DCM = "1.2.840.10008.2.16.4"
DICOM_UIDS = "1.2.840.10008.2.6.1"
SNOMED_CT = "2.16.840.1.113883.6.96"
MODALITY = "121139"  # DCM: modality
REGION = "39111-0"  # LOINC: body site

ACTUAL = ("@classCode 1..1", "@moodCode 1..1")  # their values are told beside

PS3_20 = "DICOM PS3.20, Imaging Reports using HL7 CDA"
FRENCH = "CI-SIS, modèles de contenus CDA (imagerie)"


def dicom(name: str) -> Rule:
    """A rule of DICOM PS3.20."""
    return RULES.declare(f"CDA-DICOM-{name}", layer="IHE", requirements=SCHEMATRON, source=PS3_20)


def french(name: str, *, coded: bool = False) -> Rule:
    """A rule of the French profile."""
    rows = VALUE_SETS if coded else SCHEMATRON
    return RULES.declare(f"CDA-FR-{name}", layer="MODCDA", requirements=rows, source=FRENCH)


def advice(name: str) -> Rule:
    """A warning of the bench: what the texts ask without our being sure that the official tool tests it."""
    return RULES.declare(
        f"CDA-DICOM-{name}", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=PS3_20
    )
