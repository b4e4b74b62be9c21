"""Defects of an archive as data: the operations that `mutations.toml` names.

`document`: a text of the CDA replaced before the archive is made (its metadata stay those of the sound
document, its hash and size follow). `files`: operations on the files of the archive. `zip`: operations on its
bytes.
"""

import io
import stat
import struct
import tomllib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from schemas import xdm
from schemas.xdm.unzip import unpack
from schemas.xdm.writer import zip_files
from tests.schemas.xdm.conftest import NOW, Parts, document, parts_of

FILE = Path(__file__).with_name("mutations.toml")
FOLDER = "IHE_XDM/SUBSET01"
STYLE = b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>'
CALL = b'<?xml-stylesheet type="text/xsl" href="CDA.XSL"?>'


def mutations() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["mutation"]
    return found


@cache
def parts(name: str) -> Parts:
    """`one`: one letter. `two`: two letters of one person. `styled`: one that calls its style sheet."""
    first = document("1.2.250.1.999.1.1")
    if name == "two":
        return parts_of(first, document("1.2.250.1.999.1.2"))
    if name == "styled":
        return parts_of(first.replace(b"<ClinicalDocument", CALL + b"\n<ClinicalDocument", 1))
    return parts_of(first)


def archive(name: str, edits: list[Mapping[str, Any]] | None = None) -> bytes:
    """The archive of a base (`subsets`: two subsets of one letter each), its CDA edited first."""
    if name == "subsets":
        first, second = contents(archive("one", edits)), contents(archive("other"))
        moved = {
            path.replace("SUBSET01", "SUBSET02"): data for path, data in second.items() if "SUBSET01" in path
        }
        return zip_files({**first, **moved}, NOW)
    if name == "other":
        other = parts_of(document("1.2.250.1.999.1.2"))
        one = replace(other.submission.submission_set, unique_id="1.2.250.1.999.2.2")
        return other._replace(submission=replace(other.submission, submission_set=one)).archive()
    chosen = parts(name)
    documents = dict(chosen.documents)
    for edit in edits or []:
        key = edit.get("id", "Document01")
        old, new = edit["old"].encode(), edit["new"].encode()
        assert old in documents[key], old
        documents[key] = documents[key].replace(old, new)
    extra = {"CDA.XSL": STYLE} if name == "styled" else None
    return xdm.write_archive(chosen.submission, documents, chosen.sender, now=NOW, extra=extra)


def contents(data: bytes) -> dict[str, bytes]:
    return {member.name: member.data for member in unpack(data)[0]}


def mutated(entry: Mapping[str, Any]) -> bytes:
    data = archive(entry["base"], entry.get("document"))
    if "files" in entry:
        files = contents(data)
        for step in entry["files"]:
            FILES[step["op"]](files, step)
        data = zip_files(files, NOW)
    for step in entry.get("zip", []):
        data = ZIP[step["op"]](data, step)
    return data


def _path(name: str) -> str:
    return f"{FOLDER}/{name}" if name in ("METADATA.XML", "DOC0001.XML", "DOC0002.XML") else name


def _remove(files: dict[str, bytes], step: Mapping[str, Any]) -> None:
    del files[_path(step["name"])]


def _rename(files: dict[str, bytes], step: Mapping[str, Any]) -> None:
    files[step["to"]] = files.pop(_path(step["name"]))


def _put(files: dict[str, bytes], step: Mapping[str, Any]) -> None:
    files[_path(step["name"])] = step.get("data", "").encode("latin-1")


def _edit(files: dict[str, bytes], step: Mapping[str, Any]) -> None:
    name, old, new = _path(step["name"]), step["old"].encode(), step["new"].encode()
    assert old in files[name], old
    files[name] = files[name].replace(old, new)


def _rewrite(files: dict[str, bytes], step: Mapping[str, Any]) -> None:
    """`bom`, `crlf`, `newline`: what an export step does to a text."""
    name = _path(step["name"])
    data = files[name]
    files[name] = {
        "bom": b"\xef\xbb\xbf" + data,
        "crlf": data.replace(b"\n", b"\r\n"),
        "newline": data + b"\n",
    }[step["how"]]


