"""The record on disk: same record same bytes, read back equal, checked by the published schema."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reports import record as records
from reports.record import ExchangeRecord, RequirementResult, RunRecord, ScenarioResult, Software
from schemas.finding import Finding

from .samples import HOSTILE, Factory, full


def test_round_trip(tmp_path: Path) -> None:
    record, _ = full(tmp_path)
    records.save(record, tmp_path / "record.json")
    assert records.load(tmp_path / "record.json") == RunRecord.from_dict(record.as_dict())
    assert records.dumps(records.load(tmp_path / "record.json")) == records.dumps(record)


def test_hostile_text_survives(tmp_path: Path) -> None:
    record, _ = full(tmp_path, HOSTILE)
    data = records.dumps(record)
    data.decode("utf-8")  # valid UTF-8, lone surrogates and all
    assert records.loads(data).software.name == HOSTILE


def test_same_record_same_bytes(tmp_path: Path) -> None:
    assert records.dumps(full(tmp_path / "a")[0]) == records.dumps(full(tmp_path / "b")[0])


def test_facts_of_any_kind_are_written(tmp_path: Path) -> None:
    from reports.evidence import EvidenceStore

    make = Factory(EvidenceStore(tmp_path))
    make.exchange(facts={"codes": {"b", "a"}, "path": Path("x"), "raw": b"\xff", "pair": (1, 2)})
    facts = json.loads(records.dumps(make.record()))["exchanges"][0]["facts"]
    assert facts == {"outcome": "accepted", "codes": ["a", "b"], "path": "x", "raw": "\\xff", "pair": [1, 2]}


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(records.json_schema())


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("", RunRecord),
        ("software", Software),
        ("scenario", ScenarioResult),
        ("requirement", RequirementResult),
        ("exchange", ExchangeRecord),
        ("finding", Finding),
    ],
)
def test_schema_knows_every_member(name: str, model: Any) -> None:
    schema = records.json_schema()
    part = schema["$defs"][name] if name else schema
    assert set(part["properties"]) == {item.name for item in fields(model)}
    assert part["additionalProperties"] is False


def no_verdict(data: dict[str, Any]) -> None:
    data["scenarios"][0]["verdict"] = "vert"


def no_seed(data: dict[str, Any]) -> None:
    del data["seed"]


def no_hash(data: dict[str, Any]) -> None:
    data["exchanges"][0]["evidence"]["request"] = "../../etc/passwd"


def no_instant(data: dict[str, Any]) -> None:
    data["started"] = "hier"


def no_finding(data: dict[str, Any]) -> None:
    data["scenarios"][0]["findings"][0]["severity"] = "fatal"


def stranger(data: dict[str, Any]) -> None:
    data["software"]["licence"] = "?"


def other_version(data: dict[str, Any]) -> None:
    data["schema_version"] = "2.0"


@pytest.mark.parametrize(
    "spoil", [no_verdict, no_seed, no_hash, no_instant, no_finding, stranger, other_version]
)
def test_schema_rejects(tmp_path: Path, spoil: Callable[[dict[str, Any]], None]) -> None:
    data = json.loads(records.dumps(full(tmp_path)[0]))
    spoil(data)
    with pytest.raises(records.RecordRefused):
        records.loads(json.dumps(data).encode())


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema_version": 1}', b"[" * 100_000]
)
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(records.RecordRefused):
        records.loads(data)
