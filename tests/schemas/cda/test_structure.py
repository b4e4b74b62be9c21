"""The schema of CDA R2: what is valid, one failing document for each family of fault, and the words."""

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from schemas.cda import build_prescription, judge, open_document
from schemas.cda.codec import find_document
from schemas.cda.structure import RULES, schema
from schemas.finding import Finding
from schemas.xml import Element, parse
from tests.schemas.cda import conftest, official

HL7 = "urn:hl7-org:v3"
PHARM = "urn:ihe:pharm:medication"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
H = {"h": HL7, "p": PHARM}
Edit = Callable[[Element], object]
C = "/ClinicalDocument"
LINE = "(//h:substanceAdministration)[1]"
VALUE = "(//h:observation/h:value)[1]"
TEXT = "(//h:section/h:text)[1]"
MATERIAL = "(//h:manufacturedMaterial)[1]"


@pytest.fixture(scope="module")
def prescription() -> bytes:
    return build_prescription(conftest.PRESCRIPTION)


def one(root: Element, xpath: str) -> Element:
    found = root.xpath(xpath, namespaces=H)
    assert found, xpath
    return found[0]


def put(xpath: str, name: str, value: str) -> Edit:
    return lambda root: one(root, xpath).set(name, value)


def unset(xpath: str, name: str) -> Edit:
    return lambda root: one(root, xpath).attrib.pop(name)


def drop(xpath: str) -> Edit:
    def edit(root: Element) -> None:
        element = one(root, xpath)
        element.getparent().remove(element)

    return edit


def insert(xpath: str, rank: int, xml: str) -> Edit:
    """A new child; `rank` may be negative, as in a slice."""

    def edit(root: Element) -> None:
        wrapped = f'<w xmlns="{HL7}" xmlns:p="{PHARM}" xmlns:old="urn:ihe:pharm">{xml}</w>'
        one(root, xpath).insert(rank, etree.fromstring(wrapped)[0])

    return edit


def text(xpath: str, value: str) -> Edit:
    return lambda root: setattr(one(root, xpath), "text", value)


def rename(xpath: str, name: str) -> Edit:
    return lambda root: setattr(one(root, xpath), "tag", f"{{{HL7}}}{name}")


def twice(xpath: str) -> Edit:
    def edit(root: Element) -> None:
        element = one(root, xpath)
        element.addnext(etree.fromstring(etree.tostring(element)))

    return edit


def same_id(root: Element) -> None:
    marked = root.xpath("//h:content[@ID]", namespaces=H)
    marked[1].set("ID", marked[0].get("ID"))


def structure(data: bytes) -> list[Finding]:
    document, _ = open_document(data)
    assert document is not None
    return RULES.judge(document)


