"""Codes of the body that no template binds: do they look like codes of their system?

The lists of codes are not held. Source: ATIH, CIM-10 à usage PMSI (extensions `+`, digits), cda.md §5 L3-10.
"""

import re
from collections.abc import Iterator

from lxml import etree

from schemas.cda.look import VALUE_SETS, at
from schemas.cda.model import ClinicalDocument
from schemas.cda.terms.codes import LOINC, SNOMED_CT, well_formed
from schemas.cda.tree import selected
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-terminology")
CODED = etree.XPath("descendant::*[@codeSystem]")
ICD_10 = "2.16.840.1.113883.6.3"
ICD_10_CODE = re.compile(r"[A-Z]\d\d(?:\.?[-\d+][\d+]{0,3})?[*†]?")


def _codes(document: ClinicalDocument, *systems: str) -> Iterator[tuple[Element, str]]:
    """The coded elements of the body said to be of these systems, with their code."""
    body = document.top.first("component")
    if body is None:
        return
    for found in selected(CODED, body):
        code = found.get("code")
        if code is not None and found.get("codeSystem") in systems:
            yield found, code


@RULES.rule("CDA-TERM-01", requirements=VALUE_SETS, source="CIM-10 (ATIH)", layer="TERMINO")
def icd_10_codes_look_like_codes(document: ClinicalDocument) -> Iterator[Observation]:
    """A code said to be of the ICD-10 is a letter, two digits and at most a subdivision."""
    for found, code in _codes(document, ICD_10):
        if not ICD_10_CODE.fullmatch(code):
            yield at(found, code, "code CIM-10 (A00.0)", "@code")


@RULES.rule(
    "CDA-TERM-02",
    requires=Keyword.DEVRAIT,
    requirements=VALUE_SETS,
    source="clés de LOINC et de SNOMED CT",
)
def codes_have_their_check_digit(document: ClinicalDocument) -> Iterator[Observation]:
    """A LOINC or SNOMED CT code has its check digit. The official tool does not look."""
    for found, code in _codes(document, LOINC, SNOMED_CT):
        if not well_formed(code, found.get("codeSystem")):
            yield at(found, code, "code avec sa clé de contrôle", "@code")
