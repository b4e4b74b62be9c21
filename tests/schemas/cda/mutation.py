"""Single defects as data: a base document of the project, one change, the rule that must catch it.

`mutations/*.toml` hold tables `[[mutation]]` with `id`, `base`, `rule`, `what` (in words) and one change or
several under `edits`, each a list: an operation and its arguments.

    ["drop", xpath]                  remove every element found
    ["drop-one", xpath]              remove the first
    ["set", xpath, name, value]      an attribute on every element found (`xsi:type` is known)
    ["unset", xpath, name]           take an attribute away
    ["text", xpath, value]           the text of every element found
    ["rename", xpath, name]          another local name
    ["repeat", xpath]                the first element found, once more right after itself
    ["after" | "before" | "append", xpath, xml]   an element beside or at the end inside the first found
    ["replace", old, new]            on the bytes, before any parsing; must be the only edit

Paths take the prefixes h, pharm, lab, sdtc, dicom, xsi. `base` is a file of `documents/` without `.xml`, or
`level1` or `prescription` (written by the bench).
"""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import etree

from schemas.cda.template import NAMESPACES
from schemas.xml import Element, parse

HERE = Path(__file__).parent
DECLARED = " ".join(
    f'xmlns:{prefix}="{uri}"' if prefix != "h" else f'xmlns="{uri}"' for prefix, uri in NAMESPACES.items()
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One defect. `edits` as in the file."""

    id: str
    base: str
    rule: str
    what: str
    edits: tuple[tuple[str, ...], ...]

    def spoil(self, data: bytes) -> bytes:
        """The document with the defect. Raises AssertionError when a path finds nothing."""
        if self.edits[0][0] == "replace":
            [(_, old, new)] = self.edits
            assert old.encode() in data, f"{self.id}: {old!r} is not in {self.base}"
            return data.replace(old.encode(), new.encode())
        root = parse(data)
        for operation, path, *arguments in self.edits:
            found = root.xpath(path, namespaces=NAMESPACES)
            assert found, f"{self.id}: nothing at {path} in {self.base}"
            _apply(operation, found, arguments)
        return etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")


def _apply(operation: str, found: list[Element], arguments: list[str]) -> None:
    if operation in ("drop", "drop-one"):
        for element in found if operation == "drop" else found[:1]:
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
    elif operation == "set":
        for element in found:
            element.set(_name(arguments[0]), arguments[1])
    elif operation == "unset":
        for element in found:
            element.attrib.pop(_name(arguments[0]))
    elif operation == "text":
        for element in found:
            for child in list(element):
                element.remove(child)
            element.text = arguments[0]
    elif operation == "rename":
        for element in found:
            element.tag = f"{{{NAMESPACES['h']}}}{arguments[0]}"
    elif operation == "repeat":
        found[0].addnext(deepcopy(found[0]))
    elif operation in ("after", "before", "append"):
        [fresh] = etree.fromstring(f"<x {DECLARED}>{arguments[0]}</x>")
        {"after": found[0].addnext, "before": found[0].addprevious, "append": found[0].append}[operation](
            fresh
        )
    else:
        raise AssertionError(f"unknown operation {operation}")


def _name(name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local


@cache
def mutations(folder: Path = HERE / "mutations") -> tuple[Mutation, ...]:
    """Every mutation of the folder, in order. Raises AssertionError on a repeated id."""
    read: dict[str, Mutation] = {}
    for path in sorted(folder.glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]:
            assert row["id"] not in read, f"mutation {row['id']} is there twice"
            edits = tuple(tuple(edit) for edit in row["edits"])
            read[row["id"]] = Mutation(row["id"], row["base"], row["rule"], row["what"], edits)
    return tuple(read.values())


def documents() -> Iterator[tuple[str, bytes]]:
    """The base documents kept as files, by name."""
    for path in sorted((HERE / "documents").glob("*.xml")):
        yield path.stem, path.read_bytes()
