"""Read a printed document back: text, 2D codes as a camera would see them, PDF/A markers.

Bounded on hostile files: number of pages, size of the rendered picture.
"""

import io
import re
import threading
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdfium2

from schemas.pdf.model import Pdf, PdfMarkers, PdfRefused, PlacedCode

MAX_PAGES = 20
MAX_SIDE = 2400  # pixels of the rendered page: 200 dpi on A4
DPI = 200

PDFIUM = threading.Lock()  # the library underneath is not thread-safe
PDFA_ID = "{http://www.aiim.org/pdfa/ns/id/}"
FORBIDDEN_ACTIONS = ("/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData")


def _said(error: Exception) -> str:
    """What a library says of a broken file, without the address of the stream that it read."""
    return re.sub(r"^stream <[^>]*>: ", "", str(error))


def read(data: bytes, *, codes: bool = True) -> Pdf:
    """See `schemas.pdf.read_pdf`."""
    if not data.lstrip()[:5] == b"%PDF-":
        raise PdfRefused("not-pdf", f"begins with {data[:8]!r}")
    try:
        with pikepdf.open(io.BytesIO(data)) as document:
            markers = _markers(document)
    except pikepdf.PasswordError:
        raise PdfRefused("encrypted", "a password is asked") from None
    except Exception as error:  # a hostile file may raise anything underneath
        raise PdfRefused("broken", _said(error)) from None
    with PDFIUM:
        try:
            pages, placed, count = _look(data, codes)
        except Exception as error:  # idem
            raise PdfRefused("broken", _said(error)) from None
    return Pdf(tuple(pages), tuple(placed), markers, truncated=count > MAX_PAGES)


def decode_image(data: bytes) -> list[PlacedCode]:
    """The 2D codes of a picture (PNG, JPEG…). Raises ValueError when it is no picture."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MAX_SIDE * MAX_SIDE * 4:
                raise ValueError(f"picture of {picture.width}x{picture.height} pixels")
            opaque = picture.convert("RGBA")
            sheet = Image.new("RGBA", opaque.size, "white")
            sheet.alpha_composite(opaque)
            return list(_codes(sheet.convert("L"), 1))
    except Exception as error:  # a hostile picture may raise anything underneath
        raise ValueError(f"not a picture: {error}") from None


def _look(data: bytes, codes: bool) -> tuple[list[str], list[PlacedCode], int]:
    pages: list[str] = []
    placed: list[PlacedCode] = []
    document = pypdfium2.PdfDocument(data)
    try:
        count = len(document)
        for index in range(min(count, MAX_PAGES)):
            page = document[index]
            pages.append(page.get_textpage().get_text_range())
            if codes:
                scale = min(DPI / 72, MAX_SIDE / max(page.get_width(), page.get_height(), 1))
                picture = page.render(scale=scale, grayscale=True).to_pil()
                placed.extend(_codes(picture, index + 1))
    finally:
        document.close()
    return pages, placed, count


def _codes(picture: Any, page: int) -> Iterator[PlacedCode]:
    import zxingcpp

    formats: Any = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix)
    for code in zxingcpp.read_barcodes(picture, formats=formats):
        corner, opposite = code.position.top_left, code.position.bottom_right
        raw = code.bytes
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        yield PlacedCode(
            code.format.name,
            text,
            page,
            (corner.x + opposite.x) / 2 / max(picture.width, 1),
            (corner.y + opposite.y) / 2 / max(picture.height, 1),
        )


def _markers(document: Any) -> PdfMarkers:
    root = document.Root
    part = conformance = ""
    if "/Metadata" in root:
        with document.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
            part, conformance = xmp.get(f"{PDFA_ID}part", ""), xmp.get(f"{PDFA_ID}conformance", "")
    intents = root.get("/OutputIntents", [])
    fonts: dict[str, None] = {}
    transparency: dict[str, None] = {}
    for page in list(document.pages)[: MAX_PAGES * 5]:
        _resources(page.get("/Resources", {}), fonts, transparency, 0)
        if "/Group" in page and page.Group.get("/S") == "/Transparency":
            transparency["groupe de transparence"] = None
    return PdfMarkers(
        part=str(part or ""),
        conformance=str(conformance or ""),
        output_intent=any(
            intent.get("/S") == "/GTS_PDFA1" and "/DestOutputProfile" in intent for intent in intents
        ),
        has_id="/ID" in document.trailer,
        fonts_not_embedded=tuple(fonts),
        transparency=tuple(transparency),
        forbidden=tuple(dict.fromkeys(_forbidden(document))),
    )


def _resources(resources: Any, fonts: dict[str, None], transparency: dict[str, None], depth: int) -> None:
    for font in _values(resources, "/Font"):
        for inner in (font, *font.get("/DescendantFonts", [])):
            if inner.get("/Subtype") in ("/Type0", "/Type3"):
                continue
            descriptor = inner.get("/FontDescriptor", {})
            if not any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3")):
                fonts[str(inner.get("/BaseFont", "?"))] = None
    for state in _values(resources, "/ExtGState"):
        if float(state.get("/ca", 1)) < 1 or float(state.get("/CA", 1)) < 1:
            transparency["opacité < 1"] = None
        if state.get("/SMask", "/None") != "/None":
            transparency["masque"] = None
    for shape in _values(resources, "/XObject"):
        if "/SMask" in shape:
            transparency["image à canal alpha"] = None
        if "/Group" in shape and shape.Group.get("/S") == "/Transparency":
            transparency["groupe de transparence"] = None
        if depth < 4 and "/Resources" in shape:
            _resources(shape.Resources, fonts, transparency, depth + 1)


def _values(resources: Any, key: str) -> list[Any]:
    found = resources.get(key)
    return [] if found is None else [found[name] for name in list(found.keys())[:500]]


def _forbidden(document: Any) -> Iterator[str]:
    root = document.Root
    if document.is_encrypted:
        yield "chiffrement"
    names = root.get("/Names", {})
    if "/JavaScript" in names:
        yield "JavaScript"
    if "/EmbeddedFiles" in names:
        yield "fichier joint"
    action = root.get("/OpenAction")
    if isinstance(action, pikepdf.Dictionary) and str(action.get("/S", "")) in FORBIDDEN_ACTIONS:
        yield f"action {str(action.S)[1:]}"
    if root.get("/AA") is not None:
        yield "actions additionnelles"
