import io
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pikepdf
import pytest

from schemas.cda import PatientIdentity
from schemas.finding import errors
from schemas.ins import Ins
from schemas.ins.datamatrix import encode
from schemas.messages import catalogue
from schemas.pdf import PdfRefused, judge_pdf, judge_print, read_pdf, write_pdf
from schemas.pdf.printed import RULES as PRINT_RULES
from schemas.pdf.reader import decode_image
from schemas.pdf.rules import RULES

CREATED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NUMBER = "01S2TBPZ2JCNZZYGHZ"
PATIENT = PatientIdentity(
    Ins("279035121518989"), (), "PAT-TROIS", "DOMINIQUE", "DOMINIQUE MARIE-LOUISE", "F", "19790328", "51215"
)
UNQUALIFIED = replace(PATIENT, ins=None)
DATAMATRIX = encode(
    Ins("279035121518989"), given_names="DOMINIQUE", birth_name="PAT-TROIS", sex="F", birth_date="19790328"
)
LOOP = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj "
    b"2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj trailer<</Root 1 0 R>>"
)
LINES = ("Nom de naissance : PAT-TROIS", "Prénom : DOMINIQUE", "28/03/1979 F", "INS : 279035121518989 NIR")


def page(
    lines: tuple[str, ...] = LINES,
    *,
    code: str | None = NUMBER,
    label: str | None = None,
    dm: str | None = DATAMATRIX,
) -> bytes:
    return write_pdf(
        "Ordonnance",
        ["-"],
        created=CREATED,
        identity=lines,
        code2d=code,
        code2d_label=label,
        ins_datamatrix=dm,
    )


def change(edit: Callable[[pikepdf.Pdf], None], data: bytes | None = None) -> bytes:
    with pikepdf.open(io.BytesIO(data or page())) as document:
        edit(document)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()


def _xmp(document: pikepdf.Pdf) -> None:
    document.Root.Metadata.write(document.Root.Metadata.read_bytes().replace(b"part>1", b"part>3"))


def _intent(document: pikepdf.Pdf) -> None:
    del document.Root.OutputIntents


def _font(document: pikepdf.Pdf) -> None:
    for font in document.pages[0].Resources.Font.values():
        del font.DescendantFonts[0].FontDescriptor["/FontFile2"]


def _transparent(document: pikepdf.Pdf) -> None:
    state = pikepdf.Dictionary({"/GS9": pikepdf.Dictionary({"/ca": 0.5})})
    document.pages[0].Resources["/ExtGState"] = state


def _script(document: pikepdf.Pdf) -> None:
    document.Root["/OpenAction"] = pikepdf.Dictionary({"/S": pikepdf.Name.JavaScript, "/JS": "app.alert(1)"})


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (_xmp, "PDF-A-01"),
        (_intent, "PDF-A-02"),
        (_font, "PDF-A-03"),
        (_transparent, "PDF-A-04"),
        (_script, "PDF-A-06"),
    ],
)
def test_each_defect_has_its_rule(edit: Callable[[pikepdf.Pdf], None], rule: str) -> None:
    assert judge_pdf(page()) == []
    assert {finding.rule for finding in judge_pdf(change(edit))} == {rule}


def test_without_identifier() -> None:
    data = page()
    start = data.rindex(b"/ID")
    assert {finding.rule for finding in judge_pdf(data[:start] + b"/XX" + data[start + 3 :])} == {"PDF-A-05"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"%PDF-1.4\n",
        b"%PDF-1.4\n" + b"\xff" * 5000,
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj trailer<</Root 1 0 R>>",
        LOOP,
        b"%PDF-1.7\n1 0 obj<</Filter/FlateDecode/Length 99>>stream\n"
        + zlib.compress(b"0" * 10_000_000)
        + b"endstream",
    ],
)
def test_hostile_bytes_give_a_finding(data: bytes) -> None:
    assert [finding.rule for finding in errors(judge_pdf(data))]


def test_encrypted() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(page())) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    with pytest.raises(PdfRefused) as refusal:
        read_pdf(out.getvalue())
    assert refusal.value.reason == "encrypted"


def test_a_huge_page_is_not_rendered_whole() -> None:
    def enlarge(document: pikepdf.Pdf) -> None:
        document.pages[0].MediaBox = pikepdf.Array([0, 0, 14400, 14400])

    assert read_pdf(change(enlarge)).pages


def test_what_is_no_picture() -> None:
    with pytest.raises(ValueError, match="picture"):
        decode_image(b"\x89PNG not really")


@pytest.mark.parametrize(
    ("data", "patient", "number", "rules"),
    [
        (page(), PATIENT, NUMBER, set()),
        (page(code=None, dm=None, lines=LINES[:3]), UNQUALIFIED, None, set()),
        (page(lines=LINES[1:]), PATIENT, NUMBER, {"PDF-INS-01"}),
        (page(lines=(*LINES[:2], LINES[3])), PATIENT, NUMBER, {"PDF-INS-01"}),
        (page(dm=None), PATIENT, NUMBER, {"PDF-INS-02"}),
        (page(dm=DATAMATRIX.replace("279035121518989", "297022A02077878")), PATIENT, NUMBER, {"PDF-INS-02"}),
        (page(lines=LINES[:3]), UNQUALIFIED, NUMBER, {"PDF-INS-03"}),
        (page(code=None), PATIENT, NUMBER, {"PDF-EP-01"}),
        (page(code="01AAAAAAAAAAAAAAAA", label=NUMBER), PATIENT, NUMBER, {"PDF-EP-01"}),
        (page(label="-"), PATIENT, NUMBER, {"PDF-EP-01"}),
        (page(), PATIENT, None, {"PDF-EP-04"}),
        (page(code=f"IS01{NUMBER}"), PATIENT, NUMBER, {"PDF-EP-03"}),
    ],
)
def test_print_rules(data: bytes, patient: PatientIdentity, number: str | None, rules: set[str]) -> None:
    found = judge_print(read_pdf(data), patient=patient, epu_id=number)
    assert {finding.rule for finding in found} == rules


def test_warnings_of_the_print() -> None:
    pdf = read_pdf(page())
    silent = replace(pdf, pages=tuple(text.replace("INS à scanner", "") for text in pdf.pages))
    assert [finding.rule for finding in judge_print(silent, patient=PATIENT, epu_id=NUMBER)] == ["PDF-INS-04"]
    moved = replace(pdf, placed=tuple(replace(code, y=0.2) for code in pdf.placed))
    assert [finding.rule for finding in judge_print(moved, patient=PATIENT, epu_id=NUMBER)] == ["PDF-EP-02"]


def test_every_rule_has_its_words() -> None:
    for rule in (*RULES.rules, *PRINT_RULES.rules):
        entry = catalogue()[rule]
        assert entry["fr"] and entry["en"] and entry["action_fr"] and entry["action_en"], rule
