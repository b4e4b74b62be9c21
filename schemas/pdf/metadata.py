"""The XMP packet of a PDF, and the information dictionary that it must agree with.

Source: ISO 19005-1 6.7; XMP specification (January 2004).
"""

import re
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from schemas import xml
from schemas.pdf.faults import Family, Faults

MAX_XMP = 2_000_000  # bytes
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
PDFA_ID = "{http://www.aiim.org/pdfa/ns/id/}"
DC = "{http://purl.org/dc/elements/1.1/}"
XAP = "{http://ns.adobe.com/xap/1.0/}"
PDF = "{http://ns.adobe.com/pdf/1.3/}"
INFO = {
    "/Title": f"{DC}title",
    "/Author": f"{DC}creator",
    "/Subject": f"{DC}description",
    "/Keywords": f"{PDF}Keywords",
    "/Creator": f"{XAP}CreatorTool",
    "/Producer": f"{PDF}Producer",
    "/CreationDate": f"{XAP}CreateDate",
    "/ModDate": f"{XAP}ModifyDate",
}
_PACKET = re.compile(rb"<\?xpacket\s[^?]{0,200}\?>")
_OLD = re.compile(rb"\b(bytes|encoding)\s*=")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Xmp:
    """Properties of an XMP packet by qualified name; a list is joined by `; `. Empty without packet."""

    values: dict[str, str] = field(default_factory=dict)

    @property
    def part(self) -> str:
        return self.values.get(f"{PDFA_ID}part", "")

    @property
    def conformance(self) -> str:
        return self.values.get(f"{PDFA_ID}conformance", "")


def read_xmp(document: Any, faults: Faults) -> Xmp:
    """The packet of the catalogue: a plain stream of well-formed RDF (6.7.2, 6.7.5, 6.7.9)."""
    stream = document.Root.get("/Metadata")
    if not isinstance(stream, pikepdf.Stream):
        faults.add(Family.XMP, "catalogue /Metadata", "absent", "flux XMP")
        return Xmp()
    if "/Filter" in stream:
        faults.add(Family.XMP, "XMP", f"filtre {stream.Filter}", "flux sans filtre")
    data = stream.read_bytes() if len(stream.read_raw_bytes()) <= MAX_XMP else b""
    if len(data) > MAX_XMP or not data:
        faults.add(Family.XMP, "XMP", f"{len(data)} octets", f"1 à {MAX_XMP} octets")
        return Xmp()
    packet = _PACKET.search(data[:1000])
    if packet and (old := _OLD.search(packet[0])):
        faults.add(Family.XMP, "XMP <?xpacket?>", f"attribut {old[1].decode()}", "absent")
    try:
        root = xml.parse(data.strip(b"\0 \t\r\n"))
    except xml.XmlRefused as error:
        faults.add(Family.XMP, "XMP", str(error), "XML bien formé")
        return Xmp()
    if root.tag != f"{RDF}RDF" and next(root.iter(f"{RDF}RDF"), None) is None:
        faults.add(Family.XMP, "XMP", xml.local(root), "rdf:RDF")
    return Xmp(_properties(root))


def _properties(root: xml.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for description in root.iter(f"{RDF}Description"):
        for name, value in description.items():
            if not str(name).startswith(RDF):
                found.setdefault(str(name), str(value).strip())
        for child in xml.children(description):
            items = [" ".join("".join(map(str, item.itertext())).split()) for item in child.iter(f"{RDF}li")]
            text = "; ".join(items) if items else " ".join("".join(map(str, child.itertext())).split())
            found.setdefault(str(child.tag), text)
    return found


def compare_info(document: Any, xmp: Xmp, faults: Faults) -> None:
    """What the information dictionary says, the XMP says too (6.7.3)."""
    info = document.trailer.get("/Info")
    if not isinstance(info, pikepdf.Dictionary):
        return
    for key, name in INFO.items():
        stated = info.get(key)
        if not isinstance(stated, pikepdf.String) or not str(stated).strip():
            continue
        told = xmp.values.get(name, "")
        if not _same(key, str(stated), told):
            where = f"/Info {key} et {name.rpartition('}')[2]}"
            faults.add(Family.INFO, where, f"{stated} ≠ {told or 'absent du XMP'}", "la même valeur")


def _same(key: str, one: str, other: str) -> bool:
    if key in ("/CreationDate", "/ModDate"):
        left, right = _instant(one), _instant(other)
        size = min(len(left), len(right))
        return size >= 8 and left[:size] == right[:size]
    return " ".join(one.replace("\0", "").split()) == other


def _instant(text: str) -> str:
    """The digits of a date, its zone left out: `D:20260302093000+00'00'` and `2026-03-02T09:30:00Z`."""
    local = re.split(r"(?<=\d)(?:[Zz]|[+-](?=\d\d'?:?\d?\d?'?$))", text.removeprefix("D:"))[0]
    return "".join(_DIGITS.findall(local))[:14]
