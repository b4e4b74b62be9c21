"""A value set of the folder in the form that the header schemas read."""

from pathlib import Path

from lxml import etree

from conformance.ans import voc
from conformance.ans.folder import open_folder
from tests.conformance.ans.tree import TYPES, write_tree


def test_art_decor_form() -> None:
    root = etree.fromstring(voc.art_decor(etree.fromstring(TYPES), "1.2.3.4"))
    [found] = root.findall("valueSet")
    assert (found.get("id"), found.get("effectiveDate")) == ("1.2.3.4", "2024-01-01T00:00:00")
    codes = [(one.get("code"), one.get("codeSystem")) for one in found.findall("conceptList/concept")]
    assert codes == [("57833-6", "1.2"), ("11502-2", "1.2")]


def test_found_by_identifier_or_by_its_known_name(tmp_path: Path) -> None:
    types = TYPES.replace("1.2.3.4", "9.9")
    folder = open_folder(write_tree(tmp_path, {"jeuxDeValeurs/JDV_J07_XdsTypeCode_CISIS.xml": types}))
    assert (
        voc.find(folder, "include/voc-1.2.3.4-DYNAMIC.xml", tmp_path) == tmp_path / "voc-1.2.3.4-DYNAMIC.xml"
    )
    assert voc.find(folder, "voc-1.2.250.1.213.1.1.5.471-DYNAMIC.xml", tmp_path) is not None
    assert voc.find(folder, "voc-1.2.3.5-DYNAMIC.xml", tmp_path) is None
    assert voc.find(folder, "JDV_Types.xml", tmp_path) is None


def test_a_damaged_source_gives_nothing(tmp_path: Path) -> None:
    folder = open_folder(write_tree(tmp_path, {"jeuxDeValeurs/JDV_Types.xml": TYPES[:-40]}))
    assert voc.find(folder, "voc-1.2.3.4-DYNAMIC.xml", tmp_path) is None
