"""Expressions as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.ans.xpath import file_names, outline, replaced, tokens, variables, visited


@given(st.text("ab$'\"(:)[]/.@ \n", max_size=40))
def test_tokens_put_together_are_the_expression(text: str) -> None:
    assert "".join(part for _, part in tokens(text)) == text


def test_variables_of_an_expression() -> None:
    assert variables("$a/b[@c = '$no'] (: $no (: $no :) :) + $d-e.f") == {"a", "d-e.f"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$code", "@x"),
        ("$codeSystem", "@y"),
        ("$code-system", "@x-system"),  # no such parameter: the shorter one
        ("$other", "$other"),
        ("'$code' = $code/z", "'@x' = @x/z"),  # ISO replaces in strings too
    ],
)
def test_parameters_are_replaced_whole(text: str, expected: str) -> None:
    assert replaced(text, {"code": "@x", "codeSystem": "@y"}) == expected


@pytest.mark.parametrize(
    ("text", "alone", "expected"),
    [
        ("document('a.xml')//b", False, "document('FOUND:a.xml')//b"),
        ('doc( "a.xml" )', False, 'doc( "FOUND:a.xml" )'),
        ("doc-available('a.rdf')", False, "doc-available('FOUND:a.rdf')"),
        ("@href = 'a.xml'", False, "@href = 'a.xml'"),  # a value, no file
        ("'../a b.xml'", True, "'FOUND:../a b.xml'"),
        ("'../a.xml'", False, "'../a.xml'"),
        ("concat('x', 'a.xml')", True, "concat('x', 'a.xml')"),
        ("document(concat(@x, '.xml'))", True, "document(concat(@x, '.xml'))"),
        ("document('http://elsewhere/a.xml')", False, "document('http://elsewhere/a.xml')"),
        ("mydoc('a.xml')", False, "mydoc('a.xml')"),
        ("(: doc('a.xml') :) 1", True, "(: doc('a.xml') :) 1"),
        ("doc('it''s.xml')", False, "doc('FOUND:it''s.xml')"),
    ],
)
def test_file_names_are_found(text: str, alone: bool, expected: str) -> None:
    assert file_names(text, lambda name: f"FOUND:{name}", whole=alone) == expected


def test_outline_leaves_predicates_out() -> None:
    assert outline("a[b[@c]/d | e]/f(: g :)[']']") == "a/f"


@pytest.mark.parametrize(
    ("contexts", "expected"),
    [
        (["/"], "(/, //*)"),
        (["*"], "(/, //*)"),
        (["cda:a", "x/cda:b[@c or d]"], "//cda:a | //cda:b"),
        (["cda:a | cda:a[1]"], "//cda:a"),
        (["a/@b"], "(/, //*/(.|@*))"),
        (["a[@b]"], "//a"),
        (["a/text()"], "(/, //node())"),
        (["a/@b", "comment()"], "(/, //node()/(.|@*))"),
        (["key('k', 'v')"], "(/, //*)"),
    ],
)
def test_visited_nodes_hold_all_matches(contexts: list[str], expected: str) -> None:
    assert visited(contexts) == expected
