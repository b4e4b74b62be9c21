"""The contents of the pages: which fonts really show text, which device colours paint, what is no operator.

Followed into form XObjects, tiling patterns, glyphs of Type 3 fonts and appearances of annotations, each
once. Bounded: bytes of contents, pages, and how often forms are drawn (a form that draws another twice, and
so on, costs a viewer an exponential time). Source: ISO 19005-1 6.2.3, 6.2.10, 6.3.4, 6.1.12.
"""

import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from schemas.pdf.faults import Family, Faults
from schemas.pdf.fonts import check_font
from schemas.pdf.model import PdfRefused
from schemas.pdf.objects import number

# A content that ends too early is a finding or nothing, not a line on the terminal
warnings.filterwarnings("ignore", "Unexpected end of stream", UserWarning)

MAX_PAGES = 100
MAX_CONTENT = 3_000_000  # bytes of contents read in a file
MAX_DRAWN = 20_000  # forms drawn by one page, each as often as it is
MAX_DEPTH = 24
MAX_SAVED = 28  # nested q

OPERATORS = frozenset(
    [
        *("b", "B", "b*", "B*", "BDC", "BI", "BMC", "BT", "BX", "c", "cm", "CS", "cs", "d", "d0", "d1"),
        *("Do", "DP", "EI", "EMC", "ET", "EX", "f", "F", "f*", "G", "g", "gs", "h", "i", "ID", "j", "J"),
        *("K", "k", "l", "m", "M", "MP", "n", "q", "Q", "re", "RG", "rg", "ri", "s", "S", "SC", "sc"),
        *("SCN", "scn", "sh", "T*", "Tc", "Td", "TD", "Tf", "Tj", "TJ", "TL", "Tm", "Tr", "Ts", "Tw"),
        *("Tz", "v", "w", "W", "W*", "y", "'", '"'),
    ]
)
_SHOWN = frozenset(("Tj", "TJ", "'", '"'))
_DEVICE = {"rg": "RGB", "RG": "RGB", "k": "CMYK", "K": "CMYK", "g": "Gray", "G": "Gray"}
_SPACES = {"/DeviceRGB": "RGB", "/DeviceCMYK": "CMYK", "/RGB": "RGB", "/CMYK": "CMYK"}


@dataclass(slots=True)
class Contents:
    """What the contents of a file use. `colours`: `RGB`, `CMYK`, `Gray`, with the first place.

    `whole` is False when a bound was met: what is not told may then still be there.
    """

    faults: Faults
    colours: dict[str, str] = field(default_factory=dict)
    fonts: set[tuple[int, int]] = field(default_factory=set)
    drawn: dict[tuple[int, int], int] = field(default_factory=dict)
    left: int = MAX_CONTENT
    whole: bool = True


def pages_of(document: Any) -> Iterator[tuple[Any, Any]]:
    """(page, its resources, inherited ones included); each node of the tree once, `MAX_PAGES` pages."""
    seen: set[tuple[int, int]] = set()
    stack: list[tuple[Any, Any]] = [(document.Root.get("/Pages"), pikepdf.Dictionary())]
    count = 0
    while stack and count < MAX_PAGES and len(seen) < MAX_PAGES * 20:
        node, inherited = stack.pop()
        if not isinstance(node, pikepdf.Dictionary) or (node.is_indirect and node.objgen in seen):
            continue
        seen.add(node.objgen)
        resources = node.get("/Resources", inherited)
        kids = node.get("/Kids")
        if isinstance(kids, pikepdf.Array):
            stack.extend((kids[rank], resources) for rank in range(min(len(kids), MAX_PAGES) - 1, -1, -1))
        else:
            count += 1
            yield node, resources


def look(document: Any, faults: Faults) -> Contents:
    """Reads the contents of the pages. Raises PdfRefused `too-large` when forms draw forms without end."""
    seen = Contents(faults)
    for rank, (page, resources) in enumerate(pages_of(document), 1):
        where = f"page {rank}"
        contents = page.get("/Contents")
        streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
        data = b"\n".join(_decoded(one, seen) for one in streams[:1000])
        drawn = _scan(document, data, resources, where, seen, 0)
        for appearance in _appearances(page):
            drawn += _form(document, appearance, resources, where, seen, 0)
        if drawn > MAX_DRAWN:
            raise PdfRefused("too-large", f"page {rank} draws more than {MAX_DRAWN} forms")
    return seen


def _appearances(page: Any) -> Iterator[Any]:
    annotations = page.get("/Annots")
    for one in list(annotations)[:500] if isinstance(annotations, pikepdf.Array) else []:
        appearance = one.get("/AP") if isinstance(one, pikepdf.Dictionary) else None
        states = appearance.get("/N") if isinstance(appearance, pikepdf.Dictionary) else None
        if isinstance(states, pikepdf.Stream):
            yield states
        elif isinstance(states, pikepdf.Dictionary):
            yield from [state for _, state in list(states.items())[:20] if isinstance(state, pikepdf.Stream)]


def _decoded(stream: Any, seen: Contents) -> bytes:
    """The bytes of a stream of contents, within what may still be read."""
    if not isinstance(stream, pikepdf.Stream):
        return b""
    raw = bytes(stream.read_raw_bytes())
    filters = stream.get("/Filter")
    names = [str(name) for name in (filters if isinstance(filters, pikepdf.Array) else [filters]) if name]
    if not names:
        data = raw
    elif names == ["/FlateDecode"] and "/DecodeParms" not in stream:
        try:
            data = zlib.decompressobj().decompress(raw, seen.left + 1)
        except zlib.error:
            data = b""
    elif len(names) == 1 and len(raw) < 100_000:
        data = bytes(stream.read_bytes())
    else:
        seen.whole = False
        return b""
    if len(data) > seen.left:
        seen.whole = False
        return b""
    seen.left -= len(data)
    return data


