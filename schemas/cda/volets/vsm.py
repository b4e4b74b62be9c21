"""The medical synthesis (VSM): header and sections of the first level.

Sources: CI-SIS volet de synthèse médicale 1.4 (@201310) and 2023.01, cda.md §7.2. Sections and entries are
judged by their templates. The official schema declares VSM-02 and VSM-03 but never runs them.
"""

from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, at
from schemas.cda.model import ClinicalDocument
from schemas.cda.templates.clinical.rules import pcc, section
from schemas.cda.tree import first
from schemas.cda.volets.model import CI_SIS_MODEL, LOINC, TRE_A05, DocumentModel, mandatory_sections
from schemas.finding import Keyword, Observation, RuleSet

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-vsm")
TEMPLATE = f"{CI_SIS_MODEL}13"
SOURCE = "CI-SIS, volet VSM"
FUNCTION = "2.16.840.1.113883.5.88"

RULES.rule("CDA-VSM-04", requirements=SCHEMATRON, source=SOURCE, layer="VOLET")(
    mandatory_sections(
        (
            ((section("29"),), "Pathologies, antécédents, allergies et facteurs de risque"),
            ((pcc("3.27"),), "Résultats"),
            ((section("32"),), "Traitement au long cours"),
        )
    )
)


@RULES.rule("CDA-VSM-01", requirements=SCHEMATRON, source=SOURCE, layer="VOLET")
def type_is_synthesis(document: ClinicalDocument) -> Iterator[Observation]:
    """The type code is SYNTH in the French type codes."""
    code = document.type_code
    if code.code == "SYNTH" and code.system != TRE_A05:
        yield at(document.root, code.system, TRE_A05, "code/@codeSystem")


@RULES.rule("CDA-VSM-02", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=f"{SOURCE} 1.4")
def usual_doctor_takes_part(document: ClinicalDocument) -> Iterator[Observation]:
    """One participant INF with the function PCP; version 2023.01 no longer demands it."""
    if document.template_ids.get(TEMPLATE) != "201310":
        return
    found = [
        code
        for one in document.top.each("participant")
        if one.get("typeCode") == "INF" and (code := first(one, "functionCode")) is not None
        if code.get("code") == "PCP" and code.get("codeSystem") == FUNCTION
    ]
    if len(found) != 1:
        yield at(document.root, f"{len(found)} participant", "participant INF PCP 1..1", "participant")


@RULES.rule("CDA-VSM-03", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def act_is_the_history(document: ClinicalDocument) -> Iterator[Observation]:
    """The documented act is 34117-2, history and clinical examination."""
    act = document.top.first("documentationOf", "serviceEvent")
    code = None if act is None else first(act, "code")
    if code is None or code.get("code") != "34117-2" or code.get("codeSystem") != LOINC:
        seen = "absent" if code is None else code.get("code")
        yield at(document.root, seen, "34117-2", "documentationOf/serviceEvent/code")


MODEL = DocumentModel(
    name="VSM",
    template=TEMPLATE,
    codes=("SYNTH",),
    versions=("201310", "2023.01"),
    rules=(RULES,),
    whole=True,
)
