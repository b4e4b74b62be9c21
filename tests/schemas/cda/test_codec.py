from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.cda import CdaRefused, DocumentSpec, Header, PatientIdentity, build_document, read
from schemas.xml import XmlRefused


def test_what_is_written_is_read_back(level1: bytes, patient: PatientIdentity) -> None:
    document = read(level1)
    assert document.unique_id == "1.2.250.1.999.1.1.7"
    assert document.set_id == "1.2.250.1.999.1.1.7000"
    assert (document.version, document.level, document.replaces) == (1, 1, None)
    assert (document.type_code.code, document.type_code.display) == ("11502-2", "CR d'examens biologiques")
    assert document.patient == patient
    assert (document.author.id, document.author.family) == ("899700100011", "DESCHAMPS-TEST")
    assert document.author.code and document.author.code.code == "G15_10/SM26"
    assert document.author.organisation_id == "499700100011001"
    assert document.legal_authenticator and document.legal_authenticator.id == "899700100011"
    assert document.custodian_id == "499700100011001"
    assert document.service_start == "20261124093000+0000"
    assert (document.facility.code, document.practice_setting.code) == ("SA07", "AMBULATOIRE")
    assert document.pdf and document.nonxml == ("application/pdf", document.pdf)
    assert list(document.template_ids) == [
        "2.16.840.1.113883.2.8.2.1",
        "1.2.250.1.213.1.1.1.1",
        "1.3.6.1.4.1.19376.1.2.20",
    ]


def test_same_input_same_bytes(level1: bytes, header: Header) -> None:
    assert build_document(DocumentSpec(header, "cr-bio", read(level1).pdf or b"")) == level1


def test_no_ins_when_the_identity_is_not_qualified(header: Header, patient: PatientIdentity) -> None:
    data = build_document(
        DocumentSpec(replace(header, patient=replace(patient, ins=None)), "lettre", b"%PDF-")
    )
    assert b"279035121518989" not in data
    assert b"1.2.250.1.213.1.4." not in data
    assert read(data).patient.ins is None


def test_a_patient_without_any_identifier_is_refused(header: Header, patient: PatientIdentity) -> None:
    nobody = replace(header, patient=replace(patient, ins=None, local_ids=()))
    with pytest.raises(ValueError, match="local identifier"):
        build_document(DocumentSpec(nobody, "lettre", b"%PDF-"))


def test_replacement(header: Header) -> None:
    second = replace(header, unique_id="1.2.250.1.999.1.1.8", version=2, replaces=header.unique_id)
    document = read(build_document(DocumentSpec(second, "certificat", b"%PDF-")))
    assert (document.replaces, document.version, document.set_id) == (header.unique_id, 2, header.set_id)


def test_content_is_escaped(header: Header) -> None:
    hostile = replace(header, title="<script>&'\"", service_stop=header.created + timedelta(hours=1))
    document = read(build_document(DocumentSpec(hostile, "lettre", b"%PDF-")))
    assert document.title == "<script>&'\""
    with pytest.raises(ValueError):
        build_document(DocumentSpec(replace(header, title="\x00"), "lettre", b"%PDF-"))


def test_unknown_kind(header: Header) -> None:
    with pytest.raises(ValueError, match="J07"):
        build_document(DocumentSpec(header, "00000-0", b"%PDF-"))


@pytest.mark.parametrize(
    ("data", "reason"), [(b"<a/>", "not-cda"), (b'<ClinicalDocument xmlns="urn:x"/>', "namespace")]
)
def test_what_is_no_cda(data: bytes, reason: str) -> None:
    with pytest.raises(CdaRefused) as refusal:
        read(data)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("data", [b"", b"<ClinicalDocument", b"<!DOCTYPE a><a/>"])
def test_what_is_no_xml(data: bytes) -> None:
    with pytest.raises(XmlRefused):
        read(data)


def test_an_empty_document_is_read_without_error() -> None:
    document = read(b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>')
    assert (document.unique_id, document.level, document.pdf) == ("", 3, None)


def test_official_examples_are_read(samples: Path) -> None:
    for path in sorted(samples.glob("*.xml")):
        document = read(path.read_bytes())
        assert document.unique_id and document.type_code.code and document.patient.birth_name, path.name


def test_official_prescription(samples: Path) -> None:
    document = read((samples / "eP-MED-DM_2024.01_PosoStruct.xml").read_bytes())
    assert document.epu_id == "01S2TBPZ2JCNZZYGHZ"
    assert document.pdf and document.pdf.startswith(b"%PDF-")
    assert document.code_image and document.code_image.startswith(b"\x89PNG")
    assert document.template_ids["1.2.250.1.213.1.1.1.39"] == "2024.01"
    assert len(document.service_codes) == 8
