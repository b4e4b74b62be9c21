"""Judge a document: what makes it unreadable first, then the rules that apply to it."""

from collections.abc import Iterable
from typing import Any, TypeVar

from schemas.cda import extension, header, level1, structure, style, templates, terms, volets
from schemas.cda.causes import document as causes
from schemas.cda.causes import encoding, old_header
from schemas.cda.codec import decode, find_document
from schemas.cda.model import CdaRefused, ClinicalDocument
from schemas.cda.template import MAX_SEEN, judge_templates
from schemas.cda.volets import common
from schemas.finding import Finding, Keyword, RuleSet
from schemas.xml import XmlRefused, parse

T = TypeVar("T")

ROOT: RuleSet[bytes] = RuleSet("cda-root")
UNREADABLE = ROOT.declare("CDA-XML-01", requirements=("BEN-CDA-01",), source="XML 1.0", layer="XSD")
NOT_CDA = ROOT.declare(
    "CDA-XML-02", requirements=("BEN-CDA-01",), source="HL7 CDA R2, urn:hl7-org:v3", layer="XSD"
)
MARK = ROOT.declare(
    "CDA-XML-03", requires=Keyword.PEUT, requirements=("BEN-CDA-08",), source="CI-SIS, UTF-8 sans BOM"
)
ENCODING = ROOT.declare("CDA-XML-04", requirements=("BEN-CDA-08",), source="CI-SIS, encodage UTF-8")
DECLARED_TYPE = ROOT.declare("CDA-XML-07", requirements=("BEN-CDA-01",), source="choix du banc : pas de DTD")
TOO_MANY = ROOT.declare("CDA-XML-06", requirements=("BEN-CDA-01",), source="limite du banc")
NO_MODEL = ROOT.declare(
    "CDA-XML-05", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-02",), source="contrôle du banc"
)
UNREADABLE_BYTES = ("CDA-CAUSE-01", "CDA-CAUSE-02")  # what a parser calls malformed
ALL_RULES: tuple[RuleSet[Any], ...] = (
    ROOT,
    encoding.RULES,
    causes.RULES,
    structure.RULES,
    *header.RULES,
    extension.RULES,
    level1.RULES,
    style.RULES,
    *terms.RULES,
    common.RULES,
    *{
        rules.name: rules for model in volets.MODELS for rules in (*model.rules, *model.deep)
    }.values(),  # models may share a set
    templates.COMMON,
    *(family.RULES for family in templates.FAMILIES),
)


def judge(data: bytes, *, deep: bool = True, header: str = old_header.AUTO) -> list[Finding]:
    """Every finding on a document, root causes first; what cannot be read (not XML, not a CDA) stands alone.

    `deep=False` leaves out what decodes pictures. `header`: the model of the header to judge by, `3.0`,
    `2.41` or `auto` (3.0, and a word when the document is of the model before). Raises ValueError on an
    unknown header.
    """
    document, found = open_document(data)
    if document is None:
        return found
    return found + judge_document(document, deep=deep, header=header)


def open_document(data: bytes) -> tuple[ClinicalDocument | None, list[Finding]]:
    """The decoded document with the findings on its bytes; None when a root cause stops there."""
    try:
        document = decode(find_document(parse(data)), len(data))
    except XmlRefused as refusal:
        before = _bytes(data)
        if refusal.reason == "too-many":
            return None, [*before, TOO_MANY.finding("/", refusal.detail, "document d'une taille usuelle", 1)]
        if refusal.reason == "encoding":
            return None, [*before, ENCODING.finding("/", refusal.detail, "UTF-8", 1)]
        if refusal.reason == "dtd":
            return None, [*before, DECLARED_TYPE.finding("/", "DOCTYPE", "pas de DTD", 1)]
        if any(cause.rule in UNREADABLE_BYTES for cause in before):
            return None, before  # the encoding explains why it cannot be read
        detail = f"{refusal.reason} : {refusal.detail}"
        return None, [*before, UNREADABLE.finding("/", detail, "XML", refusal.line)]
    except CdaRefused as refusal:
        wanted = "ClinicalDocument, urn:hl7-org:v3"
        return None, [*_bytes(data), NOT_CDA.finding("/", refusal.detail, wanted, 1)]
    return document, judge_bytes(data, document)


def judge_bytes(data: bytes, document: ClinicalDocument) -> list[Finding]:
    """The findings on the bytes of a document that was decoded from them: its mark and its encoding."""
    written = (document.root.getroottree().docinfo.encoding or "UTF-8").upper()
    found = _bytes(data, written)
    if written not in ("UTF-8", "US-ASCII"):
        found.append(ENCODING.finding("/", written, "UTF-8", 1))
    return found


def _bytes(data: bytes, parsed: str = "") -> list[Finding]:
    found = encoding.RULES.judge(encoding.Written(data, parsed))
    if data.startswith(encoding.BOM):
        found.insert(0, MARK.finding("/", repr(data[:3]), "UTF-8 sans BOM", 1))
    return found


def judge_header(document: ClinicalDocument) -> list[Finding]:
    """The findings of the header rules alone (well under a millisecond or so on a usual document)."""
    return _apply(header.RULES, document)


def _apply(sets: Iterable[RuleSet[T]], artefact: T) -> list[Finding]:
    """The findings of these rules, at most MAX_SEEN a rule: a hostile document may have a million."""
    return [finding for rules in sets for finding in rules.judge(artefact, MAX_SEEN)]


def judge_document(
    document: ClinicalDocument,
    *,
    deep: bool = True,
    header: str = old_header.AUTO,
) -> list[Finding]:
    """Every finding on a decoded document: root causes, structure, header, level 1 or its model, entries.

    Raises ValueError on an unknown header.
    """
    if header not in old_header.HEADERS:
        raise ValueError(f"header is one of {', '.join(old_header.HEADERS)}, not {header!r}")
    found = _apply((causes.RULES,), causes.opened(document, header))
    found += _apply((structure.RULES,), document) + judge_header(document)
    found += _apply((style.RULES,), document)
    model = volets.model_of(document)
    if document.level == 1:
        header_only = model.rules if model is not None and model.any_level else ()
        found += _apply((level1.RULES, *header_only), document)
    elif model is None:
        said = " ".join(f"{root} {version}".strip() for root, version in document.template_ids.items())
        found.append(NO_MODEL.finding("/ClinicalDocument/templateId", said, "en-tête et entrées seulement"))
    else:
        found += _apply((common.RULES,), common.Modelled(document, model))
        found += _apply((*model.rules, *(model.deep if deep else ())), document)
    found += _apply(terms.RULES, document)
    found += judge_templates(document, templates.known_templates(), templates.SAID)
    found += _apply((extension.RULES,), extension.walk(document, model))
    return old_header.by_old_header(document, found) if header == old_header.OLD else found