def _scan(document: Any, data: bytes, resources: Any, where: str, seen: Contents, depth: int) -> int:
    """One stream of contents; returns how many forms it draws, theirs included."""
    if not data.strip() or not isinstance(resources, pikepdf.Dictionary):
        return 0
    try:
        instructions = pikepdf.parse_content_stream(pikepdf.Stream(document, data))
    except (pikepdf.PdfError, ValueError, TypeError) as error:
        seen.faults.add(Family.LIMIT, where, f"contenu illisible : {error}", "opérateurs de PDF 1.4")
        return 0
    drawn = saved = tolerant = 0
    state: tuple[Any, int] = (None, 0)  # font, rendering mode
    kept: list[tuple[Any, int]] = []
    defaults: Any = resources.get("/ColorSpace", {})
    for instruction in instructions:
        name = str(instruction.operator)
        operands = instruction.operands
        if name == "q":
            saved += 1
            kept.append(state)
            if saved == MAX_SAVED + 1:
                seen.faults.add(
                    Family.LIMIT, where, f"plus de {MAX_SAVED} q emboîtés", f"{MAX_SAVED} au plus"
                )
        elif name == "Q":
            saved -= 1
            state = kept.pop() if kept else state
        elif name == "Tf" and operands:
            state = (_resource(resources, "/Font", operands[0]), state[1])
        elif name == "Tr" and operands:
            state = (state[0], int(number(operands[0], 0)))
        elif name in _SHOWN:
            font, mode = state
            if mode != 3 and isinstance(font, pikepdf.Dictionary) and font.objgen not in seen.fonts:
                drawn += _font(document, font, resources, where, seen, depth)
        elif name in _DEVICE:
            if f"/Default{_DEVICE[name]}" not in defaults:
                seen.colours.setdefault(_DEVICE[name], where)
        elif name in ("cs", "CS") and operands:
            if str(operands[0]) in _SPACES:
                seen.colours.setdefault(_SPACES[str(operands[0])], where)
        elif name in ("scn", "SCN") and operands and isinstance(operands[-1], pikepdf.Name):
            pattern = _resource(resources, "/Pattern", operands[-1])
            if isinstance(pattern, pikepdf.Stream):
                drawn += _form(document, pattern, resources, where, seen, depth)
        elif name == "Do" and operands:
            drawn += _drawn(
                document, _resource(resources, "/XObject", operands[0]), resources, where, seen, depth
            )
        elif name == "INLINE IMAGE":
            _inline(instruction, where, seen)
        elif name in ("BX", "EX"):
            tolerant += 1 if name == "BX" else -1
        elif name not in OPERATORS:
            seen.faults.add(Family.LIMIT, where, f"opérateur {name}"[:60], "opérateurs de PDF 1.4")
        if drawn > MAX_DRAWN:
            raise PdfRefused("too-large", f"{where} draws more than {MAX_DRAWN} forms")
    return drawn


def _resource(resources: Any, kind: str, name: Any) -> Any:
    group = resources.get(kind)
    return group.get(str(name)) if isinstance(group, pikepdf.Dictionary) and str(name)[:1] == "/" else None


def _drawn(document: Any, one: Any, resources: Any, where: str, seen: Contents, depth: int) -> int:
    if not isinstance(one, pikepdf.Stream):
        return 0
    if one.get("/Subtype") == "/Form":
        return _form(document, one, resources, where, seen, depth)
    space = one.get("/ColorSpace")
    if str(space) in _SPACES:
        seen.colours.setdefault(_SPACES[str(space)], where)
    return 1


def _form(document: Any, form: Any, resources: Any, where: str, seen: Contents, depth: int) -> int:
    known = seen.drawn.get(form.objgen)
    if known is not None:
        return known
    if depth >= MAX_DEPTH:
        raise PdfRefused("too-large", f"more than {MAX_DEPTH} forms in one another ({where})")
    seen.drawn[form.objgen] = 1  # while it is read: a form that draws itself ends here
    inside = form.get("/Resources", resources)
    count = 1 + _scan(document, _decoded(form, seen), inside, where, seen, depth + 1)
    seen.drawn[form.objgen] = count
    return count


def _font(document: Any, font: Any, resources: Any, where: str, seen: Contents, depth: int) -> int:
    if font.is_indirect:
        seen.fonts.add(font.objgen)
    check_font(font, where, seen.faults)
    drawn = 0
    glyphs = font.get("/CharProcs") if font.get("/Subtype") == "/Type3" else None
    if isinstance(glyphs, pikepdf.Dictionary):
        inside = font.get("/Resources", resources)
        for _, glyph in list(glyphs.items())[:256]:
            if isinstance(glyph, pikepdf.Stream) and depth < MAX_DEPTH:
                drawn += _scan(document, _decoded(glyph, seen), inside, where, seen, depth + 1)
    return drawn


def _inline(instruction: Any, where: str, seen: Contents) -> None:
    """An image inside the contents: the same rules as for one outside."""
    image: Any = instruction.iimage.obj
    filters = image.get("/Filter", image.get("/F"))
    for name in filters if isinstance(filters, pikepdf.Array) else [filters]:
        if str(name) in ("/LZWDecode", "/LZW"):
            seen.faults.add(Family.FILTER, where, "LZW (image dans le contenu)", "FlateDecode")
    if image.get("/Interpolate", image.get("/I")) is True:
        seen.faults.add(Family.GRAPHICS, where, "Interpolate true (image dans le contenu)", "false")
    space = str(image.get("/ColorSpace", image.get("/CS")))
    if space in _SPACES:
        seen.colours.setdefault(_SPACES[space], where)
