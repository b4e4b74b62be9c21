"""Any bytes in an archive or beside a document: findings, never an exception, in bounded time."""

import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.beside import judge_beside, judge_whole_archive
from schemas.xdm import judge_archive, judge_bytes
from schemas.xdm.media import links_of
from schemas.xdm.reader import read_files
from schemas.xdm.writer import zip_files
from tests.schemas.xdm.conftest import NOW
from tests.schemas.xdm.mutate import archive, contents

SOUND = contents(archive("one"))
METADATA, DOCUMENT = "IHE_XDM/SUBSET01/METADATA.XML", "IHE_XDM/SUBSET01/DOC0001.XML"
BOUNDED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def changed(data: bytes, draw: st.DataObject) -> bytes:
    """Some bytes replaced, removed or repeated."""
    bytes_ = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 5))):
        at = draw.draw(st.integers(0, len(bytes_) - 1))
        how = draw.draw(st.sampled_from(("put", "drop", "repeat")))
        if how == "put":
            bytes_[at] = draw.draw(st.integers(0, 255))
        elif how == "drop":
            del bytes_[at : at + draw.draw(st.integers(1, 40))]
        else:
            bytes_[at:at] = bytes_[at : at + draw.draw(st.integers(1, 200))]
        bytes_ = bytes_ or bytearray(b" ")
    return bytes(bytes_)


@BOUNDED
@given(st.data())
def test_any_metadata(data: st.DataObject) -> None:
    files = {**SOUND, METADATA: changed(SOUND[METADATA], data)}
    assert isinstance(judge_bytes(zip_files(files, NOW)), list)


@BOUNDED
@given(st.data())
def test_any_document(data: st.DataObject) -> None:
    files = {**SOUND, DOCUMENT: changed(SOUND[DOCUMENT], data)}
    assert isinstance(judge_whole_archive(zip_files(files, NOW)), list)


@BOUNDED
@given(st.binary(max_size=400), st.binary(max_size=100))
def test_any_index_and_readme(index: bytes, readme: bytes) -> None:
    files = {**SOUND, "INDEX.HTM": index, "README.TXT": readme}
    assert isinstance(judge_bytes(zip_files(files, NOW)), list)
    assert isinstance(links_of(b"<a href='" + index), list)


@BOUNDED
@given(
    st.dictionaries(
        st.sampled_from(("METADATA.XML", "DOC0001.XML", "a/METADATA.XML", "a/x.pdf", "IHE_XDM/METADATA.XML"))
        | st.text(max_size=12),
        st.sampled_from((SOUND[METADATA], SOUND[DOCUMENT], b"%PDF-1.4", b"PK\x03\x04", b"", b"<a/>"))
        | st.binary(max_size=60),
        max_size=6,
    )
)
def test_any_folder(files: dict[str, bytes]) -> None:
    assert isinstance(judge_beside(files), list)


def test_a_huge_folder_is_not_read_whole() -> None:
    before = time.process_time()
    judge_beside({f"{rank:05d}.XML": b"<ClinicalDocument/>" for rank in range(20_000)})
    assert time.process_time() - before < 5


def test_a_huge_index_is_not_read_whole() -> None:
    before = time.process_time()
    index = b"<html>" + b"".join(b"<a href='%07d.HTM'>" % rank for rank in range(400_000))
    found = judge_archive(read_files({**SOUND, "INDEX.HTM": index}))
    assert 2 < len([finding for finding in found if finding.rule == "XDM-LAY-06"]) <= 500
    assert time.process_time() - before < 8
