"""Codes of the body that no template binds: do they look like codes of their system?

The lists of codes are not held. Source: ATIH, CIM-10 à usage PMSI (extensions `+` and digits), cda.md §5 L3-10.
"""

import re
from collections.abc import Iterator

from schemas.cda.look import VALUE_SETS, at
from schemas.cda.model import ClinicalDocument
from schemas.cda.tree import first
from schemas.finding import Observation, RuleSet

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-terminology")
ICD_10 = "2.16.840.1.113883.6.3"
ICD_10_CODE = re.compile(r"[A-Z]\d\d(?:\.?[-\d+][\d+]{0,3})?")


@RULES.rule("CDA-TERM-01", requirements=VALUE_SETS, source="CIM-10 (ATIH)", layer="TERMINO")
def icd_10_codes_look_like_codes(document: ClinicalDocument) -> Iterator[Observation]:
    """A code said to be of the ICD-10 is a letter, two digits and at most a subdivision."""
    body = first(document.root, "component")
    if body is None:
        return
    for found in body.iterfind(f".//*[@codeSystem='{ICD_10}']"):
        code = found.get("code")
        if code is not None and not ICD_10_CODE.fullmatch(code):
            yield at(found, code, "code CIM-10 (A00.0)", "@code")
