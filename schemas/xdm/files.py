"""Rules on the files of the subsets: what they are, what they call, and that each is told apart.

Sources: IHE ITI TF-2 §3.32 (XDM), IHE ITI TF-3 §4.2, CI-SIS volet "Échange de documents de santé".
"""

import re
from collections.abc import Iterator

from schemas import valuesets
from schemas.cda.model import ClinicalDocument
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xdm.formats import FORMATS
from schemas.xdm.model import METADATA, Archive, ArchivedDocument
from schemas.xdm.rewriting import BOM

FILES: RuleSet[Archive] = RuleSet("xdm-files")

XDM = "IHE ITI TF-2 §3.32.4.1"
_REQUIRES = ("BEN-CDA-06",)
MAGIC = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG",
    "text/rtf": b"{\\rtf",
    "application/rtf": b"{\\rtf",
}
_HREF = re.compile(r"""href\s*=\s*["']([^"']*)["']""")
STYLE_CLASS = "99"
_STYLES = (".XSL", ".XSLT", ".CSS")


@FILES.rule("XDM-META-03", requires=Keyword.PEUT, source="BEN-CDA-08 ; XML 1.0 §4.3.3")
def metadata_has_no_mark(archive: Archive) -> Iterator[Observation]:
    """METADATA.XML begins without a byte order mark, which older readers refuse."""
    for subset in archive.subsets:
        if subset.metadata is not None and subset.metadata.startswith(BOM):
            yield Observation(f"{subset.folder}/{METADATA}", "BOM UTF-8", "UTF-8 sans BOM")


