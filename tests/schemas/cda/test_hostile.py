"""Hostile documents: an answer in bounded time, never a crash."""

import base64
import io
import time
from collections.abc import Callable

import pytest
from lxml import etree

from schemas.cda import judge, parse_ts, prescription_lines, read, utc_stamp
from schemas.xml import Element

HL7 = "urn:hl7-org:v3"


def many_authors(root: Element) -> None:
    for _ in range(20_000):
        root.insert(20, etree.Element(f"{{{HL7}}}author"))


def nested_text(root: Element) -> None:
    section = next(root.iter(f"{{{HL7}}}text"))
    for depth in range(180):
        section = etree.SubElement(section, f"{{{HL7}}}content", ID=f"x{depth}")
        section.text = "y" * 2000


def picture_bomb(root: Element) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(out, "PNG")
    value = root.find(f".//{{{HL7}}}observationMedia[@ID='code-2d']/{{{HL7}}}value")
    assert value is not None
    value.text = base64.b64encode(out.getvalue()).decode()


@pytest.mark.parametrize("edit", [many_authors, nested_text, picture_bomb])
def test_bounded(prescription: bytes, edit: Callable[[Element], None]) -> None:
    root = etree.fromstring(prescription)
    edit(root)
    data = etree.tostring(root)
    start = time.monotonic()
    findings = judge(data)
    prescription_lines(read(data))
    assert time.monotonic() - start < 10
    assert len(findings) < 2000


@pytest.mark.parametrize("level", ["level1", "prescription"])
def test_any_cut_or_missing_part_is_judged(level: str, request: pytest.FixtureRequest) -> None:
    data: bytes = request.getfixturevalue(level)
    size = len(etree.fromstring(data).xpath("//*"))
    for index in range(1, size):
        root = etree.fromstring(data)
        element = root.xpath("//*")[index]
        element.getparent().remove(element)
        cut = etree.tostring(root)
        judge(cut, deep=False)
        prescription_lines(read(cut))


@pytest.mark.parametrize("level", ["level1", "prescription"])
def test_any_empty_element_is_judged(level: str, request: pytest.FixtureRequest) -> None:
    data: bytes = request.getfixturevalue(level)
    size = len(etree.fromstring(data).xpath("//*"))
    for index in range(size):
        root = etree.fromstring(data)
        element = root.xpath("//*")[index]
        for name in list(element.attrib):
            element.set(name, "\u202e<&9")
        element.append(etree.Comment("x"))
        judge(etree.tostring(root), deep=False)


@pytest.mark.parametrize(
    "value", ["", "0000", "00010101000000+1400", "99991231235959-1400", "2026+9999", "9" * 5000]
)
def test_dates_never_raise(value: str) -> None:
    parse_ts(value)
    assert utc_stamp(value) in ("", "2026") or utc_stamp(value).isdigit()


MANY = 240_000  # elements, just under what is read


def cpu(data: bytes) -> float:
    """Seconds of CPU to judge a document; something must be said of it, and not too much."""
    start = time.process_time()
    findings = judge(data)
    assert findings and len(findings) < 2000
    return time.process_time() - start


@pytest.mark.parametrize("inner", ["<author/>", "<x xmlns=''/>", "<id nullFlavor='UNK' root='1'/>"])
def test_a_crowd_in_the_header(inner: str) -> None:
    assert cpu(f"<ClinicalDocument xmlns='urn:hl7-org:v3'>{inner * MANY}</ClinicalDocument>".encode()) < 10


@pytest.mark.parametrize("inner", ["<low/>", "<reference value='#x'/>", "<section/>"])
def test_a_crowd_in_the_body(prescription: bytes, inner: str) -> None:
    unknown = prescription.replace(b"1.2.250.1.213.1.1.1.39", b"1.2.3")
    assert cpu(unknown.replace(b"</section>", inner.encode() * MANY + b"</section>", 1)) < 10


def test_a_crowd_of_attributes(level1: bytes) -> None:
    many = " ".join(f"a{rank}=''" for rank in range(200_000)).encode()
    assert cpu(level1.replace(b"<ClinicalDocument ", b"<ClinicalDocument " + many + b" ")) < 10


def test_too_many_elements_is_one_finding() -> None:
    data = b"<ClinicalDocument xmlns='urn:hl7-org:v3'>" + b"<a/>" * 5_000_000 + b"</ClinicalDocument>"
    assert cpu(data) < 2
    assert [finding.rule for finding in judge(data)] == ["CDA-XML-06"]


def test_text_full_of_tags_counts_as_elements(level1: bytes) -> None:
    noise = b"<!--" + b"<" * 300_000 + b"-->"
    [found] = judge(level1.replace(b"<title>", noise + b"<title>"))
    assert found.rule == "CDA-XML-06"


def test_a_template_repeated_on_one_element_is_judged_once() -> None:
    code = '<x code="12" codeSystem="1.2.250.1.213.2.3.1"/>' * 400
    product = '<templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.7.2"/>' * 400 + code
    for inside in (product, f"<typeId/>{product}"):
        body = f"<component><manufacturedProduct>{inside}</manufacturedProduct></component>"
        found = judge(f'<ClinicalDocument xmlns="urn:hl7-org:v3">{body}</ClinicalDocument>'.encode())
        assert len([one for one in found if one.rule == "CDA-PCC-4.7.2"]) == 2  # parent, material
        assert len([one for one in found if one.rule == "CDA-MED-01"]) == 25
