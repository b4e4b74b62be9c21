"""Judging XML against the bench's own XML Schemas.

libxml2 (lxml) says whether a tree is valid, a millisecond for a long document, and logs what is wrong;
`schemas.xsd_words` reads this log.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import islice
from threading import Lock
from typing import Any

from lxml import etree

from schemas import xml
from schemas.finding import Observation
from schemas.xml import Element
from schemas.xsd_words import SchemaProblem, distinct, placed, unplaced

MAX_PROBLEMS = 10
MAX_NODES = 20_000  # elements and attributes: the places of faults cost quadratic time, 0.3 s with these
SMALLEST = len("<a/>")  # bytes of a node
MAX_PLACED = 200  # faults of a longer document that are given a place
CHUNK = 65_536

_COUNT = etree.XPath("count(descendant-or-self::*) + count(descendant-or-self::*/@*)")


@dataclass(frozen=True, slots=True)
class Schema:
    """A compiled schema. The lock keeps the error log of one validation apart from that of another thread."""

    path: str
    validator: etree.XMLSchema
    lock: Lock = field(default_factory=Lock, repr=False, compare=False)


@cache
def load(package: str, name: str) -> Schema:
    """The schema `name` of this package, compiled once; it may import its neighbours, never the network.

    Raises lxml's XMLSchemaParseError when the schema itself is wrong.
    """
    path = str(resources.files(package) / name)
    return Schema(path, etree.XMLSchema(etree.parse(path, etree.XMLParser(no_network=True))))


def problems(
    source: Element | bytes, schema: Schema, limit: int = MAX_PROBLEMS, size: int = 0
) -> Iterator[SchemaProblem]:
    """What departs from the schema, at most `limit` times; nothing for a valid element.

    An element stands for the tree under it; `size`: the number of bytes that it was parsed from, when
    known. Of a long document with very many faults, the first are told without their place.
    Raises schemas.xml.XmlRefused when bytes are given that may not be read.
    """
    root = xml.parse(source) if isinstance(source, bytes) else source
    if not 0 < size <= MAX_NODES * SMALLEST and _COUNT(root) > MAX_NODES:
        log = _streamed(root, schema)
        if not log:
            return
        if len(log) >= MAX_PLACED:
            first = {entry.message: entry for entry in log}
            yield from [unplaced(root, entry) for entry in first.values()][:limit]
            return
    with schema.lock:
        if schema.validator.validate(root):
            return
        log = list(schema.validator.error_log)
    yield from islice((placed(root, entry, schema.path) for entry in distinct(log)), limit)


def observations(element: Element, schema: Schema, size: int = 0) -> Iterator[Observation]:
    """The problems of an element, as a rule yields them. `size` as in `problems`."""
    for seen in problems(element, schema, size=size):
        expected = " | ".join(seen.expected)
        if not (expected or seen.observed):
            yield Observation(seen.where, seen.message, "", seen.line)
        else:
            yield Observation(seen.where, seen.observed, expected or "rien d'autre", seen.line)


def _streamed(root: Element, schema: Schema) -> list[Any]:
    """The first faults, without place: libxml2 knows no node while it parses, hence loses no time on it."""
    data = etree.tostring(root, with_tail=False)
    with schema.lock:
        parser = etree.XMLParser(
            schema=schema.validator, huge_tree=True, no_network=True, resolve_entities=False
        )
        try:
            for start in range(0, len(data), CHUNK):
                parser.feed(data[start : start + CHUNK])
                if len(parser.feed_error_log) >= MAX_PLACED:
                    break
            else:
                parser.close()
        except etree.XMLSyntaxError:
            pass  # invalid: the log says it
        return list(parser.feed_error_log)
