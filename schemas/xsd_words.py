"""What libxml2 logs of a fault against a schema, in words that a developer can use.

Its messages have had the same form for twenty years: the place, what was seen and, most of the time, what was
allowed there. `xmlschema` is asked for the names that they leave out (the attributes that an element takes,
say): it takes half a second to load, hence only then.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from schemas import xml
from schemas.finding import clip
from schemas.xml import Element, where

if TYPE_CHECKING:
    from xmlschema import XMLSchema10

# kinds of fault, as libxml2 names them
UNEXPECTED = "SCHEMAV_ELEMENT_CONTENT"
MISSING_ATTRIBUTE = "SCHEMAV_CVC_COMPLEX_TYPE_4"
UNKNOWN_ATTRIBUTE = ("SCHEMAV_CVC_COMPLEX_TYPE_3_2_1", "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2")
UNKNOWN_ROOT = "SCHEMAV_CVC_ELT_1"
ABSTRACT_TYPE = "SCHEMAV_CVC_TYPE_2"
UNKNOWN_TYPE = ("SCHEMAV_CVC_ELT_4_2", "SCHEMAV_CVC_ELT_4_3")

_SUBJECT = re.compile(r"Element '([^']*)'(?:, attribute '([^']*)')?: ", re.DOTALL)
_STEP = re.compile(r"(?:([^\[:]+):)?([^\[]+)(?:\[(\d+)\])?")
_NAMESPACE = re.compile(r"\{[^{}\s]*:[^{}\s]*\}")
_NAMES = re.compile(r"Expected is (?:one of )?\( (.*) \)\.$", re.DOTALL)
_QUOTED = re.compile(r"'([^']*)'")
_TYPE = re.compile(
    r"is not a valid value of the (?:local )?(?:atomic|union|list) type(?: '(.*)')?\.$", re.DOTALL
)
_FACET = re.compile(r"\[facet '(\w+)'\] ")


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One departure from a schema.

    `where` is an XPath of local names, `message` is for people (English, as the validator speaks), `observed`
    is the name or the value at fault (empty when something is missing), `expected` what was allowed there:
    names of elements in order, `@name` of attributes, patterns, values or the name of a type; empty when
    nothing more was. `kind` is libxml2's word for the fault (one of those above), `element` the place.
    """

    where: str
    line: int | None
    message: str
    observed: str = ""
    expected: tuple[str, ...] = ()
    kind: str = ""
    element: Element | None = field(default=None, repr=False, compare=False)


def distinct(log: list[Any]) -> Iterator[Any]:
    """One entry for each fault: of a value up to three are logged, the first is the most precise.

    The attributes that an element lacks come before those that it should not have, which may be misnamed.
    """
    ranks: dict[str, int] = {}
    for entry in log:
        ranks.setdefault(str(entry.path), len(ranks))
    told: set[tuple[str, str]] = set()
    mistyped: set[str] = set()  # an unknown xsi:type leaves the abstract one, which is logged too
    for entry in sorted(log, key=lambda one: (ranks[str(one.path)], one.type_name != MISSING_ATTRIBUTE)):
        subject = _SUBJECT.match(entry.message)
        name = (subject[2] or "") if subject else ""
        if subject and entry.type_name == MISSING_ATTRIBUTE:
            name = _quoted(entry.message[subject.end() :])
        about = (str(entry.path), name)
        if entry.type_name == ABSTRACT_TYPE and about[0] in mistyped:
            continue
        if entry.type_name in UNKNOWN_TYPE:
            mistyped.add(about[0])
        if about not in told:
            told.add(about)
            yield entry


def unplaced(root: Element, entry: Any) -> SchemaProblem:
    """A log entry that knows no place."""
    return SchemaProblem(where(root), root.sourceline, _plain(entry.message), kind=entry.type_name)


def placed(root: Element, entry: Any, schema: str) -> SchemaProblem:
    """A log entry in words: the element by its path, then what libxml2 says. `schema`: path of the file."""
    element, kind = _follow(root, entry.path), entry.type_name
    subject = _SUBJECT.match(entry.message)
    attribute = (subject[2] or "") if subject else ""
    said = entry.message[subject.end() :] if subject else entry.message
    place, line, around = where(element), element.sourceline, _namespace(str(element.tag))

    def problem(observed: str = "", expected: tuple[str, ...] = (), below: str = "") -> SchemaProblem:
        return SchemaProblem(place + below, line, _plain(said), observed, expected, kind, element)

    if kind == UNEXPECTED:
        parent = element if said.startswith("Missing") else element.getparent()
        space = around if parent is None else _namespace(str(parent.tag))
        names = _names(said, space)
        if not names and parent is not None:
            names = _repeated(root, parent, schema)
        if parent is element:
            return problem("", names, f"/{names[0]}" if len(names) == 1 else "")
        return problem(_shown(str(element.tag), space), names)
    if kind == MISSING_ATTRIBUTE:
        name = _local(_quoted(said))
        return problem("", (f"@{name}",), f"/@{name}")
    if kind in UNKNOWN_ATTRIBUTE:
        name = _local(attribute)
        return problem(f"@{name}", _attributes(root, element, schema), f"/@{name}")
    if kind == UNKNOWN_ROOT:
        roots = tuple(_shown(str(one.name)) for one in _described(schema).elements.values())
        return problem(_shown(str(element.tag)), roots)
    if said.startswith(("Character content", "Element content")):
        return problem(*_misplaced(root, element, said, schema))
    if attribute:
        return problem(clip(element.get(attribute, "")), _values(said), f"/@{_local(attribute)}")
    return problem(clip(element.text or ""), _values(said))


