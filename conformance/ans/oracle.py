"""The official rules, open and warm: `open_rules(DIR).judge(bytes)`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from lxml import etree

from conformance.ans import saxon
from conformance.ans.assembly import SchemaRefused
from conformance.ans.cache import cache_folder, compiled
from conformance.ans.folder import Folder, open_folder
from conformance.ans.layers import Applied, is_body_rule, layers_for
from conformance.ans.place import as_text, followed, located, ranked
from conformance.ans.schematron import Compiled
from conformance.ans.verdict import AnsProblem, LayerVerdict, OfficialMessage, OfficialVerdict, Status, judged
from schemas.cda.codec import find_document
from schemas.cda.model import CdaRefused
from schemas.xml import Element, XmlRefused, parse

if TYPE_CHECKING:
    from saxonche import PySaxonProcessor, PyXdmNode, PyXsltExecutable

MAX_MESSAGES = 500  # kept of one layer
MAX_ELEMENTS = 100_000  # rules and libxml2 spend quadratic time on some documents


@dataclass(slots=True)
class Counts:
    """What the opening cost: sheets compiled from the schemas, taken from the cache, made warm; seconds."""

    compiled: int = 0
    cached: int = 0
    warm: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Rules:
    """A rule folder and its warm sheets. Made by `open_rules`; used by one thread."""

    folder: Folder
    cache: Path
    processor: PySaxonProcessor
    counts: Counts = field(default_factory=Counts)
    _sheets: dict[Path, tuple[PyXsltExecutable, Compiled] | SchemaRefused] = field(default_factory=dict)
    _schemas: dict[Path, etree.XMLSchema | SchemaRefused] = field(default_factory=dict)

    def judge(self, data: bytes) -> OfficialVerdict:
        """What the official layers say of the bytes of a document. Never raises on their content."""
        begun = perf_counter()
        try:
            document = find_document(parse(data))
        except XmlRefused as refused:
            return _unreadable(refused.detail, refused.line)
        except CdaRefused as refused:
            return _unreadable(refused.detail, 1)
        before = self.counts.seconds
        text: PyXdmNode | SchemaRefused
        size = sum(1 for _ in document.iter())
        if size > MAX_ELEMENTS:
            text = SchemaRefused(f"{size} éléments, au plus {MAX_ELEMENTS} sont jugés")
        else:
            try:
                text = saxon.read(self.processor, as_text(document))
            except SchemaRefused as refused:
                text = refused
        layers = tuple(
            self._layer(applied, document, text, size) for applied in layers_for(self.folder, document)
        )
        preparing = self.counts.seconds - before  # told apart: paid once for all documents
        return OfficialVerdict(layers, perf_counter() - begun - preparing)

    def _layer(
        self, applied: Applied, document: Element, text: PyXdmNode | SchemaRefused, size: int
    ) -> LayerVerdict:
        if applied.path is None:
            return LayerVerdict(applied.layer, Status.NOT_RUN, reason=applied.reason, note=applied.note)
        schema = self.folder.shown(applied.path)
        try:
            if applied.layer == "XSD":
                validator = self.xml_schema(applied.path)
                if size > MAX_ELEMENTS and isinstance(text, SchemaRefused):
                    raise text
                begun = perf_counter()
                return _xsd(document, validator, schema, begun)
            sheet, table = self.sheet(applied.path)
            if isinstance(text, SchemaRefused):
                raise text
            begun = perf_counter()
            answer = saxon.run(sheet, text)
            found = _read(answer, table, applied, document, self.folder)
        except SchemaRefused as refused:
            return LayerVerdict(applied.layer, Status.NOT_RUN, schema, str(refused), note=applied.note)
        status, reason = _concluded(applied.layer, found, table)
        return LayerVerdict(
            applied.layer,
            status,
            schema,
            reason,
            found.messages,
            len(found.fired),
            perf_counter() - begun,
            applied.note,
        )

    def sheet(self, path: Path) -> tuple[PyXsltExecutable, Compiled]:
        """The warm sheet of a .sch file, compiled at most once in the process. Raises SchemaRefused."""
        if path not in self._sheets:
            begun = perf_counter()
            try:
                table, made = compiled(self.folder, path, self.cache)
                self.counts.compiled += made
                self.counts.cached += not made
                self._sheets[path] = saxon.compile_sheet(self.processor, table.xslt), table
                self.counts.warm += 1
            except SchemaRefused as refused:
                self._sheets[path] = refused
            self.counts.seconds += perf_counter() - begun
        found = self._sheets[path]
        if isinstance(found, SchemaRefused):
            raise found
        return found

    def xml_schema(self, path: Path) -> etree.XMLSchema:
        """The XML Schema of this file, compiled at most once. Raises SchemaRefused."""
        if path not in self._schemas:
            begun = perf_counter()
            try:
                self._schemas[path] = etree.XMLSchema(
                    etree.parse(str(path), etree.XMLParser(no_network=True, resolve_entities=False))
                )
            except (etree.LxmlError, OSError) as error:
                self._schemas[path] = SchemaRefused(f"{self.folder.shown(path)} : {error}")
            self.counts.seconds += perf_counter() - begun
        found = self._schemas[path]
        if isinstance(found, SchemaRefused):
            raise found
        return found

    def as_dict(self) -> dict[str, object]:
        """The pin and the cost, for reports."""
        return {
            **self.folder.as_dict(),
            "compile_seconds": round(self.counts.seconds, 3),
            "compiled": self.counts.compiled,
            "from_cache": self.counts.cached,
        }


def open_rules(given: Path | str, pin: str = "") -> Rules:
    """The rules of a TestContenuCDA folder; sheets are compiled when a document first needs them.

    `pin`: the SHA-256 that the folder must have. Raises AnsProblem: saxonche is not installed, the folder is
    not one, or it is not the pinned rule set.
    """
    folder = open_folder(Path(given))
    if pin and folder.sha256 != pin.strip().lower():
        raise AnsProblem(
            f"{given} n'est pas le jeu de règles épinglé : SHA-256 {folder.sha256}, attendu {pin}"
        )
    return Rules(folder, cache_folder(folder), saxon.start())


def _unreadable(detail: str, line: int | None) -> OfficialVerdict:
    """Not a document: what the first layer of the official tool says, and nothing more."""
    message = OfficialMessage("XSD", detail, "error", "/", line)
    return OfficialVerdict((LayerVerdict("XSD", Status.FAIL, messages=(message,)),))


def _xsd(document: Element, validator: etree.XMLSchema, schema: str, begun: float) -> LayerVerdict:
    messages: tuple[OfficialMessage, ...] = ()
    if not validator.validate(document):
        messages = tuple(
            OfficialMessage("XSD", entry.message, "error", followed(document, entry.path or ""), entry.line)
            for entry in list(validator.error_log)[:MAX_MESSAGES]
        )
    elapsed = perf_counter() - begun
    return LayerVerdict("XSD", judged(messages), schema, "", messages, 1, elapsed)


@dataclass(frozen=True, slots=True)
class _Answer:
    messages: tuple[OfficialMessage, ...]
    fired: tuple[int, ...]
    absent: tuple[int, ...]
    stopped: tuple[str, ...]


def _read(answer: str, table: Compiled, applied: Applied, document: Element, folder: Folder) -> _Answer:
    """The numbers of a sheet as messages in words. Raises SchemaRefused when the answer is not readable."""
    messages: list[OfficialMessage] = []
    fired: list[int] = []
    absent: list[int] = []
    stopped: list[str] = []
    elements: list[Element] = []
    try:
        found = etree.fromstring(answer.encode(), etree.XMLParser(huge_tree=True, resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise SchemaRefused(f"réponse de Saxon illisible : {error}") from None
    base = folder.root.as_uri() + "/"
    for item in found:
        number = int(item.get("i", "0"))
        if item.tag == "r":
            fired.append(number)
        elif item.tag == "u":
            absent.append(number)
        elif item.tag == "x":
            said = " ".join((item.text or "").split())
            stopped.append(f"motif {table.patterns[number]} interrompu : {said}")
        elif item.tag == "f" and len(messages) < MAX_MESSAGES:
            check = table.checks[number]
            rule = table.rules[fired[-1]] if fired else {"pattern": "0", "context": ""}
            elements = elements or ranked(document)
            place, line = located(elements, item.get("n", ""), item.get("a", ""))
            words = " ".join("".join(str(part) for part in item.itertext()).split())
            messages.append(
                OfficialMessage(
                    applied.layer,
                    words.replace(base, "") or check["test"],
                    check["role"] or "error",
                    place,
                    line,
                    check["id"] or check["see"],
                    table.patterns[int(rule["pattern"])],
                    rule["context"],
                    check["test"].replace(base, ""),
                )
            )
    return _Answer(tuple(messages), tuple(fired), tuple(absent), tuple(stopped))


def _concluded(layer: str, found: _Answer, table: Compiled) -> tuple[Status, str]:
    """A clean answer proves something only when rules fired and all of them could be evaluated."""
    reasons = list(dict.fromkeys(found.stopped))
    if found.absent:
        tests = " ".join(table.checks[number]["test"] for number in found.absent)
        cited = {name for uri, name in table.missing.items() if uri in tests}
        names = sorted(cited or table.missing.values())
        count = len(set(found.absent))
        reasons.append(f"règle non exécutable ({count}) : jeu de valeurs {', '.join(names)} absent")
    if not found.fired and not found.stopped:
        reasons.append(f"couche {layer} : 0 règle déclenchée → non concluante")
    elif layer == "VOLET":
        body = {n for n, rule in enumerate(table.rules) if is_body_rule(rule["context"])}
        if body and body.isdisjoint(found.fired):
            reasons.append("aucune règle du volet ne s'est déclenchée sur le corps du document")
    status = judged(found.messages)
    if reasons and status is not Status.FAIL:
        status = Status.INCONCLUSIVE
    return status, " ; ".join(reasons)
