"""Write e-prescriptions: eP-MED-DM 2024.01, level 3, non-structured posology.

Source: CI-SIS volet "e-Prescription de médicaments et/ou de dispositifs médicaux" 2024.01, IHE Pharmacy PRE.
"""

import base64
from dataclasses import replace
from datetime import timedelta

from schemas.cda.build import add_context, add_documentation, write_header
from schemas.cda.model import (
    EPU_ROOT,
    SECTION_CODE_2D,
    SECTION_PDF_COPY,
    TEMPLATE_CI_SIS,
    TEMPLATE_HL7_FRANCE,
    TEMPLATE_PRESCRIPTION,
    Code,
    Header,
    PrescriptionLine,
    PrescriptionSpec,
)
from schemas.cda.timestamp import write_ts
from schemas.cda.writer import (
    HL7_ACT_CODE,
    LOINC,
    add,
    add_code,
    add_templates,
    derived_id,
    new_root,
    to_bytes,
)
from schemas.valuesets import type_of
from schemas.xml import Element

TA_ASIP = "1.2.250.1.213.1.1.4.322"
CIS = "1.2.250.1.213.2.3.1"
CIP = "1.2.250.1.213.2.3.2"
SUBSTITUTION = "2.16.840.1.113883.5.1070"
SECTION_MEDICINES = "1.2.250.1.213.1.1.2.171"
SECTION_DEVICES = "1.2.250.1.213.1.1.2.222"
MEDICINE_LINE = "1.2.250.1.213.1.1.3.83"
DEVICE_LINE = "1.2.250.1.213.1.1.3.20"
BOX = "30009000"  # EDQM packaging

TYPES = {
    "MED-1096": "Prescription bizone",
    "MED-1097": "Prescription médicaments d'exception",
    "MED-1098": "Ordonnance sécurisée",
    "MED-1132": "Prescription grand appareillage",
    "MED-1094": "Exécution à domicile",
    "MED-1095": "Exécution en urgence",
    "MED-1159": "Affection militaire",
}
"""The seven kinds of prescription (codes of 1.2.250.1.213.1.1.4.322)."""

FLAGS = {
    "ald": ("48.13", "MED-574", "En rapport avec une ALD", "ALD"),
    "work_accident": (
        "48.14",
        "GEN-180",
        "En rapport avec un accident du travail ou une maladie professionnelle",
        "ATMP",
    ),
    "prevention": ("48.34", "GEN-295", "En rapport avec la prévention", "prev"),
    "not_reimbursed": ("48.15", "GEN-181", "Non remboursable", "non-remb"),
    "off_label": ("48.12", "GEN-179", "Hors Autorisation de Mise sur le Marché (AMM)", "horsamm"),
}
"""Flag of a line → end of its templateId (1.2.250.1.213.1.1.3.…), code, label, end of its narrative ID."""


def build_prescription(spec: PrescriptionSpec) -> bytes:
    """An eP-MED-DM document. The 2D code section is there if and only if there is an EPU id.

    Raises ValueError without any line, on an unknown prescription type, when substitution is not allowed
    and no reason is given, or on what the header refuses.
    """
    if not spec.lines:
        raise ValueError("a prescription has at least one line")
    unknown = [kind for kind in spec.types if kind not in TYPES]
    if unknown:
        raise ValueError(f"unknown prescription type {', '.join(unknown)}")
    header = replace(
        spec.header,
        title=spec.header.title or "Prescription de médicaments et/ou de dispositifs médicaux",
        service_stop=spec.valid_until,
    )
    found = type_of("57833-6")
    assert found is not None
    code = Code(found.code, found.system, found.display)
    root = new_root()
    write_header(
        root,
        header,
        code,
        (
            TEMPLATE_HL7_FRANCE,
            TEMPLATE_CI_SIS,
            "1.3.6.1.4.1.19376.1.9.1.1.1",
            "1.3.6.1.4.1.19376.1.5.3.1.1.1",
            f"{TEMPLATE_PRESCRIPTION}@2024.01",
        ),
    )
    act_id = (EPU_ROOT, spec.epu_id) if spec.epu_id else None
    add_documentation(root, header, code, act_id=act_id, open_end=True)
    for kind in spec.types:
        act = add(add(root, "documentationOf"), "serviceEvent", classCode="INFO")
        add_code(act, "code", Code(kind, TA_ASIP, TYPES[kind]), codeSystemName="TA_ASIP")
    add_context(root, header)
    body = add(add(root, "component"), "structuredBody")
    if spec.epu_id:
        _add_code_2d(body, spec.header, spec.code_payload or spec.epu_id)
    _add_medicines(body, spec)
    if spec.comment:
        section = _add_section(
            body,
            header,
            "comment",
            (
                "2.16.840.1.113883.10.12.201",
                "1.3.6.1.4.1.19376.1.4.1.2.16",
                "1.2.250.1.213.1.1.2.73",
            ),
            Code("55112-7", LOINC, "Commentaire"),
            "Commentaire",
        )
        add(section, "text", spec.comment)
    _add_pdf_copy(body, header, spec.pdf)
    return to_bytes(root)


