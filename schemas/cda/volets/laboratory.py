"""Laboratory documents: report (CR-BIO), rapid test (BIO-TROD), prescription of exams (eP-BIO).

Sources: CI-SIS volets CR-BIO 2021.01 to 2024.01, BIO-TROD 2024.01, eP-BIO 2022.01; cda.md §7.4,
eprescription.md A6.
"""

from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, at
from schemas.cda.model import EPU_ROOT, SECTION_PDF_COPY, ClinicalDocument
from schemas.cda.tree import each, first
from schemas.cda.volets.model import (
    CI_SIS_MODEL,
    LOINC,
    TRE_A05,
    DocumentModel,
    body_of,
    declares,
    mandatory_sections,
    top_sections,
)
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-laboratory-report")
RAPID_TEST: RuleSet[ClinicalDocument] = RuleSet("cda-rapid-test")
PRESCRIPTION: RuleSet[ClinicalDocument] = RuleSet("cda-laboratory-prescription")

VOLET = "CI-SIS, volet CR-BIO"
TROD = "CI-SIS, volet BIO-TROD"
EP_BIO = "CI-SIS, volet eP-BIO"
TEMPLATE_REPORT = f"{CI_SIS_MODEL}55"
TEMPLATE_RAPID_TEST = f"{CI_SIS_MODEL}59"
TEMPLATE_PRESCRIPTION = f"{CI_SIS_MODEL}51"
XD_LAB = "1.3.6.1.4.1.19376.1.3.3"
VALIDATOR = "1.3.6.1.4.1.19376.1.3.3.1.5"
CHAPTER = "1.3.6.1.4.1.19376.1.3.3.2.1"
PDF_SINCE = "2024.01"

TITLE = "Compte rendu d'examens biologiques"
LABEL = "CR d'examens biologiques"
EP_BIO_TITLE = "Prescription d'actes de biologie médicale"
LEVEL_1 = {
    CHAPTER: "chapitre du CR de biologie",
    "1.2.250.1.213.1.1.2.60": "résultats de laboratoire de seconde intention",
    "1.3.6.1.4.1.19376.1.4.1.2.16": "commentaire",
    "1.2.250.1.213.1.1.2.128": "raison de la recommandation",
    SECTION_PDF_COPY: "copie du document",
    "1.2.250.1.213.1.1.2.147": "vaccinations",
}


def _missing(element: Element | None, parent: Element, *ways: tuple[str, ...]) -> Iterator[Observation]:
    """An observation for each way that leads nowhere from the element (or for the element itself)."""
    if element is None:
        yield at(parent, "absent", "1..1")
        return
    for names in ways:
        if first(element, *names) is None:
            yield at(element, "absent", "1..1", "/".join(names))


