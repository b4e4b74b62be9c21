"""The only place where untrusted XML is parsed.

No DTD, no entities, no network, bounded depth and size. Source: design choice of the bench, after the
limits measured for libxml2 2.14.
"""

from collections.abc import Iterator

from lxml import etree

MAX_BYTES = 64 * 1024 * 1024

Element = etree._Element


class XmlRefused(ValueError):
    """The bytes are not XML that may be read. `reason` is a stable word, `detail` is for people."""

    def __init__(self, reason: str, detail: str, line: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.line = line


def parse(data: bytes) -> Element:
    """Parse bytes to their root element.

    Raises XmlRefused with reason `empty`, `too-large`, `dtd`, or `malformed` (with the line).
    """
    if not data.strip():
        raise XmlRefused("empty", "no content")
    if len(data) > MAX_BYTES:
        raise XmlRefused("too-large", f"{len(data)} bytes, at most {MAX_BYTES}")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=len(data) > 8_000_000,  # a text node over 10 MB needs it; amplification stays guarded
        remove_blank_text=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise XmlRefused("malformed", error.msg or "not well-formed", error.lineno) from None
    except ValueError as error:
        raise XmlRefused("malformed", str(error)) from None
    if root.getroottree().docinfo.doctype:
        raise XmlRefused("dtd", "a document type declaration is not allowed")
    return root


def local(element: Element) -> str:
    """Local name of an element; empty for a comment or a processing instruction."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element) -> Iterator[Element]:
    """Child elements, without comments and processing instructions."""
    return (child for child in element if isinstance(child.tag, str))


def where(element: Element) -> str:
    """XPath of an element with local names and positions: `/ClinicalDocument/author[2]/time`."""
    steps: list[str] = []
    node: Element | None = element
    while node is not None:
        parent = node.getparent()
        step = local(node)
        if parent is not None:
            twins = [child for child in parent if child.tag == node.tag]
            if len(twins) > 1:
                step += f"[{twins.index(node) + 1}]"
        steps.append(step)
        node = parent
    return "/" + "/".join(reversed(steps))
