"""A feed spoilt in every way that a mutation of its XML can: what the verdicts are compared on."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import islice

from lxml import etree

from schemas import xml
from schemas.soap import message, mtom
from simulators.core.service import Request

PARTS = ("envelope", "document", "signature")


def spoilt(data: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Each element left out, doubled or moved last; each text and attribute left out or changed.

    What each way is called, and the function that makes it.
    """
    root = xml.parse(data)
    places = [index for index, _ in enumerate(root.iter(etree.Element))]
    for index in places:
        original = _nth(root, index)
        where = f"{index} {xml.local(original)}"
        if index:
            yield f"{where} dropped", partial(_written, root, index, _drop)
            yield f"{where} doubled", partial(_written, root, index, _double)
            yield f"{where} last", partial(_written, root, index, _last)
        if (original.text or "").strip():
            yield f"{where} text changed", partial(_with, root, index, text="x")
            yield f"{where} text blank", partial(_with, root, index, text="")
        for name in map(str, original.attrib):
            short = name.rpartition("}")[2]
            yield f"{where} @{short} dropped", partial(_with, root, index, name=name, value=None)
            yield f"{where} @{short} blank", partial(_with, root, index, name=name, value="")
            yield (
                f"{where} @{short} changed",
                partial(_with, root, index, name=name, value=f"{original.get(name)}x"),
            )


def spoilt_feeds(good: Request, step: int = 1) -> Iterator[tuple[str, Request]]:
    """The feed with one of its three parts spoilt, in one way of `spoilt` in so many."""
    carried = message.read(good.header("Content-Type"), good.body)
    assert carried.parts is not None
    sent = dict(carried.parts.attachments)
    (document, signature), envelope = sent, carried.parts.root.content
    action = carried.parts.media.get("action")
    for part, data in zip(PARTS, (envelope, sent[document], sent[signature]), strict=True):
        for what, make in islice(spoilt(data), 0, None, step):
            whole = {PARTS[0]: envelope, PARTS[1]: sent[document], PARTS[2]: sent[signature], part: make()}
            attachments = [
                mtom.Attachment(document, whole[PARTS[1]], "text/xml"),
                mtom.Attachment(signature, whole[PARTS[2]], "text/xml"),
            ]
            content_type, body = mtom.join(whole[PARTS[0]], attachments, action)
            yield f"{part} {what}", replace(good, headers=(("Content-Type", content_type),), body=body)


def _nth(root: xml.Element, index: int) -> xml.Element:
    return next(islice(root.iter(etree.Element), index, None))


def _written(root: xml.Element, index: int, change: Callable[[xml.Element], None]) -> bytes:
    copy = deepcopy(root)
    element = _nth(copy, index)
    change(element)
    return etree.tostring(copy)


def _with(
    root: xml.Element, index: int, *, text: str | None = None, name: str = "", value: str | None = None
) -> bytes:
    copy = deepcopy(root)
    element = _nth(copy, index)
    if text is not None:
        element.text = text
    elif value is None:
        del element.attrib[name]
    else:
        element.set(name, value)
    return etree.tostring(copy)


def _parent(element: xml.Element) -> xml.Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def _drop(element: xml.Element) -> None:
    _parent(element).remove(element)


def _double(element: xml.Element) -> None:
    element.addnext(deepcopy(element))


def _last(element: xml.Element) -> None:
    _parent(element).append(element)
