"""The bytes around the objects of a PDF: header, end, object streams; and what would inflate without end.

Source: ISO 19005-1 6.1.2 to 6.1.4.
"""

import re
import zlib

from schemas.pdf.faults import Family, Faults
from schemas.pdf.model import PdfRefused

MAX_INFLATED = 256_000_000  # bytes of all deflated streams together: a page of 600 dpi in colour is 100 MB
_DEFLATE = 1032  # a deflated byte never gives more
_CHUNK = 1 << 16
_STREAM = re.compile(rb"stream\r?\n")
_TWICE = re.compile(rb"/Filter\s*\[[^\]]{0,200}/Fl[^\]]{0,200}/Fl")
_COMPRESSED = re.compile(rb"/Type\s*/(ObjStm|XRef)\b")
_HEADER = re.compile(rb"%PDF-1\.\d[ \t]*(?:\r\n|\r|\n)")
_BINARY = re.compile(rb"%[\x80-\xff]{4}")
_EOLS = (b"", b"\n", b"\r", b"\r\n")


def refuse_bombs(data: bytes) -> None:
    """Raises PdfRefused `too-large` when the deflated streams hold more than `MAX_INFLATED` bytes.

    A small file cannot, unless it deflates twice; a large one is inflated piece by piece, nothing is kept.
    """
    if _TWICE.search(data):
        raise PdfRefused("too-large", "a stream is deflated twice")
    if len(data) * _DEFLATE <= MAX_INFLATED:
        return
    view, total = memoryview(data), 0
    for found in _STREAM.finditer(data):
        start = found.end()
        if data[start : start + 1] not in (b"\x78", b"\x58", b"\x68", b"\x48", b"\x38", b"\x18", b"\x08"):
            continue
        inflater, fed = zlib.decompressobj(), start
        try:
            while fed < len(data) and not inflater.eof:
                piece: bytes | memoryview = view[fed : fed + _CHUNK]
                fed += len(piece)
                while piece and not inflater.eof:
                    total += len(inflater.decompress(piece, 1 << 20))
                    if total > MAX_INFLATED:
                        raise PdfRefused(
                            "too-large", f"its streams inflate to more than {MAX_INFLATED} bytes"
                        )
                    piece = inflater.unconsumed_tail
        except zlib.error:
            continue


def look(data: bytes, faults: Faults) -> None:
    """Header (6.1.2), nothing after the end (6.1.3), no object streams (6.1.4, PDF 1.4)."""
    header = _HEADER.match(data)
    if header is None:
        faults.add(Family.HEADER, "octet 0", repr(data[:12]), "%PDF-1.n au premier octet")
    elif not _BINARY.match(data, header.end()):
        seen = repr(data[header.end() : header.end() + 6])
        faults.add(Family.HEADER, "ligne 2", seen, "% et 4 octets au-dessus de 127")
    end = data.rfind(b"%%EOF")
    if end < 0:
        faults.add(Family.END, "fin du fichier", repr(data[-12:]), "%%EOF")
    elif data[end + 5 : end + 8] not in _EOLS:
        faults.add(Family.END, "fin du fichier", f"{len(data) - end - 5} octets après %%EOF", "rien")
    for found in set(_COMPRESSED.findall(data)):
        name = "flux d'objets" if found == b"ObjStm" else "table des références en flux"
        faults.add(Family.OBJECT_STREAMS, f"/{found.decode()}", name, "PDF 1.4 : objets et table en clair")
