"""Every object of a PDF, looked at for what PDF/A-1 forbids wherever it stands. One pass, bounded.

Source: ISO 19005-1 6.1.7 to 6.1.13, 6.2.4 to 6.2.9, 6.4, 6.5, 6.6, 6.9.
"""

from collections.abc import Iterator
from typing import Any

import pikepdf

from schemas.pdf.faults import Family, Faults

MAX_OBJECTS = 50_000
MAX_DEPTH = 40  # of direct objects in one another

ACTIONS = frozenset(
    f"/{name}"
    for name in (
        *("JavaScript", "Launch", "Sound", "Movie", "ResetForm", "ImportData", "SetOCGState"),
        *("Rendition", "Trans", "GoTo3DView", "GoToE", "RichMediaExecute"),
    )
)
NAMED = frozenset({"/NextPage", "/PrevPage", "/FirstPage", "/LastPage"})
ANNOTATIONS = frozenset(
    f"/{name}"
    for name in (
        *("Text", "Link", "FreeText", "Line", "Square", "Circle", "Highlight", "Underline", "Squiggly"),
        *("StrikeOut", "Stamp", "Ink", "Popup", "Widget", "PrinterMark", "TrapNet"),
    )
)
INTENTS = frozenset({"/RelativeColorimetric", "/AbsoluteColorimetric", "/Perceptual", "/Saturation"})
FILTERS = frozenset(
    f"/{name}"
    for name in (
        *("ASCIIHexDecode", "ASCII85Decode", "RunLengthDecode", "FlateDecode", "CCITTFaxDecode"),
        *("JBIG2Decode", "DCTDecode"),
    )
)
_STATE_KEYS = ("/ca", "/CA", "/BM", "/SMask", "/TR", "/TR2")
_INVISIBLE, _HIDDEN, _PRINT, _NOVIEW = 1, 2, 4, 32

Entries = dict[str, Any]


def walk(document: Any, faults: Faults) -> Iterator[tuple[str, Entries]]:
    """Looks at each dictionary of the file and yields it with its place, for those who want more."""
    for rank, one in enumerate(document.objects):
        if rank >= MAX_OBJECTS:
            faults.add(Family.LIMIT, "fichier", f"plus de {MAX_OBJECTS} objets : le reste n'a pas été lu")
            return
        if isinstance(one, pikepdf.Object):
            yield from _visit(one, f"objet {one.objgen[0]}", faults)


def _visit(top: Any, where: str, faults: Faults) -> Iterator[tuple[str, Entries]]:
    stack: list[tuple[Any, int]] = [(top, 0)]
    while stack:
        one, depth = stack.pop()
        if depth > MAX_DEPTH:
            faults.add(Family.LIMIT, where, f"plus de {MAX_DEPTH} objets imbriqués")
            continue
        if isinstance(one, pikepdf.Array):
            if len(one) > 8191:
                faults.add(Family.LIMIT, where, f"tableau de {len(one)} éléments", "8191 au plus")
            stack.extend((item, depth + 1) for item in _direct(iter(one)))
        elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            entries: Entries = dict(one.items())
            if len(entries) > 4095:
                faults.add(Family.LIMIT, where, f"dictionnaire de {len(entries)} entrées", "4095 au plus")
            _dictionary(entries, where, faults, stream=isinstance(one, pikepdf.Stream))
            yield where, entries
            stack.extend((item, depth + 1) for item in _direct(iter(entries.values())))
        elif isinstance(one, pikepdf.Name):
            if len(str(one)) > 128:
                faults.add(Family.LIMIT, where, f"nom de {len(str(one)) - 1} octets", "127 au plus")
        elif isinstance(one, pikepdf.String) and len(bytes(one)) > 65535:
            faults.add(Family.LIMIT, where, f"chaîne de {len(bytes(one))} octets", "65535 au plus")


def _direct(items: Iterator[Any]) -> Iterator[Any]:
    return (item for item in items if isinstance(item, pikepdf.Object) and not item.is_indirect)


def _dictionary(one: Entries, where: str, faults: Faults, *, stream: bool) -> None:
    kind, subtype = str(one.get("/Type", "")), str(one.get("/Subtype", ""))
    if stream:
        _stream(one, where, faults)
    _action(one, where, faults)
    if "/EF" in one or kind == "/EmbeddedFile":
        faults.add(Family.ACTIVE, where, "fichier joint")
    group = one.get("/Group")
    if isinstance(group, pikepdf.Dictionary) and group.get("/S") == "/Transparency":
        faults.add(Family.TRANSPARENCY, where, "groupe de transparence")
    if stream and subtype in ("/Image", "/Form", "/PS"):
        _x_object(one, subtype, where, faults)
    elif kind == "/Annot" or ("/Rect" in one and subtype):
        _annotation(one, subtype, where, faults)
    elif kind == "/ExtGState" or (not subtype and any(key in one for key in _STATE_KEYS)):
        _state(one, where, faults)


