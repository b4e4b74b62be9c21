"""The international patient summary (IPS-FR): sections of the first level.

Sources: CI-SIS volet IPS-FR 2024.01, cda.md §7.5. Sections and entries are judged by their templates.
"""

from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON
from schemas.cda.model import ClinicalDocument
from schemas.cda.templates.clinical.rules import pcc
from schemas.cda.volets.model import CI_SIS_MODEL, DocumentModel, mandatory_sections
from schemas.finding import Observation, RuleSet

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-ips")
SOURCE = "CI-SIS, volet IPS-FR 2024.01"

CORE = mandatory_sections(
    (
        ((pcc("3.19"),), "Traitements"),
        ((pcc("3.13"),), "Allergies et hypersensibilités"),
        ((pcc("3.6"),), "Problèmes actifs"),
    )
)
SINCE_2024 = mandatory_sections(
    (
        ((pcc("3.11"),), "Historique des actes"),
        ((pcc("1.5.3.5"),), "Dispositifs médicaux"),
    )
)


@RULES.rule("CDA-IPS-01", requirements=SCHEMATRON, source=SOURCE, layer="VOLET")
def mandatory_sections_are_there(document: ClinicalDocument) -> Iterator[Observation]:
    """Treatments, allergies and problems; acts and devices too since 2024.01 (2022.01 is not known to)."""
    yield from CORE(document)
    if MODEL.version(document) != "2022.01":
        yield from SINCE_2024(document)


MODEL = DocumentModel(
    name="IPS-FR",
    template=f"{CI_SIS_MODEL}51",
    codes=("60591-5", "74207-2"),
    versions=("2022.01", "2024.01"),
    others=("2.16.840.1.113883.10.22.1.1",),
    rules=(RULES,),
    whole=True,
    template_tested=False,
)
