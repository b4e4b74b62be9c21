"""Value sets that the folder refers to in one form and holds in another.

The header schemas read `voc-<OID>-DYNAMIC.xml` files (ART-DECOR); when one is absent and the folder holds the
same value set in IHE SVS form, it is written again, in the cache.
"""

import re
from functools import lru_cache
from pathlib import Path

from lxml import etree

from conformance.ans.folder import Folder, folded
from schemas.xml import Element, XmlRefused, local, parse

VOC = re.compile(r"(?:^|/)voc-(\d+(?:\.\d+)+)-[^/]*\.xml$", re.IGNORECASE)
KNOWN = {"1.2.250.1.213.1.1.5.471": "JDV_J07_XdsTypeCode_CISIS.xml"}
IDENTIFIER = re.compile(rb"<(?:[\w.\-]+:)?ValueSet\b[^>]*\bid\s*=\s*[\"']([\d.]+)[\"']")
HEAD = 8_192  # bytes read of a value set to know its identifier


def find(folder: Folder, name: str, cache: Path) -> Path | None:
    """A file of the cache in place of the absent `name`; None when the folder has nothing to make it from."""
    match = VOC.search(name.replace("\\", "/"))
    if match is None:
        return None
    source = folder.named(KNOWN.get(match[1], "")) or _by_identifier(folder).get(match[1])
    if source is None:
        return None
    try:
        content = art_decor(parse(source.read_bytes()), match[1])
    except (XmlRefused, OSError):
        return None
    target = cache / f"voc-{match[1]}-DYNAMIC.xml"
    target.write_bytes(content)
    return target


@lru_cache(maxsize=4)
def _listing(root: Path, files: tuple[Path, ...]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in files:
        with path.open("rb") as stream:
            match = IDENTIFIER.search(stream.read(HEAD))
        if match:
            found.setdefault(match[1].decode("ascii"), path)
    return found


def _by_identifier(folder: Folder) -> dict[str, Path]:
    prefix = folded("jeuxDeValeurs/")
    files = tuple(path for key, path in sorted(folder.files.items()) if key.startswith(prefix))
    return _listing(folder.root, files)


def art_decor(value_set: Element, oid: str) -> bytes:
    """An IHE SVS value set in ART-DECOR form: valueSets/valueSet/conceptList/concept."""
    source = next((one for one in value_set.iter() if local(one) == "ValueSet"), value_set)
    root = etree.Element("valueSets")
    date = source.get("revisionDate") or source.get("effectiveDate") or "1970-01-01T00:00:00"
    label = source.get("displayName") or source.get("name") or oid
    made = etree.SubElement(
        root,
        "valueSet",
        id=oid,
        name=label,
        displayName=label,
        effectiveDate=date,
        statusCode="final",
    )
    concepts = etree.SubElement(made, "conceptList")
    for concept in value_set.iter():
        if local(concept) == "Concept":
            kept = ("code", "codeSystem", "displayName")
            attributes = {name: str(concept.get(name)) for name in kept if concept.get(name) is not None}
            etree.SubElement(concepts, "concept", None, None, level="0", type="L", **attributes)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
