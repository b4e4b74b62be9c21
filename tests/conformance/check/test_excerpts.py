"""The lines kept around a finding."""

from conformance.check.excerpts import MAX_EXCERPTS, excerpts, shorten
from reports.check.model import Excerpt
from schemas.finding import Finding, Severity


def at(line: int | None, where: str = "/a") -> Finding:
    return Finding("R", Severity.ERROR, where, "", "", line)


TEXT = b"\n".join(b"line %d" % number for number in range(1, 10))


def test_lines_around() -> None:
    found = excerpts(TEXT, [at(1), at(None), at(5), at(9), at(10), at(0), at(-3)])
    assert found == {
        0: Excerpt(1, 1, ("line 1", "line 2", "line 3")),
        2: Excerpt(3, 5, ("line 3", "line 4", "line 5", "line 6", "line 7")),
        3: Excerpt(7, 9, ("line 7", "line 8", "line 9")),
    }


def test_only_line_feeds_count() -> None:
    """As for libxml2: neither the Windows pair nor Unicode separators make another line."""
    data = "a\r\nb\u2028c\x0bd\r\ne".encode()
    assert excerpts(data, [at(2)])[0].lines == ("a", "b\u2028c\x0bd", "e")


def test_base64_and_long_lines() -> None:
    assert shorten("<value>" + "iVBOR" * 100 + "</value>") == "<value>iVBORiVBORiVBORiVBORiVBO…(500)</value>"
    assert shorten("x y " * 100) == ("x y " * 60) + "… (400)"
    assert len(shorten("a b " * 10_000_000)) < 300


def test_a_document_on_one_line() -> None:
    filler = "<c>" + "word " * 200 + "</c>"
    data = f'<r>{filler}<a/><a x="1"><b y="2">text</b></a></r>'.encode()
    assert excerpts(data, [at(1, "/r/a[2]/b/@y")])[0].lines == ('<b y="2">text',)
    assert excerpts(data, [at(1, "/r/a[2]/absent")])[0].lines == ('<a x="1">',)
    assert excerpts(data, [at(1, "/other/a")])[0].lines[0].startswith("<r><c>word")
    assert excerpts(data.replace(b"</r>", b""), [at(1, "/r/a")])[0].lines[0].startswith("<r><c>word")


def test_what_is_no_text_has_none() -> None:
    assert excerpts(b"PK\x03\x04\0\0\0\n\n", [at(1)]) == {}
    assert excerpts(b"", [at(1)]) == {0: Excerpt(1, 1, ("",))}
    assert excerpts(b"\xff\xfe\n\xe9", [at(2)])[0].lines == ("\ufffd\ufffd", "\ufffd")


def test_they_are_counted() -> None:
    assert len(excerpts(TEXT, [at(1)] * 1000)) == MAX_EXCERPTS