@FILES.rule("XDM-META-04", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-03",), source="ANS JDV_J60")
def format_codes_are_known(archive: Archive) -> Iterator[Observation]:
    """formatCode is one of the published ones, as far as they are known to us."""
    for one in archive.documents:
        code = one.entry.format_code
        if code is not None and code.code not in FORMATS | _derived(one.document):
            where = f"ExtrinsicObject[@id='{one.entry.id}']/formatCode"
            yield Observation(f"{one.path} {where}", code.code, "JDV_J60 (copie partielle)", one.entry.line)


def _derived(document: ClinicalDocument | None) -> set[str]:
    """The format that the model of a document is associated with."""
    found = valuesets.format_of(document.template_ids) if document is not None else None
    return {found.code} if found is not None else set()


@FILES.rule("XDM-DOC-05", requirements=_REQUIRES, source=f"{XDM}; IHE ITI TF-3 §4.2.3.2.16 (mimeType)")
def files_are_of_their_type(archive: Archive) -> Iterator[Observation]:
    """The bytes of a file are of the mimeType that its entry announces."""
    for one in archive.documents:
        if one.data is None:
            continue
        wanted = MAGIC.get(one.entry.mime_type)
        if wanted is not None and not one.data.startswith(wanted):
            yield Observation(one.path, repr(one.data[:8]), one.entry.mime_type, one.entry.line)
        elif "xml" in one.entry.mime_type and not one.data.lstrip(BOM + b" \t\r\n").startswith(b"<"):
            text = one.data[:4] in (b"\xff\xfe<\0", b"\xfe\xff\0<")  # UTF-16
            if not text:
                yield Observation(one.path, repr(one.data[:8]), one.entry.mime_type, one.entry.line)


def is_style_sheet(one: ArchivedDocument) -> bool:
    """Whether an entry describes a style sheet: by its class, which ASS_X04 keeps for these, or its name."""
    described = one.entry.class_code is not None and one.entry.class_code.code == STYLE_CLASS
    named = one.path.upper().endswith((".XSL", ".XSLT"))
    return one.data is not None and one.document is None and (described or named)


def style_sheets(document: ClinicalDocument) -> list[str]:
    """The targets of the xml-stylesheet instructions before a document; `#…` is inside it."""
    found = []
    node = document.root.getroottree().getroot().getprevious()
    while node is not None:
        if getattr(node, "target", "") == "xml-stylesheet":
            href = _HREF.search(node.text or "")
            found.append(href[1] if href else "")
        node = node.getprevious()
    return found[::-1]


@FILES.rule("XDM-DOC-06", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=f"{XDM}; CI-SIS")
def style_sheets_are_there(archive: Archive) -> Iterator[Observation]:
    """The style sheet that a document calls by xml-stylesheet is beside it."""
    for subset in archive.subsets:
        names = {name.upper() for name in subset.files}
        for one in subset.documents:
            for href in style_sheets(one.document) if one.document is not None else ():
                target = href.replace("\\", "/").removeprefix("./")
                outside = href.lower().startswith(("http://", "https://"))
                if not target.startswith("#") and (outside or target.upper() not in names):
                    yield Observation(f"{one.path} <?xml-stylesheet?>", href, f"fichier de {subset.folder}")


@FILES.rule("XDM-DOC-07", requires=Keyword.PEUT, source=XDM)
def style_sheets_are_called(archive: Archive) -> Iterator[Observation]:
    """A style sheet in a subset is called by one of its documents."""
    for subset in archive.subsets:
        called = {
            href.replace("\\", "/").removeprefix("./").upper()
            for one in subset.documents
            if one.document is not None
            for href in style_sheets(one.document)
        }
        described = {one.path.rpartition("/")[2].upper() for one in subset.documents}
        for name in subset.files:
            if name.upper().endswith(_STYLES) and name.upper() not in called | described:
                yield Observation(f"{subset.folder}/{name}", name, "<?xml-stylesheet href?> d'un document")


@FILES.rule("XDM-DOC-08", requirements=("BEN-CDA-07",), source="IHE ITI TF-3 §4.2.3.2.26 (uniqueId)")
def ids_are_unique_across_subsets(archive: Archive) -> Iterator[Observation]:
    """No uniqueId in two subsets (in one, XDS-DOC-03 tells)."""
    seen: dict[str, str] = {}
    for subset in archive.subsets:
        if subset.submission is None:
            continue
        one = subset.submission.submission_set
        here = {one.unique_id: subset.folder} | {
            document.entry.unique_id: document.path for document in subset.documents
        }
        for identifier, where in here.items():
            if identifier and identifier in seen:
                yield Observation(where, identifier, f"identifiant déjà pris par {seen[identifier]}")
        seen = here | seen


@FILES.rule("XDM-DOC-09", requirements=_REQUIRES, source=XDM)
def one_file_for_each_entry(archive: Archive) -> Iterator[Observation]:
    """Two entries do not describe one file."""
    for subset in archive.subsets:
        seen: dict[str, str] = {}
        for one in subset.documents:
            if not one.entry.uri:
                continue
            first = seen.setdefault(one.path.upper(), one.entry.id)
            if first != one.entry.id:
                where = f"{subset.folder}/{METADATA} ExtrinsicObject[@id='{one.entry.id}']/URI"
                yield Observation(where, one.entry.uri, f"fichier décrit par {first}", one.entry.line)


@FILES.rule(
    "XDM-PAT-02", requires=Keyword.DEVRAIT, requirements=("MSS/CONF.23",), source="Référentiel #2 ECO.2.1.1"
)
def one_set_of_traits(archive: Archive) -> Iterator[Observation]:
    """The documents agree on the birth name, the birth date and the sex of their patient."""
    first: ClinicalDocument | None = None
    for one in archive.documents:
        if one.document is None:
            continue
        first = first or one.document
        mine, theirs = one.document.patient, first.patient
        for name, value, wanted in (
            ("nom de naissance", mine.birth_name.upper(), theirs.birth_name.upper()),
            ("date de naissance", mine.birth_date, theirs.birth_date),
            ("sexe", mine.sex, theirs.sex),
        ):
            if value and wanted and value != wanted:
                yield Observation(f"{one.path} {name}", value, f"{wanted} (premier document)")


@FILES.rule(
    "XDM-ACT-01",
    requires=Keyword.DEVRAIT,
    requirements=("MSS/va1.02",),
    source="ANS, volet Transmission d'un document CDA R2 en HL7 v2 (métadonnée action)",
)
def action_is_coherent(archive: Archive) -> Iterator[Observation]:
    """The metadata `action` is C for a document that replaces another, or D for one to delete."""
    for subset in archive.subsets:
        if subset.submission is None:
            continue
        common = actions(subset.submission.submission_set.other_slots)
        for one in subset.documents:
            where = f"{one.path} Slot[@name='action']"
            for value in (*actions(one.entry.other_slots), *common):
                if value not in ("C", "D"):
                    yield Observation(where, value, "C ou D", one.entry.line)
                elif value == "C" and one.document is not None and not one.document.replaces:
                    wanted = "C avec relatedDocument[@typeCode='RPLC'] dans le CDA"
                    yield Observation(where, value, wanted, one.entry.line)


def actions(slots: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[str, ...]:
    """Values of the extra metadata `action`, whose exact name is not public (`action`, or `…:action`)."""
    return tuple(
        value for name, values in slots if name == "action" or name.endswith(":action") for value in values
    )
