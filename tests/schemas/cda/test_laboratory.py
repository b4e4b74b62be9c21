"""Laboratory models: what depends on the version, the level, or a templateId that two models share."""

import pytest
from lxml import etree

from schemas.cda import DocumentSpec, Header, build_document, judge
from schemas.cda.codec import decode
from schemas.cda.volets import model_of
from schemas.finding import errors
from schemas.xml import parse
from tests.schemas.cda.mutation import documents

FILES = dict(documents())
PDF_COPY = "//h:component[h:section/h:templateId/@root='1.2.250.1.213.1.1.2.243']"
NAMES = {"h": "urn:hl7-org:v3"}


def rules(data: bytes) -> set[str]:
    return {found.rule for found in errors(judge(data))}


@pytest.mark.parametrize(
    ("version", "demanded"), [(None, False), ("2021.01", False), ("2023.01", False), ("2024.01", True)]
)
def test_the_pdf_copy_is_demanded_since_2024(version: str | None, demanded: bool) -> None:
    root = parse(FILES["cr-bio-chemistry"])
    model = root.xpath("h:templateId[@extension]", namespaces=NAMES)[0]
    model.attrib.pop("extension")
    if version:
        model.set("extension", version)
    for copy in root.xpath(PDF_COPY, namespaces=NAMES):
        copy.getparent().remove(copy)
    assert ("CDA-BIO-08" in rules(etree.tostring(root))) is demanded


@pytest.mark.parametrize("system", ["1.3.5.1.4.1.19376.1.5.3.2", "1.3.6.1.4.1.19376.1.5.3.2"])
def test_both_systems_of_the_reception_are_accepted(system: str) -> None:
    data = FILES["cr-bio-microbiology"].replace(b"1.3.5.1.4.1.19376.1.5.3.2", system.encode())
    assert rules(data) == set()


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_both_apostrophes_of_the_prescription_are_accepted(apostrophe: str) -> None:
    data = FILES["ep-bio"].replace(
        "Prescription d’actes".encode(), f"Prescription d{apostrophe}actes".encode()
    )
    assert rules(data) == set()


@pytest.mark.parametrize(("code", "named"), [("PRESC-BIO", "eP-BIO"), ("60591-5", "other")])
def test_the_type_tells_models_that_share_a_template(code: str, named: str) -> None:
    found = model_of(decode(parse(FILES["ep-bio"].replace(b'code="PRESC-BIO"', f'code="{code}"'.encode()))))
    assert (found is not None and found.name == "eP-BIO") is (named == "eP-BIO")


@pytest.mark.parametrize("name", ["cr-bio-chemistry", "cr-img", "da-img"])
def test_a_wrong_template_does_not_switch_the_rules_off(name: str) -> None:
    root = parse(FILES[name])
    wanted = model_of(decode(root))
    root.xpath("h:templateId[@extension]", namespaces=NAMES)[0].set("root", "1.2.250.1.213.1.1.1.955")
    assert wanted is not None and model_of(decode(root)) is wanted


def test_a_prescription_of_level_1_has_the_rules_of_its_header(header: Header) -> None:
    level1 = build_document(DocumentSpec(header, "prescription-bio", b"%PDF-1.4 pdfaid"))
    assert not {one for one in rules(level1) if one.startswith("CDA-EPBIO")}
    declared = level1.replace(b"1.3.6.1.4.1.19376.1.2.20", b"1.2.250.1.213.1.1.1.51", 1)
    assert "CDA-EPBIO-01" in rules(declared)
