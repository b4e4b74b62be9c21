"""Judging XML against the bench's own XML Schemas: a fast verdict, and words for it only when it is bad.

libxml2 (lxml) says whether a tree is valid, in a tenth of a millisecond. `xmlschema` is asked only about what
failed: it knows the component that was broken, hence what was allowed there. What it has no opinion on (it
reads some types more loosely than libxml2 does) is told with the words of libxml2.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from schemas import xml
from schemas.finding import Observation, clip
from schemas.xml import Element, where

if TYPE_CHECKING:
    from xmlschema import XMLSchema10
    from xmlschema.validators import XMLSchemaChildrenValidationError, XMLSchemaValidationError

MAX_PROBLEMS = 10
MAX_ELEMENTS = 10_000  # libxml2 spends quadratic time on the place of each fault: 0.3 s with this many

_COUNT = etree.XPath("count(descendant-or-self::*)")
_NAMESPACE = re.compile(r"\{[^{}\s]*:[^{}\s]*\}")
_ATTRIBUTE = re.compile(r"attribute '?([^\s'=]+)|^'([^']+)' attribute")


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One departure from a schema.

    `where` is an XPath of local names, `message` is for people (English, as the validators speak), `observed`
    is the name or the value at fault (empty when something is missing), `expected` what was allowed there:
    names of elements, `@name` of attributes, patterns or values; empty when nothing more was.
    """

    where: str
    line: int | None
    message: str
    observed: str = ""
    expected: tuple[str, ...] = ()


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


@cache
def _wording(path: str) -> "XMLSchema10":
    from xmlschema import XMLSchema10  # late: the import costs a quarter of a second

    return XMLSchema10(path, allow="local", use_fallback=False)


def problems(source: Element | bytes, schema: Schema, limit: int = MAX_PROBLEMS) -> Iterator[SchemaProblem]:
    """What departs from the schema, at most `limit` times; nothing for a valid element.

    An element stands for the tree under it. More than MAX_ELEMENTS elements are one problem and no more.
    Raises schemas.xml.XmlRefused when bytes are given that may not be read.
    """
    root = xml.parse(source) if isinstance(source, bytes) else source
    if _COUNT(root) > MAX_ELEMENTS:
        message = f"more than {MAX_ELEMENTS} elements are not compared with the schema"
        yield SchemaProblem(
            where(root), root.sourceline, message, f"> {MAX_ELEMENTS}", (f"≤ {MAX_ELEMENTS}",)
        )
        return
    with schema.lock:
        if schema.validator.validate(root):
            return
        log = list(islice(schema.validator.error_log, limit))
    found = _explained(root, schema, limit)
    yield from found or (_raw(root, entry) for entry in log)


def observations(element: Element, schema: Schema) -> Iterator[Observation]:
    """The problems of an element, as a rule yields them."""
    for seen in problems(element, schema):
        expected = " | ".join(seen.expected)
        if not (expected or seen.observed):
            yield Observation(seen.where, seen.message, "", seen.line)
        else:
            yield Observation(seen.where, seen.observed, expected or "rien d'autre", seen.line)


def _explained(root: Element, schema: Schema, limit: int) -> list[SchemaProblem]:
    """The problems that `xmlschema` finds; none when it cannot go through the tree."""
    from xmlschema import XMLSchemaException

    try:
        errors = islice(_wording(schema.path).iter_errors(cast(Any, root)), limit)
        return [_problem(root, error) for error in errors]
    except (XMLSchemaException, RecursionError):
        return []


def _raw(root: Element, entry: Any) -> SchemaProblem:
    return SchemaProblem(where(root), entry.line, _NAMESPACE.sub("", entry.message))


