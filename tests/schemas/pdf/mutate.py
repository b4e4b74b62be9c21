"""Defects of a PDF as data: the operations that `mutations.toml` names, made with pikepdf.

A path is dotted keys from `Root`, `page` (the first) or `trailer`, numbers being places in an array.
Values are written as PDF objects: `<</S/JavaScript/JS(x)>>`, `/LZWDecode`, `[1 2]`, `true`.
"""

import io
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf

from schemas.ins import Ins
from schemas.ins.datamatrix import encode
from schemas.pdf import Heading, write_pdf

CREATED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NUMBER = "01S2TBPZ2JCNZZYGHZ"
DATAMATRIX = encode(
    Ins("279035121518989"), given_names="DOMINIQUE", birth_name="PAT-TROIS", sex="F", birth_date="19790328"
)
FILE = Path(__file__).with_name("mutations.toml")


def mutations() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["mutation"]
    return found


@cache
def base(name: str) -> bytes:
    """`print`: a prescription with both codes, saved by pikepdf as its mutants are; `plain`: as written."""
    written = write_pdf(
        "Ordonnance",
        ["PARACETAMOL 500 mg", Heading("Traitement")],
        created=CREATED,
        identity=(
            "Nom de naissance : PAT-TROIS",
            "Prénom : DOMINIQUE",
            "28/03/1979 F",
            "279035121518989 NIR",
        ),
        code2d=NUMBER,
        ins_datamatrix=DATAMATRIX,
    )
    return written if name == "plain" else saved(written, [])


def mutated(entry: Mapping[str, Any]) -> bytes:
    """The bytes of a mutant: `steps` on the objects, then `bytes` on what was saved."""
    steps: Sequence[Mapping[str, Any]] = entry.get("steps", [])
    data = base(entry["base"])
    if steps or "save" in entry:
        data = saved(data, steps, **entry.get("save", {}))
    for step in entry.get("bytes", []):
        data = BYTES[step["op"]](data, step)
    return data


def saved(data: bytes, steps: Sequence[Mapping[str, Any]], **options: Any) -> bytes:
    if "object_streams" in options:
        options["object_stream_mode"] = pikepdf.ObjectStreamMode[options.pop("object_streams")]
    if "owner" in options:
        options["encryption"] = pikepdf.Encryption(owner=options.pop("owner"), user=options.pop("user"))
    with pikepdf.open(io.BytesIO(data)) as document:
        for step in steps:
            STEPS[step["op"]](document, step)
        out = io.BytesIO()
        document.save(out, fix_metadata_version=False, **options)
        return out.getvalue()


def _find(document: Any, path: str) -> tuple[Any, Any]:
    """The holder of the last key of a path, and that key."""
    head, *keys = path.split(".")
    node: Any = {"Root": document.Root, "page": document.pages[0].obj, "trailer": document.trailer}[head]
    for key in keys[:-1]:
        node = node[int(key)] if key.isdigit() else node[f"/{key}"]
    last = keys[-1]
    return node, int(last) if last.isdigit() else f"/{last}"


def _set(document: Any, step: Mapping[str, Any]) -> None:
    node, key = _find(document, step["path"])
    node[key] = pikepdf.Object.parse(step["value"].encode())


def _delete(document: Any, step: Mapping[str, Any]) -> None:
    node, key = _find(document, step["path"])
    del node[key]


def _stream(document: Any, step: Mapping[str, Any]) -> None:
    """A new stream at a path: its dictionary as `value`, its decoded `data` (`repeat` times)."""
    node, key = _find(document, step["path"])
    made = pikepdf.Stream(document, step.get("data", "").encode("latin-1") * step.get("repeat", 1))
    for name, value in pikepdf.Object.parse(step.get("value", "<<>>").encode()).items():
        made[name] = value
    node[key] = document.make_indirect(made)


def _raw(document: Any, step: Mapping[str, Any]) -> None:
    """Another encoding of a stream: its raw bytes in hexadecimal and their filter."""
    node, key = _find(document, step["path"])
    node[key].write(bytes.fromhex(step["hex"]), filter=pikepdf.Object.parse(step["filter"].encode()))


def _content(document: Any, step: Mapping[str, Any]) -> None:
    """Instructions added at the end of the first page."""
    page = document.pages[0]
    page.contents_add(pikepdf.Stream(document, step["data"].encode("latin-1") * step.get("repeat", 1)))


def _edit(document: Any, step: Mapping[str, Any]) -> None:
    """Bytes of a stream replaced."""
    node, key = _find(document, step["path"])
    data = node[key].read_bytes()
    assert step["old"].encode("latin-1") in data
    node[key].write(data.replace(step["old"].encode("latin-1"), step["new"].encode("latin-1")))


def _pages(document: Any, step: Mapping[str, Any]) -> None:
    for _ in range(step["count"]):
        document.pages.append(document.pages[0])


def _name(document: Any, step: Mapping[str, Any]) -> None:
    node, key = _find(document, step["path"])
    node[key] = pikepdf.Name("/" + "n" * step["length"])


STEPS = {
    "pages": _pages,
    "name": _name,
    "set": _set,
    "delete": _delete,
    "stream": _stream,
    "raw": _raw,
    "content": _content,
    "edit": _edit,
}


def _replace(data: bytes, step: Mapping[str, Any]) -> bytes:
    old = step["old"].encode("latin-1")
    assert old in data
    return data.replace(old, step["new"].encode("latin-1"), 1)


BYTES = {
    "replace": _replace,
    "append": lambda data, step: data + step["data"].encode("latin-1"),
    "prepend": lambda data, step: step["data"].encode("latin-1") + data,
    "cut": lambda data, step: data[: step["at"]],
    "become": lambda data, step: step["data"].encode("latin-1"),
}
