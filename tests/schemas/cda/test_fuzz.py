"""Spoilt bytes and trees: an answer in bounded time, never an exception, and a finding that says why."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.cda import judge
from schemas.finding import errors
from schemas.xml import XmlRefused, parse
from tests.schemas.cda.mutation import documents

BUDGET = 10  # seconds for one hostile document; usual ones take milliseconds
FILES = dict(documents())
FUZZ = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
NAMES = sorted(FILES)
POISON = st.sampled_from(
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"<",
        b"&bomb;",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
        b"]]>",
        b"<?xml version='1.0' encoding='UTF-16'?>",
        "‮é".encode(),
        b"<![CDATA[x]]>",
        b"<a xmlns='urn:x'>",
        b" nullFlavor='UNK'",
        b"&#0;",
        b"&#x202e;",
        b"9" * 5000,
    ]
)


def said(data: bytes) -> list[str]:
    """The rules that the judgement names, in bounded time."""
    start = time.monotonic()
    found = judge(data)
    assert time.monotonic() - start < BUDGET
    assert len(found) < 2000
    return [one.rule for one in found]


@FUZZ
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    assert said(data)  # never silent


@pytest.mark.skipif(not NAMES, reason="no document")
@FUZZ
@given(st.data())
def test_a_cut_or_poisoned_document(data: st.DataObject) -> None:
    whole = FILES[data.draw(st.sampled_from(NAMES))]
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 200))
    spoilt = whole[:start] + data.draw(POISON) + whole[start + length :]
    found = said(spoilt)
    try:
        parse(spoilt)
    except XmlRefused:
        assert found
        assert errors(judge(spoilt))


@pytest.mark.skipif(not NAMES, reason="no document")
@FUZZ
@given(st.data())
def test_a_truncated_document(data: st.DataObject) -> None:
    whole = FILES[data.draw(st.sampled_from(NAMES))].rstrip()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    found = judge(cut)
    assert errors(found)
    assert len([one for one in found if one.is_error]) == 1  # one clear reason


@pytest.mark.skipif(not NAMES, reason="no document")
@FUZZ
@given(st.data())
def test_a_shuffled_tree(data: st.DataObject) -> None:
    root = parse(FILES[data.draw(st.sampled_from(NAMES))])
    nodes = [one for one in root.iter() if isinstance(one.tag, str)]
    for _ in range(data.draw(st.integers(1, 5))):
        one, other = (nodes[data.draw(st.integers(1, len(nodes) - 1))] for _ in range(2))
        if other not in list(one.iter()):
            other.append(one)
        for name in list(other.attrib):
            other.set(
                name,
                data.draw(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=9)),
            )
    said(etree.tostring(root))


def hostile() -> Iterator[tuple[str, bytes]]:
    """Documents made to be costly."""
    head = b'<ClinicalDocument xmlns="urn:hl7-org:v3">'
    body = head + b"<component><structuredBody>"
    close = b"</structuredBody></component></ClinicalDocument>"
    section = b'<component><section><templateId root="1.3.6.1.4.1.19376.1.5.3.1.3.6"/></section></component>'
    yield "deep", b"<a>" * 200_000
    yield "deep but closed", head + b"<a>" * 2000 + b"</a>" * 2000 + b"</ClinicalDocument>"
    yield "many siblings", head + b"<author/>" * 200_000 + b"</ClinicalDocument>"
    yield "many sections", body + section * 40_000 + close
    yield "many templates", body + b'<templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.5"/>' * 150_000 + close
    yield (
        "many entries",
        (
            body
            + b"<component><section>"
            + b'<entry><observation><templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.5"/>'
            + b'<templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.13"/><id/><code/><value/></observation></entry>'
            * 1
            + b'<entry><observation><templateId root="1.3.6.1.4.1.19376.1.5.3.1.4.5"/></observation></entry>'
            * 50_000
            + b"</section></component>"
            + close
        ),
    )
    yield "a huge attribute", head + b'<id root="' + b"1." * 4_000_000 + b'1"/></ClinicalDocument>'
    yield (
        "many attributes",
        head + b"<a " + b" ".join(b"a%d='1'" % n for n in range(50_000)) + b"/></ClinicalDocument>",
    )
    yield (
        "a huge text",
        body + b"<component><section><text>" + b"x" * 20_000_000 + b"</text></section></component>" + close,
    )
    yield (
        "many references",
        (
            body
            + b"<component><section><text>"
            + b'<content ID="a"/>' * 60_000
            + b"</text>"
            + b'<entry><act><text><reference value="#b"/></text></act></entry>' * 30_000
            + b"</section></component>"
            + close
        ),
    )
    yield (
        "a quadratic entity",
        b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 100_000 + b'">]><a>' + b"&b;" * 1000 + b"</a>",
    )
    yield (
        "a namespace storm",
        head
        + b"".join(b'<p%d:a xmlns:p%d="u:%d"/>' % (n, n, n) for n in range(30_000))
        + b"</ClinicalDocument>",
    )


@pytest.mark.parametrize(
    ("name", "data"), list(hostile()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_costly_document(name: str, data: bytes) -> None:
    assert said(data)
