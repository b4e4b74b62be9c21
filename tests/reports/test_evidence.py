"""Evidence: written once, named by its hash, checked when read back."""

import hashlib
from pathlib import Path

import pytest

from reports.evidence import EvidenceAltered, EvidenceMissing, EvidenceStore


def test_bytes_come_back(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "evidence")
    body = "<a>é</a>".encode()
    name = store.put(body)
    assert name == hashlib.sha256(body).hexdigest()
    assert store.get(name) == body


def test_written_once(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "evidence")
    store.put(b"same")
    path = store.path(store.put(b"same"))
    assert path is not None
    assert [item.name for item in store.folder.iterdir()] == [path.name]


@pytest.mark.parametrize("body", [b"<html><script>1</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_no_file_that_a_browser_would_run(tmp_path: Path, body: bytes) -> None:
    store = EvidenceStore(tmp_path)
    path = store.path(store.put(body))
    assert path is not None
    assert path.suffix == ".txt"


@pytest.mark.parametrize("body", [b"%PDF\0", b"\xff\xfe\xfd"])
def test_binary_is_no_text(tmp_path: Path, body: bytes) -> None:
    store = EvidenceStore(tmp_path)
    path = store.path(store.put(body))
    assert path is not None
    assert path.suffix == ".bin"


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(EvidenceMissing):
        EvidenceStore(tmp_path).get("0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 64 + "\n", "0" * 63])
def test_no_path_is_a_name(tmp_path: Path, name: str) -> None:
    assert EvidenceStore(tmp_path).path(name) is None


def test_altered_evidence_is_told(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    name = store.put(b"before")
    path = store.path(name)
    assert path is not None
    path.write_bytes(b"after")
    with pytest.raises(EvidenceAltered):
        store.get(name)
