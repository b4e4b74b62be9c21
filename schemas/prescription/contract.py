"""The JSON Schemas of the contract, compiled once."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator

from schemas.finding import Observation

CONTRACT = "SIMULATED - bench/epu v1 - not the Cnam interface"


@cache
def names() -> tuple[str, ...]:
    """Names of the schemas: `create`, `dispensation`, `state`…"""
    folder = resources.files(__package__).joinpath("definitions")
    return tuple(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".json")))


@cache
def schema(name: str) -> Mapping[str, Any]:
    """The JSON Schema of this name. Raises KeyError when there is none."""
    if name not in names():
        raise KeyError(name)
    text = resources.files(__package__).joinpath(f"definitions/{name}.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name))


def shape(name: str, message: Any) -> Iterator[Observation]:
    """Every departure of a message from its schema, with its JSON path."""
    for error in _validator(name).iter_errors(message):
        path = error.json_path
        if error.validator == "required":
            missing = [key for key in error.validator_value if key not in error.instance]
            for key in missing:
                if f"'{key}'" in error.message:
                    yield Observation(f"{path}.{key}", "", key)
            continue
        yield Observation(path, _shown(error.instance), f"{error.validator}: {_shown(error.validator_value)}")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:120]}…"