def _problem(root: Element, error: "XMLSchemaValidationError") -> SchemaProblem:
    from xmlschema import validators

    element: Element = root if error.elem is None else error.elem  # type: ignore[assignment]
    place, line, broken = where(element), element.sourceline, error.validator
    message = _NAMESPACE.sub("", clip(error.reason or error.message))
    if isinstance(error, validators.XMLSchemaChildrenValidationError):
        return _child(element, error, message)
    attribute = _ATTRIBUTE.search(error.reason or "")
    if attribute:
        name = attribute[1] or attribute[2]
        place, shown, value = f"{place}/@{_local(name)}", f"@{_local(name)}", element.get(name)
        if value is None:
            return SchemaProblem(place, line, message, "", (shown,))
        if isinstance(broken, validators.XsdAttributeGroup | validators.XsdAnyAttribute):  # unknown here
            known = broken if isinstance(broken, validators.XsdAttributeGroup) else ()
            return SchemaProblem(place, line, message, shown, tuple(f"@{one}" for one in known if one))
        return SchemaProblem(place, line, message, clip(value), _values(broken))
    if isinstance(error.obj, str):
        return SchemaProblem(place, line, message, clip(error.obj), _values(broken))
    if isinstance(broken, validators.XMLSchema10):  # no such root
        roots = tuple(_shown(str(one.name)) for one in broken.elements.values())
        return SchemaProblem(place, line, message, _shown(str(element.tag)), roots)
    if isinstance(broken, validators.XsdGroup):  # text among the elements
        text = " ".join(filter(None, ((part or "").strip() for part in _texts(element))))
        names = tuple(_shown(one.name, _namespace(str(element.tag))) for one in _elements(broken))
        return SchemaProblem(place, line, message, clip(text, 80), names)
    inside = next(xml.children(element), None)  # an element in what only takes text
    shown = "" if inside is None else _shown(str(inside.tag), _namespace(str(element.tag)))
    return SchemaProblem(place, line, message, shown, ("text()",) if shown else ())


def _child(element: Element, error: "XMLSchemaChildrenValidationError", message: str) -> SchemaProblem:
    """A child too many, or one missing. The error says what was expected only when that was one thing."""
    namespace = _namespace(str(element.tag))
    stated = [one for one in error.expected or () if one.name]
    before = [str(one.tag) for one in element[: error.index]]
    expected = tuple(_shown(str(one.name), namespace) for one in stated or _allowed(error.validator, before))
    if error.index >= len(element):
        place = where(element) + (f"/{expected[0]}" if len(expected) == 1 else "")
        return SchemaProblem(place, element.sourceline, message, "", expected)
    child = element[error.index]
    return SchemaProblem(where(child), child.sourceline, message, _shown(str(child.tag), namespace), expected)


def _allowed(group: Any, before: list[str]) -> list[Any]:
    """Elements that the group still takes after these: the bench's schemas are flat sequences and choices."""
    elements = _elements(group)
    if group.model != "sequence":
        return elements
    ranks = {one.name: rank for rank, one in enumerate(elements)}
    reached = max((ranks[tag] for tag in before if tag in ranks), default=0)
    return [
        one
        for one in elements[reached:]
        if one.max_occurs is None or before.count(str(one.name)) < one.max_occurs
    ]


def _elements(group: Any) -> list[Any]:
    return [one for one in group.iter_elements() if one.name]


def _values(broken: Any) -> tuple[str, ...]:
    """What a simple component takes: a fixed value, enumerated ones, patterns, a bound or a type."""
    from xmlschema import validators

    if isinstance(broken, validators.XsdEnumerationFacets):
        return tuple(str(one) for one in broken.enumeration or ())
    if isinstance(broken, validators.XsdPatternFacets):
        return tuple(broken.regexps)
    if isinstance(broken, validators.XsdFacet):
        return (f"{_local(str(broken.elem.tag))} {broken.value!s}",)
    fixed = getattr(broken, "fixed", None)
    named = fixed if fixed is not None else getattr(broken, "prefixed_name", None)
    return () if named is None else (str(named),)


def _texts(element: Element) -> Iterator[str | None]:
    yield element.text
    yield from (child.tail for child in element)


def _namespace(tag: str) -> str:
    return tag.rpartition("}")[0].removeprefix("{")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _shown(tag: str, around: str = "") -> str:
    """A local name, with its namespace when that is not the one around it."""
    namespace = _namespace(tag)
    return _local(tag) if namespace == around else f'{_local(tag)} (xmlns="{namespace}")'