@RULES.rule("CDA-BIO-01", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def title_is_the_fixed_one(document: ClinicalDocument) -> Iterator[Observation]:
    """The title is "Compte rendu d'examens biologiques"."""
    if " ".join(document.title.split()) != TITLE:
        yield at(document.root, document.title, TITLE, "title")


@RULES.rule("CDA-BIO-02", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def label_is_the_fixed_one(document: ClinicalDocument) -> Iterator[Observation]:
    """The type is LOINC 11502-2 with the label "CR d'examens biologiques"."""
    code = document.type_code
    if code.system != LOINC:
        yield at(document.root, code.system or "absent", LOINC, "code/@codeSystem")
    if code.display != LABEL:
        yield at(document.root, code.display or "absent", LABEL, "code/@displayName")


@RULES.rule("CDA-BIO-03", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def version_is_positive(document: ClinicalDocument) -> Iterator[Observation]:
    """versionNumber is a positive integer; setId is there."""
    if document.version < 1:
        found = document.top.first("versionNumber")
        seen = "absent" if found is None else found.get("value") or found.get("nullFlavor") or ""
        yield at(document.root, seen, "entier > 0", "versionNumber/@value")
    if not document.set_id:
        yield at(document.root, "absent", "setId 1..1", "setId")


@RULES.rule("CDA-BIO-04", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def patient_is_unknown_at_most(document: ClinicalDocument) -> Iterator[Observation]:
    """Where the patient's address, telecom, sex or birth date is null, it is unknown (UNK)."""
    role = document.places.role
    if role is None:
        return
    for names in (("addr",), ("telecom",), ("patient", "administrativeGenderCode"), ("patient", "birthTime")):
        for found in each(role, *names):
            if found.get("nullFlavor", "UNK") != "UNK":
                yield at(found, found.get("nullFlavor"), "UNK", "@nullFlavor")


@RULES.rule("CDA-BIO-05", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def validators_are_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """An authenticator declares LAB 3.3.1.5 and says when, who, where."""
    for found in document.top.each("authenticator"):
        if not declares(found, VALIDATOR):
            yield at(found, "absent", f"templateId {VALIDATOR}", "templateId")
        yield from _missing(
            found,
            document.root,
            ("time",),
            ("assignedEntity", "addr"),
            ("assignedEntity", "telecom"),
            *(
                ("assignedEntity", "representedOrganization", name)
                for name in ("id", "name", "telecom", "addr")
            ),
        )


@RULES.rule("CDA-BIO-06", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def performing_laboratory_is_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """The main act has a code; its performer, director of the laboratory, says when, who, where."""
    act = document.places.act
    if act is None:
        return  # CDA-SRV-01 says so
    if first(act, "code") is None:
        yield at(act, "absent", "code 1..1", "code")
    for found in each(act, "performer"):
        yield from _missing(
            found,
            act,
            ("time",),
            ("assignedEntity", "addr"),
            ("assignedEntity", "telecom"),
            ("assignedEntity", "assignedPerson", "name"),
            *(
                ("assignedEntity", "representedOrganization", name)
                for name in ("id", "name", "telecom", "addr", "standardIndustryClassCode")
            ),
        )


@RULES.rule("CDA-BIO-07", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def responsible_biologist_is_named(document: ClinicalDocument) -> Iterator[Observation]:
    """The encounter names the responsible biologist, with id and profession."""
    encounter = document.places.encounter
    if encounter is None:
        return  # CDA-ENC-01 says so
    entity = ("responsibleParty", "assignedEntity")
    yield from _missing(
        encounter,
        document.root,
        (*entity, "id"),
        (*entity, "code"),
        (*entity, "assignedPerson", "name", "family"),
    )


@RULES.rule("CDA-BIO-08", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def sections_are_those_of_the_model(document: ClinicalDocument) -> Iterator[Observation]:
    """First-level sections are among the six of the model; one chapter at least, a PDF copy since 2024.01."""
    chapters = copies = 0
    for section in top_sections(document):
        chapters += declares(section, CHAPTER)
        copies += declares(section, SECTION_PDF_COPY)
        if not any(declares(section, root) for root in LEVEL_1):
            seen = " ".join(found.get("root", "") for found in each(section, "templateId")) or "aucun"
            yield at(section, seen, " | ".join(LEVEL_1), "templateId")
    if not chapters:
        yield at(body_of(document), "absent", f"section {CHAPTER} 1..*", "structuredBody")
    if not copies and document.template_ids.get(TEMPLATE_REPORT, PDF_SINCE) >= PDF_SINCE:
        yield at(body_of(document), "absent", f"section {SECTION_PDF_COPY} 1..*", "structuredBody")


RAPID_TEST.rule("CDA-TROD-01", requirements=SCHEMATRON, source=TROD, layer="VOLET")(
    mandatory_sections((((CHAPTER,), LEVEL_1[CHAPTER]),))
)


@RAPID_TEST.rule("CDA-TROD-02", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=TROD)
def rapid_test_is_consented(document: ClinicalDocument) -> Iterator[Observation]:
    """The patient's consent is recorded, the title says what was tested, the act has a code."""
    if document.top.first("authorization", "consent") is None:
        yield at(document.root, "absent", "authorization/consent", "authorization")
    if not document.title.strip().startswith("Test rapide d"):
        yield at(document.root, document.title, "Test rapide d'orientation diagnostique : …", "title")
    act = document.places.act
    if act is not None and first(act, "code") is None:
        yield at(act, "absent", "code 1..1", "code")


@PRESCRIPTION.rule("CDA-EPBIO-01", requirements=SCHEMATRON, source=EP_BIO, layer="VOLET")
def id_is_the_number_of_the_prescription(document: ClinicalDocument) -> Iterator[Observation]:
    """The root of the document's id is the one of the e-prescriptions."""
    found = document.top.first("id")
    if found is not None and found.get("root") != EPU_ROOT:
        yield at(found, found.get("root", "absent"), EPU_ROOT, "@root")


@PRESCRIPTION.rule("CDA-EPBIO-02", requirements=SCHEMATRON, source=EP_BIO, layer="VOLET")
def act_is_a_prescription_of_exams(document: ClinicalDocument) -> Iterator[Observation]:
    """Document and main act have the code PRESC-BIO of TRE_A05."""
    act = document.places.act
    for place, code in (
        (document.root, document.type_code),
        (document.root if act is None else act, document.service_code),
    ):
        if (code.code, code.system) != ("PRESC-BIO", TRE_A05):
            yield at(place, f"{code.code or 'absent'} ({code.system})", f"PRESC-BIO ({TRE_A05})", "code")


@PRESCRIPTION.rule("CDA-EPBIO-03", requirements=SCHEMATRON, source=EP_BIO, layer="VOLET")
def prescription_title_is_the_fixed_one(document: ClinicalDocument) -> Iterator[Observation]:
    """The title is the fixed one, with either apostrophe."""
    if " ".join(document.title.replace("’", "'").split()) != EP_BIO_TITLE:
        yield at(document.root, document.title, EP_BIO_TITLE, "title")


REPORT_MODEL = DocumentModel(
    name="CR-BIO",
    template=TEMPLATE_REPORT,
    codes=("11502-2",),
    versions=("2021.01", "2023.01", "2024.01"),
    others=(XD_LAB,),
    rules=(RULES,),
    whole=True,
    template_tested=False,
)
RAPID_TEST_MODEL = DocumentModel(
    name="BIO-TROD",
    template=TEMPLATE_RAPID_TEST,
    codes=("96173-0",),
    versions=("2024.01",),
    others=("1.3.6.1.4.1.19376.1.5.3.1.1.1",),
    rules=(RAPID_TEST,),
    whole=True,
)
PRESCRIPTION_MODEL = DocumentModel(
    name="eP-BIO",
    template=TEMPLATE_PRESCRIPTION,  # the OID of IPS-FR too: the type of the document tells them apart
    codes=("PRESC-BIO",),
    versions=("2022.01",),
    rules=(PRESCRIPTION,),
    any_level=True,
)
MODELS = (REPORT_MODEL, RAPID_TEST_MODEL, PRESCRIPTION_MODEL)
