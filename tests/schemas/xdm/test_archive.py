"""Archives written, read and judged."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas import xdm, xds
from schemas.messages import catalogue
from schemas.xdm.rules import RULES
from schemas.xdm.unzip import unpack
from schemas.xdm.writer import zip_files

DATA = Path(__file__).parents[4] / "shared/data/mssante"


def rules(archive: xdm.Archive) -> list[str]:
    return [finding.rule for finding in xdm.judge_archive(archive)]


def rezipped(data: bytes, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> xdm.Archive:
    files = {member.name: member.data for member in unpack(data)[0]}
    return xdm.read_archive(zip_files(change(files), datetime(2026, 3, 2, tzinfo=UTC)))


def test_reference(parts) -> None:
    data = parts.archive()
    archive = xdm.read_archive(data)
    assert xdm.judge_archive(archive) == []
    assert archive.names == (
        "README.TXT",
        "INDEX.HTM",
        "IHE_XDM/SUBSET01/METADATA.XML",
        "IHE_XDM/SUBSET01/DOC0001.XML",
    )
    assert archive.documents[0].data == parts.documents["Document01"]
    assert archive.cdas[0].unique_id == "1.2.250.1.999.1.1"
    assert xdm.patient_of(archive) == archive.cdas[0].patient.ins
    assert b"CABINET DU BANC &amp; &lt;fils&gt;" in (archive.index or b"")


def test_same_bytes(parts) -> None:
    assert parts.archive() == parts.archive()


METADATA, DOCUMENT = "IHE_XDM/SUBSET01/METADATA.XML", "IHE_XDM/SUBSET01/DOC0001.XML"


def renamed(old: str, new: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {(new if name == old else name): data for name, data in files.items()}


def without(name: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {key: data for key, data in files.items() if key != name}


def edited(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {**files, METADATA: files[METADATA].replace(old, new)}


@pytest.mark.parametrize(
    ("wanted", "change"),
    [
        ("XDM-LAY-01", without("README.TXT")),
        ("XDM-LAY-01", without("INDEX.HTM")),
        ("XDM-LAY-01", without(METADATA)),
        ("XDM-LAY-01", lambda files: {"README.TXT": b"", "INDEX.HTM": b"README.TXT"}),
        ("XDM-LAY-02", renamed("README.TXT", "readme.txt")),
        ("XDM-LAY-02", renamed(METADATA, METADATA.replace("/", "\\"))),
        ("XDM-LAY-03", lambda files: {**files, ".DS_Store": b""}),
        ("XDM-LAY-04", lambda files: {**files, "IHE_XDM/SUBSET01/DOC0001.PDF": b"%PDF-"}),
        ("XDM-LAY-05", lambda files: {**files, "INDEX.HTM": b"<html/>"}),
        ("XDM-META-01", lambda files: {**files, METADATA: b"<a/>"}),
        ("XDM-META-01", lambda files: {**files, METADATA: b"<!DOCTYPE a><a/>"}),
        ("XDM-META-02", edited(b" charset=", b" encoding=")),
        ("XDM-META-02", edited(b"<lcm:SubmitObjectsRequest", b'<lcm:SubmitObjectsRequest version="3"')),
        ("XDM-META-02", edited(b"</rim:RegistryObjectList>", b"<rim:Document/></rim:RegistryObjectList>")),
        ("XDS-STR-01", edited(b'<rim:Slot name="hash">', b'<rim:Name/><rim:Slot name="hash">')),
        ("XDM-DOC-01", without(DOCUMENT)),
        ("XDM-DOC-01", edited(b">DOC0001.XML<", b">DOC0002.XML<")),
        ("XDM-DOC-02", edited(b">DOC0001.XML<", b">doc0001.xml<")),
        ("XDM-DOC-03", edited(b'"hash"', b'"hach"')),
        ("XDM-DOC-04", lambda files: {**files, "IHE_XDM/SUBSET01/DOC0009.XML": b"<a/>"}),
        ("XDS-HASH-02", edited(b'"size"><rim:ValueList><rim:Value>', b'"size"><rim:ValueList><rim:Value>9')),
        ("XDS-CDA-03", edited(b'value="Lettre de consultation"', b'value="Autre"')),
    ],
)
def test_defects(parts, wanted: str, change) -> None:
    found = xdm.judge_archive(rezipped(parts.archive(), change))
    assert wanted in [finding.rule for finding in found]
    declared = RULES.rules.get(wanted)
    severe = {finding.rule for finding in found if finding.is_error}
    assert severe == (set() if declared and declared.keyword.severity != "error" else {wanted})


def test_schema_finding_names_what_was_expected(parts) -> None:
    wrong = rezipped(parts.archive(), edited(b"</rim:RegistryPackage>", b"<rim:Slot/></rim:RegistryPackage>"))
    assert set(rules(wrong)) == {"XDS-STR-01"}  # told once, by the rule that the DMP refuses with
    wrong = rezipped(parts.archive(), edited(b' associationType="', b' type="'))
    told = next(finding for finding in xdm.judge_archive(wrong) if finding.rule == "XDM-META-02")
    assert told.where.startswith("IHE_XDM/SUBSET01/METADATA.XML /SubmitObjectsRequest/RegistryObjectList/")
    assert told.where.endswith("/Association/@associationType")
    assert (told.observed, told.expected) == ("", "@associationType")


def test_hash_of_other_bytes(parts) -> None:
    changed = rezipped(parts.archive(), lambda files: {**files, DOCUMENT: files[DOCUMENT] + b"\n"})
    assert rules(changed) == ["XDS-HASH-01", "XDS-HASH-02"]
    assert {f.requirements for f in xdm.judge_archive(changed)} == {("BEN-CDA-06",)}


def test_two_persons(two_persons) -> None:
    found = xdm.judge_archive(xdm.read_archive(two_persons.archive()))
    assert {"XDM-PAT-01", "XDS-PAT-01"} == {finding.rule for finding in found}
    assert {finding.requirements for finding in found} == {("MSS/CONF.23",)}


def test_document_that_is_no_cda(parts) -> None:
    archive = rezipped(parts.archive(), lambda files: {**files, DOCUMENT: b"<a/>"})
    assert archive.cdas == ()
    assert "XDS-CDA-17" in rules(archive)


def test_a_style_sheet_may_be_described(two_persons) -> None:
    """With an entry of its own, of the class that ASS_X04 keeps for style sheets."""
    first, second = two_persons.submission.entries
    sheet = replace(
        second,
        patient_id=first.patient_id,
        uri="CDA.XSL",
        class_code=xds.Code("99", xds.names.TRE_A03, "Feuille de style"),
    )
    submission = replace(two_persons.submission, entries=(first, sheet))
    style = b'<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>'
    documents = {**two_persons.documents, "Document02": style}
    data = xdm.write_archive(submission, documents, two_persons.sender, now=datetime(2026, 3, 2, tzinfo=UTC))
    assert "XDS-CDA-17" not in rules(xdm.read_archive(data))


@pytest.mark.parametrize("name", ["02_crimg_n1_to_app", "04_ldlses_n3_from_app"])
def test_french_samples(name: str) -> None:
    path = DATA / name / "IHE_XDM.ZIP"
    if not path.exists():
        pytest.skip("sample data absent")
    found = xdm.judge_archive(xdm.read_archive(path.read_bytes()))
    # the second one announces a format "to be checked"
    assert {finding.rule for finding in found if finding.is_error} <= {"XDS-CDA-11"}


@pytest.mark.parametrize("name", ["CCDA_Ambulatory_in_XDM", "xdm_minimal"])
def test_public_metadata_follow_the_schema(name: str) -> None:
    """Well made archives from elsewhere: not French, but ebRIM 3.0."""
    path = DATA.parent / f"xdm/{name}.zip"
    if not path.exists():
        pytest.skip("sample data absent")
    archive = xdm.read_archive(path.read_bytes())
    assert any(subset.submission for subset in archive.subsets)
    assert "XDM-META-02" not in rules(archive)


def test_wording() -> None:
    for rule in RULES.rules:
        assert set(catalogue()[rule]) == {"fr", "en", "action_fr", "action_en"}
