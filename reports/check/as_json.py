"""`--json`: what `check.schema.json` publishes."""

import json
from typing import Any

from schemas.finding import Finding

from .model import Batch, Checked
from .words import CheckWords


def as_json(batch: Batch, lang: str = "fr") -> str:
    """The batch as text. Names of files that are no text keep their readable part."""
    words = CheckWords(lang)
    content = {
        "files": [_file(item, words) for item in batch.files],
        "not_judged": [{"file": _text(item.file), "reason": item.reason} for item in batch.unjudged],
        "disclaimer": words("disclaimer"),
        **batch.extra,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8", "replace").decode()


def _file(item: Checked, words: CheckWords) -> dict[str, Any]:
    return {
        "file": _text(item.file),
        "verdict": item.verdict,
        "kind": item.kind,
        "title": item.title,
        "model": item.model,
        "model_rules": item.reach,
        "official": item.official,
        "bench_error": item.trouble,
        **item.extra,
        "findings": [_finding(item, finding, words) for finding in item.findings],
    }


def _finding(item: Checked, finding: Finding, words: CheckWords) -> dict[str, Any]:
    return {
        **finding.as_dict(),
        "message": words.sentence(finding.rule),
        "action": words.action(finding.rule),
        "layer": item.layers.get(finding.rule, ""),
    }


def _text(name: str) -> str:
    """A path without the marks of undecodable bytes, which no JSON reader wants."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
