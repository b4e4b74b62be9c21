"""Ways down an HL7 tree. Twice as fast as ElementPath, which reads a path again at each call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from lxml import etree

from schemas.frozen import frozen
from schemas.xml import Element

HL7 = "urn:hl7-org:v3"
Q = f"{{{HL7}}}"


FEW = 16  # children that a loop compares faster than libxml2 is asked for those of a name


def each(element: Element, *names: str) -> Iterator[Element]:
    """The elements down this way of local names, in document order: `each(root, "author", "time")`."""
    tag = Q + names[0]
    if len(element) > FEW:
        found = element.iterchildren(tag)
    else:
        found = iter([child for child in element if child.tag == tag])
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
    tag = Q + name
    for child in element.iterchildren(tag) if len(element) > FEW else element:
        if child.tag == tag:
            under = first(child, *below) if below else child
            if under is not None:
                return under
    return None


@frozen
class Top:
    """The ways down from a root: most rules take one, and several the same, so each is gone once.

    `children`: those of the root by qualified tag.
    """

    children: Mapping[str, list[Element]]
    _gone: dict[tuple[str, ...], Sequence[Element]] = field(default_factory=dict, repr=False, compare=False)

    def each(self, *names: str) -> Sequence[Element]:
        """The elements down this way of local names from the root, in document order."""
        found = self._gone.get(names)
        if found is None:
            found = self.children.get(Q + names[0], ())
            if len(names) > 1:
                found = [below for child in found for below in each(child, *names[1:])]
            self._gone[names] = found
        return found

    def first(self, *names: str) -> Element | None:
        """The first of `each`; None when there is none."""
        found = self.each(*names)
        return found[0] if found else None
