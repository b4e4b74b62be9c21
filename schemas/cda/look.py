"""How the CDA rules look at a document: short paths, lexical checks, observations that know their place."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache

from schemas.cda.model import ClinicalDocument, Q
from schemas.cda.tree import each
from schemas.finding import Observation
from schemas.valuesets import value_set
from schemas.xml import Element, where

OID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+")
UUID = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}")
SOURCE = "CI-SIS, structuration minimale des documents de santé"
SCHEMATRON = ("EX_2.1-1071",)
VALUE_SETS = ("BEN-CDA-03",)
MAX_KEPT = 128  # characters of a code and its system: longer ones are judged, not remembered


@cache
def path(*names: str) -> str:
    """`path("author", "time")` is the ElementPath of these HL7 elements."""
    return "/".join(f"{Q}{name}" for name in names)


def at(element: Element, observed: object = "", expected: object = "", below: str = "") -> Observation:
    """An observation on an element, or on something missing `below` it."""
    place = where(element) + (f"/{below}" if below else "")
    return Observation(place, observed, expected, element.sourceline)


def valid_root(root: str) -> bool:
    """An OID without leading zeros (128 characters at most) or an upper-case UUID."""
    return len(root) <= 128 and _known_root(root)


@lru_cache(maxsize=1024)  # a header says the same few roots again and again
def _known_root(root: str) -> bool:
    return bool(OID.fullmatch(root) or UUID.fullmatch(root))


def header_iter(document: ClinicalDocument, *names: str) -> Sequence[Element]:
    """Elements of these names in the header (not in the body)."""
    header = document.header
    if len(names) == 1:
        return header.get(Q + names[0], ())
    return [found for tag in _tags(names) for found in header.get(tag, ())]


@cache
def _tags(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(Q + name for name in names)


def holding(*names: str) -> Callable[[ClinicalDocument], bool]:
    """Whether a header holds one of these elements: a guard of the rules that look at nothing else."""
    tags = tuple(Q + name for name in names)

    def guard(document: ClinicalDocument) -> bool:
        return not document.header.keys().isdisjoint(tags)

    return guard


def said(element: Element) -> str:
    """The text of an element and of what is in it, without the blanks around."""
    return ("".join(element.itertext()) if len(element) else element.text or "").strip()


def exactly_one(parent: Element, name: str, known: Iterable[Element] | None = None) -> Iterator[Observation]:
    """An observation when the child is absent or repeated. `known`: those of this name, when at hand."""
    found = list(each(parent, name) if known is None else known)
    if not found:
        yield at(parent, "absent", f"{name} 1..1", name)
    elif len(found) > 1:
        yield at(found[1], f"{len(found)} {name}", f"{name} 1..1")


def coded_in(element: Element, key: str) -> Iterator[Observation]:
    """An observation when the code (without nullFlavor) is certainly not of a value set, whatever its system.

    That is what the official tool looks at: CDA-JDV-SYS judges the system, CDA-JDV-OPEN what we do not hold.
    """
    if element.get("nullFlavor"):
        return
    code = element.get("code", "")
    if not _judged(_may_be_in, key, code, element.get("codeSystem", "")):
        yield at(element, code, f"JDV {key}")


def paired_in(element: Element, key: str) -> Iterator[Observation]:
    """An observation when the code is in a value set, but not under this system."""
    code, system = element.get("code", ""), element.get("codeSystem", "")
    if system and not _judged(_is_paired, key, code, system):
        known = value_set(key)
        wanted = " | ".join(oid for oid in known.systems if known.contains(code, oid))
        yield at(element, f"{code} ({system})", wanted, "@codeSystem")


def _may_be_in(key: str, code: str, system: str) -> bool:
    known = value_set(key)
    return known.contains(code) or known.contains(code, system) or known.may_contain(code)


def _is_paired(key: str, code: str, system: str) -> bool:
    known = value_set(key)
    return known.contains(code, system) or not known.contains(code)


def _judged(judge: Callable[[str, str, str], bool], key: str, code: str, system: str) -> bool:
    """What is said of a code, worked out once: software writes the same few dozen."""
    if len(code) + len(system) > MAX_KEPT:
        return judge(key, code, system)
    return _known(judge, key, code, system)


@lru_cache(maxsize=1024)
def _known(judge: Callable[[str, str, str], bool], key: str, code: str, system: str) -> bool:
    return judge(key, code, system)


def labelled(element: Element) -> Iterator[Observation]:
    """An observation for each of code, codeSystem, displayName that a coded element lacks."""
    if element.get("nullFlavor"):
        return
    for name in ("code", "codeSystem", "displayName"):
        if not element.get(name):
            yield at(element, "absent", f"@{name}", f"@{name}")


def identified(element: Element | None, parent: Element, name: str = "id") -> Iterator[Observation]:
    """An observation when an identifier is absent, null or without root or extension."""
    if element is None:
        yield at(parent, "absent", f"{name} 1..1", name)
    elif not element.get("root") or not element.get("extension"):
        yield at(element, f"{element.get('root', '')}^{element.get('extension', '')}", "root^extension")
