"""What is written is read back, and only well-formed XML is ever written."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import xds, xml
from schemas.xds import composite, names
from schemas.xds.writer import escape

TWO_SETS = f'<r:RegistryObjectList xmlns:r="{names.RIM}">{2 * "<r:RegistryPackage/>"}</r:RegistryObjectList>'
DATA = Path(__file__).parents[4] / "shared/data"


def test_round_trip(sample) -> None:
    read = xds.read_submission(xml.parse(xds.write_submission(sample.submission)))
    assert not read.departures
    lines = {"line": None}
    assert [replace(entry, **lines) for entry in read.entries] == list(sample.submission.entries)
    assert replace(read.submission_set, **lines) == sample.submission.submission_set
    assert [(a.type, a.source, a.target) for a in read.associations] == [
        (a.type, a.source, a.target) for a in sample.submission.associations
    ]


def test_namespaces_do_not_matter(sample) -> None:
    text = xds.write_submission(sample.submission).decode()
    default = text.replace("<rim:", "<").replace("</rim:", "</").replace("xmlns:rim=", "xmlns=")
    assert xds.read_submission(xml.parse(default.encode())).documents[0].unique_id == "1.2.250.1.999.1.1"


def test_published_sample() -> None:
    path = DATA / "mssante/02_crimg_n1_to_app/METADATA.XML"
    if not path.exists():
        pytest.skip("sample data absent")
    read = xds.read_submission(xml.parse(path.read_bytes()))
    entry = read.entries[0]
    assert (entry.type_code.code, entry.size, entry.uri) == ("18748-4", 108800, "DOC0001.XML")
    assert entry.events[0].code == "24727-0"
    assert read.submission_set.content_type.code == "04"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<a/>", "not-a-submission"),
        (f'<RegistryObjectList xmlns="{names.RIM}"/>', "no-submission-set"),
        (TWO_SETS, "several-submission-sets"),
    ],
)
def test_refusals(text: str, reason: str) -> None:
    with pytest.raises(xds.XdsRefused) as caught:
        xds.read_submission(xml.parse(text.encode()))
    assert caught.value.reason == reason


@given(st.text())
def test_escape_is_strict(text: str) -> None:
    try:
        written = escape(text)
    except ValueError:
        return
    root = xml.parse(f'<a b="{written}">{written}</a>'.encode())
    assert root.get("b") == text
    assert (root.text or "") == text


def test_control_characters_are_refused(sample) -> None:
    one = sample.submission.submission_set
    with pytest.raises(ValueError, match=r"U\+0000"):
        xds.write_submission(replace(sample.submission, submission_set=replace(one, title="a\0b")))


def test_composites() -> None:
    person = composite.xcn("899700100011", "DUPONT^X", "Anne")
    assert person == "899700100011^DUPONT X^Anne^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    assert composite.xcn("3750000001/12", "AUTO", "MATE").endswith("^D^^^EI")
    assert composite.person_id(person) == "899700100011"
    institution = composite.xon("1750000029", "PHARMACIE")
    assert institution == "PHARMACIE^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1750000029"
    assert composite.institution_id(institution) == "1750000029"
    assert composite.patient("1^^^&1.2&ISO^NH^^20210604") == "1^^^&1.2&ISO^NH"
    assert composite.same_instant("202101", "20210108") is False
    assert composite.same_instant("20210108", "20210108102500")


def test_derivation(sample) -> None:
    entry = sample.submission.documents[0]
    assert entry.class_code.code == "10"
    assert entry.format_code.code == "urn:ihe:iti:xds-sd:pdf:2008"
    assert entry.creation_time == "20260302093000"
    assert entry.source_patient_id == "IPP1^^^&1.2.3.4&ISO^PI"
    assert entry.source_patient_info == ("PID-5|PAT-TROIS^DOMINIQUE^^^^^L", "PID-7|19790328", "PID-8|F")
    assert entry.patient_id.startswith("2790351215189")
