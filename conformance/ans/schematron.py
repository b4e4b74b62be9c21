"""Schematron → XSLT for Saxon: one compact sheet a schema, findings as numbers into a table.

The sheet answers `<o>` with, pattern by pattern and in document order: `<r i>` a rule that fired,
`<f i n a>` a check that departs (rank of the element, name of the attribute), `<u i>` a check that could not
be evaluated because a file is absent, `<x i>` a pattern that stopped on an error. Within a pattern, only the
first rule whose context matches a node fires.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from conformance.ans.assembly import ISO, XSL, Assembly, S, SchemaRefused, patterns, top_level_xslt
from conformance.ans.xpath import variables, visited
from schemas.xml import Element, children, local

X = f"{{{XSL}}}"
ERR = "http://www.w3.org/2005/xqt-errors"
PLACE = "{ancestor-or-self::*[1]/accumulator-before('rank')}"
ABSENT = "*:FODC0002 *:FODC0005 *:FOUT1170"  # a document that cannot be read


@dataclass(frozen=True, slots=True)
class Compiled:
    """A sheet and what its numbers mean. `checks`, `rules`, `patterns`: JSON objects, by number."""

    xslt: str
    checks: list[dict[str, str]]
    rules: list[dict[str, str]]
    patterns: list[str]
    missing: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        return {
            "xslt": self.xslt,
            "checks": self.checks,
            "rules": self.rules,
            "patterns": self.patterns,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class _Let:
    """A variable. `own`: it is evaluated at the document, though declared in a rule."""

    name: str
    element: Element
    own: bool = False

    @property
    def expression(self) -> str:
        return self.element.get("value") or ""


@dataclass(frozen=True, slots=True)
class _Model:
    """What an abstract rule does, the variables that it declares and those that it takes from elsewhere."""

    items: list["_Item"]
    lets: set[str]
    free: set[str]


@dataclass(slots=True)
class _Compiler:
    assembly: Assembly
    sheet: Element
    checks: list[dict[str, str]] = field(default_factory=list)
    rules: list[dict[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    globals: dict[str, _Let] = field(default_factory=dict)
    tainted: dict[str, _Let] = field(default_factory=dict)
    abstract: dict[str, Element] = field(default_factory=dict)
    models: dict[str, _Model] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)


def compile_schema(assembly: Assembly) -> Compiled:
    """The sheet of an assembled schema. Raises SchemaRefused."""
    root = assembly.root
    nsmap: dict[str | None, str] = {"xsl": XSL}
    nsmap.update(assembly.namespaces)
    sheet = etree.Element(f"{X}stylesheet", nsmap=nsmap)
    sheet.set("version", "3.0")
    sheet.set("exclude-result-prefixes", "#all")
    sheet.set("{http://www.w3.org/XML/1998/namespace}base", assembly.path.as_uri())
    made = _Compiler(assembly, sheet)
    foreign = list(top_level_xslt(root))
    for element in sorted(foreign, key=lambda one: local(one) != "import"):  # imports come first
        sheet.append(element)
    etree.SubElement(sheet, f"{X}output", method="xml", indent="no", encoding="UTF-8")
    _rank(sheet)
    running = list(patterns(root))
    _declare_globals(made, running)
    for key in root.iter(f"{S}key"):
        _key(made, key)
    for rule in root.iter(f"{S}rule"):
        if rule.get("abstract") in ("true", "1") and rule.get("id"):
            made.abstract.setdefault(str(rule.get("id")), rule)
    main = etree.SubElement(sheet, f"{X}template", match="/")
    out = etree.SubElement(main, "o")
    for pattern in running:
        _pattern(made, pattern, out)
    others = "/|node()|@*"  # nodes that no rule matches
    etree.SubElement(sheet, f"{X}template", match=others, mode="#all", priority="-10")
    text = etree.tostring(sheet, encoding="unicode")
    return Compiled(text, made.checks, made.rules, made.names, dict(assembly.missing))


def _rank(sheet: Element) -> None:
    """The rank of each element in document order, reckoned once: `path()` counts siblings again each time."""
    etree.SubElement(sheet, f"{X}mode", {"use-accumulators": "rank"})
    rank = etree.SubElement(sheet, f"{X}accumulator", {"name": "rank", "initial-value": "0"})
    etree.SubElement(rank, f"{X}accumulator-rule", match="*", select="$value + 1")


def _declare_globals(made: _Compiler, running: list[Element]) -> None:
    """Schema and pattern variables, global as the official compiler makes them.

    A name that several patterns declare stays local to each (see `_pattern`).
    """
    shared = Counter(str(let.get("name")) for pattern in running for let in pattern.iterchildren(f"{S}let"))
    root = made.assembly.root
    lets = [*root.iterchildren(f"{S}let")]
    lets += [let for phase in root.iterchildren(f"{S}phase") for let in phase.iterchildren(f"{S}let")]
    lets += [
        let
        for pattern in running
        for let in pattern.iterchildren(f"{S}let")
        if shared[str(let.get("name"))] == 1
    ]
    written = {str(one.get("name")) for one in made.sheet if local(one) in ("variable", "param")}
    for element in lets:
        let = _Let(str(element.get("name")), element)
        if let.name not in made.globals and let.name not in written:
            made.globals[let.name] = let
            made.sheet.append(_variable(let))
    made.tainted = _tainted(made, made.globals.values(), {})


def _tainted(made: _Compiler, lets: Iterable[_Let], already: dict[str, _Let]) -> dict[str, _Let]:
    """Variables whose value needs a file that is absent, directly or through another variable."""
    found: dict[str, _Let] = dict(already)
    pending = list(lets)
    while True:
        new = [let for let in pending if let.name not in found and _needs_absent(made, let.expression, found)]
        if not new:
            return found
        found |= {let.name: let for let in new}


def _needs_absent(made: _Compiler, expression: str, tainted: dict[str, _Let]) -> bool:
    if any(uri in expression for uri in made.assembly.missing):
        return True
    return bool(tainted) and not tainted.keys().isdisjoint(variables(expression))


def _variable(let: _Let) -> Element:
    made = etree.Element(f"{X}variable", name=let.name)
    if not let.element.get("value"):
        made.text = let.element.text
        for child in let.element:
            made.append(etree.fromstring(etree.tostring(child)))
        return made
    if let.own:
        made.set("as", "item()*")
        inside = etree.SubElement(made, f"{X}for-each", select="/")
        etree.SubElement(inside, f"{X}sequence", select=let.expression)
    else:
        made.set("select", let.expression)
    return made


def _key(made: _Compiler, key: Element) -> None:
    parent = key.getparent()
    match = key.get("match") or (parent.get("context") if parent is not None else None)
    use = key.get("use") or key.get("path")
    if key.get("name") and match and use:
        etree.SubElement(made.sheet, f"{X}key", name=str(key.get("name")), match=match, use=use)


def _pattern(made: _Compiler, pattern: Element, out: Element) -> None:
    number = len(made.names)
    mode = f"m{number}"
    made.names.append(pattern.get("id") or pattern.get("name") or f"motif {number + 1}")
    guarded = etree.SubElement(out, f"{X}try")
    visit = etree.SubElement(guarded, f"{X}apply-templates", mode=mode)
    catch = etree.SubElement(guarded, f"{X}catch", errors="*")
    stopped = etree.SubElement(catch, "x", i=str(number))
    said = f"string-join((string($Q{{{ERR}}}code), $Q{{{ERR}}}description), ' ')"
    etree.SubElement(stopped, f"{X}value-of", select=said)
    concrete = [
        rule
        for rule in pattern.iterchildren(f"{S}rule")
        if rule.get("abstract") not in ("true", "1") and rule.get("context")
    ]
    contexts = [str(rule.get("context")) for rule in concrete]
    visit.set("select", visited(contexts))
    own = [
        _Let(str(let.get("name")), let, own=True)
        for let in pattern.iterchildren(f"{S}let")
        if (known := made.globals.get(str(let.get("name")))) is None or known.element is not let
    ]
    for rank, rule in enumerate(concrete):
        template = etree.SubElement(
            made.sheet,
            f"{X}template",
            match=contexts[rank],
            mode=mode,
            priority=str(len(concrete) - rank),
        )
        etree.SubElement(template, "r", i=str(len(made.rules)))
        made.rules.append({"context": contexts[rank], "pattern": str(number), "id": rule.get("id") or ""})
        _body(made, template, [*own, *_items(made, rule)])


_Item = _Let | Element | str  # a variable, a check, the name of a template to call


def _items(made: _Compiler, rule: Element, chain: tuple[str, ...] = ()) -> list[_Item]:
    """What a rule does, in order. A rule that it extends is called, or written out when they share names."""
    items: list[_Item] = []
    for child in children(rule):
        if child.tag == f"{S}extends":
            items += _extended(made, rule, child, chain)
        elif child.tag == f"{S}let":
            items.append(_Let(str(child.get("name")), child))
        elif child.tag in (f"{S}assert", f"{S}report") or etree.QName(child).namespace == XSL:
            items.append(child)
    return items


def _extended(made: _Compiler, rule: Element, extends: Element, chain: tuple[str, ...]) -> list[_Item]:
    name = extends.get("rule") or ""
    model = made.abstract.get(name)
    if model is None:
        raise SchemaRefused(f"règle abstraite {name or '?'} absente (étendue par {rule.get('context')})")
    if name in chain:
        raise SchemaRefused(f"la règle abstraite {name} s'étend elle-même")
    if name not in made.models:
        items = _items(made, model, (*chain, name))
        lets = {item.name for item in items if isinstance(item, _Let)}
        made.models[name] = _Model(items, lets, {used for item in items for used in _used(item)} - lets)
    known = made.models[name]
    pattern = rule.getparent()
    around = [rule] if pattern is None else [rule, pattern]
    declared = {str(let.get("name")) for one in around for let in one.iterchildren(f"{S}let")}
    declared -= {name for name, let in made.globals.items() if let.element.getparent() is pattern}
    alone = known.free <= made.globals.keys() - declared
    if alone and (not known.lets or known.lets.isdisjoint(_rule_variables(rule))):
        if name not in made.called:
            made.called[name] = f"e{len(made.called)}"
            template = etree.SubElement(made.sheet, f"{X}template", name=made.called[name])
            _body(made, template, known.items)
        return [made.called[name]]
    return known.items


def _used(item: _Item) -> set[str]:
    if isinstance(item, str):
        return set()
    if isinstance(item, _Let):
        return variables(item.expression)
    return _rule_variables(item)


def _rule_variables(element: Element) -> set[str]:
    names = ("test", "select", "path", "value", "use")
    return {
        used
        for one in element.iter()
        if isinstance(one.tag, str)
        for name in names
        if one.get(name)
        for used in variables(str(one.get(name)))
    }


def _body(made: _Compiler, template: Element, items: list[_Item]) -> None:
    lets = [item for item in items if isinstance(item, _Let)]
    tainted = _tainted(made, lets, made.tainted)
    local_names = {let.name for let in lets}
    for hidden in local_names & made.tainted.keys():  # a local variable of the name of a tainted global
        if not any(_needs_absent(made, let.expression, {}) for let in lets if let.name == hidden):
            tainted.pop(hidden, None)
    for item in items:
        if isinstance(item, str):
            etree.SubElement(template, f"{X}call-template", name=item)
        elif isinstance(item, _Let):
            if item.name not in tainted:
                template.append(_variable(item))
        elif etree.QName(item).namespace == XSL:
            template.append(etree.fromstring(etree.tostring(item)))
        else:
            _check(made, template, item, tainted)


def _check(made: _Compiler, template: Element, check: Element, tainted: dict[str, _Let]) -> None:
    number = str(len(made.checks))
    test = check.get("test") or "true()"
    kind = local(check)
    made.checks.append(
        {
            "kind": kind,
            "role": check.get("role") or check.get("flag") or "",
            "id": check.get("id") or "",
            "see": check.get("see") or "",
            "test": test,
        }
    )
    used = _rule_variables(check)
    expressions = [str(one.get(name)) for one in check.iter() for name in ("test", "select") if one.get(name)]
    place = template
    if any(_needs_absent(made, expression, tainted) for expression in expressions):
        place = etree.SubElement(template, f"{X}try")
        for let in _closure(used, tainted):  # inside the try: an error in a global is not caught
            place.append(_variable(let))
    if kind == "assert":
        choose = etree.SubElement(place, f"{X}choose")
        etree.SubElement(choose, f"{X}when", test=test)
        target = etree.SubElement(choose, f"{X}otherwise")
    else:
        target = etree.SubElement(place, f"{X}if", test=test)
    found = etree.SubElement(target, "f", i=number, n=PLACE, a="{name(self::attribute())}")
    _text(found, check)
    for name in (check.get("diagnostics") or "").split():
        for diagnostic in made.assembly.root.iter(f"{S}diagnostic"):
            if diagnostic.get("id") == name:
                etree.SubElement(found, f"{X}text").text = " "
                _text(found, diagnostic)
    if place is not template:
        catch = etree.SubElement(place, f"{X}catch", errors=ABSENT)
        etree.SubElement(catch, "u", i=number)


def _closure(used: set[str], tainted: dict[str, _Let]) -> Iterator[_Let]:
    """The tainted variables that these names need, each after those it needs itself."""
    done: set[str] = set()

    def visit(name: str, chain: frozenset[str]) -> Iterator[_Let]:
        let = tainted.get(name)
        if let is None or name in done or name in chain:
            return
        for inner in sorted(variables(let.expression)):
            yield from visit(inner, chain | {name})
        done.add(name)
        yield let

    for name in sorted(used):
        yield from visit(name, frozenset())


def _text(target: Element, source: Element) -> None:
    """The words of a check, with their computed parts."""
    if source.text:
        etree.SubElement(target, f"{X}text").text = source.text
    for child in source:
        if isinstance(child.tag, str):
            space = etree.QName(child).namespace
            if child.tag == f"{S}value-of":
                etree.SubElement(target, f"{X}value-of", select=child.get("select") or "''", separator=" ")
            elif child.tag == f"{S}name":
                etree.SubElement(target, f"{X}value-of", select=f"name({child.get('path') or '.'})")
            elif space == XSL:
                copy = etree.fromstring(etree.tostring(child))
                copy.tail = None
                target.append(copy)
            elif space == ISO or not space:
                _text(target, child)
        if child.tail:
            etree.SubElement(target, f"{X}text").text = child.tail
