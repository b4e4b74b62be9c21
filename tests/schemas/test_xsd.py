"""The schema checker on a small schema of its own: each kind of fault is placed and worded."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lxml import etree

from schemas import xml, xsd
from schemas.xsd import MAX_NODES, MAX_PLACED, MAX_PROBLEMS, Schema, load, problems

SMALL = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a" xmlns="urn:a"
  elementFormDefault="qualified">
  <xs:element name="lot"><xs:complexType>
    <xs:sequence>
      <xs:element name="code" type="xs:string" maxOccurs="2"/>
      <xs:element name="note" type="xs:string" minOccurs="0"/>
      <xs:element name="kind" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string">
        <xs:enumeration value="A"/><xs:enumeration value="B"/></xs:restriction></xs:simpleType></xs:element>
      <xs:element name="key" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string">
        <xs:pattern value="[0-9]{2}"/></xs:restriction></xs:simpleType></xs:element>
      <xs:element name="lot" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attribute name="id" type="xs:anyURI" use="required"/>
    <xs:attribute name="version" fixed="1"/>
    <xs:attribute name="open" type="xs:boolean"/>
  </xs:complexType></xs:element>
</xs:schema>"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    path = tmp_path_factory.mktemp("xsd") / "small.xsd"
    path.write_text(SMALL, encoding="utf-8")
    return Schema(str(path), etree.XMLSchema(file=str(path)))


def lot(content: str, attributes: str = 'id="a"') -> bytes:
    return f'<a:lot xmlns:a="urn:a" {attributes}>{content}</a:lot>'.encode()


def test_valid(small: Schema) -> None:
    assert list(problems(lot("<a:code/><a:code/><a:note/><a:kind>A</a:kind>"), small)) == []


@pytest.mark.parametrize(
    ("data", "where", "observed", "expected"),
    [
        (b"<other/>", "/other", "other", ('lot (xmlns="urn:a")',)),
        (lot(""), "/lot/code", "", ("code",)),
        (lot("<a:note/><a:code/>"), "/lot/note", "note", ("code",)),
        (lot("<a:code/><a:x/>"), "/lot/x", "x", ("note", "kind", "key", "lot")),
        (lot("<a:code/><a:key>12</a:key><a:note/>"), "/lot/note", "note", ("lot",)),
        (lot("<a:code/><a:code/><a:code/>"), "/lot/code[3]", "code", ("note", "kind", "key", "lot")),
        (lot("<a:code/><note/>"), "/lot/note", 'note (xmlns="")', ("note", "kind", "key", "lot")),
        (lot("<a:code/><!-- c --><a:x/>"), "/lot/x", "x", ("note", "kind", "key", "lot")),
        (lot("mot<a:code/>"), "/lot", "mot", ("code", "note", "kind", "key", "lot")),
        (lot("<a:code><a:b/></a:code>"), "/lot/code", "b", ("text()",)),
        (lot("<a:code/><a:kind>C</a:kind>"), "/lot/kind", "C", ("A", "B")),
        (lot("<a:code/><a:key>1</a:key>"), "/lot/key", "1", ("[0-9]{2}",)),
        (lot("<a:code/>", ""), "/lot/@id", "", ("@id",)),
        (lot("<a:code/>", 'id="a" name="b"'), "/lot/@name", "@name", ("@id", "@version", "@open")),
        (lot("<a:code/>", 'id="a" version="2"'), "/lot/@version", "2", ("1",)),
        (lot("<a:code/>", 'id="a" open="oui"'), "/lot/@open", "oui", ("xs:boolean",)),
    ],
)
def test_faults(small: Schema, data: bytes, where: str, observed: str, expected: tuple[str, ...]) -> None:
    (seen,) = problems(data, small)
    assert (seen.where, seen.observed, seen.expected, seen.line) == (where, observed, expected, 1)
    assert seen.message
    assert "{urn:" not in seen.message


def test_a_value_of_no_known_form_is_told_with_its_type(small: Schema) -> None:
    (seen,) = problems(lot("<a:code/>", 'id="ht%tp://[x"'), small)
    assert "anyURI" in seen.message
    (told,) = xsd.observations(xml.parse(lot("<a:code/>", 'id="ht%tp://[x"')), small)
    assert (told.observed, told.expected) == ("ht%tp://[x", "xs:anyURI")


def test_an_element_stands_for_its_tree(small: Schema) -> None:
    root = xml.parse(b"<envelope>\n<body>\n" + lot("<a:note/>") + b"</body></envelope>")
    (seen,) = problems(root[0][0], small)
    assert (seen.where, seen.line) == ("/envelope/body/lot/note", 3)
    assert seen.expected == ("code",)


def test_many_problems_are_cut(small: Schema) -> None:
    assert len(list(problems(lot("<a:code/>" + '<a:lot id="ht%"/>' * 50, ""), small))) <= MAX_PROBLEMS
    assert len(list(problems(lot("<a:code/>" * 2 + "<a:kind>Z</a:kind><a:key>Z</a:key>", ""), small, 2))) == 2


def test_the_first_fault_of_a_value_is_the_only_one(small: Schema) -> None:
    found = list(problems(lot("<a:code/><a:kind>C</a:kind><a:key>1</a:key>", 'id="a" open="x"'), small))
    assert [one.where for one in found] == ["/lot/@open", "/lot/kind", "/lot/key"]


def test_a_long_message_is_compared_too(small: Schema) -> None:
    content = "<a:code/>" + "<a:lot/>" * MAX_NODES
    assert list(problems(lot(content), small)) == []
    (seen,) = problems(lot(content + "<a:x/>"), small)
    assert (seen.where, seen.observed, seen.expected) == ("/lot/x", "x", ("lot",))


def test_a_long_message_is_known_by_its_size(tmp_path: Path) -> None:
    """What has the size of a short message is one: it can't hold the nodes of a long one."""
    path = tmp_path / "many.xsd"
    path.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="l"><xs:complexType>'
        '<xs:sequence><xs:element name="n" maxOccurs="unbounded"><xs:complexType/></xs:element></xs:sequence>'
        "</xs:complexType></xs:element></xs:schema>",
        encoding="utf-8",
    )
    schema = Schema(str(path), etree.XMLSchema(file=str(path)))
    short = b"<l>" + b"<n/>" * (MAX_NODES - 8) + b"<x/></l>"
    long = b"<l>" + b"<n/>" * MAX_NODES + b"<x/>" * MAX_PLACED + b"</l>"
    for data, placed in ((short, True), (long, False)):
        told = [list(problems(xml.parse(data), schema, size=size)) for size in (0, len(data))]
        assert [one.where for one in told[0]] == [one.where for one in told[1]]
        assert (told[1][0].where == "/l/x") == placed


