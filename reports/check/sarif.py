"""`--sarif`: SARIF 2.1.0, for code scanning.

Source: OASIS SARIF 2.1.0; GitHub, « SARIF support for code scanning ».
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote_from_bytes

from schemas import safe
from schemas.finding import Finding

from .model import Batch, Checked
from .publish import publish
from .words import CheckWords, label

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
SECURITY_FREE = ("segur", "sante")  # tags: these are no security alerts
ROOT = "%SRCROOT%"
MAX_RESULTS = 25_000  # GitHub refuses a run with more


def write(batch: Batch, path: Path, lang: str = "fr", base: Path | None = None) -> None:
    """Write the log. `base`: folder that addresses are relative to (the current one). Raises OSError."""
    publish(path, json.dumps(as_sarif(batch, lang, base or Path.cwd()), ensure_ascii=False, indent=1))


def as_sarif(batch: Batch, lang: str, base: Path) -> dict[str, Any]:
    """The log as plain values. A file outside `base` has a whole `file:` address."""
    words = CheckWords(lang)
    rules: dict[str, dict[str, Any]] = {}
    for item in batch.files:
        for finding in item.findings:
            if not item.trouble and finding.rule not in rules:
                rules[finding.rule] = _rule(item, finding, words)
    places = {id_: index for index, id_ in enumerate(rules)}
    results = [result for item in batch.files for result in _results(item, places, words, base)]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "segur-bench",
                        "version": metadata.version("segur-bench"),
                        "semanticVersion": metadata.version("segur-bench"),
                        "shortDescription": {"text": words("page.title")},
                        "fullDescription": {"text": words("disclaimer")},
                        "language": lang,
                        "rules": list(rules.values()),
                    }
                },
                "language": lang,
                **({"properties": dict(batch.extra)} if batch.extra else {}),
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(batch, words, base)],
                "artifacts": [{"location": _address(item.file, base)} for item in batch.files],
                "results": _kept(results),
            }
        ],
    }


def _kept(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many as may be, the gravest when there are too many."""
    if len(results) <= MAX_RESULTS:
        return results
    ranks = list(LEVELS.values())
    return sorted(results, key=lambda result: ranks.index(result["level"]))[:MAX_RESULTS]


def _rule(item: Checked, finding: Finding, words: CheckWords) -> dict[str, Any]:
    sentence = words.sentence(finding.rule)
    action = words.action(finding.rule)
    layer = item.layers.get(finding.rule, "")
    tags = [*SECURITY_FREE, *([layer] if layer else []), *finding.requirements]
    told = [sentence, action, f"{words('source')} : {finding.source}" if finding.source else ""]
    return {
        "id": finding.rule,
        "shortDescription": {"text": sentence},
        "fullDescription": {"text": f"{sentence}. {action}".strip()},
        "help": {"text": "\n\n".join(filter(None, told))},
        "defaultConfiguration": {"level": LEVELS[finding.severity.value]},
        "properties": {"tags": tags, "layer": layer or words("ours")},
    }


def _results(
    item: Checked, places: Mapping[str, int], words: CheckWords, base: Path
) -> Iterable[dict[str, Any]]:
    if item.trouble:  # told among the notifications: no result of the document
        return
    again: dict[str, int] = {}
    address = _address(item.file, base)
    for finding in item.findings:
        mark = _mark(address["uri"], finding)
        again[mark] = again.get(mark, 0) + 1
        physical: dict[str, Any] = {"artifactLocation": address}
        if finding.line and finding.line > 0:
            physical["region"] = {"startLine": finding.line}
        yield {
            "ruleId": finding.rule,
            "ruleIndex": places[finding.rule],
            "level": LEVELS[finding.severity.value],
            "message": {"text": _message(item, finding, words)},
            "locations": [
                {
                    "physicalLocation": physical,
                    "logicalLocations": [{"fullyQualifiedName": safe.visible(finding.where) or "/"}],
                }
            ],
            "partialFingerprints": {"segurBenchFinding/v1": f"{mark}:{again[mark]}"},
        }


def _mark(uri: str, finding: Finding) -> str:
    """The same from a run to the next as long as the departure is: neither its line nor the words count."""
    parts = (uri, finding.rule, finding.where, finding.observed, finding.expected)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _message(item: Checked, finding: Finding, words: CheckWords) -> str:
    told = [words.sentence(finding.rule)]
    told += [
        f"{words(name)} : {safe.shown(value)}"
        for name, value in (("observed", finding.observed), ("expected", finding.expected))
        if value
    ]
    return " — ".join([told[0], " ; ".join(told[1:])]) if told[1:] else told[0]


def _invocation(batch: Batch, words: CheckWords, base: Path) -> dict[str, Any]:
    """Whether the bench itself went well, and what was not judged."""
    broken = [
        {
            "level": "error",
            "message": {"text": f"{words('trouble')} {safe.shown(item.trouble)}"},
            "locations": [{"physicalLocation": {"artifactLocation": _address(item.file, base)}}],
        }
        for item in batch.files
        if item.trouble
    ]
    unseen = [
        {
            "level": "note",
            "message": {"text": f"{words.plural(f'unjudged.{item.reason}', 1)} : {label(item.file)}"},
            "locations": [{"physicalLocation": {"artifactLocation": _address(item.file, base)}}],
        }
        for item in batch.unjudged
    ]
    return {
        "executionSuccessful": not broken,
        "exitCode": batch.exit_code,
        "toolExecutionNotifications": [*broken, *unseen],
    }


def _address(name: str, base: Path) -> dict[str, str]:
    """The address of a file: relative to `base` when it is below it, whole otherwise."""
    whole = os.path.normpath(os.path.join(base, name))  # noqa: PTH118 — names, `-` among them
    relative = os.path.relpath(whole, base)
    if PurePath(relative).parts[:1] == (os.pardir,):
        return {"uri": f"file://{_quoted(whole)}"}
    return {"uri": _quoted(relative), "uriBaseId": ROOT}


def _quoted(path: str) -> str:
    """A path as the path of an address: its bytes, whatever they are, `:` quoted so that it is no scheme."""
    return quote_from_bytes(os.fsencode(path.replace(os.sep, "/")), safe="/")
