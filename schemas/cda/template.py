"""Templates: what an element of the body must hold because of a templateId that it declares.

A template is data. `judge_templates` goes through the body once, finds each declared templateId and applies
what is known of it. Paths are XPath 1.0 whose plain names are HL7 names: `entryRelationship/act` means
`h:entryRelationship/h:act`; prefixes `pharm`, `lab`, `sdtc`, `dicom` and `xsi` are known.
Sources: IHE PCC, PaLM, Pharmacy and RAD technical frameworks, CI-SIS "modèles de contenus", cda.md §5 to §7.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from lxml import etree

from schemas.cda.look import at
from schemas.cda.model import HL7, ClinicalDocument, Q
from schemas.finding import Finding, Observation, Rule
from schemas.valuesets import ValueSet, value_set
from schemas.xml import Element, local

NAMESPACES = {
    "h": HL7,
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "sdtc": "urn:hl7-org:sdtc",
    "pharm": "urn:ihe:pharm:medication",
    "lab": "urn:oid:1.3.6.1.4.1.19376.1.3.2",
    "dicom": "urn:dicom-org:ps3-20",
}
TEMPLATE_ID = f"{Q}templateId"
SECTION = f"{Q}section"
STATEMENTS = (
    SECTION,
    *(f"{Q}{name}" for name in ("act", "observation", "organizer", "procedure", "substanceAdministration")),
    *(f"{Q}{name}" for name in ("supply", "encounter", "observationMedia")),
)
MAX_SEEN = 25  # observations kept of one rule

_WORDS = frozenset({"and", "or", "mod", "div"})
_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|::|[@:$]?[A-Za-z_][\w.-]*")
_CARDINALITY = re.compile(r"(.+?)\s+(\d+)\.\.(\d+|\*)")


def hl7_names(path: str) -> str:
    """The path with `h:` before each plain name (not functions, axes, attributes, variables, words, strings).

    A name prefix is written with its colon (`pharm:name`) and kept as it is.
    """

    def prefixed(found: re.Match[str]) -> str:
        token = found[0]
        after = path[found.end() :].lstrip()
        before = path[: found.start()]
        if token[0] in "'\"@:$" or token in _WORDS or after.startswith(("(", "::")):
            return token
        if after.startswith(":") or (before.endswith(":") and not before.endswith("::")):
            return token  # a prefix, or the name after one
        return f"h:{token}"

    return _TOKEN.sub(prefixed, path)


@cache
def xpath(path: str) -> etree.XPath:
    """The compiled path. Raises lxml's XPathSyntaxError."""
    return etree.XPath(hl7_names(path), namespaces=NAMESPACES, smart_strings=False)


@cache
def _truth(test: str) -> etree.XPath:
    return xpath(f"boolean({test})")


class Check(Protocol):
    """One demand on an element: an observation for each way in which it is not met."""

    def __call__(self, element: Element) -> Iterator[Observation]: ...