def test_a_great_many_faults_end_in_words_without_place(tmp_path: Path) -> None:
    path = tmp_path / "many.xsd"
    path.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="lot"><xs:complexType>'
        '<xs:sequence><xs:element name="n" type="xs:int" maxOccurs="unbounded"/></xs:sequence>'
        "</xs:complexType></xs:element></xs:schema>",
        encoding="utf-8",
    )
    schema = Schema(str(path), etree.XMLSchema(file=str(path)))
    (late,) = problems(b"<lot>" + b"<n>1</n>" * 100_000 + b"<n>x</n></lot>", schema)
    assert (late.where, late.observed, late.expected) == ("/lot/n[100001]", "x", ("xs:int",))
    start = time.process_time()
    found = list(problems(b"<lot>" + b"<n>x</n>" * 240_000 + b"</lot>", schema))
    assert time.process_time() - start < 2
    assert 1 <= len(found) <= MAX_PROBLEMS < MAX_PLACED
    assert {one.where for one in found} == {"/lot"} and "xs:int" in found[0].message


def test_depth_is_no_crash() -> None:
    inner = '<Classification id="a" classifiedObject="b">' * 240 + "<x/>" + "</Classification>" * 240
    metadata = (
        '<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">'
        f'<RegistryObjectList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">{inner}'
        "</RegistryObjectList></l:SubmitObjectsRequest>"
    )
    (seen,) = problems(metadata.encode(), load("schemas.xds", "metadata.xsd"))
    assert seen.observed == "x" or "'x'" in seen.message


def test_bytes_that_may_not_be_read(small: Schema) -> None:
    with pytest.raises(xml.XmlRefused):
        list(problems(b"<!DOCTYPE a><a/>", small))


def test_threads_do_not_mix_their_errors(small: Schema) -> None:
    def told(rank: int) -> bool:
        found = list(problems(lot("<a:code/>" if rank % 2 else "<a:note/>"), small))
        return bool(found) == (rank % 2 == 0)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(told, range(200)))


@pytest.mark.parametrize(
    ("package", "name"), [("schemas.xds", "metadata.xsd"), ("schemas.insi", "request.xsd")]
)
def test_both_validators_take_our_schemas(package: str, name: str) -> None:
    import xmlschema

    assert load(package, name) is load(package, name)
    assert xmlschema.XMLSchema10(load(package, name).path, allow="local").built


def test_a_valid_message_never_loads_the_slow_validator() -> None:
    code = (
        "import sys; from schemas import xsd; s = xsd.load('schemas.insi', 'request.xsd');"
        "assert not list(xsd.problems(b'<RECSANSVITALE xmlns=\"http://www.cnamts.fr/INSiRecSans\"/>', s));"
        "assert 'xmlschema' not in sys.modules"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, timeout=60)
