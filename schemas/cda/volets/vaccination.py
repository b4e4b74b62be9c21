"""Rules of the vaccination record (VAC 2023.01) and of the vaccination note (VAC-NOTE 2023.01).

What the official tools see of each vaccination is in `schemas.cda.templates.pharmacy.immunization`.
Sources: CI-SIS volet Vaccination, cda.md §7.5.
"""

from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, at
from schemas.cda.model import ClinicalDocument
from schemas.cda.template import xpath
from schemas.cda.tree import first
from schemas.cda.volets.model import DocumentModel, body_of, declares, sections
from schemas.finding import Observation, RuleSet
from schemas.xml import Element

RECORD: RuleSet[ClinicalDocument] = RuleSet("cda-vaccinations")
NOTE: RuleSet[ClinicalDocument] = RuleSet("cda-vaccination-note")

VOLET = "CI-SIS, volet Vaccination"
SECTION = "1.2.250.1.213.1.1.2.147"
PCC_SECTION = "1.3.6.1.4.1.19376.1.5.3.1.3.23"
VACCINATION = "1.3.6.1.4.1.19376.1.5.3.1.4.12"
CIS, ATC = "1.2.250.1.213.2.3.1", "2.16.840.1.113883.6.73"
MATERIAL = "consumable/manufacturedProduct/manufacturedMaterial"

DEMANDS = (
    ("@negationInd='false'", "negationInd false", "@negationInd"),
    (
        "string-length(effectiveTime/@value)>=8",
        "date AAAAMMJJ de la vaccination",
        "effectiveTime/@value",
    ),
    (f"{MATERIAL}/code[@code]/@codeSystem='{CIS}'", f"code CIS du vaccin ({CIS})", f"{MATERIAL}/code"),
    (
        f"{MATERIAL}/code/translation[@code]/@codeSystem='{ATC}'",
        f"traduction ATC ({ATC})",
        f"{MATERIAL}/code/translation",
    ),
    (f"normalize-space({MATERIAL}/lotNumberText)", "numéro de lot", f"{MATERIAL}/lotNumberText"),
    ("author/assignedAuthor/id", "author/assignedAuthor/id", "author/assignedAuthor/id"),
    ("author/assignedAuthor/code/@code", "profession de l'auteur", "author/assignedAuthor/code"),
    (
        "normalize-space(author/assignedAuthor/assignedPerson/name/family)",
        "nom de l'auteur",
        "author/assignedAuthor/assignedPerson/name",
    ),
    (
        (
            f"not((code|routeCode|{MATERIAL}/code|{MATERIAL}/code/translation|author/assignedAuthor/code)"
            "[@code][not(@displayName)])"
        ),
        "displayName de chaque code",
        "*/@displayName",
    ),
)
"""What the note says of its vaccination: (XPath test, expected, where)."""


@RECORD.rule("CDA-VAC-01", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def main_act_is_the_history(document: ClinicalDocument) -> Iterator[Observation]:
    """The main act is coded 11369-6."""
    act = document.places.act
    code = None if act is None else first(act, "code")
    if act is not None and (code is None or code.get("code") != "11369-6"):
        yield at(act, "absent" if code is None else code.get("code"), "11369-6", "code/@code")


@RECORD.rule("CDA-VAC-02", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def has_one_section_of_vaccinations(document: ClinicalDocument) -> Iterator[Observation]:
    """One section of vaccinations, French and IHE."""
    found = [one for one in sections(document, SECTION) if declares(one, PCC_SECTION)]
    if len(found) != 1:
        wanted = f"section {SECTION} {PCC_SECTION} 1..1"
        yield at(body_of(document), f"{len(found)} section(s)", wanted, "structuredBody")


def _vaccinations(document: ClinicalDocument) -> list[Element]:
    found: list[Element] = xpath(f".//substanceAdministration[templateId/@root='{VACCINATION}']")(
        body_of(document)
    )
    return found


@NOTE.rule("CDA-VACN-01", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def notes_one_vaccination(document: ClinicalDocument) -> Iterator[Observation]:
    """Exactly one vaccination."""
    found = len(_vaccinations(document))
    if found != 1:
        yield at(body_of(document), f"{found} vaccination(s)", f"{VACCINATION} 1..1", "structuredBody")


@NOTE.rule("CDA-VACN-02", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def noted_vaccination_is_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """The vaccination was given; its date, vaccine, lot and author are said, its codes have labels."""
    for item in _vaccinations(document):
        for test, expected, place in DEMANDS:
            if not xpath(f"boolean({test})")(item):
                yield at(item, "absent ou différent", expected, place)


IHE_IMMUNIZATION = "1.3.6.1.4.1.19376.1.5.3.1.1.18.1.2"
MODELS = (
    DocumentModel(
        name="VAC",
        template="1.2.250.1.213.1.1.1.37",
        versions=("2023.01",),
        codes=("11369-6",),
        others=(IHE_IMMUNIZATION,),
        rules=(RECORD,),
        whole=True,
    ),
    DocumentModel(
        name="VAC-NOTE",
        template="1.2.250.1.213.1.1.1.46",
        versions=("2023.01",),
        codes=("87273-9",),
        others=(IHE_IMMUNIZATION,),
        rules=(NOTE,),
        whole=True,
    ),
)
