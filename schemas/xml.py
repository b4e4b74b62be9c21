"""The only place where untrusted XML is parsed.

No DTD, no entities, no network, bounded depth, size and number of elements. Source: design choice of the
bench, after the limits measured for libxml2 2.14.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

MAX_BYTES = 64 * 1024 * 1024
MAX_ELEMENTS = 250_000  # the largest published CDA has 20 000
CROWD = 1000  # children after which a place is counted by libxml2
# encodings in which `<` is found where it is looked for: the others could hide the number of elements
READABLE = re.compile(
    r"utf-?8|utf-?16(?:le|be)?|us-ascii|ascii|iso-?8859-\d+|latin-?\d+|windows-125\d|cp125\d", re.IGNORECASE
)
DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]+)")

EBCDIC = b"\x4c\x6f\xa7\x94"  # `<?xm`

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

    Raises XmlRefused with reason `empty`, `too-large`, `too-many` (elements), `encoding` (not one that is
    read here), `dtd`, or `malformed` (with the line).
    """
    if not data.strip():
        raise XmlRefused("empty", "no content")
    if len(data) > MAX_BYTES:
        raise XmlRefused("too-large", f"{len(data)} bytes, at most {MAX_BYTES}")
    encoding = declared_encoding(data)
    if not READABLE.fullmatch(encoding or "utf-8") or data.startswith(EBCDIC):
        raise XmlRefused("encoding", encoding or "EBCDIC", 1)
    if len(data) > MAX_ELEMENTS and _tags(data) > MAX_ELEMENTS:
        raise XmlRefused("too-many", f"more than {MAX_ELEMENTS} elements")
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


def declared_encoding(data: bytes) -> str:
    """The encoding that the XML declaration names; empty when it names none. Wide characters are read too."""
    head = data[:1024].removeprefix(b"\xef\xbb\xbf")
    if b"\x00" in head[:8]:
        head = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\x00", b"")
    return _declared(head.partition(b"?>")[0]) if b"<?xml" in head else ""


@lru_cache(maxsize=64)  # software writes the same declaration each time
def _declared(head: bytes) -> str:
    found = DECLARED.match(head)
    return found[1].decode("ascii") if found else ""


def _tags(data: bytes) -> int:
    """At least the number of elements, without parsing: what would cost memory is refused before."""
    tags = data.count(b"<")
    if tags <= MAX_ELEMENTS or b"\x00" in data[:8]:
        return tags
    return tags - data.count(b"</") - data.count(b"<!") - data.count(b"<?")


def local(element: Element) -> str:
    """Local name of an element; empty for a comment or a processing instruction."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element) -> Iterator[Element]:
    """Child elements, without comments and processing instructions."""
    return (child for child in element if isinstance(child.tag, str))


def where(element: Element) -> str:
    """XPath of an element with local names and positions: `/ClinicalDocument/author[2]/time`.

    Among a crowd of siblings the position is the one that libxml2 counts (`*[30000]`): in linear time.
    """
    steps: list[str] = []
    node: Element | None = element
    while node is not None:
        parent = node.getparent()
        step = local(node)
        if parent is not None and len(parent) > CROWD:
            step = node.getroottree().getpath(node).rpartition("/")[2].rpartition(":")[2]
        elif parent is not None:
            twins = [child for child in parent if child.tag == node.tag]
            if len(twins) > 1:
                step += f"[{twins.index(node) + 1}]"
        steps.append(step)
        node = parent
    return "/" + "/".join(reversed(steps))
