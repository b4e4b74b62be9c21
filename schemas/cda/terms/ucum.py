"""Units of measure: the UCUM grammar (case sensitive), and its rules on the units of a document.

Atoms and prefixes are data (`schemas/valuesets/UCUM.json`). Source: The Unified Code for Units of Measure,
§§1 to 11. The official tool (layer TERMINO) reports a unit that is not UCUM.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from lxml import etree

from schemas.cda.look import VALUE_SETS, at
from schemas.cda.model import ClinicalDocument
from schemas.cda.tree import selected
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import Element, local

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-units")
SOURCE = "UCUM, codes sensibles à la casse"
MEASURED = etree.XPath("descendant-or-self::*[@unit]")
LONGEST = 200  # characters; no real unit comes near
DEEPEST = 20  # parentheses
PACKAGING = frozenset({"quantity", "capacityQuantity"})  # may count boxes by an EDQM code
_POWERS_OF_TEN = ("10*", "10^")
_ENDS = frozenset("./(){}+-")


@dataclass(frozen=True, slots=True)
class Atoms:
    """The symbols: those that take a prefix, and those that do not."""

    prefixes: tuple[str, ...]
    metric: frozenset[str]
    plain: frozenset[str]

    def knows(self, symbol: str) -> bool:
        """Whether the symbol is an atom, or a prefix and a metric atom."""
        return (
            symbol in self.plain
            or symbol in self.metric
            or any(
                symbol.startswith(prefix) and symbol[len(prefix) :] in self.metric for prefix in self.prefixes
            )
        )


@cache
def atoms() -> Atoms:
    """The symbols of the data file."""
    data = json.loads(resources.files("schemas.valuesets").joinpath("UCUM.json").read_text(encoding="utf-8"))
    return Atoms(tuple(data["prefixes"]), frozenset(data["metric"]), frozenset(data["plain"]))


def is_unit(text: str) -> bool:
    """Whether this is a UCUM expression: `mmol/L`, `10*9/L`, `mm[Hg]`, `{ratio}`, `/min`, `m2`, `%`."""
    return 0 < len(text) <= LONGEST and text.isascii() and _parsed(text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> bool:
    start = 1 if text[0] == "/" else 0
    return _term(text, start, 0) == len(text)


def _term(text: str, place: int, depth: int) -> int:
    """The place after the term that starts here; -1 when there is none."""
    place = _component(text, place, depth)
    while 0 <= place < len(text) and text[place] in "./":
        place = _component(text, place + 1, depth)
    return place


def _component(text: str, place: int, depth: int) -> int:
    """The place after a unit with its exponent and annotation, a factor, an annotation or a parenthesis."""
    if place >= len(text) or depth > DEEPEST:
        return -1
    if text[place] == "{":
        return _annotation(text, place)
    if text[place] == "(":
        inside = _term(text, place + 1, depth + 1)
        closed = 0 <= inside < len(text) and text[inside] == ")"
        after = inside + 1 if closed else -1
    elif text[place].isdigit() and not text.startswith(_POWERS_OF_TEN, place):
        after = _digits(text, place)
    else:
        after = _symbol(text, place)
        if after < 0 or not atoms().knows(text[place:after]):
            return -1
        after = _exponent(text, after)
    return _annotation(text, after) if 0 <= after < len(text) and text[after] == "{" else after


def _symbol(text: str, place: int) -> int:
    """The place after the symbol (square brackets hold anything); -1 when a bracket is not closed."""
    start = place
    if text.startswith(_POWERS_OF_TEN, place):
        return place + 3
    while place < len(text) and text[place] not in _ENDS and not text[place].isdigit():
        if text[place] == "[":
            place = text.find("]", place)
            if place < 0:
                return -1
        place += 1
    return place if place > start else -1


def _exponent(text: str, place: int) -> int:
    """The place after the exponent, if there is one; -1 for a sign without digits."""
    if place < len(text) and text[place] in "+-":
        after = _digits(text, place + 1)
        return after if after > place + 1 else -1
    return _digits(text, place)


def _digits(text: str, place: int) -> int:
    while place < len(text) and text[place].isdigit():
        place += 1
    return place


def _annotation(text: str, place: int) -> int:
    """The place after `{…}`; -1 when it is not closed or holds a brace."""
    end = text.find("}", place)
    return end + 1 if end > 0 and "{" not in text[place + 1 : end] else -1


def _others(document: ClinicalDocument) -> Iterator[Element]:
    """The elements of the body whose unit is not UCUM."""
    body = document.top.first("component")
    for element in () if body is None else selected(MEASURED, body):
        if not is_unit(element.get("unit", "")):
            yield element


@RULES.rule("CDA-UCUM-01", requirements=VALUE_SETS, source=SOURCE, layer="TERMINO")
def units_are_ucum(document: ClinicalDocument) -> Iterator[Observation]:
    """A measured quantity has a UCUM unit."""
    for element in _others(document):
        if local(element) not in PACKAGING:
            yield at(element, element.get("unit"), "code UCUM (mmol/L, 10*9/L, {ratio}…)", "@unit")


@RULES.rule("CDA-UCUM-02", requires=Keyword.DEVRAIT, requirements=VALUE_SETS, source=SOURCE)
def packaging_units_are_coded(document: ClinicalDocument) -> Iterator[Observation]:
    """A quantity of boxes or of doses in a box has a UCUM unit or the code of an EDQM unit."""
    for element in _others(document):
        if local(element) in PACKAGING:
            yield at(element, element.get("unit"), "code UCUM ou code EDQM de l'unité", "@unit")
