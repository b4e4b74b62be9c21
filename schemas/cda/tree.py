"""Ways down an HL7 tree. Twice as fast as ElementPath, which reads a path again at each call."""

from collections.abc import Iterator

from lxml import etree

from schemas.cda.model import Q
from schemas.xml import Element


def each(element: Element, *names: str) -> Iterator[Element]:
    """The elements down this way of local names, in document order: `each(root, "author", "time")`."""
    found = element.iterchildren(Q + names[0])
    if len(names) == 1:
        return found
    return (below for child in found for below in each(child, *names[1:]))


def selected(path: etree.XPath, element: Element) -> Iterator[Element]:
    """The elements that a compiled XPath selects."""
    found = path(element)
    return (one for one in found if isinstance(one, etree._Element)) if isinstance(found, list) else iter(())


def firsts(element: Element) -> dict[str, Element]:
    """The first child of each qualified tag."""
    return {str(child.tag): child for child in reversed(element)}


def first(element: Element, name: str, *below: str) -> Element | None:
    """The first of `each`; None when there is none."""
    found = element.iterchildren(Q + name)
    if not below:
        return next(found, None)
    for child in found:
        under = first(child, *below)
        if under is not None:
            return under
    return None
