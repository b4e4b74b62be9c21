"""From the rank of an element, as a sheet tells it, to its line and the XPath that people read."""

import re

from lxml import etree

from schemas.xml import Element, children, local, where

STEP = re.compile(r"(?P<name>[^\[\]@]+)(?:\[(?P<rank>\d+)\])?$")


def ranked(root: Element) -> list[Element]:
    """The elements of a document in document order: the first has rank 1."""
    return [element for element in root.iter() if isinstance(element.tag, str)]


def located(elements: list[Element], rank: str, attribute: str = "") -> tuple[str, int | None]:
    """(XPath of local names, line) of an element or of one of its attributes; the document when unknown."""
    known = rank.isdecimal() and 0 < int(rank) <= len(elements)
    if not known:
        return "/", None
    element = elements[int(rank) - 1]
    above = elements[0].getparent()  # what encloses the document, in a sheet or an envelope
    path = where(element).removeprefix(where(above) if above is not None else "")
    return (f"{path}/@{attribute}" if attribute else path), element.sourceline


def followed(root: Element, path: str) -> str:
    """The XPath of libxml2 (`/c:a/*[3]`, prefixes of the document) with local names, as far as it leads."""
    element = root
    for step in path.split("/")[2:]:
        match = STEP.match(step)
        if match is None:
            break
        name = match["name"].rpartition(":")[2]
        same = [one for one in children(element) if name in ("*", local(one))]
        rank = int(match["rank"] or 1)
        if rank > len(same):
            break
        element = same[rank - 1]
    above = root.getparent()
    return where(element).removeprefix(where(above) if above is not None else "")


def as_text(root: Element) -> str:
    """The document alone, without what encloses it and without what follows it."""
    return etree.tostring(root, encoding="unicode", with_tail=False)
