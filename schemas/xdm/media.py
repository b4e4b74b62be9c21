"""Rules on the media: what INDEX.HTM and README.TXT say, how folders are named, what lies elsewhere.

Sources: IHE ITI TF-2 §3.32.4.1 (XDM), PS3.10 and ISO 9660 as it cites them.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from schemas import xml
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xdm.model import INDEX, METADATA, README, ROOT, Archive

MEDIA: RuleSet[Archive] = RuleSet("xdm-media")

XDM = "IHE ITI TF-2 §3.32.4.1"
_REQUIRES = ("BEN-CDA-06",)
MAX_INDEX = 500_000  # bytes of INDEX.HTM that are read
MAX_LINKS = 500
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*>", re.I)
_ENTITY = re.compile(rb"&[A-Za-z][A-Za-z0-9]{1,30};")
_SUBSET = re.compile(r"SUBSET\d{2}", re.I)
_DRESS = (".CSS", ".XSL", ".XSLT", ".PNG", ".GIF", ".JPG", ".JPEG", ".SVG", ".ICO", ".JS", ".DTD", ".HTM")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (tag, name) in (("a", "href"), ("link", "href"), ("img", "src")) and value:
                self.links.append(value)


def links_of(index: bytes) -> list[str]:
    """The targets of the links of an INDEX.HTM, in order."""
    reader = _Links()
    reader.feed(index[:MAX_INDEX].decode("utf-8", "replace"))
    return reader.links


@MEDIA.rule("XDM-LAY-06", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=XDM)
def links_lead_somewhere(archive: Archive) -> Iterator[Observation]:
    """Each link of INDEX.HTM leads to a file of the archive."""
    if archive.index is None:
        return
    names = {name.replace("\\", "/").upper() for name in archive.names}
    for link in list(dict.fromkeys(links_of(archive.index)))[:MAX_LINKS]:
        try:
            parts = urlsplit(link.strip())
        except ValueError:
            parts = urlsplit("invalide")
        target = unquote(parts.path).replace("\\", "/").removeprefix("./").upper()
        if not parts.scheme and not parts.netloc and target and target not in names:
            yield Observation(INDEX, link, "un fichier de l'archive")


@MEDIA.rule("XDM-LAY-07", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=f"{XDM}; XHTML Basic")
def index_is_xhtml(archive: Archive) -> Iterator[Observation]:
    """INDEX.HTM is well-formed XHTML."""
    if archive.index is None:
        return
    text = _ENTITY.sub(b" ", _DOCTYPE.sub(b"", archive.index[:MAX_INDEX], count=1))
    try:
        root = xml.parse(text.strip())
    except xml.XmlRefused as error:
        yield Observation(INDEX, str(error), "XHTML bien formé", error.line)
        return
    if xml.local(root).lower() != "html":
        yield Observation(INDEX, f"<{xml.local(root)}>", "<html>")


@MEDIA.rule("XDM-LAY-08", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=XDM)
def readme_says_something(archive: Archive) -> Iterator[Observation]:
    """README.TXT tells who sends and with which software; it is not left empty."""
    if archive.readme is not None and not archive.readme.strip():
        yield Observation(README, "vide", "émetteur, application, instructions, arborescence")


@MEDIA.rule("XDM-LAY-09", requires=Keyword.PEUT, source="CI-SIS volet Échange de documents de santé (XDM)")
def folders_are_subsets(archive: Archive) -> Iterator[Observation]:
    """The folders of IHE_XDM are SUBSET01, SUBSET02…"""
    for subset in archive.subsets:
        if not _SUBSET.fullmatch(subset.folder.rpartition("/")[2]):
            yield Observation(subset.folder, subset.folder, f"{ROOT}/SUBSET01")


@MEDIA.rule("XDM-LAY-10", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=XDM)
def nothing_lies_elsewhere(archive: Archive) -> Iterator[Observation]:
    """No file where no METADATA.XML can describe it: at the root, in IHE_XDM itself, in a deeper folder."""
    for name in archive.names:
        path = name.replace("\\", "/").upper()
        if path.endswith((".PDF", *_DRESS)):  # PDF: XDM-LAY-04
            continue
        head, *rest = path.split("/")
        at_root = not rest and path not in (README, INDEX)
        in_media = head == ROOT and (len(rest) == 1 or len(rest) > 2)
        if at_root or in_media or (rest and head != ROOT):
            yield Observation(name, name, f"{ROOT}/SUBSET01/, décrit dans {METADATA}")
