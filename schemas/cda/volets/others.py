"""The other models of the catalogue: recognised by their templateId; header, level, type, sections, entries.

Source: cda.md §6 and §7.5, headers of the published examples. A model whose type codes or versions are not
certain has none here: nothing is then said of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.cda.look import SCHEMATRON, at
from schemas.cda.model import ClinicalDocument
from schemas.cda.templates.clinical.rules import pcc, section
from schemas.cda.tree import each, first
from schemas.cda.volets.model import CI_SIS_MODEL, DocumentModel, body_of, top_sections
from schemas.finding import Keyword, Observation, RuleSet


@dataclass(frozen=True, slots=True)
class Known:
    """A line of the catalogue: name, number under the CI-SIS models, type codes, versions, usual sections.

    `sections`: one templateId of each section that the model describes, with its title.
    """

    name: str
    number: str
    codes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()


REFUNDS = (
    ("1.3.6.1.4.1.19376.1.4.1.2.16", "Usage et responsabilités"),
    (pcc("3.19"), "Médicaments"),
    (pcc("3.23"), "Vaccinations"),
    (pcc("1.5.3.5"), "Dispositifs médicaux"),
    (pcc("1.5.3.3"), "Hospitalisations"),
    (pcc("1.13.2.11"), "Soins"),
)
EMERGENCY = (
    (pcc("1.13.2.10"), "Transfert souhaité"),
    (pcc("3.6"), "Problèmes actifs"),
    (pcc("3.8"), "Antécédents médicaux"),
    (pcc("3.13"), "Allergies et hypersensibilités"),
    (pcc("3.19"), "Traitements"),
    (pcc("3.36"), "Plan de soins"),
    (pcc("3.34"), "Directives anticipées"),
    (pcc("1.21.2.9"), "Événements observés"),
    (pcc("3.27"), "Résultats d'examens"),
)
CATALOGUE = (
    Known("CARD-F-PRC", "2.1", ("34133-9",)),
    Known("CSE-CS8", "5.1", ("CERT_DECL",)),
    Known("CSE-CS9", "5.2", ("CERT_DECL",)),
    Known("CSE-CS24", "5.3", ("CERT_DECL",), ("2022.01", "2024.01", "2025.01")),
    Known("CSE-MDE", "5.4", ("29274-8",), ("2023.01",), ((pcc("1.5.3.2"), "Signes vitaux"),)),
    Known("CANCER-FRCP", "8", ("34794-8",), ("2022.01", "2025.01")),
    *(Known(f"OBP (modèle 12.{rank})", f"12.{rank}") for rank in (1, 2, 3, 5)),
    Known("OBP-SCM", "12.4", ("89235-6",), ("2022.01", "2024.01"), ((section("35"), "Statut du document"),)),
    *(Known(f"AVC (modèle {rank})", str(rank)) for rank in (15, 16)),
    Known("AVC-SUNV", "17", ("34133-9",), ("2022.01",), ((section("35"), "Statut du document"),)),
    Known("OPH-CR-RTN", "18", ("75492-9",), ("2022.01",)),
    Known("DLU-EHPAD-DLU", "22", ("74207-2",), ("2022.01",), EMERGENCY),
    Known("DLU-EHPAD-FLUDT", "23", ("74207-2",), ("2022.01",)),
    Known("DLU-EHPAD-FLUDR", "24", ("74207-2",), ("2022.01",)),
    Known("AVC-PAVC", "25", ("11488-4",), ("2022.01",)),
    Known("CANCER-PPS", "26", ("18776-5",), ("2022.01", "2025.01")),
    Known("CANCER-D2LM-FIN", "27"),
    Known("CANCER-D2LM-FIDD", "28", ("18748-4",), ("2022.01",)),
    Known("SDM-MR", "30", ("34133-9",), ("2022.01", "2024.01")),
    Known("CNAM-HR", "36", ("REMB",), ("2021.01",), REFUNDS),
    Known("TLM-DA", "38", ("75496-0",), ("2022.01", "2026.01")),
    Known("ANEST-CR-ANEST", "40", versions=("2022.01",)),
    Known("ANEST-CR-CPA", "41", ("34749-2",), ("2022.01",)),
    Known("OPH-BRE", "42", ("78513-9",)),
)
"""Models that no other module describes. Where numbers are certain and names are not, the name says so."""

USUAL: RuleSet[ClinicalDocument] = RuleSet("cda-others")
EMERGENCY_HEADER: RuleSet[ClinicalDocument] = RuleSet("cda-dlu")
REFUND_TITLE: RuleSet[ClinicalDocument] = RuleSet("cda-cnam-hr")
SECTIONS_OF = {f"{CI_SIS_MODEL}{one.number}": one.sections for one in CATALOGUE if one.sections}


@USUAL.rule(
    "CDA-OTH-01", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source="CI-SIS, volets de contenu"
)
def usual_sections_are_there(document: ClinicalDocument) -> Iterator[Observation]:
    """The sections that the model describes. Whether the official schema demands each is not known here."""
    model = next((root for root in document.template_ids if root in SECTIONS_OF), "")
    declared = {found.get("root", "") for one in top_sections(document) for found in each(one, "templateId")}
    for root, title in SECTIONS_OF.get(model, ()):
        if root not in declared:
            yield at(body_of(document), "absent", f"section {title} ({root})", "structuredBody")


@REFUND_TITLE.rule(
    "CDA-HR-01", requirements=SCHEMATRON, source="CI-SIS, volet CNAM-HR 2021.01", layer="VOLET"
)
def title_is_the_published_one(document: ClinicalDocument) -> Iterator[Observation]:
    """The title of the record of refunds is fixed."""
    if document.title.strip() != "Données de remboursement":
        yield at(document.root, document.title, "Données de remboursement", "title")


DLU = "CI-SIS, volet DLU-EHPAD 2022.01"


@EMERGENCY_HEADER.rule("CDA-DLU-01", requirements=SCHEMATRON, source=DLU, layer="VOLET")
def usual_doctor_takes_part(document: ClinicalDocument) -> Iterator[Observation]:
    """A participant INF is the usual doctor (PCP)."""
    for one in document.top.each("participant"):
        code = first(one, "functionCode")
        if one.get("typeCode") == "INF" and code is not None and code.get("code") == "PCP":
            return
    yield at(document.root, "absent", "participant INF, functionCode PCP", "participant")


@EMERGENCY_HEADER.rule("CDA-DLU-02", requirements=SCHEMATRON, source=DLU, layer="VOLET")
def act_is_the_history(document: ClinicalDocument) -> Iterator[Observation]:
    """The documented act is 34117-2, and not null."""
    if document.service_code.code != "34117-2":
        place = "documentationOf/serviceEvent/code/@code"
        yield at(document.root, document.service_code.code or "absent", "34117-2", place)


OWN = {"CNAM-HR": REFUND_TITLE, "DLU-EHPAD-DLU": EMERGENCY_HEADER}
MODELS: tuple[DocumentModel, ...] = tuple(
    DocumentModel(
        name=one.name,
        template=f"{CI_SIS_MODEL}{one.number}",
        codes=one.codes,
        versions=one.versions,
        rules=(USUAL, OWN[one.name]) if one.name in OWN else (USUAL,),
        template_tested=False,
    )
    for one in CATALOGUE
)