@dataclass(frozen=True, slots=True)
class Has:
    """Between `least` and `most` (None: no bound) nodes at this path."""

    path: str
    least: int
    most: int | None

    def __call__(self, element: Element) -> Iterator[Observation]:
        found = len(xpath(self.path)(element))
        if found < self.least or (self.most is not None and found > self.most):
            most = "*" if self.most is None else self.most
            wanted = f"{self.path} {self.least}..{most}"
            yield at(element, "absent" if not found else f"{found} fois", wanted, self.path)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Each attribute or text at this path is one of these values (nothing is said when it is absent)."""

    path: str
    values: tuple[str, ...]

    def __call__(self, element: Element) -> Iterator[Observation]:
        for found in xpath(self.path)(element):
            seen = found if isinstance(found, str) else "".join(found.itertext())
            if seen.strip() not in self.values:
                yield at(element, seen, " | ".join(self.values), self.path)


@dataclass(frozen=True, slots=True)
class Coded:
    """Each coded element at this path is in a value set, unless it is null.

    A code that a set held in part does not list is another matter: see `open_codes`.
    """

    path: str
    key: str

    def __call__(self, element: Element) -> Iterator[Observation]:
        known = value_set(self.key)
        if known.open:
            return
        for found in self.outside(element, known):
            yield at(found, _said(found), f"{known.name} ({known.oid or self.key})")

    def outside(self, element: Element, known: ValueSet) -> Iterator[Element]:
        """The coded elements whose code and system are not in the set."""
        for found in xpath(self.path)(element):
            if found.get("nullFlavor") is None and not known.contains(
                found.get("code", ""), found.get("codeSystem", "")
            ):
                yield found


@dataclass(frozen=True, slots=True)
class Holds:
    """This XPath expression is true; `expected` says it for people, `below` where to look."""

    test: str
    expected: str
    below: str = ""

    def __call__(self, element: Element) -> Iterator[Observation]:
        if not _truth(self.test)(element):
            yield at(element, "non respecté", self.expected, self.below)


@dataclass(frozen=True, slots=True)
class Parents:
    """The templateIds that a template implies on the same element."""

    roots: tuple[str, ...]

    def __call__(self, element: Element) -> Iterator[Observation]:
        declared = {found.get("root") for found in element.iterchildren(TEMPLATE_ID)}
        for root in self.roots:
            if root not in declared:
                yield at(element, "absent", f"templateId {root}", "templateId")


@dataclass(frozen=True, slots=True)
class On:
    """The element on which the template is declared."""

    names: tuple[str, ...]

    def __call__(self, element: Element) -> Iterator[Observation]:
        if local(element) not in self.names:
            yield at(element, local(element), " | ".join(self.names))


@dataclass(frozen=True, slots=True)
class Template:
    """What one rule demands of the elements that declare this templateId. Several may share an OID.

    `applies`: which documents it is for (None: all).
    """

    oid: str
    rule: Rule
    checks: tuple[Check, ...]
    applies: Callable[[ClinicalDocument], bool] | None = None


def template(
    oid: str,
    rule: Rule,
    *,
    on: str = "",
    parents: Iterable[str] = (),
    code: str = "",
    has: Iterable[str] = (),
    values: Mapping[str, str] | None = None,
    codes: Mapping[str, str] | None = None,
    holds: Iterable[tuple[str, str] | tuple[str, str, str]] = (),
    checks: Iterable[Check] = (),
    applies: Callable[[ClinicalDocument], bool] | None = None,
) -> Template:
    """A template from its short notation.

    `on`: element names separated by `|`. `parents`: OIDs that go with it. `code`: `11450-4` or
    `11450-4 (2.16.840.1.113883.6.1)`: exactly one code element with that value (several separated by `|`).
    `has`: `path 1..1`, `path 0..1`, `path 1..*`. `values`: path of attributes or texts → values separated by
    `|`. `codes`: path of coded elements → key of a value set. `holds`: (XPath test, expected in words[,
    where]).
    Raises ValueError on a malformed cardinality, lxml's XPathSyntaxError on a malformed path.
    """
    made: list[Check] = []
    if on:
        made.append(On(tuple(on.split("|"))))
    if roots := tuple(parents):
        made.append(Parents(roots))
    if code:
        code_value, _, system = code.partition(" (")
        made += [Has("code", 1, 1), Has("code/@code", 1, 1)]
        made.append(OneOf("code/@code", tuple(code_value.split("|"))))
        if system:
            made += [Has("code/@codeSystem", 1, 1), OneOf("code/@codeSystem", (system.rstrip(")"),))]
    for text in has:
        found = _CARDINALITY.fullmatch(text)
        if not found:
            raise ValueError(f"{oid}: {text!r} is not «path n..m»")
        path, least, most = found.groups()
        made.append(Has(path, int(least), None if most == "*" else int(most)))
    made += [OneOf(path, tuple(allowed.split("|"))) for path, allowed in (values or {}).items()]
    made += [Coded(path, key) for path, key in (codes or {}).items()]
    made += [Holds(*one) for one in holds]
    made += checks
    return Template(oid, rule, tuple(made), applies)


@dataclass(frozen=True, slots=True)
class Said:
    """The rules of what is not an error of the document: a code that a value set held in part does not list,
    a section or entry of which no template is known, a section that declares none."""

    open_set: Rule
    unknown: Rule
    undeclared: Rule


def judge_templates(
    document: ClinicalDocument, known: Mapping[str, tuple[Template, ...]], said: Said
) -> list[Finding]:
    """The findings of every template that the body declares, at most MAX_SEEN a rule."""
    body = document.top.first("component")
    if body is None:
        return []
    seen: Counter[str] = Counter()
    full: set[str] = set()  # rules of which enough was seen
    findings: list[Finding] = []

    def keep(rule: Rule, observations: Iterable[Observation]) -> None:
        if rule.id in full:
            return
        for one in observations:
            findings.append(rule.finding(one.where, one.observed, one.expected, one.line))
            seen[rule.id] += 1
            if seen[rule.id] == MAX_SEEN:
                full.add(rule.id)
                return

    judged: set[tuple[Element, str]] = set()
    for marker in body.iter(TEMPLATE_ID):
        root = marker.get("root", "")
        element = marker.getparent() if root in known else None
        if element is None or (element, root) in judged:  # a templateId repeated is one templateId
            continue
        judged.add((element, root))
        for one in known[root]:
            if one.rule.id in full or (one.applies is not None and not one.applies(document)):
                continue
            for check in one.checks:
                keep(one.rule, check(element))
                if isinstance(check, Coded) and value_set(check.key).open:
                    keep(said.open_set, open_codes(check, element))
    keep(said.unknown, _unknown(body, {element for element, _ in judged}))
    keep(said.undeclared, _undeclared(body))
    return findings


def _unknown(body: Element, judged: Set[Element]) -> Iterator[Observation]:
    """Sections and entries that declare templates, none of which is known: no rule looked at them."""
    for element in body.iter(*STATEMENTS):
        roots = [found.get("root", "") for found in element.iterchildren(TEMPLATE_ID)]
        if roots and element not in judged:
            yield at(element, " ".join(roots), "un modèle de section ou d'entrée connu", "templateId")


def _undeclared(body: Element) -> Iterator[Observation]:
    """Sections that declare no template: no rule looked at them."""
    for section in body.iter(SECTION):
        if next(section.iterchildren(TEMPLATE_ID), None) is None:
            yield at(section, "absent", "templateId 1..*", "templateId")


def open_codes(check: Coded, element: Element) -> Iterator[Observation]:
    """The codes that a value set held in part does not list."""
    known = value_set(check.key)
    for found in check.outside(element, known):
        yield at(found, _said(found), f"{known.name}, détenu en partie ({known.source})")


def _said(element: Element) -> str:
    return f"{element.get('code', '')} ({element.get('codeSystem', '')})"


def by_oid(*modules: Iterable[Template]) -> dict[str, tuple[Template, ...]]:
    """Templates by templateId root, in the order in which they were declared."""
    found: dict[str, tuple[Template, ...]] = {}
    for templates in modules:
        for one in templates:
            found[one.oid] = (*found.get(one.oid, ()), one)
    return found
