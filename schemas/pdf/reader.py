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

from schemas.pdf.envelope import refuse_bombs
from schemas.pdf.model import Pdf, PdfRefused, PlacedCode
from schemas.pdf.survey import survey

MAX_PAGES = 20
MAX_SIDE = 2400  # pixels of the rendered page: 200 dpi on A4
DPI = 200

PDFIUM = threading.Lock()  # the library underneath is not thread-safe


def _said(error: Exception) -> str:
    """What a library says of a broken file, without the address of the stream that it read."""
    return re.sub(r"^stream <[^>]*>: ", "", str(error))


def read(data: bytes, *, codes: bool = True, code_pages: int = MAX_PAGES) -> Pdf:
    """See `schemas.pdf.read_pdf`."""
    if not data.lstrip()[:5] == b"%PDF-":
        raise PdfRefused("not-pdf", f"begins with {data[:8]!r}")
    refuse_bombs(data)
    try:
        with pikepdf.open(io.BytesIO(data)) as document:
            markers = survey(document, data)
    except PdfRefused:
        raise
    except pikepdf.PasswordError:
        raise PdfRefused("encrypted", "a password is asked") from None
    except Exception as error:  # a hostile file may raise anything underneath
        raise PdfRefused("broken", _said(error)) from None
    with PDFIUM:
        try:
            pages, placed, count = _look(data, code_pages if codes else 0)
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


def _look(data: bytes, code_pages: int) -> tuple[list[str], list[PlacedCode], int]:
    pages: list[str] = []
    placed: list[PlacedCode] = []
    document = pypdfium2.PdfDocument(data)
    try:
        count = len(document)
        for index in range(min(count, MAX_PAGES)):
            page = document[index]
            pages.append(page.get_textpage().get_text_range())
            if index < code_pages:
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
