"""A font that shows text: its program is in the file, and its dictionary is whole.

Source: ISO 19005-1 6.3.2 to 6.3.7.
"""

import re
from typing import Any

import pikepdf

from schemas.pdf.faults import Family, Faults

STANDARD_14 = frozenset(
    {
        *(f"Courier{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
        *(f"Helvetica{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
        *(f"Times-{style}" for style in ("Roman", "Bold", "Italic", "BoldItalic")),
        *("Symbol", "ZapfDingbats"),
    }
)
_PROGRAMS = ("/FontFile", "/FontFile2", "/FontFile3")
_SUBSET = re.compile(r"[A-Z]{6}\+")
_SYMBOLIC = 4
_COMPACT = ("/Type1C", "/CIDFontType0C")


def check_font(font: Any, where: str, faults: Faults) -> None:
    """A Type 3 font draws its glyphs itself: what those use is looked at with the contents."""
    kind = str(font.get("/Subtype", ""))
    if kind == "/Type3":
        return
    if kind == "/Type0":
        _composite(font, where, faults)
        return
    name = str(font.get("/BaseFont", "?")).lstrip("/")
    descriptor = _descriptor(font)
    if _embedded(descriptor, name, where, faults):
        missing = [key for key in ("/FirstChar", "/LastChar", "/Widths") if key not in font]
        if missing:
            faults.add(Family.FONT, where, f"{name} sans {' '.join(missing)}", "largeurs de la police")
        if kind == "/TrueType":
            _true_type(font, descriptor, name, where, faults)
        elif _SUBSET.match(name) and "/CharSet" not in descriptor:
            faults.add(Family.FONT, where, f"{name} sans /CharSet", "/CharSet du sous-ensemble")


def _composite(font: Any, where: str, faults: Faults) -> None:
    descendants = font.get("/DescendantFonts")
    inner = descendants[0] if isinstance(descendants, pikepdf.Array) and len(descendants) else None
    name = str(font.get("/BaseFont", "?")).lstrip("/")
    if not isinstance(inner, pikepdf.Dictionary):
        faults.add(Family.FONT, where, f"{name} sans /DescendantFonts", "une CIDFont")
        return
    descriptor = _descriptor(inner)
    if not _embedded(descriptor, name, where, faults):
        return
    if "/Encoding" not in font:
        faults.add(Family.FONT, where, f"{name} sans /Encoding", "CMap")
    if inner.get("/Subtype") == "/CIDFontType2":
        mapping = inner.get("/CIDToGIDMap")
        if mapping != "/Identity" and not isinstance(mapping, pikepdf.Stream):
            faults.add(Family.FONT, where, f"{name} sans /CIDToGIDMap", "/Identity ou un flux")
    if _SUBSET.match(name) and "/CIDSet" not in descriptor:
        faults.add(Family.FONT, where, f"{name} sans /CIDSet", "/CIDSet du sous-ensemble")


def _true_type(font: Any, descriptor: Any, name: str, where: str, faults: Faults) -> None:
    flags = descriptor.get("/Flags", 0)
    symbolic = isinstance(flags, int) and bool(flags & _SYMBOLIC)
    encoding = font.get("/Encoding")
    if symbolic and encoding is not None:
        faults.add(Family.FONT, where, f"{name}, symbolique, avec /Encoding", "sans /Encoding")
    elif not symbolic and str(encoding) not in ("/MacRomanEncoding", "/WinAnsiEncoding"):
        faults.add(Family.FONT, where, f"{name}, /Encoding {encoding}"[:120], "WinAnsi ou MacRoman")


def _descriptor(font: Any) -> Any:
    found = font.get("/FontDescriptor")
    return found if isinstance(found, pikepdf.Dictionary) else pikepdf.Dictionary()


def _embedded(descriptor: Any, name: str, where: str, faults: Faults) -> bool:
    programs = [key for key in _PROGRAMS if isinstance(descriptor.get(key), pikepdf.Stream)]
    if not programs:
        note = " (l'une des 14 polices standard : à incorporer aussi)" if name in STANDARD_14 else ""
        faults.add(Family.FONT_FILE, where, name + note)
        return False
    subtype = descriptor[programs[0]].get("/Subtype")
    if programs[0] == "/FontFile3" and str(subtype) not in _COMPACT:
        faults.add(Family.FONT, where, f"{name}, FontFile3 {subtype}", " ".join(_COMPACT))
    return True
