"""What belongs together in a folder, and what is left to the judge of each file."""

from schemas import cda
from schemas.beside import judge_beside, judge_whole_archive, match
from tests.schemas.mail.mutate import archive, document, printed

PAGE = printed("letter", {})
LETTER = document("letter", PAGE, [])
ZIP = archive(LETTER, LETTER)


def rules(files: dict[str, bytes]) -> set[str]:
    return {finding.rule for finding in judge_beside(files)}


def test_a_zip_and_its_pdf() -> None:
    assert rules({"IHE_XDM.ZIP": ZIP, "lettre.pdf": PAGE}) == set()
    changed = PAGE.replace(b"/PageLayout", b"/PageLayouT")
    found = judge_beside({"IHE_XDM.ZIP": ZIP, "lettre.pdf": changed})
    assert [finding.rule for finding in found] == ["CROSS-PDF-01"]
    assert found[0].where == "lettre.pdf (IHE_XDM.ZIP/IHE_XDM/SUBSET01/DOC0001.XML)"


def test_metadata_taken_out_of_a_zip_that_is_there() -> None:
    """Its documents are in the zip: they do not lack."""
    from schemas.xdm.unzip import unpack

    (metadata,) = (one.data for one in unpack(ZIP)[0] if one.path.endswith("METADATA.XML"))
    assert rules({"IHE_XDM.ZIP": ZIP, "METADATA.XML": metadata}) == set()
    assert rules({"METADATA.XML": metadata}) == {"XDM-DOC-01"}
    assert rules({"METADATA.XML": metadata, "DOC0001.XML": LETTER}) == set()


def test_what_cannot_be_read_is_left_to_its_own_judge() -> None:
    assert rules({"a.xml": b"<a", "a.pdf": b"%PDF-", "b.zip": b"PK\x03\x04", "c": b""}) == set()
    assert rules({}) == set()


def test_who_belongs_to_whom() -> None:
    first = cda.read(LETTER)
    second = cda.read(
        document("letter", printed("letter", {"words": "Autre."}), [], unique_id="1.2.250.1.999.1.2")
    )
    documents = [("a/DOC0001.XML", first), ("a/DOC0002.XML", second)]
    assert match(documents, [("x.pdf", second.pdf or b""), ("y.pdf", PAGE)]) == [(1, 0), (0, 1)]
    assert match(documents, [("a/DOC0002.pdf", b"%PDF-")]) == [(1, 0)]
    assert match(documents, [("z.pdf", b"%PDF-")]) == []
    assert match(documents[:1], [("z.pdf", b"%PDF-")]) == [(0, 0)]
    named = "20260302_CR ou fiche de consultation ou de visite_PAT-TROIS_DOMINIQUE_77.pdf"
    assert match(documents[:1], [(named, b""), ("z.pdf", b"")]) == [(0, 0)]


def test_an_archive_as_a_whole() -> None:
    assert [one for one in judge_whole_archive(ZIP) if one.is_error] == []
    assert [one.rule for one in judge_whole_archive(ZIP[:-50])] == ["XDM-ZIP-01"]
    wrong = document("letter", printed("letter", {"datamatrix": "other"}), [])
    told = judge_whole_archive(archive(wrong, wrong))
    assert [one.rule for one in told if one.is_error] == ["CROSS-PDF-05"]
    assert next(one for one in told if one.is_error).where.startswith(
        "IHE_XDM/SUBSET01/DOC0001.XML PDF embarqué"
    )
    unsound = document("letter", PAGE, [{"old": '<realmCode code="FR"/>', "new": ""}])
    assert any(one.rule.startswith("CDA-") for one in judge_whole_archive(archive(unsound, unsound)))