def code_picture(payload: str) -> bytes:
    """The 2D code of a prescription as a PNG picture (QR)."""
    import io

    import segno  # 40 ms of import: only when a code is drawn

    picture = io.BytesIO()
    segno.make(payload, error="m", micro=False).save(picture, kind="png", scale=6, border=4)
    return picture.getvalue()


def _add_section(
    body: Element, header: Header, name: str, templates: tuple[str, ...], code: Code, title: str
) -> Element:
    section = add(add(body, "component"), "section")
    add_templates(section, *templates)
    add(section, "id", root=derived_id(header.unique_id, name))
    add_code(section, "code", code, codeSystemName="LOINC")
    add(section, "title", title)
    return section


def _add_code_2d(body: Element, header: Header, payload: str) -> None:
    label = Code("57723-9", LOINC, "Numéro de code à barres unique")
    section = _add_section(body, header, "code2d", (SECTION_CODE_2D,), label, "Code 2D de la prescription")
    add(add(section, "text"), "renderMultiMedia", referencedObject="code-2d")
    media = add(add(section, "entry"), "observationMedia", classCode="OBS", moodCode="EVN", ID="code-2d")
    add_templates(media, "2.16.840.1.113883.10.12.304", "1.2.250.1.213.1.1.3.103")
    picture = base64.b64encode(code_picture(payload)).decode("ascii")
    add(media, "value", picture, mediaType="image/png", representation="B64")


def _add_pdf_copy(body: Element, header: Header, pdf: bytes) -> None:
    label = Code("55108-5", LOINC, "Copie du document")
    section = _add_section(body, header, "pdf", (SECTION_PDF_COPY,), label, "Copie du document")
    paragraph = add(add(section, "text"), "paragraph")
    add(paragraph, "content", "Copie du document", ID="doc-type")
    add(paragraph, "renderMultiMedia", referencedObject="doc-pdf")
    cluster = add(add(section, "entry"), "organizer", classCode="CLUSTER", moodCode="EVN")
    add_templates(cluster, "1.2.250.1.213.1.1.3.18")
    add(cluster, "id", root=derived_id(header.unique_id, "pdf/organizer"))
    add_code(cluster, "code", Code("55107-7", LOINC, "Document attaché"), codeSystemName="LOINC")
    add(cluster, "statusCode", code="completed")
    kind = add(add(cluster, "component"), "observation", classCode="OBS", moodCode="EVN")
    add_templates(
        kind, "1.3.6.1.4.1.19376.1.5.3.1.4.13", "1.2.250.1.213.1.1.3.48", "1.2.250.1.213.1.1.3.48.18"
    )
    add(kind, "id", root=derived_id(header.unique_id, "pdf/type"))
    add_code(kind, "code", Code("69764-9", LOINC, "Type de document"), codeSystemName="LOINC")
    add(add(kind, "text"), "reference", value="#doc-type")
    add(kind, "statusCode", code="completed")
    add(kind, "effectiveTime", value=write_ts(header.created))
    add_code(kind, "value", label, xsi_type="CD", codeSystemName="LOINC")
    media = add(add(cluster, "component"), "observationMedia", classCode="OBS", moodCode="EVN", ID="doc-pdf")
    encoded = base64.b64encode(pdf).decode("ascii")
    add(media, "value", encoded, mediaType="application/pdf", representation="B64")


def _add_medicines(body: Element, spec: PrescriptionSpec) -> None:
    section = _add_section(
        body,
        spec.header,
        "medicines",
        ("1.3.6.1.4.1.19376.1.9.1.2.1", SECTION_MEDICINES),
        Code("57828-6", LOINC, "Prescriptions"),
        "Prescription de médicaments",
    )
    text = add(section, "text")
    for number, line in enumerate(spec.lines, 1):
        _add_narrative(text, f"med-{number:03d}", spec, line)
    for number, line in enumerate(spec.lines, 1):
        _add_line(add(section, "entry"), f"med-{number:03d}", spec, line)


def _period(spec: PrescriptionSpec, line: PrescriptionLine) -> tuple[str, str]:
    start = spec.header.service_start or spec.header.created
    return start.strftime("%Y%m%d"), (start + timedelta(days=max(line.days, 1))).strftime("%Y%m%d")


def _yes(value: bool) -> str:
    return "Oui" if value else "Non"


def _substitution(line: PrescriptionLine) -> str:
    if line.substitution_allowed:
        return "Oui"
    if not line.substitution_reason:
        raise ValueError(f"substitution is not allowed on {line.label!r}: a reason is demanded")
    return f"Non ({line.substitution_reason})"