def _resize(files: dict[str, bytes], step: Mapping[str, Any]) -> None:
    """The size counted in characters instead of bytes."""
    size = len(files[_path("DOC0001.XML")])
    characters = len(files[_path("DOC0001.XML")].decode())
    name = _path("METADATA.XML")
    assert size != characters
    files[name] = files[name].replace(b"<rim:Value>%d<" % size, b"<rim:Value>%d<" % characters)


FILES = {
    "resize": _resize,
    "remove": _remove,
    "rename": _rename,
    "put": _put,
    "edit": _edit,
    "rewrite": _rewrite,
}


def zipped(entries: list[tuple[str, bytes]], **changes: object) -> bytes:
    """A zip of these entries under any name, each with these attributes of its ZipInfo."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries:
            info = zipfile.ZipInfo("name")
            info.filename = info.orig_filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in changes.items():
                setattr(info, key, value)
            made.writestr(info, data)
    return buffer.getvalue()


def _entry(data: bytes, step: Mapping[str, Any]) -> bytes:
    """One more entry, under any name; `kind`: symlink or fifo."""
    more = io.BytesIO(data)
    kinds = {"symlink": stat.S_IFLNK, "fifo": stat.S_IFIFO}
    with zipfile.ZipFile(more, "a", zipfile.ZIP_DEFLATED) as made:
        info = zipfile.ZipInfo("name")
        info.filename = info.orig_filename = step["name"]
        info.compress_type = zipfile.ZIP_DEFLATED
        if "kind" in step:
            info.external_attr = (kinds[step["kind"]] | 0o777) << 16
        content = bytes(step["zeros"]) if "zeros" in step else step.get("data", "").encode("latin-1")
        made.writestr(info, content)
    return more.getvalue()


def _many(data: bytes, step: Mapping[str, Any]) -> bytes:
    return zipped([(f"F{rank}", b"") for rank in range(step["count"])])


def _patch(data: bytes, step: Mapping[str, Any]) -> bytes:
    """Bytes written at an offset after the first (`last`: the last) place of a signature."""
    signature = b"PK" + bytes.fromhex(step["signature"])
    place = data.rindex(signature) if step.get("last") else data.index(signature)
    start, value = place + step["offset"], bytes.fromhex(step["hex"])
    return data[:start] + value + data[start + len(value) :]


def _overlap(data: bytes, step: Mapping[str, Any]) -> bytes:
    """Many entries of the directory over the same deflated bytes."""
    kernel = zlib.compress(bytes(step["size"]))[2:-4]
    crc = zlib.crc32(bytes(step["size"]))
    head = (20, 0, 8, 0, 33, crc, len(kernel), step["size"])
    local = struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", *head, 1, 0)
    directory = b"".join(
        struct.pack("<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", 20, *head, 3, 0, 0, 0, 0, 0, 0) + b"%03d" % rank
        for rank in range(step["count"])
    )
    body = local + b"a" + kernel
    end = (0, 0, step["count"], step["count"], len(directory), len(body), 0)
    return body + directory + struct.pack("<4sHHHHLLH", b"PK\x05\x06", *end)


def _zip64(data: bytes, step: Mapping[str, Any]) -> bytes:
    end = data.rindex(b"PK\x05\x06")
    return data[:end] + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + data[end:]


ZIP = {
    "entry": _entry,
    "many": _many,
    "patch": _patch,
    "overlap": _overlap,
    "zip64": _zip64,
    "nested": lambda data, step: _entry(data, {"name": "A.ZIP", "data": data.decode("latin-1")}),
    "cut": lambda data, step: data[: -step["bytes"]],
    "become": lambda data, step: step["data"].encode("latin-1"),
    "fill": lambda data, step: data + bytes(step["bytes"]),
}
