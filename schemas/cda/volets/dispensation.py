"""Rules of the dispensation of medicines (eDISP-MED 2024.01).

What the official tools see of its lines is in `schemas.cda.templates.pharmacy.dispense`. Sources: CI-SIS
volet eDISP-MED, IHE Pharmacy DIS, eprescription.md A5, A7 and A11 (EP-D-10).
"""

from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, at
from schemas.cda.model import ClinicalDocument
from schemas.cda.template import xpath
from schemas.cda.tree import each, first
from schemas.cda.volets.model import DocumentModel, body_of, sections
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-dispensation")

VOLET = "CI-SIS, volet eDISP-MED"
SECTION = "1.2.250.1.213.1.1.2.236"
LINE = "1.2.250.1.213.1.1.3.204"
PRESCRIBED_LINE = "1.2.250.1.213.1.1.3.90"
CIP = ("1.2.250.1.213.2.3.2", "1.2.250.1.215.200.1.1.1")
PHARMACISTS = "G15_21"


def lines(document: ClinicalDocument) -> list[Element]:
    """The dispensed medicines."""
    return [found for section in sections(document, SECTION) for found in _lines(section)]


def _lines(section: Element) -> list[Element]:
    found: list[Element] = xpath(f"entry/supply[templateId/@root='{LINE}']")(section)
    return found


def prescribed_lines(line: Element) -> list[Element]:
    """The references of a dispensed medicine to what was prescribed."""
    found: list[Element] = xpath(
        f"entryRelationship/substanceAdministration[templateId/@root='{PRESCRIBED_LINE}']"
    )(line)
    return found


def _orders(document: ClinicalDocument) -> list[Element]:
    return [found for found in document.top.each("inFulfillmentOf", "order", "id") if found.get("root")]


@RULES.rule("CDA-DISP-01", requirements=SCHEMATRON, source=f"{VOLET} (contrôle du banc)")
def dispensation_is_identified(document: ClinicalDocument) -> Iterator[Observation]:
    """The dispensation has an identifier: without it, nobody sees that it was sent twice."""
    act = document.places.act
    if act is not None and not any(found.get("root") for found in each(act, "id")):
        yield at(act, "absent", "id de la dispensation (EPU, DP ou logiciel)", "id")


@RULES.rule("CDA-DISP-02", requirements=SCHEMATRON, source=f"{VOLET} (contrôle du banc)")
def dispensed_prescription_is_named(document: ClinicalDocument) -> Iterator[Observation]:
    """When lines refer to a prescription, inFulfillmentOf names it."""
    if not _orders(document) and any(prescribed_lines(line) for line in lines(document)):
        yield at(
            document.root,
            "absent, alors que des lignes renvoient à une prescription",
            "inFulfillmentOf/order/id/@root",
            "inFulfillmentOf",
        )


@RULES.rule("CDA-DISP-03", requirements=SCHEMATRON, source="contrôle du banc (EP-D-10)")
def lines_refer_to_the_prescribed_ones(document: ClinicalDocument) -> Iterator[Observation]:
    """When the document fulfils a prescription, each line refers to the prescribed one."""
    if _orders(document):
        for line in lines(document):
            if not prescribed_lines(line):
                yield at(
                    line, "absent", f"référence à la ligne prescrite ({PRESCRIBED_LINE})", "entryRelationship"
                )


@RULES.rule("CDA-DISP-04", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=VOLET)
def authors_are_the_record_and_the_pharmacist(document: ClinicalDocument) -> Iterator[Observation]:
    """Two authors: the Dossier Pharmaceutique (a device) and the pharmacist."""
    codes = [author.code.code if author.code else "" for author in document.authors]
    if not any(code.startswith(PHARMACISTS) for code in codes):
        yield at(document.root, " ".join(codes), f"author {PHARMACISTS} (pharmacien)", "author")
    if "DISPOSITIF" not in codes:
        yield at(document.root, " ".join(codes), "author DISPOSITIF (Dossier Pharmaceutique)", "author")


@RULES.rule("CDA-DISP-05", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def has_one_section_of_medicines(document: ClinicalDocument) -> Iterator[Observation]:
    """One section of dispensed medicines."""
    found = len(sections(document, SECTION))
    if found != 1:
        yield at(body_of(document), f"{found} section(s)", f"section {SECTION} 1..1", "structuredBody")


@RULES.rule("CDA-DISP-06", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=VOLET)
def packs_are_traced(document: ClinicalDocument) -> Iterator[Observation]:
    """A dispensed product that is coded has its CIP, its lot and its expiry date."""
    coded = " or ".join(f"@codeSystem='{system}'" for system in CIP)
    for material in xpath(
        f".//supply[templateId/@root='{LINE}']/product/manufacturedProduct/manufacturedMaterial[not(code/@nullFlavor)]"
    )(body_of(document)):
        if not xpath(f"code[{coded}] or code/translation[{coded}]")(material):
            yield at(material, "absent", f"code CIP ({' | '.join(CIP)})", "code/translation")
        for name in ("lotNumberText", "pharm:expirationTime"):
            if not xpath(name)(material):
                yield at(material, "absent", f"{name} 1..1", name)


@RULES.rule("CDA-DISP-07", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=VOLET)
def main_act_is_a_dispensation(document: ClinicalDocument) -> Iterator[Observation]:
    """The main act is coded 60593-1."""
    act = document.places.act
    code = None if act is None else first(act, "code")
    if act is not None and (code is None or code.get("code") != "60593-1"):
        yield at(act, "absent" if code is None else code.get("code"), "60593-1", "code/@code")


@RULES.rule("CDA-DISP-08", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=VOLET)
def section_names_its_dispenser(document: ClinicalDocument) -> Iterator[Observation]:
    """The section names who dispensed."""
    for section in sections(document, SECTION):
        if first(section, "author", "assignedAuthor", "id") is None:
            yield at(section, "absent", "author 1..1 (dispensateur)", "author/assignedAuthor/id")


MODEL = DocumentModel(
    name="eDISP-MED",
    template="1.2.250.1.213.1.1.1.54",
    versions=("2024.01",),
    codes=("60593-1",),
    others=("1.3.6.1.4.1.19376.1.9.1.1.3", "1.3.6.1.4.1.19376.1.5.3.1.1.1"),
    rules=(RULES,),
    whole=True,
)