def _add_narrative(text: Element, key: str, spec: PrescriptionSpec, line: PrescriptionLine) -> None:
    low, high = _period(spec, line)
    cells: list[tuple[str, str, str]] = [
        (
            "Durée du traitement",
            "",
            f"du {low[6:]}/{low[4:6]}/{low[:4]} au {high[6:]}/{high[4:6]}/{high[:4]}",
        ),
        ("Médicament", key, line.label),
        ("Posologie", f"{key}-posologie", line.posology),
        ("Quantité", "", f"{line.quantity} boîte(s)"),
        ("Substitution", f"{key}-substitution", _substitution(line)),
        ("Nombre de renouvellements", "", str(line.renewals)),
    ]
    cells += [
        (label, f"{key}-{end}", _yes(getattr(line, name))) for name, (_, _, label, end) in FLAGS.items()
    ]
    table = add(text, "table", border="0")
    head = add(add(table, "thead"), "tr")
    row = add(add(table, "tbody"), "tr")
    for label, identifier, value in cells:
        add(head, "th", label)
        if identifier:
            add(add(row, "td"), "content", value, ID=identifier)
        else:
            add(row, "td", value)


def _add_line(entry: Element, key: str, spec: PrescriptionSpec, line: PrescriptionLine) -> None:
    unique = spec.header.unique_id
    item = add(entry, "substanceAdministration", classCode="SBADM", moodCode="INT")
    add_templates(
        item,
        "2.16.840.1.113883.10.20.1.24",
        "1.3.6.1.4.1.19376.1.5.3.1.4.7",
        "1.3.6.1.4.1.19376.1.9.1.3.2",
        MEDICINE_LINE,
        "1.3.6.1.4.1.19376.1.5.3.1.4.7.1",
    )
    add(item, "id", root=line.line_id.upper() or derived_id(unique, key))
    add_code(item, "code", Code("DRUG", HL7_ACT_CODE, "Médicament"), codeSystemName="HL7:ActCode")
    add(add(item, "text"), "reference", value=f"#{key}-posologie")
    add(item, "statusCode", code="completed")
    low, high = _period(spec, line)
    period = add(item, "effectiveTime", xsi_type="IVL_TS")
    add(period, "low", value=low)
    add(period, "high", value=high)
    add(item, "repeatNumber", value=str(line.renewals))
    _add_product(item, key, line)
    supply = add(add(item, "entryRelationship", typeCode="COMP"), "supply", classCode="SPLY", moodCode="RQO")
    add_templates(supply, "1.3.6.1.4.1.19376.1.9.1.3.8", "1.2.250.1.213.1.1.3.86")
    add(supply, "independentInd", value="false")
    add(supply, "quantity", value=str(line.quantity), unit=BOX)
    permission = add(add(item, "entryRelationship", typeCode="COMP"), "act", classCode="ACT", moodCode="DEF")
    add_templates(permission, "1.3.6.1.4.1.19376.1.9.1.3.9.1", "1.2.250.1.213.1.1.3.87")
    allowed = Code("G", SUBSTITUTION, "Substitution par un générique permise")
    refused = Code("N", SUBSTITUTION, "Aucune substitution permise")
    code = add_code(permission, "code", allowed if line.substitution_allowed else refused)
    add(add(code, "originalText"), "reference", value=f"#{key}-substitution")
    add(permission, "statusCode", code="completed")
    for name, (template, flag, label, end) in FLAGS.items():
        seen = add(
            add(item, "entryRelationship", typeCode="COMP"), "observation", classCode="OBS", moodCode="EVN"
        )
        add_templates(
            seen,
            "1.3.6.1.4.1.19376.1.5.3.1.4.13",
            "1.2.250.1.213.1.1.3.48",
            f"1.2.250.1.213.1.1.3.{template}",
        )
        add(seen, "id", root=derived_id(unique, f"{key}/{end}"))
        add_code(seen, "code", Code(flag, TA_ASIP, label), codeSystemName="TA_ASIP")
        add(add(seen, "text"), "reference", value=f"#{key}-{end}")
        add(seen, "statusCode", code="completed")
        add(seen, "effectiveTime", value=write_ts(spec.header.created))
        add(seen, "value", xsi_type="BL", value="true" if getattr(line, name) else "false")


def _add_product(item: Element, key: str, line: PrescriptionLine) -> None:
    product = add(add(item, "consumable"), "manufacturedProduct", classCode="MANU")
    add_templates(
        product, "2.16.840.1.113883.10.20.1.53", "1.3.6.1.4.1.19376.1.5.3.1.4.7.2", "1.2.250.1.213.1.1.3.43"
    )
    material = add(product, "manufacturedMaterial", classCode="MMAT", determinerCode="KIND")
    add_templates(material, "1.3.6.1.4.1.19376.1.9.1.3.1")
    if line.cis:
        code = add_code(material, "code", Code(line.cis, CIS, line.label), codeSystemName="CIS")
    else:
        code = add(material, "code", nullFlavor="NA")
    add(add(code, "originalText"), "reference", value=f"#{key}")
    if line.cis and line.cip13:
        add_code(code, "translation", Code(line.cip13, CIP, line.label), codeSystemName="CIP")
    if line.cis:
        add(material, "name", line.label)
    else:
        add(material, "name", nullFlavor="NA")
