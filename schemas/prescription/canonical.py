"""The canonical hash of a message: same content, same hash, whatever the order of its members.

Members whose name begins with `_` (the contract's label) do not count. Source: the bench's contract, in the
manner of RFC 8785.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest(message: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form, in hex."""
    kept = {key: value for key, value in message.items() if not key.startswith("_")}
    text = json.dumps(_plain(kept), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The same value with whole floats as integers: 1.0 and 1 are one number."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