def _stream(one: Entries, where: str, faults: Faults) -> None:
    for key in ("/F", "/FFilter", "/FDecodeParms"):
        if key in one:
            faults.add(Family.EXTERNAL, where, key, "données dans le fichier")
    filters = one.get("/Filter")
    for name in filters if isinstance(filters, pikepdf.Array) else (filters,):
        if name is not None and str(name) not in FILTERS:
            faults.add(Family.FILTER, where, str(name)[1:], "FlateDecode")


def _action(one: Entries, where: str, faults: Faults) -> None:
    name = one.get("/S")
    if isinstance(name, pikepdf.Name) and str(one.get("/Type", "/Action")) == "/Action":
        if str(name) in ACTIONS and not ("/P" in one and "/K" in one):  # not an element of structure
            faults.add(Family.ACTIVE, where, f"action {str(name)[1:]}")
        elif name == "/Named" and str(one.get("/N", "")) not in NAMED:
            faults.add(Family.ACTIVE, where, f"action Named {one.get('/N', '')}")
    if "/AA" in one and str(one.get("/Type", "")) != "/Page":  # of a page: forbidden from PDF/A-2 on
        faults.add(Family.ACTIVE, where, "actions additionnelles")


def _x_object(one: Entries, subtype: str, where: str, faults: Faults) -> None:
    if one.get("/SMask") is not None and one["/SMask"] != "/None":
        faults.add(Family.TRANSPARENCY, where, "image à canal alpha")
    if subtype == "/PS" or one.get("/Subtype2") == "/PS":
        faults.add(Family.GRAPHICS, where, "XObject PostScript")
    for key in ("/OPI", "/Ref", "/PS", "/Alternates"):
        if key in one:
            faults.add(Family.GRAPHICS, where, key[1:], "absent")
    if one.get("/Interpolate") is True:
        faults.add(Family.GRAPHICS, where, "Interpolate true", "false")
    if "/Intent" in one and str(one["/Intent"]) not in INTENTS:
        faults.add(Family.GRAPHICS, where, f"Intent {one['/Intent']}", " ".join(sorted(INTENTS)))


def _state(one: Entries, where: str, faults: Faults) -> None:
    for key in ("/ca", "/CA"):
        if key in one and number(one[key], 1.0) != 1.0:
            faults.add(Family.TRANSPARENCY, where, f"opacité {key[1:]} {one[key]}")
    if "/SMask" in one and one["/SMask"] != "/None":
        faults.add(Family.TRANSPARENCY, where, "masque")
    mode = one.get("/BM", "/Normal")
    for name in mode if isinstance(mode, pikepdf.Array) else (mode,):
        if str(name) not in ("/Normal", "/Compatible"):
            faults.add(Family.TRANSPARENCY, where, f"mode de fusion {str(name)[1:]}")
    if "/TR" in one or str(one.get("/TR2", "/Default")) != "/Default":
        faults.add(Family.GRAPHICS, where, "fonction de transfert", "absente")
    if "/RI" in one and str(one["/RI"]) not in INTENTS:
        faults.add(Family.GRAPHICS, where, f"RI {one['/RI']}", " ".join(sorted(INTENTS)))


def _annotation(one: Entries, subtype: str, where: str, faults: Faults) -> None:
    if subtype not in ANNOTATIONS:
        faults.add(Family.ANNOTATION, where, f"annotation {subtype[1:] or 'sans type'}", "type permis")
        return
    if subtype == "/Popup":
        return
    flags = one.get("/F", 0)
    flags = flags if isinstance(flags, int) else 0
    if not flags & _PRINT:
        faults.add(Family.ANNOTATION, where, f"annotation {subtype[1:]}, F {flags}", "imprimable (F 4)")
    elif flags & (_INVISIBLE | _HIDDEN | _NOVIEW):
        faults.add(Family.ANNOTATION, where, f"annotation {subtype[1:]} cachée, F {flags}", "visible (F 4)")
    if number(one.get("/CA", 1), 1.0) != 1.0:
        faults.add(Family.TRANSPARENCY, where, f"annotation, opacité {one['/CA']}")
    appearance = one.get("/AP")
    if isinstance(appearance, pikepdf.Dictionary) and set(appearance.keys()) - {"/N"}:
        faults.add(Family.ANNOTATION, where, " ".join(appearance.keys()), "/AP avec /N seul")
    if subtype == "/Widget" and "/A" in one:
        faults.add(Family.FORM, where, "action d'un champ", "absente")


def number(value: object, default: float) -> float:
    """A PDF number as float; `default` when it is none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return default
