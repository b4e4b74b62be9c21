"""Schemas, identifiers, canonical hash, reading of untrusted JSON."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from schemas import prescription as epu

SAMPLES = Path(__file__).parents[3] / "../shared/data/epu-simulated"


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("create", "prescription_create"),
        ("dispensation", "dispensation_partial_with_substitution"),
        ("cancel", "cancel"),
        ("state", "prescription_state"),
        ("problem", "error_already_dispensed"),
    ],
)
def test_published_examples_have_the_shape(name: str, sample: str) -> None:
    path = SAMPLES / f"{sample}.json"
    if not path.exists():
        pytest.skip("examples of the contract are not beside the checkout")
    assert list(epu.shape(name, epu.read_json(path.read_bytes()))) == []


def test_shape_says_where() -> None:
    seen = {item.where for item in epu.shape("create", {"lines": [{"quantity": {"value": 0}}]})}
    assert {"$.epuId", "$.lines[0].quantity.value", "$.lines[0].lineId"} <= seen


def test_schemas_are_labelled_simulated() -> None:
    assert set(epu.names()) == {"cancel", "create", "dispensation", "lookup", "problem", "replace", "state"}
    for name in epu.names():
        assert "simulé" in epu.schema(name)["description"]
    with pytest.raises(KeyError):
        epu.schema("../create")


def test_identifiers() -> None:
    made = {epu.new_epu_id(random.Random(seed)) for seed in range(50)}
    assert len(made) == 50
    assert all(epu.plausible(item) and not set(item) & set("AEIOU") for item in made)
    assert epu.plausible("01S2TBPZ2JCNZZYGHZ")
    assert not epu.plausible("01S2TBPZ2JCNZZYGHZ\n")


@pytest.mark.parametrize(
    "code", ["01S2TBPZ2JCNZZYGHZ", " 01s2 tbpz 2jcn zzyg hz ", "01S2-TBPZ-2JCN-ZZYG-HZ\n"]
)
def test_codes_are_read(code: str) -> None:
    assert epu.read_code(code) == "01S2TBPZ2JCNZZYGHZ"


def test_code_template() -> None:
    template = "https://exemple.test/{epuId}?v=1"
    text = epu.qr_text("01S2TBPZ2JCNZZYGHZ", template)
    assert text == "https://exemple.test/01S2TBPZ2JCNZZYGHZ?v=1"
    assert epu.read_code(text, template) == "01S2TBPZ2JCNZZYGHZ"
    assert epu.read_code("01S2TBPZ2JCNZZYGHZ", template) == "01S2TBPZ2JCNZZYGHZ"


@pytest.mark.parametrize("code", ["", "Hello :)", "IS01000000", "01S2TBPZ2JCNZZYGH", "x" * 100_000])
def test_other_codes_are_not(code: str) -> None:
    assert epu.read_code(code) is None


def test_digest_ignores_order_and_label() -> None:
    one: dict[str, Any] = {"a": 1, "b": [{"c": 2.0, "d": "é"}]}
    other = {"_contract": "x", "b": [{"d": "é", "c": 2}], "a": 1}
    assert epu.digest(one) == epu.digest(other)
    assert epu.digest(one) != epu.digest({**one, "a": 2})
    assert epu.digest({"a": True}) != epu.digest({"a": 1})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"[" * 100_000, "too-deep"),
        (b'{"a":' * 100_000, "too-deep"),
        (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "too-deep"),
        (b'{"a":1,"a":2}', "duplicate-key"),
        (b'{"a":NaN}', "malformed"),
        (b'{"a":1e999}', "malformed"),
        (b'{"a":' + b"9" * 5000 + b"}", "malformed"),
        (b'{"a":"\\ud800"}', "encoding"),
        (b'{"a":"\xe9"}', "encoding"),
        (b"\xef\xbb\xbf{}", "bom"),
        ('{"a":1}'.encode("utf-16"), "bom"),
        (b"[]", "not-object"),
        (b'{"a":' + b'"' + b"x" * 1_000_001 + b'"}', "too-large"),
        (b"{'a':1}", "malformed"),
    ],
)
def test_hostile_json_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(epu.JsonRefused) as refused:
        epu.read_json(data)
    assert refused.value.reason == reason


def test_sound_json_is_read() -> None:
    assert epu.read_json(json.dumps({"é": [1, {"a": "😀"}]}).encode()) == {"é": [1, {"a": "😀"}]}
