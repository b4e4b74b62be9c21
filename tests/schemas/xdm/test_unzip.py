"""Hostile archives: each is refused with its reason, within bounded memory and time."""

import io
import stat
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.xdm import ArchiveRefused, Limits, read_archive
from schemas.xdm.unzip import unpack

DATA = Path(__file__).parents[4] / "shared/data/xdm"


def zipped(files: dict[str, bytes], **changes: object) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo("name")
            info.filename = info.orig_filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in changes.items():
                setattr(info, key, value)
            archive.writestr(info, data)
    return buffer.getvalue()


def reason(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ArchiveRefused) as caught:
        unpack(data, limits)
    return caught.value.reason


SOUND = zipped({"README.TXT": b"lisez-moi", "IHE_XDM/SUBSET01/DOC0001.XML": b"<a/>" * 100})


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "empty"),
        (b"hello world", "not-a-zip"),
        (SOUND[:-30], "corrupt"),
        (SOUND[:40] + b"\0\0\0\0" + SOUND[44:], "corrupt"),
        (zipped({"../a.xml": b"x"}), "traversal"),
        (zipped({"IHE_XDM/../../a.xml": b"x"}), "traversal"),
        (zipped({"IHE_XDM\\..\\..\\a.xml": b"x"}), "traversal"),
        (zipped({"/etc/passwd": b"x"}), "absolute-path"),
        (zipped({"\\\\server\\share": b"x"}), "absolute-path"),
        (zipped({"C:\\a.xml": b"x"}), "absolute-path"),
        (zipped({"a\nb": b"x"}), "bad-name"),
        (zipped({"a" * 300: b"x"}), "bad-name"),
        (zipped({"README.TXT": b"x", "readme.txt": b"y"}), "duplicate-name"),
        (zipped({"link": b"/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16), "symlink"),
        (zipped({"fifo": b""}, external_attr=(stat.S_IFIFO | 0o644) << 16), "special-file"),
        (zipped({"a.zip": SOUND}), "nested-archive"),
        (zipped({"a.bin": b"\x1f\x8b\x08"}), "nested-archive"),
        (zipped({"a.tar": bytes(257) + b"ustar" + bytes(250)}), "nested-archive"),
        (zipped({"a": b"x", "A/b": b"y"}), "duplicate-name"),
        (zipped({"a": bytes(3_000_000)}), "ratio"),
        (zipped({f"f{rank}": b"" for rank in range(600)}), "too-many-members"),
    ],
)
def test_refused(data: bytes, wanted: str) -> None:
    assert reason(data) == wanted


def test_bounds() -> None:
    assert reason(SOUND, Limits(archive=10)) == "too-large"
    assert reason(SOUND, Limits(member=100)) == "member-size"
    assert reason(SOUND, Limits(total=300)) == "total-size"
    assert reason(SOUND, Limits(members=1)) == "too-many-members"


def patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    where = data.index(signature) + offset
    return data[:where] + value + data[where + len(value) :]


def test_encrypted_and_other_methods() -> None:
    assert reason(patched(SOUND, b"PK\x01\x02", 8, b"\x01\x00")) == "encrypted"
    assert reason(patched(SOUND, b"PK\x01\x02", 10, b"\x0c\x00")) == "compression"


def test_lies_about_sizes() -> None:
    """The directory says 10 bytes where 1000 come out."""
    lying = zipped({"a": b"x" * 1000})
    lying = patched(lying, b"PK\x01\x02", 24, struct.pack("<L", 10))
    assert reason(lying) in ("checksum", "real-size")


def test_overlapping_entries() -> None:
    """Many entries over the same compressed bytes (the "better zip bomb")."""
    kernel = zlib.compress(bytes(900_000))[2:-4]
    crc = zlib.crc32(bytes(900_000))
    local = struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, 8, 0, 33, crc, len(kernel), 900_000, 1, 0)
    directory = b""
    for rank in range(80):
        directory += (
            struct.pack(
                "<4sHHHHHHLLLHHHHHLL",
                *(b"PK\x01\x02", 20, 20, 0, 8, 0, 33, crc, len(kernel), 900_000, 2, 0, 0, 0, 0, 0, 0),
            )
            + f"{rank:02d}".encode()
        )
    body = local + b"a" + kernel
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 80, 80, len(directory), len(body), 0)
    assert reason(body + directory + end) == "overlap"


@pytest.mark.parametrize("stated", [1, 500, 0xFFFE])
def test_a_directory_without_end_is_not_read(stated: int) -> None:
    """Hundreds of thousands of entries, whatever number of them the archive announces."""
    one = struct.pack("<4sHHHHHHLLLHHHHHLL", *(b"PK\x01\x02", 20, 20, *(0,) * 7, 1, *(0,) * 6)) + b"a"
    directory = one * 600_000
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, stated, stated, len(directory), 30, 0)
    local = struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0)
    data = local + directory + end
    tracemalloc.start()
    assert reason(data) == "too-many-members"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_two_entries_over_the_same_bytes() -> None:
    """Both fit in the archive, one begins inside the other."""
    sound = zipped({"a": bytes(range(256)) * 4, "b": b"x"})
    second = sound.rindex(b"PK\x01\x02")
    lying = sound[: second + 42] + struct.pack("<L", 10) + sound[second + 46 :]
    assert reason(lying) == "overlap"


def test_zip64_is_refused() -> None:
    end = SOUND.rindex(b"PK\x05\x06")
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    assert reason(SOUND[:end] + locator + SOUND[end:]) == "zip64"


def test_bomb_costs_little() -> None:
    bomb = zipped({f"f{rank}": bytes(30_000_000) for rank in range(2)})
    tracemalloc.start()
    assert reason(bomb) == "ratio"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_junk_is_not_read() -> None:
    members, junk = unpack(zipped({"__MACOSX/._a": SOUND, ".DS_Store": b"x", "README.TXT": b"y"}))
    assert [member.path for member in members] == ["README.TXT"]
    assert junk == ["__MACOSX/._a", ".DS_Store"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_never_crashes(data: st.DataObject) -> None:
    """Bytes changed anywhere: an archive or a refusal, nothing else."""
    mutated = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 6))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(mutated)))
    for attempt in (bytes(mutated), bytes(mutated[:cut]), bytes(mutated[cut:])):
        try:
            archive = read_archive(attempt)
        except ArchiveRefused as refused:
            assert refused.reason
        else:
            assert len(archive.names) <= 500


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.binary(max_size=200), max_size=5))
def test_any_names(files: dict[str, bytes]) -> None:
    try:
        data = zipped(files)
    except (UnicodeEncodeError, ValueError):
        return
    try:
        members, junk = unpack(data)
    except ArchiveRefused:
        return
    assert len(members) + len(junk) <= len(files)


@pytest.mark.parametrize("name", ["Siemens", "CCDA_Ambulatory_in_XDM", "xdm_minimal", "lynn_xdm"])
def test_public_archives_open(name: str) -> None:
    path = DATA / f"{name}.zip"
    if not path.exists():
        pytest.skip("sample data absent")
    assert read_archive(path.read_bytes()).names
