"""Rules of the style sheet that dresses a document: what could run, or reach outside, once it is shown.

A self-presentable CDA stands inside its own `xsl:stylesheet`. A sheet may also be called from outside by a
processing instruction. Source: SEL-MP-037 EX_2.1-1115 (no script, no external link). What counts as a script
or as an external link in XSLT and HTML is our own reading of it.
"""

import re
from collections.abc import Iterator

from schemas.cda.model import ClinicalDocument
from schemas.finding import Observation, RuleSet
from schemas.xml import Element, local, where

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-style")
SOURCE = "SEL-MP-037 EX_2.1-1115"
REQUIRES = ("EX_2.1-1115",)
ACTIVE = frozenset({"script", "object", "embed", "applet", "iframe", "frame"})
LINKS = frozenset({"href", "src", "action", "data", "background", "cite", "poster", "srcset", "formaction"})
NAMED = frozenset({"element", "attribute"})  # XSLT instructions that make what their `name` says
_SCRIPT = re.compile(r"<\s*script\b|javascript\s*:", re.IGNORECASE)
_OUTSIDE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//|^\s*(?:file|ftp|mailto):", re.IGNORECASE)
_IN_STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_DOCUMENT = re.compile(r"(?:document|unparsed-text|doc)\(\s*['\"][^'\"]+['\"]")


@RULES.rule("CDA-STYLE-01", requirements=REQUIRES, source=SOURCE)
def no_script(document: ClinicalDocument) -> Iterator[Observation]:
    """No script in the style sheet: element, handler, `javascript:` address, text that writes one."""
    for element in _sheet(document):
        name = local(element)
        made = element.get("name", "").lower() if name in NAMED else ""
        if name.lower() in ACTIVE or (name == "element" and made in ACTIVE):
            yield _at(element, made or name, "pas de script")
            continue
        if name == "attribute" and made.startswith("on"):
            yield _at(element, made, "pas de script")
        for key, value in element.attrib.items():
            plain = str(key).rpartition("}")[2].lower()
            if (plain.startswith("on") and not _is_xslt(element)) or _SCRIPT.search(str(value)):
                yield _at(element, f"{plain}={value}", "pas de script")
        if _SCRIPT.search(element.text or ""):
            yield _at(element, (element.text or "").strip(), "pas de script")


@RULES.rule("CDA-STYLE-02", requirements=REQUIRES, source=SOURCE)
def no_link_outside(document: ClinicalDocument) -> Iterator[Observation]:
    """No address outside the document: links, pictures, imports, `document()`, styles, what calls it."""
    for before in _instructions(document):
        target = re.search(r"href\s*=\s*['\"]([^'\"]*)", before.text or "")
        if target and _OUTSIDE.search(target[1]):
            yield Observation("/<?xml-stylesheet?>", target[1], "pas de lien externe", before.sourceline)
    for element in _sheet(document):
        name = local(element)
        for key, value in element.attrib.items():
            plain, said = str(key).rpartition("}")[2].lower(), str(value)
            linked = plain in LINKS and _OUTSIDE.search(said)
            loaded = _is_xslt(element) and (plain == "href" or _DOCUMENT.search(said))
            if linked or loaded or _IN_STYLE.search(said):
                yield _at(element, f"{plain}={said}", "pas de lien externe")
        written = element.text or ""
        spelt = name in ("attribute", "text") and _OUTSIDE.search(written)
        if spelt or _IN_STYLE.search(written):
            yield _at(element, written.strip(), "pas de lien externe")


def _sheet(document: ClinicalDocument) -> Iterator[Element]:
    """The elements of the sheet around the document, in order; none when it has none."""
    root = document.root.getroottree().getroot()
    if root is document.root or local(root) not in ("stylesheet", "transform"):
        return
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        children = [child for child in element if isinstance(child.tag, str) and child is not document.root]
        waiting += reversed(children)


def _instructions(document: ClinicalDocument) -> Iterator[Element]:
    """The xml-stylesheet instructions before the root element."""
    node = document.root.getroottree().getroot().getprevious()
    while node is not None:
        if getattr(node, "target", "") == "xml-stylesheet":
            yield node
        node = node.getprevious()


def _is_xslt(element: Element) -> bool:
    return str(element.tag).startswith("{http://www.w3.org/1999/XSL/Transform}")


def _at(element: Element, observed: str, expected: str) -> Observation:
    return Observation(where(element), observed, expected, element.sourceline)