def changed(data: bytes, edit: Edit) -> bytes:
    root = etree.fromstring(data)
    edit(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


CASES: dict[str, tuple[Edit, str, str, str]] = {
    # name: edit, end of the place, observed, start of what was expected
    "unknown in header": (
        insert(C.replace("/C", "/h:C"), 6, "<titre/>"),
        f"{C}/titre",
        "titre",
        "",
    ),
    "renamed in header": (rename("/*/h:title", "titre"), f"{C}/titre", "titre", "title | effectiveTime"),
    "unknown in body": (
        insert("(//h:section)[1]", 0, "<foo/>"),
        "/section/foo",
        "foo",
        "id | code | title | text | conf",
    ),
    "unknown in narrative": (insert(TEXT, 0, "<div/>"), "/text/div", "div", "linkHtml | sub | sup | br"),
    "late in narrative": (insert(TEXT, 99, "<div/>"), "/text/div", "div", "linkHtml | sub | sup | br"),
    "wrong order": (
        lambda root: one(root, "/*/h:title").addnext(one(root, "/*/h:code")),
        f"{C}/title",
        "title",
        "code",
    ),
    "missing child": (drop(f"{LINE}/h:consumable"), "/entryRelationship[1]", "entryRelationship", ""),
    "missing last child": (
        drop("/*/h:componentOf/h:encompassingEncounter"),
        "/componentOf",
        "absent",
        "encompassingEncounter",
    ),
    "missing statement": (
        drop("//h:entry/h:substanceAdministration"),
        "/entry[1]",
        "absent",
        "act | encounter | observation",
    ),
    "repeated child": (
        twice("/*/h:setId"),
        f"{C}/setId[2]",
        "setId",
        "versionNumber | copyTime | recordTarget",
    ),
    "unknown attribute": (
        put("/*/h:author", "colour", "red"),
        f"{C}/author/@colour",
        "@colour",
        "@nullFlavor | @typeCode | @contextControlCode",
    ),
    "missing attribute": (
        unset("(//h:entryRelationship)[1]", "typeCode"),
        "/entryRelationship[1]/@typeCode",
        "absent",
        "@typeCode",
    ),
    "fixed attribute": (put("/*", "moodCode", "INT"), f"{C}/@moodCode", "INT", "EVN"),
    "empty attribute": (put("/*/h:code", "displayName", ""), f"{C}/code/@displayName", "", "au moins un"),
    "act class": (put(LINE, "classCode", "ACT"), "/@classCode", "ACT", "SBADM"),
    "act mood": (put(LINE, "moodCode", "GOL"), "/@moodCode", "GOL", "EVN | INT | PRMS | PRP | RQO"),
    "link type": (put("(//h:entryRelationship)[1]", "typeCode", "X"), "/@typeCode", "X", "CAUS | COMP"),
    "nullFlavor": (put("/*/h:id", "nullFlavor", "NULL"), "/id/@nullFlavor", "NULL", "NI | MSK | NA"),
    "use": (put("(//h:telecom)[1]", "use", "H XX"), "/telecom/@use", "H XX", "AS | BAD | CONF"),
    "ts": (put("/*/h:effectiveTime", "value", "2026-01-01"), "/@value", "2026-01-01", "AAAAMMJJ"),
    "uid": (put("/*/h:id", "root", "1.02.3"), f"{C}/id/@root", "1.02.3", "OID"),
    "int": (put("/*/h:versionNumber", "value", "1.0"), "/versionNumber/@value", "1.0", "nombre entier"),
    "bl": (put("//h:value[@value='true']", "value", "1"), "/value/@value", "1", "true | false"),
    "real": (put("//h:supply/h:quantity", "value", "1,5"), "/quantity/@value", "1,5", "nombre décimal"),
    "base64 form": (
        put("//h:observationMedia/h:value", "representation", "HEX"),
        "/@representation",
        "HEX",
        "B64",
    ),
    "value without type": (unset(VALUE, XSI_TYPE), "/value/@type", "absent", "BL | CD | CE"),
    "unknown type": (put(VALUE, XSI_TYPE, "CDE"), "/value/@type", "CDE", "BL | CD | CE"),
    "type of another": (put("(//h:observation/h:code)[1]", XSI_TYPE, "PQ"), "/code/@type", "PQ", "BL | CD"),
    "duplicate ID": (same_id, "/content/@ID", "", "identifiant XML"),
    "text among elements": (text(LINE, "hello"), "/substanceAdministration", "hello", "realmCode | typeId"),
    "text in empty": (text("/*/h:id", "hello"), f"{C}/id", "hello", "rien d'autre"),
    "element in text": (insert("/*/h:title", 0, "<b/>"), f"{C}/title/b", "b", "rien d'autre"),
    "interval": (
        insert("/*/h:componentOf//h:effectiveTime", 0, "<high value='2026'/>"),
        "/effectiveTime/low",
        "low",
        "rien d'autre",
    ),
    "cell": (insert(TEXT, 0, "<table><tbody><tr><div/></tr></tbody></table>"), "/tr/div", "div", "th | td"),
    "style": (insert(TEXT, 0, "<content styleCode=''/>"), "/@styleCode", "", "au moins un"),
    "extension too early": (
        insert(MATERIAL, 0, "<p:formCode code='1'/>"),
        "/manufacturedMaterial/templateId",
        "templateId",
        "lotNumberText",
    ),
    "extension of an old namespace": (
        insert(MATERIAL, 99, "<old:formCode code='1'/>"),
        "/manufacturedMaterial/formCode",
        'formCode (xmlns="urn:ihe:pharm")',
        "",
    ),
    "extension elsewhere": (
        insert("/*/h:author", 0, "<p:formCode/>"),
        "/author/formCode",
        f'formCode (xmlns="{PHARM}")',
        "functionCode | time",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_fault_one_finding(prescription: bytes, name: str) -> None:
    edit, place, observed, expected = CASES[name]
    assert structure(prescription) == []
    (found,) = structure(changed(prescription, edit))
    assert found.rule == "CDA-XSD-01" and found.is_error and found.line
    assert found.where.startswith(C) and found.where.endswith(place)
    assert (observed in found.observed and bool(observed) == bool(found.observed)) or name == "duplicate ID"
    assert found.expected.startswith(expected) and found.expected


def test_extension_names_are_given_with_their_namespace(prescription: bytes) -> None:
    (found,) = structure(changed(prescription, CASES["extension of an old namespace"][0]))
    assert found.expected.startswith("pharm:") or " | pharm:" in found.expected
    assert f'xmlns:pharm="{PHARM}"' in found.expected


VALID: dict[str, Edit] = {
    "xsi:type with a prefix": put(VALUE, XSI_TYPE, "c:BL"),
    "xsi:type of a restriction": put("/*/h:title", XSI_TYPE, "ST"),
    "extension": insert(
        MATERIAL,
        99,
        "<p:ingredient classCode='ACTI'><p:ingredient classCode='MMAT' determinerCode='KIND'>"
        "<p:code code='1'/><p:name>x</p:name></p:ingredient></p:ingredient>",
    ),
    "narrative": insert(
        TEXT,
        0,
        "<list listType='ordered'><caption>c</caption><item>a<sub>b</sub><br/></item></list>",
    ),
    "table": insert(
        TEXT,
        0,
        "<table border='1'><caption/><colgroup><col width='2'/></colgroup><thead><tr><th ID='n1'>a</th></tr>"
        "</thead><tbody><tr><td headers='n1' align='left'>b<content styleCode='Bold'>c</content></td></tr>"
        "</tbody></table>",
    ),
    "comment": lambda root: one(root, LINE).insert(0, etree.Comment("x")),
    "schema location": put("/*", "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "a b"),
}


@pytest.mark.parametrize("name", VALID)
def test_valid(prescription: bytes, name: str) -> None:
    data = changed(
        prescription.replace(b"<ClinicalDocument", f'<ClinicalDocument xmlns:c="{HL7}"'.encode(), 1),
        VALID[name],
    )
    assert structure(data) == []


@pytest.mark.parametrize("name", ["renderMultiMedia", "td"])
def test_pointers(prescription: bytes, name: str) -> None:
    cell = "<table><tbody><tr><td headers='none'/></tr></tbody></table>"
    edit = put("//h:renderMultiMedia", "referencedObject", "none") if name != "td" else insert(TEXT, 0, cell)
    (found,) = structure(changed(prescription, edit))
    assert (found.rule, found.observed, found.expected) == ("CDA-XSD-03", "none", 'ID="none"')
    assert f"/{name}" in found.where and "/@" in found.where


def test_faults_far_apart_are_all_told(prescription: bytes) -> None:
    def edit(root: Element) -> None:
        for name in ("uid", "bl", "unknown in narrative", "unknown attribute"):
            CASES[name][0](root)

    assert len(structure(changed(prescription, edit))) == 4


def test_the_documents_of_the_bench_are_valid(level1: bytes, prescription: bytes) -> None:
    assert structure(level1) == structure(prescription) == []


def test_official_examples_are_valid(samples: Path) -> None:
    wrong = {path.name: structure(path.read_bytes()) for path in samples.glob("*.xml")}
    assert len(wrong) >= 40
    assert {name: found for name, found in wrong.items() if found} == {}


def test_agreement_with_the_official_schema(tmp_path: Path) -> None:
    """Of 227 single defects, those that the official schema refuses, and they only."""
    if not official.TOOLS.is_dir():
        pytest.skip("the generator of defects is not beside the checkout")
    official.write_mutants(tmp_path)
    judged = list(official.judged(tmp_path, official.TOOLS / "verdicts.tsv"))
    assert len(judged) >= 200
    ours = {each.file for each in judged if any(f.rule.startswith("CDA-XSD") for f in each.found)}
    assert ours == {each.file for each in judged if "XSD" in each.layers}


def test_both_validators_take_the_schema(samples: Path) -> None:
    slow = xmlschema.XMLSchema10(schema().path, allow="local", use_fallback=False)
    assert slow.built
    for name in ("VSM_1.4_2022.01.xml", "eDISP-MED_2024.01.xml", "IMG-DA-IMG_2024.01_Mammo-Echo-Seins.xml"):
        root = find_document(parse((samples / name).read_bytes()))
        assert list(slow.iter_errors(root)) == []  # type: ignore[arg-type]


def test_usual_faults_never_load_the_slow_validator(prescription: bytes, tmp_path: Path) -> None:
    path = tmp_path / "wrong.xml"
    path.write_bytes(changed(prescription, CASES["wrong order"][0]))
    code = (
        "import sys; from pathlib import Path; from schemas.cda import judge;"
        f"assert judge(Path({str(path)!r}).read_bytes()); assert 'xmlschema' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3], timeout=60)


@pytest.mark.parametrize(
    "part", ["<content/>", "<content bad='1'/>", "<bad/>", "<content ID='x'/>", "<content><bad/></content>"]
)
def test_hostile_size(prescription: bytes, part: str) -> None:
    data = prescription.replace(b"</text>", (part * 110_000).encode() + b"</text>", 1)
    document, _ = open_document(data)
    assert document is not None
    start = time.process_time()
    assert len(RULES.judge(document)) <= 10
    assert time.process_time() - start < 4


def test_threads_do_not_mix_their_findings(prescription: bytes) -> None:
    wrong = changed(prescription, CASES["uid"][0])

    def told(rank: int) -> bool:
        return len(structure(wrong if rank % 2 else prescription)) == rank % 2

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(told, range(100)))


def test_structure_is_told_before_the_rest(prescription: bytes) -> None:
    assert judge(changed(prescription, CASES["uid"][0]))[0].rule == "CDA-XSD-01"
