"""Reading untrusted JSON: UTF-8, bounded, no duplicate keys, no NaN. Source: RFC 8259, RFC 7493 (I-JSON)."""

import json
from typing import Any

MAX_BYTES = 1_000_000
MAX_DEPTH = 32


class JsonRefused(ValueError):
    """The bytes are not JSON that may be read. `reason` is a stable word, `detail` is for people.

    Reasons: `empty`, `too-large`, `encoding`, `bom`, `malformed`, `duplicate-key`, `too-deep`, `not-object`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def read_json(data: bytes) -> dict[str, Any]:
    """A JSON object from bytes. Raises JsonRefused."""
    if not data.strip():
        raise JsonRefused("empty", "corps vide")
    if len(data) > MAX_BYTES:
        raise JsonRefused("too-large", f"{len(data)} octets, {MAX_BYTES} au plus")
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise JsonRefused("bom", "marque d'ordre des octets en tête : UTF-8 sans BOM attendu")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite
        )
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise JsonRefused("encoding", f"octet {error.start} : UTF-8 attendu") from None
    except UnicodeEncodeError:
        raise JsonRefused("encoding", "demi-caractère \\uD800–\\uDFFF isolé") from None
    except json.JSONDecodeError as error:
        raise JsonRefused("malformed", f"ligne {error.lineno}, colonne {error.colno} : {error.msg}") from None
    except RecursionError:
        raise JsonRefused("too-deep", f"plus de {MAX_DEPTH} niveaux") from None
    except JsonRefused:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise JsonRefused("malformed", str(error)) from None
    if not isinstance(value, dict):
        raise JsonRefused("not-object", "un objet JSON est attendu")
    if _depth(value) > MAX_DEPTH:
        raise JsonRefused("too-deep", f"plus de {MAX_DEPTH} niveaux")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise JsonRefused("duplicate-key", f"membre {twice[:80]!r} présent deux fois")
    return made


def _constant(name: str) -> Any:
    raise JsonRefused("malformed", f"{name} n'est pas du JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise JsonRefused("malformed", f"nombre hors limites : {text[:40]}")
    return value


def _depth(value: Any) -> int:
    level, layer = 0, [value]
    while layer and level <= MAX_DEPTH:
        level += 1
        layer = [
            child
            for item in layer
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
    return level
