"""What a file is, from its content."""

import re
import zipfile
from dataclasses import dataclass
from io import BytesIO

from schemas.xml import Element, XmlRefused, local, parse

BOM = b"\xef\xbb\xbf"
NAMED = (".xml", ".zip", ".eml", ".pdf")  # who names a file so means it for a judge, whatever it holds
ZIP_NAMED = (".zip",)
TAG = re.compile(rb"<(?:[\w.-]+:)?(?:clinicaldocument|envelope|assertion)[\s/>]", re.IGNORECASE)
HL7 = "urn:hl7-org:v3"
XDM_SIGNS = ("ihe_xdm", "metadata.xml", "subset")  # in some name
XDM_ROOT = {"index.htm", "readme.txt"}  # both at the root: an archive whose documents are missing


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is: `kind` as in JUDGES, empty when unknown.

    `sure`: something in the content, or the name of an empty or broken file, says that a judge is meant for
    it; otherwise the file is only judged when somebody named it.
    """

    kind: str
    sure: bool = True


def kind_of(data: bytes) -> str:
    """The kind of a file that somebody named; empty when nothing is recognised."""
    return recognise(data).kind


def recognise(data: bytes, name: str = "") -> Recognised:
    """What a file is. `name` only tells what an empty or broken file was meant to be."""
    head = data[:4096].lstrip(BOM + b" \t\r\n")
    lower = name.lower()
    if data[:4] == b"PK\x03\x04" or (b"PK" in data[:2] and zipfile.is_zipfile(BytesIO(data))):
        return Recognised("xdm", _is_archive_of_documents(data, lower))
    if head.startswith(b"%PDF-"):
        return Recognised("pdf")
    if head.startswith(b"<") or _is_wide(data):
        return _xml(data, head, lower)
    lines = head.lower().splitlines()
    if head.startswith(b"--") or any(
        line.startswith(b"content-type:") and b"multipart/related" in line for line in lines
    ):
        return Recognised("soap", b"multipart/related" in head.lower() or b"xop" in head.lower())
    if any(line.startswith((b"from:", b"received:", b"message-id:", b"subject:")) for line in lines):
        return Recognised("mail", lower.endswith(".eml") or _has_mail_header(lines))
    if lines and lines[0].startswith((b"post ", b"http/1")):
        return Recognised("soap")
    return Recognised("", lower.endswith(NAMED))


def _is_wide(data: bytes) -> bool:
    """XML in UTF-16 with its mark."""
    return data[:4] in (b"\xff\xfe<\x00", b"\xfe\xff\x00<")


def _xml(data: bytes, head: bytes, name: str) -> Recognised:
    try:
        root = parse(data.removeprefix(BOM))
    except XmlRefused:
        seen = next((word for word in ("Envelope", "Assertion") if word.encode() in head), "ClinicalDocument")
        # judged as what it seems to be: its judge says what is wrong
        return Recognised(_KINDS.get(seen, "cda"), name.endswith(".xml") or bool(TAG.search(data[:65536])))
    kind = _KINDS.get(local(root), "cda")
    return Recognised(kind, kind != "cda" or _is_document(root))


def _is_document(root: Element) -> bool:
    """Whether an XML tree is a clinical document, holds one, or was meant to be one."""
    if local(root).lower() == "clinicaldocument" or str(root.tag).startswith(f"{{{HL7}}}"):
        return True
    return next(root.iter(f"{{{HL7}}}ClinicalDocument"), None) is not None


_KINDS = {"Envelope": "soap", "Assertion": "vihf"}


def _is_archive_of_documents(data: bytes, name: str) -> bool:
    """Whether a zip holds something of an XDM archive; one that can't be listed counts by its name."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return name.endswith(ZIP_NAMED)
    return set(names) >= XDM_ROOT or any(sign in name for name in names for sign in XDM_SIGNS)


def _has_mail_header(lines: list[bytes]) -> bool:
    """Whether the first lines look like the header of a message, not like a text with a `Subject:` in it."""
    names = {line.partition(b":")[0] for line in lines if b":" in line}
    return len(names & {b"from", b"received", b"message-id", b"subject", b"date", b"to", b"mime-version"}) > 2
