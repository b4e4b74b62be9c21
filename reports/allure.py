"""Results for Allure, with the model of allure-pytest's library: a file a case, its exchanges as steps.

Identifiers come from the run and the case, not from chance: writing twice gives the same files, and Allure's
history follows a case from run to run. Opt-in: it makes many files.
"""

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from schemas import safe

from . import digest
from .evidence import EvidenceAltered, EvidenceMissing, EvidenceStore
from .record import ExchangeRecord, RunRecord, ScenarioResult, Verdict
from .wording import Words

MAX_TEXT = 200_000  # characters of one attachment
MAX_FINDINGS = 50
STATUS = {Verdict.CONFORME: "passed", Verdict.NON_CONFORME: "failed", Verdict.ERREUR_BANC: "broken"}


def write(record: RunRecord, evidence: EvidenceStore, folder: Path, lang: str = "fr") -> None:
    """Write the results into this folder, beside those that are there."""
    from allure_commons.logger import AllureMemoryLogger
    from allure_commons.model2 import TestResult

    folder.mkdir(parents=True, exist_ok=True)
    memory: Any = AllureMemoryLogger()  # type: ignore[no-untyped-call]
    words = Words(lang)
    exchanges = digest.exchanges_by_number(record)
    for case in record.scenarios:
        shown = [exchanges[number] for number in case.exchanges if number in exchanges]
        memory.report_result(_result(record, case, shown, evidence, words, memory))
    for result in memory.test_cases:
        name = TestResult.file_pattern.format(prefix=result["uuid"])
        text = json.dumps(result, ensure_ascii=False, indent=1)
        (folder / name).write_text(text, encoding="utf-8")
    for name, content in memory.attachments.items():
        (folder / name).write_bytes(content)


def _result(
    record: RunRecord,
    case: ScenarioResult,
    exchanges: list[ExchangeRecord],
    evidence: EvidenceStore,
    words: Words,
    memory: Any,
) -> Any:
    from allure_commons.model2 import Label, Parameter, StatusDetails, TestResult

    errors = [finding for finding in case.findings if finding.is_error]
    rules = ", ".join(dict.fromkeys(finding.rule for finding in errors))
    result: Any = TestResult(
        uuid=str(uuid5(NAMESPACE_URL, f"segur-bench:{record.run_id}:{case.key}")),
        historyId=hashlib.md5(case.key.encode(), usedforsecurity=False).hexdigest(),
        testCaseId=hashlib.md5(case.key.encode(), usedforsecurity=False).hexdigest(),
        name=safe.shown(f"{case.key} {words.title(case)}"),
        fullName=safe.shown(f"segur.{case.theme}.{case.key}"),
        status=STATUS.get(case.verdict, "skipped"),
        stage="finished",
        start=_milliseconds(case.started),
        stop=_milliseconds(case.started, case.duration),
        description=safe.shown("\n\n".join([*case.proves, case.reason]).strip()),
    )
    if case.verdict is not Verdict.CONFORME:
        result.statusDetails = StatusDetails(
            message=safe.shown(f"{words.verdict(case.verdict)}{words('colon')} {rules or case.reason}"),
            trace=safe.shown("\n\n".join(words.finding(finding) for finding in errors[:MAX_FINDINGS])),
        )
    named = dict.fromkeys([*case.proves, *(id_ for finding in errors for id_ in finding.requirements)])
    labels = [
        ("epic", "Ségur"),
        ("feature", words.theme(case.theme)),
        ("story", case.scenario),
        ("suite", words.theme(case.theme)),
        ("framework", "segur-bench"),
        ("language", "python"),
        *(("tag", id_) for id_ in named),
        *(("requirement", id_) for id_ in named),
    ]
    result.labels = [Label(name=name, value=safe.shown(value)) for name, value in labels]
    result.parameters = [
        Parameter(name="verdict", value=words.verdict(case.verdict)),
        Parameter(name="seed", value=str(record.seed)),
    ]
    result.steps = [_step(record, item, evidence, words, memory) for item in exchanges]
    return result


def _step(
    record: RunRecord, exchange: ExchangeRecord, evidence: EvidenceStore, words: Words, memory: Any
) -> Any:
    from allure_commons.model2 import Attachment, TestStepResult

    wrong = [finding for finding in exchange.findings if finding.is_error]
    step: Any = TestStepResult(
        name=safe.shown(f"x{exchange.number:06d} {exchange.transaction} ({exchange.service})"),
        status="failed" if wrong else "passed",
        stage="finished",
        start=_milliseconds(exchange.started),
        stop=_milliseconds(exchange.started, exchange.duration),
    )
    for role, text in _texts(exchange, evidence, words):
        source = (
            f"{uuid5(NAMESPACE_URL, f'segur-bench:{record.run_id}:{exchange.number}:{role}')}-attachment.txt"
        )
        memory.report_attached_data(text.encode("utf-8", "replace"), source)
        step.attachments.append(Attachment(name=words(role), source=source, type="text/plain"))
    return step


def _texts(exchange: ExchangeRecord, evidence: EvidenceStore, words: Words) -> list[tuple[str, str]]:
    """What was said, by role, secrets shortened."""
    texts = []
    if exchange.dialogue:
        lines = safe.dialogue(exchange.dialogue)
        texts.append(("dialogue", safe.visible("\n".join(f"{side}: {said}" for side, said in lines))))
    for role, head in (("request", exchange.request_head), ("response", exchange.response_head)):
        name = exchange.evidence.get(role, "")
        body = _body(name, evidence, words) if name else ""
        text = "\n\n".join(filter(None, [safe.shown(safe.head(head)), body]))
        if text:
            texts.append((role, text))
    return texts


def _body(name: str, evidence: EvidenceStore, words: Words) -> str:
    try:
        content = evidence.get(name)
    except EvidenceMissing:
        return f"{words('proof.missing')} {name}"
    except EvidenceAltered:
        return f"{words('proof.altered')} {name}"
    text = safe.shown(content[: 4 * MAX_TEXT].decode("utf-8", "replace"))
    cut = len(text) > MAX_TEXT or len(content) > 4 * MAX_TEXT
    return f"{text[:MAX_TEXT]}\n{words('cut')} evidence/{name}" if cut else text


def _milliseconds(iso: str, after: float = 0.0) -> int:
    try:
        return int((datetime.fromisoformat(iso) + timedelta(seconds=after)).timestamp() * 1000)
    except ValueError:
        return 0