def _follow(root: Element, path: str | None) -> Element:
    """The element at a path of libxml2 (`/*/*[2]/a:b`), whose first step is `root`; as near as it goes."""
    element = root
    for text in (path or "").split("/")[2:]:
        step = _STEP.fullmatch(text)
        if step is None or text.startswith("@"):
            break
        prefix, name, rank = step.groups()
        found = [
            child
            for child in xml.children(element)
            if name == "*" or (child.prefix == prefix and xml.local(child) == name)
        ]
        if len(found) < int(rank or 1):
            break
        element = found[int(rank or 1) - 1]
    return element


def _misplaced(root: Element, element: Element, said: str, schema: str) -> tuple[str, tuple[str, ...]]:
    """(what is there, what may be there) of text among elements, or of an element in what takes none."""
    around = _namespace(str(element.tag))
    if said.startswith("Character"):
        parts = (element.text, *(child.tail for child in element))
        text = " ".join(filter(None, ((part or "").strip() for part in parts)))
        content = getattr(_type_at(root, element, schema), "content", None)
        return clip(text, 80), tuple(_shown(one.name, around) for one in _elements(content))
    inside = next(xml.children(element), None)
    allowed = () if "empty" in said else ("text()",)
    return ("" if inside is None else _shown(str(inside.tag), around)), allowed


def _repeated(root: Element, element: Element, schema: str) -> tuple[str, ...]:
    """The elements of a choice without end: libxml2 leaves them out when it has gone round once."""
    content = getattr(_type_at(root, element, schema), "content", None)
    if getattr(content, "model", "") != "choice" or getattr(content, "max_occurs", 1) is not None:
        return ()
    return tuple(_shown(one.name, _namespace(str(element.tag))) for one in _elements(content))


def _elements(content: Any) -> Iterator[Any]:
    """The element declarations of a content model, in order; none for a simple type."""
    declared = content.iter_elements() if hasattr(content, "iter_elements") else ()
    return (one for one in declared if one.name)


def _attributes(root: Element, element: Element, schema: str) -> tuple[str, ...]:
    known = getattr(_type_at(root, element, schema), "attributes", ())
    return tuple(f"@{_local(one)}" for one in known if one)


def _type_at(root: Element, element: Element, schema: str) -> Any:
    """The type that the schema gives to an element of the tree, xsi:type obeyed; None when it has none."""
    described = _described(schema)
    way = [element]
    while way[-1] is not root and (parent := way[-1].getparent()) is not None:
        way.append(parent)
    declared: Any = described.maps.elements.get(str(root.tag))
    kind = _typed(described, way.pop(), declared)
    while way and kind is not None:
        step = way.pop()
        declared = next(
            (one for one in _elements(getattr(kind, "content", None)) if one.name == step.tag), None
        )
        kind = _typed(described, step, declared)
    return kind


def _typed(described: "XMLSchema10", element: Element, declared: Any) -> Any:
    if declared is None:
        return None
    stated = element.get("{http://www.w3.org/2001/XMLSchema-instance}type")
    if stated is None:
        return declared.type
    prefix, _, name = stated.strip().rpartition(":")
    space = element.nsmap.get(prefix or None)
    return described.maps.types.get(f"{{{space}}}{name}" if space else name, declared.type)


def _values(said: str) -> tuple[str, ...]:
    """What a value may be: enumerated ones, a pattern, a bound, a fixed value, or the name of a type."""
    facet = _FACET.match(said)
    if facet and facet[1] == "enumeration":
        return tuple(_QUOTED.findall(said.rpartition("of the set {")[2]))
    if facet and facet[1] == "pattern":
        return (said.rpartition("by the pattern '")[2][:-2],)
    if facet:
        bound = said.rpartition(" of '")[2][:-2]
        return (f"{facet[1]} {bound}",)
    if "fixed value constraint" in said:
        return (said.rpartition("fixed value constraint '")[2][:-2],)
    named = _TYPE.search(said)
    return (_prefixed(named[1]),) if named and named[1] else ()


def _names(said: str, around: str) -> tuple[str, ...]:
    """The names that libxml2 expected: it gives ten at most."""
    found = _NAMES.search(said)
    names = tuple(_shown(name, around) for name in found[1].split(", ")) if found else ()
    return (*names, "…") if len(names) == 10 else names


def _quoted(said: str) -> str:
    found = _QUOTED.search(said)
    return found[1] if found else ""


def _plain(message: str) -> str:
    return _NAMESPACE.sub("", clip(message))


def _prefixed(name: str) -> str:
    return name if name.startswith("xs:") else _local(name)


def _namespace(tag: str) -> str:
    return tag.rpartition("}")[0].removeprefix("{")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _shown(tag: str, around: str = "") -> str:
    """A local name, with its namespace when that is not the one around it."""
    namespace = _namespace(tag)
    return _local(tag) if namespace == around else f'{_local(tag)} (xmlns="{namespace}")'


@cache
def _described(path: str) -> "XMLSchema10":
    from xmlschema import XMLSchema10  # late: the import costs a quarter of a second

    return XMLSchema10(path, allow="local", use_fallback=False)
