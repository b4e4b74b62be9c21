from dataclasses import replace
from pathlib import Path

import pytest

from schemas.cda import PrescriptionLine, PrescriptionSpec, build_prescription, prescription_lines, read


def test_what_is_written_is_read_back(prescription: bytes) -> None:
    document = read(prescription)
    assert document.level == 3
    assert document.type_code.code == "57833-6"
    assert document.template_ids["1.2.250.1.213.1.1.1.39"] == "2024.01"
    assert len(document.template_ids) == 5
    assert document.epu_id == "01S2TBPZ2JCNZZYGHZ"
    assert document.pdf and document.pdf.startswith(b"%PDF-")
    assert (document.service_start, document.service_stop) == ("20261124093000+0000", "20270222093000+0000")
    first, second = prescription_lines(document)
    assert first.line_id == "AADC9C14-F1CA-4177-B2C8-A5178D5B3CA0"
    assert (first.cis, first.cip13, first.quantity, first.renewals) == ("63107752", "3400933516390", "2", "0")
    assert first.label == "PARACETAMOL MYLAN 500 mg, comprimé"
    assert first.posology == "1 comprimé 3 fois par jour pendant 5 jours"
    assert (first.substitution, second.substitution) == ("G", "N")
    assert second.label == "Préparation magistrale <émollient & co>"
    assert second.substitution_reason == "Non (MTE)"
    assert second.flags == {
        "ald": True,
        "work_accident": False,
        "prevention": False,
        "not_reimbursed": False,
        "off_label": False,
    }


def test_the_picture_holds_the_number(prescription: bytes) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    import io

    from PIL import Image

    image = read(prescription).code_image
    assert image is not None
    codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(image)))
    assert [code.text for code in codes] == ["01S2TBPZ2JCNZZYGHZ"]


def test_degraded_mode_has_neither_number_nor_code(prescription_spec: PrescriptionSpec) -> None:
    document = read(build_prescription(replace(prescription_spec, epu_id=None)))
    assert document.epu_id is None
    assert document.code_image is None


def test_same_input_same_bytes(prescription: bytes, prescription_spec: PrescriptionSpec) -> None:
    assert build_prescription(prescription_spec) == prescription


def test_types_and_comment(prescription_spec: PrescriptionSpec) -> None:
    document = read(build_prescription(replace(prescription_spec, types=("MED-1096",), comment="<à voir>")))
    assert [code.code for code in document.service_codes] == ["57833-6", "MED-1096"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lines": ()}, "at least one line"),
        ({"types": ("MED-0000",)}, "unknown prescription type"),
        ({"lines": (PrescriptionLine("X", "Y", substitution_allowed=False),)}, "reason"),
    ],
)
def test_what_is_refused(
    prescription_spec: PrescriptionSpec, change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build_prescription(replace(prescription_spec, **change))  # type: ignore[arg-type]


def test_lines_of_the_official_example(samples: Path) -> None:
    document = read((samples / "eP-MED-DM_2024.01_PosoNonStruct.xml").read_bytes())
    first, second = prescription_lines(document)
    assert (first.cis, first.cip13, first.quantity, first.substitution) == (
        "63107752",
        "3400933516390",
        "2",
        "N",
    )
    assert first.posology.startswith("1 à 2 comprimés 3 fois/j")
    assert first.substitution_reason == "Non (Marge thérapeutique étroite)"
    assert second.label.startswith("Préparation magistrale")
