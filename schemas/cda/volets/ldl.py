"""Liaison letters: at discharge (LDL-SES 2022.01) and at admission (LDL-EES 2022.01).

Sources: CI-SIS volets LDL-SES and LDL-EES, cda.md §7.3. Entries are judged by their templates.
"""

from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, VALUE_SETS, at
from schemas.cda.model import ClinicalDocument
from schemas.cda.templates.clinical.rules import entry, pcc, section
from schemas.cda.tree import each, first
from schemas.cda.volets.model import (
    CI_SIS_MODEL,
    DocumentModel,
    body_of,
    declares,
    mandatory_sections,
    sections,
)
from schemas.finding import Keyword, Observation, RuleSet
from schemas.valuesets import value_set
from schemas.xml import Element

DISCHARGE: RuleSet[ClinicalDocument] = RuleSet("cda-ldl-ses")
ADMISSION: RuleSet[ClinicalDocument] = RuleSet("cda-ldl-ees")
SES = "CI-SIS, volet LDL-SES 2022.01"
EES = "CI-SIS, volet LDL-EES 2022.01"
EVENTS_SECTION = "1.3.6.1.4.1.19376.1.7.3.1.1.13.7"
ENTRY_MODE, EXIT_MODE, SYNTHESIS = "ORG-070", "ORG-074", "MED-142"
BY_CODE = (ENTRY_MODE, EXIT_MODE, SYNTHESIS, "MED-309", "MED-145", "MED-147")
BY_TEMPLATE = tuple(entry(f"48.{number}") for number in ("1", "3", "4", "5"))

DISCHARGE.rule("CDA-LDL-03", requirements=SCHEMATRON, source=SES, layer="VOLET")(
    mandatory_sections(
        (
            ((section("35.1"),), "Statut du document"),
            ((pcc("3.1"),), "Motif d'hospitalisation"),
            ((EVENTS_SECTION,), "Synthèse médicale du séjour"),
            ((pcc("3.22"),), "Traitements à la sortie"),
        )
    )
)
ADMISSION.rule("CDA-LDL-20", requirements=SCHEMATRON, source=EES, layer="VOLET")(
    mandatory_sections(
        (
            ((pcc("3.1"),), "Motif d'hospitalisation"),
            ((pcc("3.20"),), "Traitements à l'admission"),
            ((pcc("3.13"),), "Allergies et hypersensibilités"),
            (("1.3.6.1.4.1.19376.1.4.1.2.16",), "Commentaire"),
        )
    )
)


@DISCHARGE.rule("CDA-LDL-02", requirements=SCHEMATRON, source=SES, layer="VOLET")
def birth_and_stay_are_dated(document: ClinicalDocument) -> Iterator[Observation]:
    """The patient has a birth time, the stay (serviceEvent) its dates."""
    for names in (
        ("recordTarget", "patientRole", "patient", "birthTime"),
        ("documentationOf", "serviceEvent", "effectiveTime"),
    ):
        if document.top.first(*names) is None:
            yield at(document.root, "absent", "1..1", "/".join(names))


def _observations(document: ClinicalDocument) -> Iterator[tuple[Element, str]]:
    """The observations of the stay with their code."""
    for one in sections(document, EVENTS_SECTION):
        for found in each(one, "entry", "observation"):
            code = first(found, "code")
            yield found, "" if code is None else code.get("code", "")


@DISCHARGE.rule("CDA-LDL-06", requirements=SCHEMATRON, source=SES, layer="VOLET")
def observations_are_the_declared_ones(document: ClinicalDocument) -> Iterator[Observation]:
    """The section of the stay holds only the observations that the model lists, told by code or template."""
    for found, code in _observations(document):
        if code not in BY_CODE and not any(declares(found, root) for root in BY_TEMPLATE):
            wanted = f"code {' | '.join(BY_CODE)} ou templateId {' | '.join(BY_TEMPLATE)}"
            yield at(found, code or "absent", wanted, "code/@code")


@DISCHARGE.rule("CDA-LDL-07", requirements=VALUE_SETS, source=f"{SES}, JDV ModaliteEntree", layer="VOLET")
def entry_mode_is_known(document: ClinicalDocument) -> Iterator[Observation]:
    """The mode of admission is one of four."""
    yield from _values(document, ENTRY_MODE, "ENTRY_MODE")


@DISCHARGE.rule("CDA-LDL-08", requirements=VALUE_SETS, source=f"{SES}, JDV ModaliteSortie", layer="VOLET")
def exit_mode_is_known(document: ClinicalDocument) -> Iterator[Observation]:
    """The mode of discharge is one of six."""
    yield from _values(document, EXIT_MODE, "EXIT_MODE")


def _values(document: ClinicalDocument, wanted: str, key: str) -> Iterator[Observation]:
    """The system is compared only where it is known: some systems of the set are not published with it."""
    known = value_set(key)
    for found, code in _observations(document):
        value = first(found, "value") if code == wanted else None
        if value is None or value.get("nullFlavor"):
            continue
        said, system = value.get("code", ""), value.get("codeSystem")
        concept = known.find(said)
        if concept is None or (concept.system != "" and system != concept.system):
            yield at(value, f"{said} ({system})", known.name, "@code")


@DISCHARGE.rule("CDA-LDL-09", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SES)
def synthesis_is_there(document: ClinicalDocument) -> Iterator[Observation]:
    """The heart of the letter: the medical synthesis of the stay. The official rules let it be absent."""
    if not any(code == SYNTHESIS for _, code in _observations(document)):
        yield at(body_of(document), "absent", f"observation {SYNTHESIS}", "structuredBody")


@ADMISSION.rule("CDA-LDL-21", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=EES)
def act_is_an_admission(document: ClinicalDocument) -> Iterator[Observation]:
    """The documented act is an inpatient stay."""
    if document.service_code.code != "IMP":
        place = "documentationOf/serviceEvent/code/@code"
        yield at(document.root, document.service_code.code or "absent", "IMP", place)


LDL_SES = DocumentModel(
    name="LDL-SES",
    template=f"{CI_SIS_MODEL}29",
    codes=("11490-0",),
    versions=("2022.01",),
    rules=(DISCHARGE,),
    whole=True,
    template_tested=False,
)
LDL_EES = DocumentModel(
    name="LDL-EES",
    template=f"{CI_SIS_MODEL}21",
    codes=("18761-7",),
    versions=("2022.01",),
    rules=(ADMISSION,),
    whole=True,
    template_tested=False,
)
