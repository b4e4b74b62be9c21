"""A Schematron schema put together: includes followed, abstract patterns written out, one namespace.

ISO/IEC 19757-3, as far as the official schemas use it; Schematron 1.5 elements are read as ISO ones.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from conformance.ans.folder import Folder
from conformance.ans.xpath import file_names, replaced
from schemas.xml import Element, XmlRefused, local, parse

ISO = "http://purl.oclc.org/dsdl/schematron"
OLD = "http://www.ascc.net/xml/schematron"
XSL = "http://www.w3.org/1999/XSL/Transform"
S = f"{{{ISO}}}"
Provider = Callable[[str], Path | None]
MAX_DEPTH = 20  # includes within includes
MAX_FILES = 5_000
EXPRESSIONS = ("test", "context", "select", "path", "match", "use", "subject")


class SchemaRefused(ValueError):
    """A schema cannot be compiled: the message says which file and why."""


@dataclass(slots=True)
class Assembly:
    """A schema ready to be compiled. `root`: its expanded ISO tree; `missing`: URI → name of absent files."""

    root: Element
    path: Path
    namespaces: dict[str, str]
    missing: dict[str, str] = field(default_factory=dict)


def assemble(folder: Folder, path: Path, provide: Provider) -> Assembly:
    """The whole schema of this .sch file. `provide` gives a file that the folder lacks, or None.

    Raises SchemaRefused.
    """
    reader = _Reader(folder, path, provide)
    root = reader.read(path)
    if root.tag != f"{S}schema":
        raise SchemaRefused(f"{folder.shown(path)} : l'élément racine est {local(root)}, pas schema")
    _expand(root)
    return Assembly(root, path, _namespaces(root, reader.in_scope), reader.missing)


@dataclass(slots=True)
class _Reader:
    folder: Folder
    main: Path
    provide: Provider
    missing: dict[str, str] = field(default_factory=dict)
    in_scope: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def read(self, path: Path, depth: int = 0) -> Element:
        """The tree of a file, its own includes in place."""
        self.count += 1
        name = self.folder.shown(path)
        if depth > MAX_DEPTH or self.count > MAX_FILES:
            raise SchemaRefused(f"{name} : inclusions trop profondes ou trop nombreuses")
        try:
            root = parse(path.read_bytes())
        except XmlRefused as refused:
            reason = "fichier vide" if refused.reason == "empty" else f"XML refusé, {refused.detail}"
            raise SchemaRefused(f"{name} : {reason}") from None
        except OSError as error:
            raise SchemaRefused(f"{name} : {error.strerror}") from None
        root = _as_iso(root)
        for prefix, uri in root.nsmap.items():
            if prefix:
                self.in_scope.setdefault(prefix, uri)
        for element in list(root.iter()):
            if isinstance(element.tag, str):
                self._absolute(element, path)
        for include in list(root.iter(f"{S}include")):
            self._include(include, path, depth)
        return root

    def _include(self, include: Element, path: Path, depth: int) -> None:
        href, _, fragment = (include.get("href") or "").partition("#")
        parent = include.getparent()
        if parent is None or not href:
            raise SchemaRefused(f"{self.folder.shown(path)} : include sans href")
        target = self.folder.beside(path.parent, href) or self.folder.beside(self.main.parent, href)
        if target is None:
            raise SchemaRefused(f"{self.folder.shown(path)} : fichier inclus absent, {href}")
        content = self.read(target, depth + 1)
        if fragment:
            chosen = next((one for one in content.iter() if one.get("id") == fragment), None)
            if chosen is None:
                raise SchemaRefused(f"{self.folder.shown(target)} : aucun élément d'id {fragment}")
            content = chosen
        whole = content.tag == f"{S}schema" and parent.tag == f"{S}schema"
        place = parent.index(include)
        for offset, child in enumerate(list(content) if whole else [content]):
            parent.insert(place + offset, child)
        parent.remove(include)

    def _absolute(self, element: Element, path: Path) -> None:
        """File names in the expressions of an element, made absolute."""
        for name, value in element.attrib.items():
            if isinstance(name, str) and isinstance(value, str) and "." in value:
                whole = name in ("value", "select") and local(element) in ("let", "param", "variable")
                if whole or name in EXPRESSIONS:
                    new = file_names(value, lambda one: self._resolve(one, path), whole=whole)
                    if new != value:
                        element.set(name, new)

    def _resolve(self, name: str, path: Path) -> str:
        bases = (self.main.parent, path.parent, self.folder.root / "schematrons", self.folder.root)
        for base in dict.fromkeys(bases):
            if found := self.folder.beside(base, name):
                return found.as_uri()
        found = self.folder.named(name) or self.provide(name)
        if found is not None:
            return found.as_uri()
        short = name.replace("\\", "/").rpartition("/")[2]
        uri = (self.folder.root / "jeuxDeValeurs" / short).as_uri()
        self.missing[uri] = short
        return uri


def _as_iso(root: Element) -> Element:
    """Elements of Schematron 1.5 renamed; `root` itself when there are none."""
    for element in root.iter(f"{{{OLD}}}*"):
        element.tag = S + local(element)
    return root


def _expand(root: Element) -> None:
    """Write out each pattern that is an instance of an abstract one. Raises SchemaRefused."""
    abstract = {
        one.get("id"): one for one in root.iter(f"{S}pattern") if one.get("abstract") in ("true", "1")
    }
    for instance in list(root.iter(f"{S}pattern")):
        name = instance.get("is-a")
        if name is None:
            continue
        model = abstract.get(name)
        if model is None:
            raise SchemaRefused(f"motif {instance.get('id') or '?'} : modèle abstrait {name} absent")
        values = {
            str(one.get("name") or one.get("formal")): str(one.get("value") or one.get("actual") or "")
            for one in instance.iter(f"{S}param")
        }
        values = {**{str(k): v for k, v in _defaults(model).items()}, **values}
        own = [child for child in instance if child.tag != f"{S}param"]
        for child in model:
            copy = deepcopy(child)
            if copy.tag != f"{S}param":
                _substitute(copy, values)
                instance.append(copy)
        for child in own:  # what the instance says itself comes last, as in the official expansion
            instance.append(child)
        for child in list(instance.iterchildren(f"{S}param")):
            instance.remove(child)
        del instance.attrib["is-a"]


def _defaults(model: Element) -> Mapping[str, str]:
    return {str(one.get("name")): str(one.get("value")) for one in model.iterchildren(f"{S}param")}


def _substitute(element: Element, values: Mapping[str, str]) -> None:
    for one in element.iter():
        if isinstance(one.tag, str):
            for name, value in one.attrib.items():
                if isinstance(value, str) and "$" in value:
                    one.set(name, replaced(value, values))


def _namespaces(root: Element, in_scope: Mapping[str, str]) -> dict[str, str]:
    """Prefixes of the expressions: `ns` elements, the first one of a prefix, then what the files declare."""
    found: dict[str, str] = {}
    for one in root.iter(f"{S}ns"):
        prefix, uri = one.get("prefix"), one.get("uri")
        if prefix and uri:
            found.setdefault(prefix, uri)
    reserved = {"xml", "xsl", "xmlns"}
    found = {prefix: uri for prefix, uri in found.items() if prefix not in reserved}
    for prefix, uri in in_scope.items():
        if prefix not in reserved and uri:
            found.setdefault(prefix, uri)
    return found


def patterns(root: Element) -> Iterator[Element]:
    """Patterns to run: concrete, and active in the default phase. Raises SchemaRefused: unknown phase."""
    phase = root.get("defaultPhase") or "#ALL"
    active: set[str | None] | None = None
    if phase not in ("#ALL", "#DEFAULT"):
        chosen = [one for one in root.iter(f"{S}phase") if one.get("id") == phase]
        if not chosen:
            raise SchemaRefused(f"phase par défaut {phase} absente")
        active = {item.get("pattern") for one in chosen for item in one.iter(f"{S}active")}
    for pattern in root.iter(f"{S}pattern"):
        if pattern.get("abstract") in ("true", "1"):
            continue
        if active is None or (pattern.get("id") is not None and pattern.get("id") in active):
            yield pattern


def top_level_xslt(root: Element) -> Iterator[Element]:
    """XSLT elements written among the patterns: functions, keys, variables."""
    for child in root:
        if isinstance(child.tag, str) and etree.QName(child).namespace == XSL:
            yield child
