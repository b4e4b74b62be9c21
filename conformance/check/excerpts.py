"""The lines of a document around its findings: long lines clipped around the place, base64 shortened."""

import re
from collections.abc import Iterable

from reports.check.model import Excerpt
from schemas.finding import Finding
from schemas.xml import Element, XmlRefused, children, local, parse

AROUND = 2  # lines before and after
WIDTH = 240  # characters of a line
MAX_EXCERPTS = 200  # of one file
LONG_LINE = 600  # a longer line says little by its number: the element itself is shown
BASE64 = re.compile(r"[A-Za-z0-9+/=]{120,}")
STEP = re.compile(r"([^\[\]]+)(?:\[(\d+)\])?")


def excerpts(data: bytes, findings: Iterable[Finding]) -> dict[int, Excerpt]:
    """The excerpt of each finding that has a line, by its position. Empty for what is no text."""
    placed = [(position, f) for position, f in enumerate(findings) if f.line and f.line > 0]
    if not placed or b"\x00" in data[:4096]:
        return {}
    lines = [line.rstrip("\r") for line in data.decode("utf-8", "replace").split("\n")]  # as libxml2 counts
    root = _tree(data) if max(map(len, lines)) > LONG_LINE else None
    found: dict[int, Excerpt] = {}
    for position, finding in placed[:MAX_EXCERPTS]:
        line = finding.line or 0
        if not _in(finding, lines):
            continue
        element = _at(root, finding.where) if len(lines[line - 1]) > LONG_LINE else None
        if element is not None:
            found[position] = Excerpt(line, line, (_start(element),))
        else:
            first = max(1, line - AROUND)
            kept = lines[first - 1 : line + AROUND]
            found[position] = Excerpt(first, line, tuple(shorten(text) for text in kept))
    return found


def _in(finding: Finding, lines: list[str]) -> bool:
    return 0 < (finding.line or 0) <= len(lines)


def shorten(text: str, width: int = WIDTH) -> str:
    """A line fit to be shown: base64 and what is over the width told by their length."""
    text = BASE64.sub(lambda run: f"{run[0][:24]}…({len(run[0])})", text[: 40 * width])
    return text if len(text) <= width else f"{text[:width]}… ({len(text)})"


def _tree(data: bytes) -> Element | None:
    try:
        return parse(data)
    except XmlRefused:
        return None


def _at(root: Element | None, where: str) -> Element | None:
    """The element of a path as `schemas.xml.where` writes it, or the deepest one that is there."""
    steps = where.strip("/").split("/")
    if root is None or not steps or steps[0] != local(root):
        return None
    element = root
    for step in steps[1:]:
        found = STEP.fullmatch(step)
        twins = [child for child in children(element) if found is not None and local(child) == found[1]]
        index = int(found[2] or 1) if found is not None else 0
        if not 0 < index <= len(twins):
            break
        element = twins[index - 1]
    return element


def _start(element: Element) -> str:
    """The start tag of an element with its attributes and the start of its text."""
    attributes = "".join(f' {local_name(name)}="{value}"' for name, value in element.attrib.items())
    text = " ".join((element.text or "").split())
    return shorten(f"<{local(element)}{attributes}>{text}")


def local_name(name: object) -> str:
    return str(name).rpartition("}")[2]
