"""The contract between the bench and the vendor's software: actions, each with its JSON Schemas.

One file an action in `definitions/`: `input` is the schema of what the bench sends, `data` of what a `done`
answer carries. The OpenAPI document of the HTTP driver is built from the same files.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

CONTRACT = "1"
OUTCOMES = ("done", "refused", "failed")  # refused: a rule of the software; failed: it tried and could not
PROFILES = ("medecin", "pharmacie", "hopital")
USERS = ("medecin", "pharmacien", "infirmier", "sage-femme", "secretaire")
CARD, ORGANISATION = "carte", "structure"
DMP_MODES = (CARD, ORGANISATION)  # DIRECTE; INDIRECTE to feed and INDIRECTE_RENFORCEE to read

CAPABILITIES_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["contract", "name", "version", "actions", "profiles"],
    "properties": {
        "contract": {"const": CONTRACT},
        "name": {"type": "string"},
        "version": {"type": "string"},
        "vendor": {"type": "string"},
        "nil": {"type": "string"},
        "profiles": {"type": "array", "items": {"enum": list(PROFILES)}},
        "actions": {"type": "array", "items": {"type": "string"}},
        "clock": {"enum": ["bench", "system"]},
        "users": {"type": "array", "items": {"enum": list(USERS)}},
        "dmp_modes": {"type": "array", "items": {"enum": list(DMP_MODES)}},
    },
}

CONTEXT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["run", "scenario", "user", "now"],
    "properties": {
        "run": {"type": "string"},
        "scenario": {"type": "string"},
        "user": {"enum": list(USERS)},
        "dmp_mode": {
            "enum": list(DMP_MODES),
            "description": "certificats pour le DMP : de la carte ou de la structure ; absent : au choix",
        },
        "now": {"type": ["string", "null"], "format": "date-time"},
    },
}


@dataclass(frozen=True, slots=True)
class Action:
    name: str
    title_fr: str
    title_en: str
    input: Mapping[str, Any]
    data: Mapping[str, Any]

    def answer_schema(self) -> dict[str, Any]:
        """Schema of the whole answer; `data` is only bound when the outcome is `done`."""
        return {
            "type": "object",
            "required": ["outcome", "messages", "data"],
            "properties": {
                "outcome": {"enum": list(OUTCOMES)},
                "messages": {
                    "type": "array",
                    "description": "ce que l'utilisateur voit",
                    "items": {
                        "type": "object",
                        "required": ["level", "text"],
                        "properties": {
                            "level": {"enum": ["info", "warning", "error"]},
                            "text": {"type": "string"},
                        },
                    },
                },
                "data": {"type": "object"},
            },
            "if": {"properties": {"outcome": {"const": "done"}}},
            "then": {"properties": {"data": dict(self.data)}},
        }


@cache
def actions() -> Mapping[str, Action]:
    """All actions of the contract, by name, in alphabetical order."""
    found: dict[str, Action] = {}
    folder = resources.files(__name__) / "definitions"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".json"):
            raw = json.loads(entry.read_text(encoding="utf-8"))
            found[raw["action"]] = Action(
                raw["action"], raw["title"], raw["title_en"], raw["input"], raw["data"]
            )
    return found


def problems(schema: Mapping[str, Any], value: object) -> Iterator[str]:
    """What is wrong with a value, one sentence a problem, with its JSON path. Empty when it conforms."""
    for error in _validator(json.dumps(schema, sort_keys=True)).iter_errors(value):
        yield f"{error.json_path}: {error.message}"


@cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator, validators  # late: not needed by `--help`

    strict: Any = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"contentEncoding": _encoded}
    )
    return strict(json.loads(schema))


def _encoded(validator: object, encoding: str, value: object, schema: object) -> Iterator[Exception]:
    """Hold a text to its `contentEncoding`: for JSON Schema itself it is an annotation only."""
    from jsonschema import ValidationError

    if encoding == "base64" and isinstance(value, str):
        try:
            base64.b64decode(value, validate=True)
        except ValueError as error:
            yield ValidationError(f"not base64: {error}")


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the endpoint that a vendor exposes to the `http` driver."""
    paths: dict[str, Any] = {
        "/": {
            "get": {
                "operationId": "capabilities",
                "summary": "Identité et capacités du logiciel",
                "responses": {"200": _json("capacités", CAPABILITIES_SCHEMA)},
            }
        }
    }
    for action in actions().values():
        if action.name == "environment.configure":
            paths["/environment"] = {"post": _operation(action, dict(action.input))}
            continue
        body = {
            "type": "object",
            "required": ["context", "input"],
            "properties": {"context": CONTEXT_SCHEMA, "input": dict(action.input)},
        }
        paths[f"/actions/{action.name}"] = {"post": _operation(action, body)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "segur-bench : contrat avec le logiciel testé",
            "version": CONTRACT,
            "description": "Contrat propre au banc. Il ne reprend aucune interface d'un service national.",
        },
        "paths": paths,
    }


def _operation(action: Action, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": action.name,
        "summary": action.title_fr,
        "description": action.title_en,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": _json("réponse", action.answer_schema()),
            "404": {"description": "action inconnue du logiciel"},
        },
    }


def _json(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": dict(schema)}}}
