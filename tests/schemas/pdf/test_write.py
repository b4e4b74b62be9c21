from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.ins import Ins
from schemas.ins.datamatrix import encode
from schemas.pdf import Heading, Table, judge_pdf, read_pdf, write_pdf
from tests.schemas.pdf.preflight import valid

CREATED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
DATAMATRIX = encode(
    Ins("279035121518989"),
    given_names="DOMINIQUE MARIE-LOUISE",
    birth_name="PAT-TROIS",
    sex="F",
    birth_date="19790328",
    birth_place="51215",
)


def sample(**more: object) -> bytes:
    return write_pdf(
        "Ordonnance <é> & œ",
        ["Bonjour 中\x00 été", Heading("Traitement"), Table(("a", "b"), (("x", "y"),)), *(["page "] * 90)],
        created=CREATED,
        identity=("Nom de naissance : PAT-TROIS", "Prénom : DOMINIQUE"),
        author=("Dr CAMILLE DESCHAMPS-TEST",),
        code2d="01S2TBPZ2JCNZZYGHZ",
        ins_datamatrix=DATAMATRIX,
        notice="Vos données sont protégées",
        **more,  # type: ignore[arg-type]
    )


def test_reads_back_text_and_codes() -> None:
    pdf = read_pdf(sample())
    assert len(pdf.pages) > 1
    assert pdf.qr_texts == ["01S2TBPZ2JCNZZYGHZ"]
    assert pdf.datamatrix_texts == [DATAMATRIX]
    assert "01S2TBPZ2JCNZZYGHZ" in pdf.pages[0] and "INS à scanner" in pdf.pages[0]
    assert "Ordonnance <é> & œ" in pdf.text and "Bonjour \ufffd été" in pdf.text
    assert all("Vos données sont protégées" in page for page in pdf.pages)
    code = next(code for code in pdf.placed if code.format == "QRCode")
    assert code.x < 0.5 < code.y


def test_is_pdfa_by_its_markers() -> None:
    assert judge_pdf(sample()) == []


def test_same_arguments_same_bytes() -> None:
    assert sample() == sample()
    assert sample() != sample(code2d_label="autre")


def test_a_plain_document() -> None:
    pdf = read_pdf(write_pdf("Lettre", ["Cher confrère"], created=CREATED))
    assert pdf.codes2d == []
    assert "Cher confrère" in pdf.text


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        write_pdf("x", [], created=datetime(2026, 11, 24))


def test_apache_preflight_says_pdfa1b(tmp_path: Path) -> None:
    documents = {"full": sample(), "plain": write_pdf("Lettre", ["Été"], created=CREATED)}
    assert valid(documents, tmp_path) == {"full": True, "plain": True}
