"""The style sheet of a self-presentable document: plain ones pass, each script or outside link is seen."""

import pytest

from schemas.cda import judge
from schemas.finding import errors

PLAIN = """<xsl:output method="html"/>
<xsl:template match="/"><html><head><style>p {{ background: url(data:image/png;base64,AA==) }}</style></head>
<body><p class="onset"><a href="#top">Haut</a><xsl:value-of select="//n1:title"/>
<xsl:attribute name="title">voir http ailleurs</xsl:attribute></p>{}</body></html></xsl:template>"""
XSLT = "http://www.w3.org/1999/XSL/Transform"
OPENING = f'<xsl:stylesheet version="1.0" xmlns:xsl="{XSLT}" xmlns:n1="urn:hl7-org:v3">'


def dressed(level1: bytes, inside: str = "", top: str = "") -> bytes:
    cda = level1.partition(b"?>")[2]
    return (OPENING + top + PLAIN.format(inside)).encode() + cda.strip() + b"</xsl:stylesheet>"


def test_a_plain_sheet_has_no_finding(level1: bytes) -> None:
    assert judge(dressed(level1)) == judge(level1)
    called = b'<?xml-stylesheet type="text/xsl" href="#sheet"?>' + dressed(level1)
    assert errors(judge(called)) == []


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<SCRIPT src='a.js'/>",
        "<p onclick='go()'>x</p>",
        "<a href='javascript:go()'>x</a>",
        "<xsl:element name='script'>go()</xsl:element>",
        "<xsl:attribute name='onload'>go()</xsl:attribute>",
        "<xsl:text disable-output-escaping='yes'>&lt;script&gt;go()</xsl:text>",
        "<iframe/>",
    ],
)
def test_a_script_is_seen(level1: bytes, inside: str) -> None:
    found = errors(judge(dressed(level1, inside)))
    assert {one.rule for one in found} == {"CDA-STYLE-01"}
    assert found[0].where.startswith("/stylesheet/template/html/body/") and found[0].line


@pytest.mark.parametrize(
    ("inside", "top"),
    [
        ("<a href='https://example.org/'>x</a>", ""),
        ("<img src='//example.org/a.png'/>", ""),
        ("<p style='background: url(http://example.org/a.png)'>x</p>", ""),
        ("<style>@import 'http://example.org/a.css';</style>", ""),
        ("<xsl:attribute name='href'>http://example.org</xsl:attribute>", ""),
        ("<xsl:value-of select=\"document('autre.xml')\"/>", ""),
        ("", "<xsl:include href='autre.xsl'/>"),
        ("", "<xsl:import href='http://example.org/a.xsl'/>"),
    ],
)
def test_a_link_outside_is_seen(level1: bytes, inside: str, top: str) -> None:
    found = errors(judge(dressed(level1, inside, top)))
    assert {one.rule for one in found} == {"CDA-STYLE-02"}


def test_a_sheet_called_from_outside_is_seen(level1: bytes) -> None:
    call = b'<?xml-stylesheet type="text/xsl" href="https://example.org/cda.xsl"?>'
    beside = b'<?xml-stylesheet type="text/xsl" href="cda.xsl"?>'
    body = level1.partition(b"?>")[2]
    assert {one.rule for one in errors(judge(call + body))} == {"CDA-STYLE-02"}
    assert errors(judge(beside + body)) == []  # delivered beside it, as in an XDM archive
