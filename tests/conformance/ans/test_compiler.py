"""Our Schematron compiler, beside lxml's own (XSLT 1) where both apply, and on what only ISO XSLT 2 has."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml.isoschematron import Schematron

from conformance.ans import saxon
from conformance.ans.assembly import SchemaRefused, assemble
from conformance.ans.folder import Folder, folded
from conformance.ans.place import located, ranked
from conformance.ans.schematron import compile_schema
from tests.conformance.ans.tree import ISO

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
PROCESSOR = saxon.start()


def run(folder: Path, schema: str, document: str) -> list[tuple[str, str, str]]:
    """(kind, place or number, text) of each answer of the compiled schema, rules fired left out."""
    (folder / "schematrons").mkdir(exist_ok=True)
    path = folder / "schematrons" / "s.sch"
    path.write_text(schema, encoding="utf-8")
    files = {folded(f"schematrons/{one.name}"): one for one in path.parent.iterdir()}
    made = compile_schema(assemble(Folder(folder, files, ""), path, lambda name: None))
    answer = etree.fromstring(
        saxon.run(saxon.compile_sheet(PROCESSOR, made.xslt), saxon.read(PROCESSOR, document)).encode()
    )
    root = etree.fromstring(document)
    return [
        (
            str(one.tag),
            located(ranked(root), one.get("n", ""))[0] if one.tag == "f" else one.get("i", ""),
            " ".join((one.text or "").split()),
        )
        for one in answer
        if one.tag != "r"
    ]


def schema(content: str, attributes: str = "") -> str:
    return f'<schema xmlns="{ISO}" queryBinding="xslt2" {attributes}>{content}</schema>'


# ---- the same failed asserts as lxml's XSLT 1 compiler -------------------------------------------------

NAMES = st.sampled_from("abc")
DOCUMENTS = st.recursive(
    st.builds(lambda name, x: f'<{name} x="{x}"/>', NAMES, st.sampled_from("012")),
    lambda inner: st.builds(
        lambda name, x, parts: f'<{name} x="{x}">{"".join(parts)}</{name}>',
        NAMES,
        st.sampled_from("012"),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)
CONTEXTS = st.sampled_from(
    ["a", "b", "c", "a/b", "*[@x = '1']", "b | c", "a[b]", "//c", "/", "*", "a//c[@x]", "/*"]
)
TESTS = st.sampled_from(
    [
        "@x = '1'",
        "b",
        "count(*) = 1",
        "not(c)",
        "parent::a",
        "string-length(name()) = 1",
        "$v = '2'",
        "false()",
    ]
)
CHECKS = st.tuples(st.sampled_from(["assert", "report"]), TESTS)
RULES = st.tuples(CONTEXTS, st.lists(CHECKS, min_size=1, max_size=3))
PATTERNS = st.lists(st.lists(RULES, min_size=1, max_size=4), min_size=1, max_size=3)


def written(patterns: list[list[tuple[str, list[tuple[str, str]]]]]) -> str:
    """A schema whose checks have numbers for texts."""
    number = 0
    parts = []
    for rules in patterns:
        parts.append("<pattern>")
        for context, checks in rules:
            parts.append(f'<rule context="{context}"><let name="v" value="@x"/>')
            for kind, test in checks:
                parts.append(f'<{kind} test="{test}">n{number}</{kind}>')
                number += 1
            parts.append("</rule>")
        parts.append("</pattern>")
    return f'<schema xmlns="{ISO}">{"".join(parts)}</schema>'


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(patterns=PATTERNS, document=DOCUMENTS)
def test_same_departures_as_an_independent_compiler(
    tmp_path: Path, patterns: list[list[tuple[str, list[tuple[str, str]]]]], document: str
) -> None:
    text = written(patterns)
    ours = sorted(words for kind, _, words in run(tmp_path, text, document) if kind == "f")
    other = Schematron(etree.fromstring(text), store_report=True)
    other.validate(etree.ElementTree(etree.fromstring(document)))
    report = other.validation_report
    theirs = sorted(
        "".join(one.itertext()).strip()
        for one in report.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report")
    )
    assert ours == theirs


# ---- what the official schemas use ---------------------------------------------------------------------


def test_only_the_first_matching_rule_of_a_pattern_fires(tmp_path: Path) -> None:
    text = schema(
        '<pattern><rule context="a[@x]"><assert test="false()">first</assert></rule>'
        '<rule context="a"><assert test="false()">second</assert></rule></pattern>'
        '<pattern><rule context="a"><assert test="false()">other</assert></rule></pattern>'
    )
    assert [words for _, _, words in run(tmp_path, text, '<a x="1"/>')] == ["first", "other"]
    assert [words for _, _, words in run(tmp_path, text, "<a/>")] == ["second", "other"]


def test_a_phase_runs_its_patterns_alone(tmp_path: Path) -> None:
    content = (
        '<phase id="p"><active pattern="on"/></phase>'
        '<pattern id="on"><rule context="a"><assert test="false()">on</assert></rule></pattern>'
        '<pattern id="off"><rule context="a"><assert test="false()">off</assert></rule></pattern>'
    )
    assert [one[2] for one in run(tmp_path, schema(content, 'defaultPhase="p"'), "<a/>")] == ["on"]
    assert [one[2] for one in run(tmp_path, schema(content), "<a/>")] == ["on", "off"]
    with pytest.raises(SchemaRefused, match="phase par défaut q absente"):
        run(tmp_path, schema(content, 'defaultPhase="q"'), "<a/>")


def test_abstract_rules_with_and_without_names_of_their_own(tmp_path: Path) -> None:
    text = schema(
        '<let name="g" value="1"/><pattern>'
        '<rule abstract="true" id="alone"><let name="n" value="count(*)"/>'
        '<assert test="$n = $g">alone <value-of select="$n"/></assert></rule>'
        '<rule abstract="true" id="needs"><assert test="$mine = 2">needs</assert></rule>'
        '<rule context="a"><let name="mine" value="3"/><extends rule="alone"/><extends rule="needs"/>'
        '<assert test="$n = 9">borrowed</assert></rule>'
        '<rule context="b"><extends rule="alone"/></rule></pattern>'
    )
    found = run(tmp_path, text, "<a><b/></a>")
    assert found == [
        ("f", "/a", "needs"),
        ("f", "/a", "borrowed"),
        ("f", "/a/b", "alone 0"),
    ]


@pytest.mark.parametrize("wrong", ["absent", "loop"])
def test_an_abstract_rule_that_cannot_be_extended(tmp_path: Path, wrong: str) -> None:
    text = schema(
        '<pattern><rule abstract="true" id="loop"><extends rule="loop"/></rule>'
        f'<rule context="a"><extends rule="{wrong}"/></rule></pattern>'
    )
    with pytest.raises(SchemaRefused, match=wrong):
        run(tmp_path, text, "<a/>")


def test_variables_of_patterns_are_seen_elsewhere_unless_two_share_the_name(tmp_path: Path) -> None:
    text = schema(
        '<pattern><let name="all" value="count(//*)"/><let name="same" value="1"/>'
        '<rule context="a"><assert test="$same = 9">one <value-of select="$same"/></assert></rule></pattern>'
        '<pattern><let name="same" value="name(/*)"/>'
        '<rule context="b"><assert test="false()">'
        '<value-of select="$all"/> <value-of select="$same"/></assert></rule></pattern>'
    )
    assert [one[2] for one in run(tmp_path, text, "<a><b/></a>")] == ["one 1", "2 a"]


def test_xslt_written_in_a_schema(tmp_path: Path) -> None:
    xsl = 'xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:f="urn:f"'
    text = schema(
        '<ns prefix="f" uri="urn:f"/><xsl:function name="f:twice"><xsl:param name="n"/>'
        '<xsl:sequence select="$n * 2"/></xsl:function><xsl:key name="k" match="b" use="@x"/>'
        '<pattern><rule context="a"><assert test="f:twice(2) = 5">twice</assert>'
        "<assert test=\"key('k', '1')\">key</assert></rule></pattern>",
        xsl,
    )
    assert [one[2] for one in run(tmp_path, text, '<a><b x="1"/></a>')] == ["twice"]


def test_schematron_1_5(tmp_path: Path) -> None:
    text = (
        '<schema xmlns="http://www.ascc.net/xml/schematron"><pattern name="p"><rule context="a">'
        '<key name="k" path="@x"/><assert test="b" role="warning" diagnostics="d">no <name/></assert></rule>'
        '</pattern><diagnostics><diagnostic id="d">seen <value-of select="@x"/></diagnostic></diagnostics>'
        "</schema>"
    )
    assert run(tmp_path, text, '<a x="7"/>') == [("f", "/a", "no a seen 7")]


def test_an_error_stops_its_pattern_alone(tmp_path: Path) -> None:
    text = schema(
        '<ns prefix="xs" uri="http://www.w3.org/2001/XMLSchema"/>'
        '<pattern id="stops"><rule context="a">'
        '<assert test="xs:date(@d) lt xs:date(@e)">d</assert></rule></pattern>'
        '<pattern><rule context="a"><assert test="false()">next</assert></rule></pattern>'
    )
    kinds = [(kind, words[:12]) for kind, _, words in run(tmp_path, text, '<a d="x" e="y"/>')]
    assert kinds == [("x", "err:FORG0001"), ("f", "next")]


def test_an_absent_file_matters_only_when_it_is_read(tmp_path: Path) -> None:
    text = schema(
        '<let name="set" value="document(\'absent.xml\')"/>'
        '<pattern><rule context="a"><let name="code" value="@c"/>'
        '<assert test="not(@c) or $set//x[@c = $code]">unknown</assert>'
        '<assert test="false()">after</assert></rule></pattern>'
    )
    assert [one[0] for one in run(tmp_path, text, "<a/>")] == ["f"]
    assert run(tmp_path, text, '<a c="1"/>') == [("u", "0", ""), ("f", "/a", "after")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('<include href="none.sch"/>', "fichier inclus absent, none.sch"),
        ('<include href="s.sch"/>', "trop profondes"),
        ('<include href="empty.sch"/>', "fichier vide"),
        ('<include href="../../out.sch"/>', "fichier inclus absent"),
        ('<pattern is-a="none"/>', "modèle abstrait none absent"),
    ],
)
def test_a_schema_that_cannot_be_put_together(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "schematrons").mkdir()
    (tmp_path / "schematrons/empty.sch").touch()
    with pytest.raises(SchemaRefused, match=why):
        run(tmp_path, schema(content), "<a/>")
