"""Imaging documents: report (CR-IMG) and request of an exam (DA-IMG).

Sources: CI-SIS volets CR-IMG and DA-IMG 2024.01, DICOM PS3.20, IHE RAD; cda.md §7.5.
"""

from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, VALUE_SETS, at, coded_in
from schemas.cda.model import ClinicalDocument
from schemas.cda.template import NAMESPACES
from schemas.cda.tree import each, first
from schemas.cda.volets.model import (
    CI_SIS_MODEL,
    LOINC,
    DocumentModel,
    declares,
    mandatory_sections,
    sections,
)
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-imaging-report")
REQUEST: RuleSet[ClinicalDocument] = RuleSet("cda-imaging-request")

VOLET = "CI-SIS, volet CR-IMG"
DEMAND = "CI-SIS, volet DA-IMG"
DICOM = "1.2.840.10008.9."
MODALITY = "121139"
REGION = "39111-0"
ACCESSION = f"{{{NAMESPACES['dicom']}}}accessionNumber"
CLINICAL_INFORMATION = (f"{DICOM}2", "1.2.250.1.213.1.1.2.205")
REASON = f"{DICOM}7"
TECHNIQUE = (f"{DICOM}3", "1.2.250.1.213.1.1.2.206")
FINDINGS = ("2.16.840.1.113883.10.20.6.1.2", "1.2.250.1.213.1.1.2.208")
CONCLUSION = (f"{DICOM}5", "1.2.250.1.213.1.1.2.209")
REQUESTED_EXAMS = ("1.2.250.1.213.1.1.2.158.3",)
PATIENT_INFORMATION = ("1.2.250.1.213.1.1.2.107",)


@RULES.rule("CDA-IMG-01", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def orders_have_an_accession_number(document: ClinicalDocument) -> Iterator[Observation]:
    """The report answers an order, and each order has the accession number of the exam."""
    orders = list(document.top.each("inFulfillmentOf", "order"))
    if not orders:
        yield at(document.root, "absent", "inFulfillmentOf/order 1..*", "inFulfillmentOf")
    for order in orders:
        if order.find(ACCESSION) is None:
            yield at(order, "absent", "ps3-20:accessionNumber 1..1", "accessionNumber")


def _qualified(code: Element, name: str) -> list[Element]:
    """The translations of a code whose qualifier has this name."""
    return [
        found
        for found in each(code, "translation")
        if any(one.get("code") == name for one in each(found, "qualifier", "name"))
    ]


@RULES.rule("CDA-IMG-02", requirements=SCHEMATRON, source=VOLET, layer="VOLET")
def act_says_its_modality(document: ClinicalDocument) -> Iterator[Observation]:
    """The main act has a LOINC code, with the modality as a translation qualified by 121139."""
    act = document.places.act
    if act is None:
        return  # CDA-SRV-01 says so
    code = first(act, "code")
    if code is None or code.get("nullFlavor"):
        yield at(act, "absent", f"code LOINC ({LOINC})", "code")
        return
    if code.get("codeSystem") != LOINC:
        yield at(code, code.get("codeSystem", "absent"), LOINC, "@codeSystem")
    if not _qualified(code, MODALITY):
        yield at(code, "absent", f"translation/qualifier/name {MODALITY}", "translation")


@RULES.rule("CDA-IMG-03", requirements=VALUE_SETS, source=VOLET, layer="VOLET")
def modality_and_region_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """The modality and the region of each documented act are in their value sets."""
    for code in document.top.each("documentationOf", "serviceEvent", "code"):
        for name, key in ((MODALITY, "IMAGING_MODALITY"), (REGION, "IMAGING_REGION")):
            for found in _qualified(code, name):
                yield from coded_in(found, key)


RULES.rule("CDA-IMG-04", requirements=SCHEMATRON, source=VOLET, layer="VOLET")(
    mandatory_sections(((TECHNIQUE, "technique d'imagerie"), (CONCLUSION, "conclusion")))
)
RULES.rule("CDA-IMG-05", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=VOLET)(
    mandatory_sections(((CLINICAL_INFORMATION, "informations cliniques"), (FINDINGS, "résultats")))
)


@RULES.rule("CDA-IMG-06", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source="DICOM PS3.20")
def act_says_its_study_and_region(document: ClinicalDocument) -> Iterator[Observation]:
    """The main act has the identifier of its study and the region as a translation qualified by 39111-0."""
    act = document.places.act
    code = None if act is None else first(act, "code")
    if act is not None and first(act, "id") is None:
        yield at(act, "absent", "id 1..* (Study Instance UID)", "id")
    if code is not None and not code.get("nullFlavor") and not _qualified(code, REGION):
        yield at(code, "absent", f"translation/qualifier/name {REGION}", "translation")


REQUEST.rule("CDA-IMG-11", requirements=SCHEMATRON, source=DEMAND, layer="VOLET")(
    mandatory_sections(
        ((CLINICAL_INFORMATION, "informations cliniques"), (REQUESTED_EXAMS, "actes d'imagerie demandés"))
    )
)
REQUEST.rule("CDA-IMG-12", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=DEMAND)(
    mandatory_sections(((PATIENT_INFORMATION, "information du patient"),))
)


@REQUEST.rule("CDA-IMG-14", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=DEMAND)
def request_says_why(document: ClinicalDocument) -> Iterator[Observation]:
    """The clinical information holds a section that says why the exam is requested."""
    for section in sections(document, CLINICAL_INFORMATION[0]):
        if not any(declares(found, REASON) for found in each(section, "component", "section")):
            yield at(section, "absent", f"section demande ({REASON})", "component/section")


@REQUEST.rule("CDA-IMG-13", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=DEMAND)
def act_is_a_request(document: ClinicalDocument) -> Iterator[Observation]:
    """The main act is coded as a request, with the identifier of the request."""
    act = document.places.act
    if act is None:
        return
    if document.service_code.code != "55115-0":
        yield at(act, document.service_code.code or "absent", f"55115-0 ({LOINC})", "code/@code")
    if first(act, "id") is None:
        yield at(act, "absent", "id 1..1 (identifiant de la demande)", "id")


REPORT_MODEL = DocumentModel(
    name="CR-IMG",
    template=f"{CI_SIS_MODEL}45",
    codes=("18748-4",),
    versions=("2024.01",),
    others=(f"{DICOM}1", f"{DICOM}20", f"{DICOM}21"),
    rules=(RULES,),
    whole=True,
)
REQUEST_MODEL = DocumentModel(
    name="DA-IMG",
    template=f"{CI_SIS_MODEL}47",
    codes=("55115-0",),
    versions=("2024.01",),
    others=(f"{DICOM}20",),
    rules=(REQUEST,),
    whole=True,
)
MODELS = (REPORT_MODEL, REQUEST_MODEL)
