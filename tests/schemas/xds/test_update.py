"""TD3.3 messages: codec, and each rule with an example that passes and one that fails."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas import xds, xml
from schemas.xds import Association, names, update
from schemas.xds.update import NEW_STATUS, ORIGINAL_STATUS

from .conftest import NOW, Sample

TARGET = "urn:uuid:4f2c7d4e-0d6a-4f5c-9c2d-0d9b6a1c2e3f"
FRENCH = names.FRENCH_CONFIDENTIALITY


def entry(sample: Sample) -> xds.DocumentEntry:
    """The document as a search lists it."""
    return replace(
        sample.submission.documents[0],
        id=TARGET,
        lid=TARGET,
        version="1",
        status=names.APPROVED,
        hash="0" * 40,
        size=12,
        repository_unique_id=names.DMP_REPOSITORY,
    )


def made(sample: Sample) -> dict[str, object]:
    one = sample.submission.submission_set
    return {
        "unique_id": "1.2.250.1.999.2.7",
        "source_id": one.source_id,
        "author": one.authors[0],
        "content_type": one.content_type,
        "now": NOW,
    }


def deletion(sample: Sample) -> xds.Submission:
    patient_id = sample.submission.submission_set.patient_id
    return xds.change_status(
        TARGET,
        names.ARCHIVED,
        names.DELETED,
        patient_id=patient_id,
        **made(sample),  # type: ignore[arg-type]
    )


def masking(sample: Sample) -> xds.Submission:
    codes = (
        xds.Code("N", names.HL7_CONFIDENTIALITY, "Normal"),
        xds.Code(names.MASQUE_PS, FRENCH, "Masqué aux professionnels de santé"),
    )
    return xds.change_confidentiality(entry(sample), codes, **made(sample))  # type: ignore[arg-type]


def rules(submission: xds.Submission) -> list[str]:
    return [finding.rule for finding in xds.judge_update(xds.Lot(submission))]


def test_a_deletion_and_back(sample: Sample) -> None:
    read = xds.read_update(xml.parse(xds.write_submission(deletion(sample))))
    (change,) = read.statuses
    assert (change.entry_uuid, change.original, change.new) == (TARGET, names.ARCHIVED, names.DELETED)
    assert read.versions == ()
    assert rules(read.submission) == []
    assert read.metadata is not None


def test_a_new_version_and_back(sample: Sample) -> None:
    read = xds.read_update(xml.parse(xds.write_submission(masking(sample))))
    (version,) = read.versions
    assert (version.previous, version.entry.lid) == ("1", TARGET)
    assert (version.entry.id, version.entry.size) == ("Document01", 12)
    assert version.entry.hash == "0" * 40
    assert read.statuses == ()
    assert rules(read.submission) == []


def test_not_an_update() -> None:
    with pytest.raises(xds.XdsRefused, match="not-a-submission"):
        xds.read_update(xml.parse(b"<a/>"))


def changed(submission: xds.Submission, **changes: object) -> xds.Submission:
    """With its last association changed."""
    *others, last = submission.associations
    return replace(submission, associations=(*others, replace(last, **changes)))  # type: ignore[arg-type]


def slots(**changes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {ORIGINAL_STATUS: (names.ARCHIVED,), NEW_STATUS: (names.DELETED,), **changes}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda one: replace(one, associations=()), "XDS-UPD-01"),
        (lambda one: changed(one, source=TARGET), "XDS-UPD-02"),
        (lambda one: changed(one, slots=slots(NewStatus=())), "XDS-UPD-02"),
        (lambda one: changed(one, slots=slots(NewStatus=("Deleted",))), "XDS-UPD-02"),
        (lambda one: changed(one, slots=slots(NewStatus=(names.ARCHIVED,))), "XDS-UPD-02"),
        (
            lambda one: changed(one, slots=slots(OriginalStatus=(names.APPROVED, names.ARCHIVED))),
            "XDS-UPD-02",
        ),
        (
            lambda one: replace(
                one, associations=(*one.associations, Association(names.RPLC, "SubmissionSet01", TARGET))
            ),
            "XDS-UPD-05",
        ),
    ],
)
def test_wrong_status_changes(
    sample: Sample, change: Callable[[xds.Submission], xds.Submission], rule: str
) -> None:
    assert rules(change(deletion(sample))) == [rule]


def test_a_target_that_is_no_entry(sample: Sample) -> None:
    assert rules(changed(deletion(sample), target="1.2.3")) == ["XDS-UPD-02", "XDS-REF-01"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"lid": ""}, "XDS-UPD-03"),
        ({"lid": "Document01"}, "XDS-UPD-03"),
        ({"hash": ""}, "XDS-UPD-04"),
        ({"size": None}, "XDS-UPD-04"),
        ({"repository_unique_id": ""}, "XDS-UPD-04"),
        ({"title": ""}, "XDS-STR-03"),
    ],
)
def test_wrong_copies(sample: Sample, changes: dict[str, object], rule: str) -> None:
    good = masking(sample)
    bad = replace(good, entries=(replace(good.entries[0], **changes),))  # type: ignore[arg-type]
    assert rules(bad) == [rule]


@pytest.mark.parametrize("previous", [(), ("",), ("0",), ("1.0",), ("²",)])
def test_wrong_previous_version(sample: Sample, previous: tuple[str, ...]) -> None:
    original = ("Original",)
    bad = changed(masking(sample), slots={"SubmissionSetStatus": original, update.PREVIOUS: previous})
    assert rules(bad) == ["XDS-UPD-03"]


def test_codes_of_refusals() -> None:
    assert xds.error_code("XDS-UPD-01") == "XDSMetadataUpdateOperationError"
    assert xds.error_code("XDS-UPD-03") == "XDSMetadataVersionError"
    assert xds.error_code("XDS-STR-02", "XDSRegistryMetadataError") == "XDSRegistryMetadataError"
