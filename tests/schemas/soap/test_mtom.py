"""Multipart split and join: what real stacks send, and what must be refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.soap import media, mtom
from schemas.soap.mtom import Attachment, MultipartRefused

KIND = (
    'multipart/related; boundary="b"; type="application/xop+xml"; start="<r>"; '
    'start-info="application/soap+xml"'
)
NASTY = b"\r\n--b2\r\n--bb\r\n\x00\xff\n--b\nxx\r--b--\r\n%%EOF\n"


def message(*chunks: bytes, end: bytes = b"\r\n--b--\r\n", preamble: bytes = b"") -> bytes:
    return (
        preamble
        + b"".join(
            (b"" if not i and not preamble else b"\r\n") + b"--b\r\n" + c for i, c in enumerate(chunks)
        )
        + end
    )


ROOT = b"Content-Type: application/xop+xml\r\nContent-ID: <r>\r\n\r\n<e/>"
DOC = b"Content-Type: text/xml\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <d@x>\r\n\r\n"


def test_join_then_split() -> None:
    kind, body = mtom.join(b"<e/>", [Attachment("d@x", NASTY), Attachment("e", b"")], "urn:x")
    parts = mtom.split(kind, body)
    assert parts.root.content == b"<e/>"
    assert parts.resolve("cid:d@x") == NASTY
    assert parts.resolve("cid:d%40x") == NASTY
    assert parts.resolve("cid:e") == b""
    assert parts.notes == ()


@given(st.lists(st.binary(max_size=200), max_size=4), st.binary(max_size=50))
def test_any_content_survives(contents: list[bytes], envelope: bytes) -> None:
    attachments = [Attachment(f"c{n}", data) for n, data in enumerate(contents)]
    kind, body = mtom.join(envelope, attachments, "urn:x", boundary="\x2d")
    parts = mtom.split(kind, body)
    assert parts.root.content == envelope
    assert [parts.resolve(f"cid:c{n}") for n in range(len(contents))] == contents


@given(st.binary(max_size=300))
def test_hostile_bytes_are_refused_not_crashed_on(data: bytes) -> None:
    for body in (data, b"--b\r\n" + data, message(ROOT, DOC + data)):
        try:
            mtom.split(KIND, body)
        except MultipartRefused as refused:
            assert refused.reason


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (message(ROOT, DOC + NASTY), None),
        (message(ROOT, DOC + NASTY, preamble=b"This is MIME\r\n"), "preamble"),
        (message(ROOT, DOC + NASTY, preamble=b"\r\n").removeprefix(b"\r\n"), None),
        (message(ROOT, DOC + NASTY, end=b"\r\n--b--"), None),
        (message(ROOT, DOC + NASTY, end=b"\r\n--b-- \t\r\nthe end"), "epilogue"),
        (message(ROOT, DOC + NASTY).replace(b"--b\r\nContent", b"--b \t\r\nContent"), None),
    ],
)
def test_tolerated_forms(body: bytes, note: str | None) -> None:
    parts = mtom.split(KIND, body)
    assert parts.resolve("cid:d@x") == NASTY
    assert parts.notes == ((note,) if note else ())


def test_line_feeds_only_is_read_with_a_note() -> None:
    body = message(ROOT, DOC + b"%PDF\r\nx\r").replace(b"\r\n", b"\n")
    parts = mtom.split(KIND, body)
    assert parts.resolve("cid:d@x") == b"%PDF\nx\r"
    assert parts.notes == ("lf-only",)


def test_base64_part_and_missing_start() -> None:
    encoded = base64.encodebytes(NASTY).replace(b"\n", b"\r\n")
    head = DOC.replace(b"binary", b"BASE64")
    parts = mtom.split(KIND.replace('start="<r>"; ', ""), message(ROOT, head + encoded))
    assert parts.root.content == b"<e/>"
    assert parts.resolve("cid:d@x") == NASTY
    assert parts.notes == ("encoding-base64", "no-start")


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("text/xml", b"<e/>", "not-multipart"),
        ("multipart/related", message(ROOT), "boundary"),
        (KIND, b"<e/>", "boundary"),
        (KIND, message(ROOT, DOC + b"x", end=b""), "truncated"),
        (KIND, message(ROOT, DOC + b"x", end=b"\r\n--b-"), "truncated"),
        (KIND, message(ROOT, DOC + b"x", end=b"\r\n--bb--\r\n"), "truncated"),
        (KIND, message(b"nonsense"), "headers"),
        (KIND, message(b"not a header\r\n\r\n"), "headers"),
        (KIND.replace("<r>", "<absent>"), message(ROOT), "start"),
        (KIND, message(ROOT, ROOT), "start"),
        (KIND, message(ROOT, DOC, DOC), "content-id"),
        (KIND, message(ROOT, DOC.replace(b"binary", b"base64") + b"@@@"), "encoding"),
        (KIND, message(ROOT, DOC.replace(b"binary", b"x-uu")), "encoding"),
        (KIND, message(*[ROOT] * 1002), "too-many-parts"),
        (KIND, b"--b--\r\n", "boundary"),
    ],
)
def test_refused(kind: str, body: bytes, reason: str) -> None:
    with pytest.raises(MultipartRefused) as refused:
        mtom.split(kind, body)
    assert refused.value.reason == reason


def test_dangling_reference() -> None:
    parts = mtom.split(KIND, message(ROOT))
    for href in ("cid:nothing", "http://example.test/x", ""):
        with pytest.raises(MultipartRefused) as refused:
            parts.resolve(href)
        assert refused.value.reason == "content-id"


@pytest.mark.parametrize(
    ("header", "info"),
    [
        (
            r'multipart/related;start-info="application/soap+xml;action=\"urn:x\"";type="application/xop+xml"',
            'application/soap+xml;action="urn:x"',
        ),
        ("Multipart/Related; TYPE=application/xop+xml; start-info=text/xml ; boundary=b", "text/xml"),
        (
            'multipart/related; type="application/xop+xml";\r\n start-info="application/soap+xml"',
            "application/soap+xml",
        ),
        ('multipart/related; start-info = "a;b=c" ; type=application/xop+xml', "a;b=c"),
    ],
)
def test_content_types_of_real_stacks(header: str, info: str) -> None:
    kind = media.parse(header)
    assert kind.name == "multipart/related"
    assert kind.get("start-info") == info
    assert kind.get("type") == "application/xop+xml"


@given(st.text(max_size=80))
def test_media_types_never_crash(header: str) -> None:
    media.parse(header)
