"""The registry by itself: clustered on the patient, whole submissions, versions."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.xds import Author, Code, DocumentEntry, SubmissionSet, names
from simulators.dmp.rows import ENTRY, SET
from simulators.dmp.state import Change, DmpState, Stale

A, D, R = names.APPROVED, names.DEPRECATED, names.ARCHIVED


def a_set(rank: int) -> SubmissionSet:
    kind = Code("07", names.TRE_R209, "Consultations")
    author = Author("8997^A^B", ("C^^^^^&1.2&ISO^IDNST^^^4",), ("rôle",), ("G15_10/SM26^x^1.2",))
    return SubmissionSet(
        f"urn:uuid:s{rank}",
        f"1.3.{rank}",
        "1.4",
        "x^^^&1.2&ISO^NH",
        f"2026030{rank}",
        kind,
        (author,),
        "titre",
        "note",
        status=A,
    )


def an_entry(rank: int, version: int = 1) -> DocumentEntry:
    uuid = f"urn:uuid:d{rank}"
    return DocumentEntry(
        id=uuid if version == 1 else f"{uuid}v{version}",
        unique_id=f"1.2.{rank}",
        patient_id="x",
        creation_time=f"2026030{rank}",
        status=A,
        lid=uuid,
        version=str(version),
        confidentiality=(Code("N", names.HL7_CONFIDENTIALITY),),
    )


def stored(state: DmpState, patient: str, rank: int) -> None:
    state.register(patient, a_set(rank), f"urn:uuid:s{rank}", [(an_entry(rank), b"x", f"sha{rank}")])


def test_a_search_reads_one_stretch_of_the_table() -> None:
    state = DmpState()
    for rank, patient in enumerate("abab", 1):
        stored(state, patient, rank)
    assert [held.unique_id for held in state.of_patient("a")] == ["1.2.3", "1.2.1"]
    assert {held.patient for held in state.of_patient("a")} == {"a"}
    assert state.of_patient("nobody") == [] == state.sets_of("nobody")
    for query in (f"{ENTRY} WHERE e.id BETWEEN 1 AND 2", f"{SET} WHERE id BETWEEN 1 AND 2"):
        plan = " ".join(row[3] for row in state._db.execute(f"EXPLAIN QUERY PLAN {query}"))
        assert "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in plan


def test_sets_come_back_as_they_were() -> None:
    state = DmpState()
    stored(state, "a", 1)
    (one,) = state.sets_of("a")
    assert one.set == a_set(1)


def test_a_submission_is_stored_whole_or_not_at_all() -> None:
    state = DmpState()
    stored(state, "a", 1)
    for entries, error in [([2, 1], sqlite3.IntegrityError), ([2, 2], sqlite3.IntegrityError)]:
        with pytest.raises(error):
            state.register("b", a_set(2), "urn:uuid:s2", [(an_entry(rank), b"y", "y") for rank in entries])
    with pytest.raises(Stale, match="urn:uuid:d1"):
        state.register(
            "a", a_set(2), "urn:uuid:s2", [(an_entry(2), b"y", "y")], changes=[Change("urn:uuid:d1", R, A)]
        )
    assert state.of_patient("b") == [] == state.sets_of("b")
    assert [held.unique_id for held in state.of_patient("a")] == ["1.2.1"]
    assert not state.has_submission("1.3.2") and state.find("1.2.2") is None


def test_replacing_and_versions() -> None:
    state = DmpState()
    stored(state, "a", 1)
    state.register(
        "a", a_set(2), "urn:uuid:s2", [(an_entry(2), b"y", "y")], replaced=[("urn:uuid:d2", "urn:uuid:d1")]
    )
    old = state.find("1.2.1")
    assert old is not None and old.status == D and f' status="{D}"' in old.xml
    (link,) = state.links(["urn:uuid:d1"])
    assert (link.source, link.target, link.type) == ("urn:uuid:d2", "urn:uuid:d1", names.RPLC)
    with pytest.raises(Stale):
        state.register(
            "a",
            a_set(3),
            "urn:uuid:s3",
            [(an_entry(3), b"z", "z")],
            replaced=[("urn:uuid:d3", "urn:uuid:d1")],
        )
    change = Change("urn:uuid:d2", A, D, superseded=True)
    state.register("a", a_set(3), "urn:uuid:s3", [(an_entry(2, 2), b"", "y")], changes=[change])
    current, before = state.find("1.2.2"), state.find_uuid("urn:uuid:d2")
    assert current is not None and before is not None
    assert (current.version, current.uuid, current.lid) == (2, "urn:uuid:d2v2", "urn:uuid:d2")
    assert (before.version, before.superseded, before.status) == (1, True, D)
    assert state.body(current) == b"y"
    assert [held.version for held in state.of_patient("a", [A])] == [2]
    with pytest.raises(Stale):  # a version is superseded once
        state.register("a", a_set(4), "urn:uuid:s4", [(replace(an_entry(2, 3)), b"", "y")], changes=[change])


def test_numbers_survive_a_restart(tmp_path: Path) -> None:
    for rank, patient in enumerate("aba", 1):
        state = DmpState(tmp_path / "dmp.sqlite", tmp_path / "bodies")
        stored(state, patient, rank)
        state.close()
    state = DmpState(tmp_path / "dmp.sqlite", tmp_path / "bodies")
    assert [held.unique_id for held in state.of_patient("a")] == ["1.2.3", "1.2.1"]
    state.close()
