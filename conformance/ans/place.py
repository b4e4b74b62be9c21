"""From the path that Saxon gives to the element, its line and the XPath that people read."""

import re

from lxml import etree

from schemas.xml import Element, where

STEP = re.compile(r"/(?:Q\{(?P<space>[^}]*)\}(?P<name>[^\[/]+)\[(?P<rank>\d+)\]|(?P<other>[^/]+))")


def located(root: Element, path: str) -> tuple[str, int | None]:
    """(XPath of local names, line) of an XPath 3 `path()` below the document `root`."""
    node, tail = root, ""
    for depth, step in enumerate(STEP.finditer(path)):
        if step["name"] is None:  # an attribute, a text, a comment
            tail += "/" + re.sub(r"Q\{[^}]*\}", "", step["other"])
            continue
        if depth:
            found = _child(node, step["space"], step["name"], int(step["rank"]))
            if found is None:
                break
            node = found
    return where(node).removeprefix(_prefix(root)) + tail, node.sourceline


def _child(node: Element, space: str, name: str, rank: int) -> Element | None:
    tag = f"{{{space}}}{name}" if space else name
    for position, child in enumerate(node.iterchildren(tag), 1):
        if position == rank:
            return child
    return None


def _prefix(root: Element) -> str:
    """The path above the document, when it is inside a sheet or an envelope."""
    parent = root.getparent()
    return "" if parent is None else where(parent)


def as_text(root: Element) -> str:
    """The document alone, without what encloses it and without what follows it."""
    return etree.tostring(root, encoding="unicode", with_tail=False)
