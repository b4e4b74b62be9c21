"""Which schemas apply to a document."""

import re
from pathlib import Path

import pytest

from conformance.ans.folder import open_folder
from conformance.ans.layers import Applied, declarations, layers_for
from schemas.cda.codec import find_document
from schemas.xml import parse
from tests.conformance.ans.tree import VOLET, document, write_tree

MODEL = '<templateId root="1.2.250.1.213.1.1.1.{}" extension="{}"/>'
LEVEL1 = "<component><nonXMLBody><text/></nonXMLBody></component>"
OTHER: dict[str, str | None] = {
    "schematrons/CI-SIS_VSM_1.4_2022.01.sch": VOLET,
    "schematrons/CI-SIS_VSM_2023.01.sch": VOLET,
    "schematrons/CI-SIS_NOUVEAU_2030.01.sch": VOLET.replace(".1.39'", ".1.777'"),
    "schematrons/CI-SIS_AUTRE_2030.01.sch": VOLET,
    "schematrons/include/specificationsVolets/AUTRE_2030.01/s.sch": "<a b=\"'1.2.250.1.213.1.1.1.888'\"/>",
}


def layers(tmp_path: Path, **parts: str) -> dict[str, Applied]:
    folder = open_folder(write_tree(tmp_path, OTHER))
    return {one.layer: one for one in layers_for(folder, find_document(parse(document(**parts))))}


@pytest.mark.parametrize(
    ("parts", "name", "note"),
    [
        ({}, "CI-SIS_EP-MED-DM_2024.01.sch", ""),
        ({"model": MODEL.format(39, "2023.01")}, "CI-SIS_EP-MED-DM_2023.01.sch", ""),
        ({"model": MODEL.format(39, "2031.01")}, "CI-SIS_EP-MED-DM_2024.01.sch", "version 2031.01 inconnue"),
        ({"model": MODEL.format(39, "")}, "CI-SIS_EP-MED-DM_2024.01.sch", "non indiquée"),
        ({"model": MODEL.format(13, "201310")}, "CI-SIS_VSM_1.4_2022.01.sch", ""),
        ({"model": MODEL.format(13, "2023.01")}, "CI-SIS_VSM_2023.01.sch", ""),
        ({"model": MODEL.format(777, "2030.01")}, "CI-SIS_NOUVEAU_2030.01.sch", ""),  # quoted by the schema
        ({"model": MODEL.format(888, "2030.01")}, "CI-SIS_AUTRE_2030.01.sch", ""),  # by what it includes
        ({"model": ""}, "CI-SIS_EP-MED-DM_2024.01.sch", "choisi par le code 57833-6"),
        (
            {"head": '<?oxygen SCHSchema="../schematrons/ci-sis_vsm_2023.01.sch"?>'},
            "CI-SIS_VSM_2023.01.sch",
            "déclaré",
        ),
        (
            {"head": '<?xml-model href="../../../../etc/CI-SIS_VSM_2023.01.sch" type="application/xml"?>'},
            "CI-SIS_VSM_2023.01.sch",  # a name is looked for in the folder, a path is not followed
            "déclaré",
        ),
        ({"head": '<?oxygen SCHSchema="../schematrons/none.sch"?>'}, "CI-SIS_EP-MED-DM_2024.01.sch", ""),
    ],
)
def test_the_volet_of_a_document(tmp_path: Path, parts: dict[str, str], name: str, note: str) -> None:
    volet = layers(tmp_path, **parts)["VOLET"]
    assert volet.path is not None
    assert volet.path.name == name
    assert note in volet.note


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"model": "", "code": '<code code="0"/>'}, "aucun volet connu"),
        ({"model": MODEL.format(37, "2023.01")}, "aucun schéma CI-SIS_VAC_"),
    ],
)
def test_a_document_without_a_volet(tmp_path: Path, parts: dict[str, str], why: str) -> None:
    volet = layers(tmp_path, **parts)["VOLET"]
    assert volet.path is None
    assert why in volet.reason


def test_level_1_has_two_layers_and_those_it_declares(tmp_path: Path) -> None:
    assert list(layers(tmp_path, body=LEVEL1)) == ["XSD", "STRUCT"]
    head = (
        '<?oxygen SCHSchema="../schematrons/profils/terminologies/schematron/terminologie.sch"?>'
        '<?oxygen SCHSchema="../schematrons/CI-SIS_VSM_2023.01.sch"?>'
    )
    assert list(layers(tmp_path, body=LEVEL1, head=head)) == ["XSD", "STRUCT", "TERMINO", "VOLET"]


SAMPLES = Path(__file__).parents[4] / "shared/data/cda"
DECLARING = re.compile(rb"<[?]oxygen[^>]*?[?]>")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no sample documents")
def test_the_table_chooses_as_published_documents_declare(tmp_path: Path) -> None:
    documents = {path.name: path.read_bytes() for path in sorted(SAMPLES.glob("*.xml"))}
    declared = {
        name: [Path(one).name for one in declarations(find_document(parse(data)))]
        for name, data in documents.items()
    }
    volets: dict[str, str | None] = {
        f"schematrons/{one}": VOLET
        for names in declared.values()
        for one in names
        if one.startswith("CI-SIS_") and "_20" in one
    }
    folder = open_folder(write_tree(tmp_path, volets))
    assert len(volets) > 20
    for name, data in documents.items():
        chosen = {
            one.layer: one for one in layers_for(folder, find_document(parse(DECLARING.sub(b"", data))))
        }
        expected = [one for one in declared[name] if f"schematrons/{one}" in volets]
        if b"<nonXMLBody" in data:
            assert "VOLET" not in chosen  # level 1: a volet only when it is declared
        elif chosen["VOLET"].note:  # the model is there without its version: the latest is taken, and said
            assert name.startswith("BIO-CR-BIO")
        else:
            assert [chosen["VOLET"].path and chosen["VOLET"].path.name] == expected, name
