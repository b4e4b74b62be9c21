"""Hostile PDF: each gives findings or one refusal, in bounded time and memory; never another exception."""

import io
import time
import tracemalloc
import zlib

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.pdf import PdfRefused, judge_pdf, read_pdf
from schemas.pdf.envelope import refuse_bombs
from tests.schemas.pdf.mutate import base


def made(objects: list[bytes], root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1, with a true table of references."""
    out = bytearray(b"%PDF-1.4\n%\xe9\xeb\xf1\xbf\n")
    offsets = []
    for rank, one in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (rank, one)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, root, start)
    return bytes(out)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(data), data)


def page(content: bytes, resources: bytes = b"<<>>", *more: bytes) -> bytes:
    return made(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources %s>>" % resources,
            content,
            *more,
        ]
    )


def shared_tree(levels: int) -> bytes:
    """A page tree whose nodes each name the next ten times: ten to the power of `levels` pages."""
    nodes = [b"<</Type/Pages/Count 10/Kids[%s]>>" % (b"%d 0 R " % (rank + 3) * 10) for rank in range(levels)]
    return made([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Page/MediaBox[0 0 9 9]>>"])


def forms(depth: int, times: int) -> bytes:
    """Forms that each draw the next `times` times."""
    names = b"".join(b"/F%d %d 0 R" % (rank, rank + 5) for rank in range(depth))
    resources = b"<</XObject<<%s>>>>" % names
    bodies = [
        stream(
            b"/F%d Do " % (rank + 1) * times,
            b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources " + resources,
        )
        for rank in range(depth)
    ]
    return page(stream(b"/F0 Do"), resources, *bodies)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


BOMB = zlib.compress(bytes(300_000_000), 9)
HOSTILE = {
    "empty": b"",
    "words": b"bonjour",
    "header alone": b"%PDF-1.4\n",
    "noise": b"%PDF-1.4\n" + bytes(range(256)) * 40,
    "catalogue as pages": made([b"<</Type/Catalog/Pages 1 0 R>>"]),
    "pages in a circle": made([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 1>>"]),
    "endless count": made([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 2000000000>>"]),
    "shared tree": shared_tree(12),
    "form that draws itself": forms(1, 1).replace(b"/F1 Do", b"/F0 Do"),
    "forms without end": forms(20, 12),
    "deep forms": forms(60, 1),
    "deep arrays": page(stream(b"n"), b"<</A %s>>" % nested(400)),
    "deep arrays in a content": page(stream(nested(5000))),
    "bomb": page(stream(BOMB, b"/Filter/FlateDecode")),
    "bomb twice deflated": page(stream(zlib.compress(BOMB), b"/Filter[/FlateDecode/FlateDecode]")),
    "length that lies": page(stream(b"0 0 9 9 re f")).replace(b"/Length 12", b"/Length 9999999999"),
    "table that lies": page(stream(b"n")).replace(b"startxref\n", b"startxref\n9"),
    "reference to nothing": made([b"<</Type/Catalog/Pages 99 0 R/Metadata 98 0 R/AcroForm 97 0 R>>"]),
    "wrong kinds": made(
        [b"<</Type/Catalog/Pages(x)/Metadata 3/OutputIntents<<>>/Names[]/AcroForm/X/OpenAction 7/Names 1>>"]
    ),
    "wrong kinds in a page": page(
        stream(b"/F1 Tf (x) Tj /X Do /P scn 1 cs Q Q Q /x Tr BI EI"), b"<</Font 1/XObject[]/ExtGState(x)>>"
    ),
    "font of wrong kinds": page(
        stream(b"BT /F 1 Tf (x) Tj ET"),
        b"<</Font<</F<</Subtype/Type0/DescendantFonts<<>>/FontDescriptor 1>>>>>>",
    ),
    "malformed content": page(stream(b"<< (((( [ >> ] \xff\xfe BI ID EI")),
    "many operators": page(stream(b"0 g " * 700_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_file_is_told_in_bounded_time(name: str) -> None:
    before = time.process_time()
    found = judge_pdf(HOSTILE[name])
    assert found and any(finding.is_error for finding in found)
    assert time.process_time() - before < 10


@pytest.mark.parametrize("name", ["forms without end", "deep forms", "bomb", "bomb twice deflated"])
def test_what_would_cost_without_end_is_refused(name: str) -> None:
    with pytest.raises(PdfRefused) as refusal:
        read_pdf(HOSTILE[name], codes=False)
    assert refusal.value.reason == "too-large"


def test_a_bomb_costs_little_memory() -> None:
    tracemalloc.start()
    with pytest.raises(PdfRefused):
        refuse_bombs(HOSTILE["bomb"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_a_large_sound_file_is_no_bomb() -> None:
    """Pictures do not deflate that well."""
    with pikepdf.open(io.BytesIO(base("plain"))) as document:
        document.pages[0].obj["/PieceInfo"] = pikepdf.Stream(document, bytes(20_000_000))
        out = io.BytesIO()
        document.save(out)
    assert judge_pdf(out.getvalue() + b" " * 300_000) != []
    refuse_bombs(out.getvalue() + b" " * 300_000)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_change_gives_findings_or_a_refusal(data: st.DataObject) -> None:
    changed = bytearray(base("print"))
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(changed)))
    for attempt in (bytes(changed), bytes(changed[:cut])):
        assert isinstance(judge_pdf(attempt), list)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_content_and_metadata(content: bytes, xmp: bytes) -> None:
    data = page(stream(content)).replace(b"/Pages 2 0 R", b"/Pages 2 0 R/Metadata 5 0 R")
    data = data[: data.index(b"xref\n0")] + b"5 0 obj\n" + stream(xmp) + b"\nendobj\ntrailer<</Root 1 0 R>>"
    assert judge_pdf(data)
