"""The structure of a whole document: elements, their order, attributes, values, against `cda.xsd`.

Source: HL7 CDA R2 (POCD_MT000040, data types, narrative block) with the extensions of the CI-SIS.
"""

from collections.abc import Iterator

from lxml import etree

from schemas import xsd
from schemas.cda.look import at
from schemas.cda.model import ClinicalDocument, Q
from schemas.finding import Observation, RuleSet
from schemas.xml import Element
from schemas.xsd_words import ABSTRACT_TYPE, MISSING_ATTRIBUTE, UNEXPECTED, UNKNOWN_TYPE, SchemaProblem

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-structure")
REQUIREMENTS = ("BEN-CDA-01",)
SOURCE = "HL7 CDA R2, POCD_MT000040 ; extensions du CI-SIS"

DATA_TYPES = "BL CD CE CO CS ED EIVL_TS II INT IVL_INT IVL_PQ IVL_REAL IVL_TS MO PIVL_TS PQ REAL RTO SC ST TS"
PREFIXES = {  # those that the CI-SIS writes
    "urn:hl7-org:sdtc": "sdtc",
    "urn:ihe:pharm:medication": "pharm",
    "urn:oid:1.3.6.1.4.1.19376.1.3.2": "lab",
    "urn:dicom-org:ps3-20": "ps3-20",
}
INFRASTRUCTURE = ("realmCode", "typeId", "templateId")  # open every class: they hide what is missing
# lexical types and patterns of the schema → what to write
LEXICAL = {
    "uid": "OID (1.2.250.1) sans zéro en tête, ou UUID",
    "int": "nombre entier",
    "real": "nombre décimal, avec un point",
    "bl": "true | false",
    "true|false": "true | false",
    "url": "URI (tel:, mailto:, http:…) ou #identifiant",
    "bin": "base64",
    "xs:ID": "identifiant XML (lettre ou _ puis lettres, chiffres, . - _), unique dans le document",
    "xs:IDREF": "identifiant XML d'un élément du document",
    "xs:IDREFS": "identifiants XML d'éléments du document",
    "xs:NMTOKEN": "un mot",
    "xs:NMTOKENS": "mots séparés par des espaces",
    "minLength 1": "au moins un caractère, ou pas d'attribut",
    r"[^\s]+": "code sans espace, non vide",
    r"[0-9]{1,8}|([0-9]{9,14}|[0-9]{14}\.[0-9]+)([+\-][0-9]{1,4})?": "AAAAMMJJ[hhmm[ss]][+zzzz]",
}

_IDS = etree.XPath("//@ID")
_POINTERS = {
    f"{Q}renderMultiMedia": "referencedObject",
    f"{Q}footnoteRef": "IDREF",
    f"{Q}td": "headers",
    f"{Q}th": "headers",
}


def schema() -> xsd.Schema:
    """The schema of the bench, compiled once (ten milliseconds)."""
    return xsd.load("schemas.cda.structure", "cda.xsd")


@RULES.rule("CDA-XSD-01", requirements=REQUIREMENTS, source=SOURCE, layer="XSD")
def the_schema_is_followed(document: ClinicalDocument) -> Iterator[Observation]:
    """Elements and attributes are those of the schema, at their places; values are of their types."""
    for problem in xsd.problems(document.root, schema(), size=document.size):
        yield _told(problem, document.root)


@RULES.rule("CDA-XSD-03", requirements=REQUIREMENTS, source=SOURCE, layer="XSD")
def pointers_have_a_target(document: ClinicalDocument) -> Iterator[Observation]:
    """What points by ID (xs:IDREF) points to an element of the document: libxml2 does not look at this."""
    known: set[str] | None = None
    for element in document.root.iter(*_POINTERS):
        name = _POINTERS[str(element.tag)]
        for target in element.get(name, "").split():
            if known is None:
                known = {str(found) for found in _ids(document.root)}
            if target not in known:
                yield at(element, target, f'ID="{target}"', f"@{name}")


def _ids(root: Element) -> list[str]:
    found = _IDS(root)
    return [str(one) for one in found] if isinstance(found, list) else []


def _told(problem: SchemaProblem, root: Element) -> Observation:
    """A problem in the words of this schema."""
    observed, expected, place = problem.observed, problem.expected, problem.where
    if problem.kind in (ABSTRACT_TYPE, *UNKNOWN_TYPE):
        expected = tuple(DATA_TYPES.split())
        if problem.kind == ABSTRACT_TYPE:
            observed, place = "absent", f"{place}/@type"
    elif problem.kind == UNEXPECTED:
        later = tuple(name for name in expected if name not in INFRASTRUCTURE)
        inside = problem.element if not observed or problem.element is None else problem.element.getparent()
        if later and inside is not root:
            expected = later
        expected = _prefixed(expected)
        observed = observed or "absent"
    elif problem.kind == MISSING_ATTRIBUTE:
        observed = "absent"
    elif len(expected) == 1:
        expected = (LEXICAL.get(expected[0], expected[0]),)
    if not expected and not observed:
        return Observation(place, problem.message, "", problem.line)
    return Observation(place, observed, " | ".join(expected) or "rien d'autre", problem.line)


def _prefixed(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the extensions with their usual prefixes, which the last one explains."""
    shown, used = [], {}
    for name in names:
        local, _, rest = name.partition(' (xmlns="')
        prefix = PREFIXES.get(rest[:-2])
        if prefix:
            used[prefix] = rest[:-2]
        shown.append(f"{prefix}:{local}" if prefix else name)
    if used:
        shown[-1] += " (" + ", ".join(f'xmlns:{prefix}="{space}"' for prefix, space in used.items()) + ")"
    return tuple(shown)
