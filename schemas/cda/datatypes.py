"""HL7 v3 datatypes in the header and identifiers of the body. Source: HL7 v3 datatypes R1, CI-SIS."""

from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, at, header_iter, valid_root
from schemas.cda.model import ClinicalDocument, Q
from schemas.finding import Keyword, Observation, RuleSet

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-datatypes")
SOURCE = "HL7 v3 datatypes R1"
PARENT = f"{Q}parentDocument"
NULL_FLAVORS = frozenset({"UNK", "NASK", "ASKU", "NAV", "MSK"})


@RULES.rule("CDA-DT-02", requirements=SCHEMATRON, source=f"{SOURCE}, II")
def identifiers_have_a_valid_root(document: ClinicalDocument) -> Iterator[Observation]:
    """An identifier has a root (OID, upper-case UUID) or a nullFlavor, never both."""
    for found in header_iter(document, "id"):
        parent = found.getparent()
        if parent is document.root or (parent is not None and parent.tag == PARENT):
            continue  # CDA-HDR-06 and CDA-REL-01 say so
        root, null = found.get("root"), found.get("nullFlavor")
        if root is None:
            if null is None and found.get("extension") is None:
                yield at(found, "absent", "@root ou @nullFlavor", "@root")
        elif not valid_root(root):
            yield at(found, root, "OID ou UUID en majuscules", "@root")


@RULES.rule("CDA-DT-03", requirements=SCHEMATRON, source=f"{SOURCE}, CD")
def no_code_with_null(document: ClinicalDocument) -> Iterator[Observation]:
    """A code excludes nullFlavor."""
    for found in header_iter(
        document, "code", "administrativeGenderCode", "functionCode", "standardIndustryClassCode"
    ):
        if found.get("code") and found.get("nullFlavor"):
            yield at(found, f"{found.get('code')} et nullFlavor {found.get('nullFlavor')}", "l'un ou l'autre")


@RULES.rule("CDA-DT-06", requirements=SCHEMATRON, source=f"{SOURCE}, AD et EN")
def parts_are_not_empty(document: ClinicalDocument) -> Iterator[Observation]:
    """The parts of an address or a name are not empty."""
    for found in header_iter(document, "addr", "name"):
        for part in found:
            if not isinstance(part.tag, str) or len(part) or part.get("nullFlavor"):
                continue
            if not (part.text or "").strip():
                yield at(part, "", "texte")


@RULES.rule(
    "CDA-DT-07", requires=Keyword.PEUT, requirements=SCHEMATRON, source="CI-SIS, valeurs nulles de l'en-tête"
)
def null_flavors_are_the_five(document: ClinicalDocument) -> Iterator[Observation]:
    """nullFlavor in the header is UNK, NASK, ASKU, NAV or MSK."""
    for found in document.header["@nullFlavor"]:
        if found.get("nullFlavor") not in NULL_FLAVORS:
            yield at(found, found.get("nullFlavor"), " | ".join(sorted(NULL_FLAVORS)), "@nullFlavor")


@RULES.rule("CDA-DT-08", requirements=("BEN-CDA-01",), source="XML Schema, xs:ID")
def narrative_ids_are_unique(document: ClinicalDocument) -> Iterator[Observation]:
    """An ID attribute is unique in the document."""
    seen: set[str] = set()
    for found in document.root.iterfind(f"{Q}component//*[@ID]"):
        identifier = found.get("ID", "")
        if identifier in seen:
            yield at(found, identifier, "ID unique", "@ID")
        seen.add(identifier)
