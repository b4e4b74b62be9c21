"""Rules of the e-prescription as a whole (eP-MED-DM): header, sections, number, 2D code, PDF copy.

Sources: CI-SIS volet eP-MED-DM, CSP L4071-1 and following; what the official schematrons do not check is
checked here. Rules whose reference is not public are warnings.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from schemas.cda.look import at
from schemas.cda.model import (
    EPU_ROOT,
    SECTION_CODE_2D,
    SECTION_PDF_COPY,
    TEMPLATE_PRESCRIPTION,
    ClinicalDocument,
    Q,
)
from schemas.cda.ordonnance import SECTION_DEVICES, SECTION_MEDICINES, TA_ASIP, TYPES
from schemas.cda.timestamp import parse_ts
from schemas.cda.tree import each, first
from schemas.cda.volets.model import DocumentModel, body_of, declares, sections, top_sections
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-prescription")
DEEP: RuleSet[ClinicalDocument] = RuleSet("cda-prescription-deep")

VOLET = "CI-SIS, volet eP-MED-DM"
ROW = ("SC.ORDN/CONF.04",)
CODE_ROW = ("BEN-EP-02",)
DEGRADED_ROW = ("LGC.PRESC.03",)
EPU_SHAPE = re.compile(r"\d{2}[0-9A-Z]{16}")
INTERNATIONAL_MEDICINES = "1.3.6.1.4.1.19376.1.9.1.2.1"
OLD_VERSIONS = ("2022.01", "2023.01")  # before the PDF copy and the prevention of devices
MAGIC = {"image/png": b"\x89PNG", "image/gif": b"GIF8"}  # image/jpeg: said of every document


def version(document: ClinicalDocument) -> str:
    """The version of the model that the document declares; the current one when it declares none."""
    return document.template_ids.get(TEMPLATE_PRESCRIPTION, "2024.01")


def _act(document: ClinicalDocument) -> Element | None:
    return document.places.act


@RULES.rule("CDA-EP-H3", requirements=ROW, source=VOLET, layer="VOLET")
def patient_has_contacts(document: ClinicalDocument) -> Iterator[Observation]:
    """The patient has addr and telecom (null allowed)."""
    role = document.top.first("recordTarget", "patientRole")
    for name in ("addr", "telecom") if role is not None else ():
        if role is not None and first(role, name) is None:
            yield at(role, "absent", f"{name} 1..*", name)


@RULES.rule("CDA-EP-H4", requirements=ROW, source=VOLET, layer="VOLET")
def author_is_complete(document: ClinicalDocument) -> Iterator[Observation]:
    """The author has a profession and an organisation with id and name."""
    role = document.top.first("author", "assignedAuthor")
    if role is None:
        return
    for names in (("code",), ("representedOrganization", "id"), ("representedOrganization", "name")):
        if first(role, *names) is None:
            yield at(role, "absent", "1..1", "/".join(names))


@RULES.rule("CDA-EP-H5", requirements=ROW, source=VOLET, layer="VOLET")
def validity_has_an_end(document: ClinicalDocument) -> Iterator[Observation]:
    """The validity has low and high (high may be null)."""
    act = _act(document)
    time = None if act is None else first(act, "effectiveTime")
    if time is not None and first(time, "high") is None:
        yield at(time, "absent", "high 1..1", "high")


@RULES.rule("CDA-EP-H7", requires=Keyword.DEVRAIT, requirements=ROW, source=VOLET)
def main_act_is_a_prescription(document: ClinicalDocument) -> Iterator[Observation]:
    """The main act is coded 57833-6."""
    act = _act(document)
    code = None if act is None else first(act, "code")
    if act is not None and (code is None or code.get("code") != "57833-6"):
        yield at(act, "absent" if code is None else code.get("code"), "57833-6", "code/@code")


@RULES.rule("CDA-EP-02", requires=Keyword.DEVRAIT, requirements=CODE_ROW, source="règle non publique (Cnam)")
def number_has_the_usual_shape(document: ClinicalDocument) -> Iterator[Observation]:
    """The number has 18 characters, two digits first, under the OID of the Cnam."""
    act = _act(document)
    if act is None:
        return
    if document.epu_id is not None and not EPU_SHAPE.fullmatch(document.epu_id):
        yield at(act, document.epu_id, EPU_SHAPE.pattern, "id/@extension")
    for found in each(act, "id"):
        if found.get("root") != EPU_ROOT and EPU_SHAPE.fullmatch(found.get("extension", "")):
            yield at(found, found.get("root", ""), EPU_ROOT, "@root")


@RULES.rule("CDA-EP-03", requirements=DEGRADED_ROW, source=f"{VOLET} (section FR-Code-a-barres)")
def code_2d_goes_with_the_number(document: ClinicalDocument) -> Iterator[Observation]:
    """A number has its 2D code section, once."""
    found = sections(document, SECTION_CODE_2D)
    if document.epu_id and not found:
        yield at(body_of(document), "absent", f"section {SECTION_CODE_2D} (numéro {document.epu_id})")
    if len(found) > 1:
        yield at(found[1], f"{len(found)} sections", "0..1")


@RULES.rule(
    "CDA-EP-03B",
    requires=Keyword.DEVRAIT,
    requirements=DEGRADED_ROW,
    source=f"{VOLET} (section FR-Code-a-barres)",
)
def degraded_mode_has_no_code_2d(document: ClinicalDocument) -> Iterator[Observation]:
    """Without a number there is no 2D code section."""
    found = sections(document, SECTION_CODE_2D)
    if found and not document.epu_id:
        yield at(found[0], "section présente, aucun numéro", f"serviceEvent/id[@root='{EPU_ROOT}']")


@RULES.rule("CDA-EP-04B", requires=Keyword.DEVRAIT, requirements=CODE_ROW, source=VOLET)
def picture_is_of_its_media_type(document: ClinicalDocument) -> Iterator[Observation]:
    """The bytes of the picture are of the announced type."""
    for section in sections(document, SECTION_CODE_2D):
        value = section.find(f".//{Q}observationMedia/{Q}value")
        magic = None if value is None else MAGIC.get(value.get("mediaType", ""))
        image = document.code_image
        if value is not None and image and magic and not image.startswith(magic):
            yield at(value, repr(image[:4]), value.get("mediaType"), "@mediaType")


@RULES.rule("CDA-EP-06", requirements=ROW, source=VOLET, layer="VOLET")
def has_one_pdf_copy(document: ClinicalDocument) -> Iterator[Observation]:
    """Since 2024.01, one section "Copie du document"."""
    found = sections(document, SECTION_PDF_COPY)
    if len(found) > 1 or (not found and version(document) not in OLD_VERSIONS):
        yield at(body_of(document), f"{len(found)} section(s)", f"section {SECTION_PDF_COPY} 1..1")


@RULES.rule("CDA-EP-07", requires=Keyword.DEVRAIT, requirements=ROW, source="contrôle du banc")
def validity_starts_with_the_prescription(document: ClinicalDocument) -> Iterator[Observation]:
    """The validity does not start before the day of writing."""
    act, start, written = (
        _act(document),
        parse_ts(document.service_start),
        parse_ts(document.effective_time),
    )
    if act is not None and start and written and start.date() < written.date():
        yield at(act, document.service_start, f"≥ {document.effective_time}", "effectiveTime/low")


@RULES.rule("CDA-EP-08", requirements=ROW, source=VOLET)
def kinds_are_the_seven(document: ClinicalDocument) -> Iterator[Observation]:
    """A secondary documentationOf is one of the seven kinds of prescription."""
    for act in list(document.top.each("documentationOf", "serviceEvent"))[1:]:
        code = first(act, "code")
        if code is None or code.get("codeSystem") != TA_ASIP or code.get("code") not in TYPES:
            seen = "" if code is None else f"{code.get('code', '')} ({code.get('codeSystem', '')})"
            yield at(act, seen, " | ".join(TYPES), "code")


@RULES.rule("CDA-EP-09", requirements=ROW, source=VOLET)
def has_one_author(document: ClinicalDocument) -> Iterator[Observation]:
    """One author."""
    if len(document.authors) > 1:
        yield at(document.root, f"{len(document.authors)} author", "author 1..1", "author[2]")


@RULES.rule("CDA-EP-B1", requirements=ROW, source=VOLET, layer="VOLET")
def prescribes_something(document: ClinicalDocument) -> Iterator[Observation]:
    """One section of medicines or one of devices."""
    medicines, devices = len(_medicine_sections(document)), len(sections(document, SECTION_DEVICES))
    if medicines != 1 and devices != 1:
        seen = f"{medicines} section(s) de médicaments, {devices} de dispositifs"
        yield at(body_of(document), seen, f"section {SECTION_MEDICINES} ou {SECTION_DEVICES} 1..1")


@RULES.rule("CDA-EP-B1B", requires=Keyword.DEVRAIT, requirements=ROW, source=VOLET)
def sections_are_not_repeated(document: ClinicalDocument) -> Iterator[Observation]:
    """The other of the two sections is not repeated (the official test is content with one of them)."""
    medicines, devices = _medicine_sections(document), sections(document, SECTION_DEVICES)
    if len(medicines) == 1 or len(devices) == 1:
        for found in (medicines, devices):
            if len(found) > 1:
                yield at(found[1], f"{len(found)} sections", "0..1")


def _medicine_sections(document: ClinicalDocument) -> list[Element]:
    """The medicine sections, those of the international model included: another rule says that they do not
    declare the French one."""
    return [
        section
        for section in top_sections(document)
        if declares(section, SECTION_MEDICINES) or declares(section, INTERNATIONAL_MEDICINES)
    ]


@DEEP.rule("CDA-EP-04", requirements=CODE_ROW, source="contrôle du banc (CSP L4071-1 et suivants)")
def code_2d_is_readable(document: ClinicalDocument) -> Iterator[Observation]:
    """The picture of the 2D code is decoded."""
    found = sections(document, SECTION_CODE_2D)
    if found and not _decoded(document):
        yield at(found[0], f"{len(document.code_image or b'')} octets, aucun code lu", "code 2D lisible")


@DEEP.rule("CDA-EP-05", requires=Keyword.DEVRAIT, requirements=CODE_ROW, source="règle non publique (Cnam)")
def code_2d_carries_the_number(document: ClinicalDocument) -> Iterator[Observation]:
    """The decoded text carries the number of the prescription."""
    found, number = sections(document, SECTION_CODE_2D), document.epu_id
    texts = _decoded(document) if found and number else ()
    if texts and number and not any(number in text for text in texts):
        yield at(found[0], texts[0], number)


def _decoded(document: ClinicalDocument) -> tuple[str, ...]:
    return _texts(document.code_image or b"")


@lru_cache(maxsize=1)  # two rules look at the same picture, one after the other
def _texts(image: bytes) -> tuple[str, ...]:
    from schemas.pdf.reader import decode_image  # heavy libraries: only when a code is decoded

    try:
        return tuple(code.text for code in decode_image(image))
    except ValueError:
        return ()


def prescription_model(*lines: RuleSet[ClinicalDocument]) -> DocumentModel:
    """The model eP-MED-DM with the rules of its lines and of its special cases."""
    return DocumentModel(
        name="eP-MED-DM",
        template=TEMPLATE_PRESCRIPTION,
        versions=("2022.01", "2023.01", "2024.01"),
        codes=("57833-6",),
        others=("1.3.6.1.4.1.19376.1.9.1.1.1", "1.3.6.1.4.1.19376.1.5.3.1.1.1"),
        rules=(RULES, *lines),
        deep=(DEEP,),
        whole=True,
    )
