"""Bodies laid out: XML, JSON, forms, MTOM, mail; hostile ones too."""

import io
import json
import zipfile

import pytest

from reports import bodies, highlight
from schemas.xml import XmlRefused

from .samples import HOSTILE, SOAP, TOKEN, mail

LIMIT = 20_000


def shown(body: bodies.Body) -> str:
    return "\n".join(str(block.layout.markup) for block in body.blocks if block.layout)


def test_xml_is_indented_and_escaped() -> None:
    markup = str(highlight.pretty_xml(b"<a x='1'><b>t &amp; &lt;u&gt;</b><!--c--></a>", LIMIT).markup)
    assert markup == (
        '&lt;<b>a</b> x=<i>"1"</i>&gt;\n'
        "  &lt;<b>b</b>&gt;t &amp;amp; &amp;lt;u&gt;&lt;/<b>b</b>&gt;\n"
        "  &lt;!--c--&gt;\n&lt;/<b>a</b>&gt;"
    )


def test_mixed_content_keeps_its_blanks() -> None:
    assert (
        "un &lt;<b>b</b>&gt;deux&lt;/<b>b</b>&gt; trois"
        in highlight.pretty_xml(b"<a>un <b>deux</b> trois</a>", LIMIT).markup
    )


def test_the_place_of_a_finding_is_marked() -> None:
    markup = highlight.pretty_xml(SOAP, LIMIT, ["/ClinicalDocument/recordTarget/patientRole/id/@root"]).markup
    assert markup.count("<mark>") == 1
    assert '<mark>&lt;<b>id</b> root=<i>"1.2.250.1.213.1.4.10"</i>' in markup


def test_the_member_and_the_header_of_a_finding_are_marked() -> None:
    data = b'{"lines": [{"cip13": 1}, {"cip13": 2}], "cip13": 3}'
    told = highlight.pretty_json(data, LIMIT, ["$.lines[1].cip13"]).markup
    assert told.count("<mark>") == 1
    assert '<mark><b>"cip13"</b></mark>: 2' in told
    head = highlight.head(
        "POST / HTTP/1.1\nIf-Match: <x>\nAuthorization: Bearer abc", LIMIT, ["If-Match", "/a"]
    )
    assert head.markup == "POST / HTTP/1.1\n<mark>If-Match: &lt;x&gt;</mark>\nAuthorization: Bearer …(3)"


@pytest.mark.parametrize("data", [b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", b"<a", b""])
def test_xml_that_may_not_be_read(data: bytes) -> None:
    with pytest.raises(XmlRefused):
        highlight.pretty_xml(data, LIMIT)


@pytest.mark.parametrize("data", [b"[" * 50_000, b"{", b'{"a": 1e}', b"9" * 6000])
def test_json_that_may_not_be_read(data: bytes) -> None:
    with pytest.raises(ValueError):
        highlight.pretty_json(data, LIMIT)


def test_json() -> None:
    data = json.dumps({"a": [1, None, "é<b>"], "access_token": TOKEN, "pdf_base64": "A" * 90_000}).encode()
    body = bodies.read(data, "application/json", LIMIT)
    assert body.kind == "json"
    assert "é&lt;b&gt;" in shown(body)
    assert TOKEN not in shown(body)
    assert "(90000)" in shown(body)
    assert not body.cut


def test_form() -> None:
    data = b"code=abcd&client_secret=un+deux&password=p%22q&redirect_uri=https%3A%2F%2Fx"
    told = shown(bodies.read(data, "application/x-www-form-urlencoded; charset=utf-8", LIMIT))
    assert "<b>code</b>=<i>…(4)</i>" in told
    assert "un deux" not in told
    assert "<b>redirect_uri</b>=<i>https://x</i>" in told


def test_mtom() -> None:
    content = (
        b"--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <root>\r\n\r\n"
        + SOAP
        + b"\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-ID: <doc1>\r\n\r\n"
        + b"<ClinicalDocument/>\r\n--b--\r\n"
    )
    body = bodies.read(content, 'multipart/related; boundary="b"; type="application/xop+xml"', LIMIT)
    assert body.kind == "mtom"
    assert [(leaf.name, leaf.root) for leaf in body.leaves] == [("root", True), ("doc1", False)]
    assert "ClinicalDocument" in shown(body)
    truncated = bodies.read(content[:-30], 'multipart/related; boundary="b"', LIMIT)
    assert truncated.kind == "text"
    assert truncated.problem


def test_mail_tree() -> None:
    body = bodies.read_mail(mail(), LIMIT)
    assert body.mail is not None
    assert ("X-MSS-NIL", "BANC000001") in body.mail.headers
    assert [part.media for part in body.mail.parts] == ["multipart/mixed", "text/plain", "application/zip"]
    assert [entry.name for entry in body.mail.parts[2].entries] == [
        "IHE_XDM/SUBSET01/METADATA.XML",
        "INDEX.HTM",
    ]
    assert "SubmitObjectsRequest" in shown(body)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 5000,
        b"Content-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 3000,
        b"Content-Type: text/plain; charset=nope\nContent-Transfer-Encoding: base64\n\n!!!",
        b"Subject: =?utf-8?q?=ff=fe?= =?nope?b?AA?=\n\n",
        b"Content-Disposition: attachment; filename*=nope''%ff\n\nx",
        mail(attachment=b"PK\x03\x04 no archive"),
        HOSTILE.encode("utf-8", "replace"),
    ],
)
def test_hostile_mail_is_shown_somehow(data: bytes) -> None:
    body = bodies.read_mail(data, 2000)
    assert "<script" not in shown(body)


@pytest.mark.parametrize("step", [7, 11, 13])
def test_a_broken_archive_is_shown_somehow(step: int) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("A.XML", "<a>" + "x" * 500 + "</a>")
        zipped.writestr("B.XML", "<b/>")
    whole = archive.getvalue()
    for position in range(4, len(whole), step):
        broken = whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :]
        assert bodies.read_mail(mail(attachment=broken), 500).kind == "mail"
    assert bodies.read_mail(mail(attachment=whole[:-30]), 500).kind == "mail"


def test_a_bomb_in_an_archive_is_not_unpacked() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("BOMB.XML", b"<a>" + b"\0" * 50_000_000)
    body = bodies.read_mail(mail(attachment=archive.getvalue()), 500)
    assert body.mail is not None
    assert body.mail.parts[2].entries[0].size == 50_000_003
    assert body.mail.parts[2].entries[0].content == b""


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (b"%PDF-1.4\n%\xe2\xe3", "application/pdf"),
        (b"\xff\xfe\x00", ""),
        (HOSTILE.encode("utf-8", "replace"), "text/html"),
        (b"<html><script>1</script></html>", "text/html"),
        (b"<html><script>1</script></html>", "application/xhtml+xml"),
        (b"caf\xe9 \xff", "text/plain"),
        (b"--x", "multipart/related"),
        (b"<a>" + b"x" * 5_000_000 + b"</a>", "text/xml"),
        (b"x" * 5_000_000, "text/plain"),
        (b"<a>" * 3000, "text/xml"),
        (b"<a>" * 230 + b"</a>" * 230, "text/xml"),
    ],
)
def test_any_body_is_shown_bounded_and_escaped(data: bytes, media: str) -> None:
    body = bodies.read(data, media, 1000)
    assert "<script" not in shown(body)
    assert len(shown(body)) < 12_000
