"""`junit.xml`: a suite for each theme, a test for each case, in the form that CI servers agree on.

What is not green is never a pass: `failure` (non conforme), `error` (our own), `skipped` with its reason
(non testable, non applicable, en attente). Requirements are properties of the suite, the only place where
every reader accepts them; a case repeats its own in `system-out`.
"""

from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from schemas import safe

from . import digest
from .record import RunRecord, ScenarioResult, Verdict
from .wording import Words

MAX_FINDINGS = 50


def write(record: RunRecord, path: Path, lang: str = "fr") -> None:
    """Write the file, whole or not at all."""
    words = Words(lang)
    root = Element("testsuites", {"name": "segur-bench", **_counts(record.scenarios)})
    for index, count in enumerate(digest.by_theme(record)):
        cases = [case for case in record.scenarios if case.theme == count.theme]
        if cases:
            _suite(root, index, count.theme, cases, record, words)
    indent(root, " ")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    ElementTree(root).write(draft, encoding="utf-8", xml_declaration=True)
    draft.replace(path)


def _suite(
    root: Element, index: int, theme: str, cases: list[ScenarioResult], record: RunRecord, words: Words
) -> None:
    suite = SubElement(
        root,
        "testsuite",
        {
            "id": str(index),
            "name": _clean(words.theme(theme)),
            "package": _clean(f"segur.{theme}"),
            "hostname": "segur-bench",
            "timestamp": _timestamp(cases[0].started),
            **_counts(tuple(cases)),
        },
    )
    properties = SubElement(suite, "properties")
    for name, value in _properties(record, cases):
        SubElement(properties, "property", name=_clean(name), value=_clean(value))
    for case in cases:
        _case(suite, case, words)
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")


def _properties(record: RunRecord, cases: list[ScenarioResult]) -> list[tuple[str, str]]:
    software = record.software
    about = [
        ("software", f"{software.name} {software.version}"),
        ("nil", software.nil),
        ("run", record.run_id),
        ("seed", str(record.seed)),
        ("bench", record.bench_version),
        ("catalogue", record.catalogue_version),
    ]
    concerned = {id_ for case in cases for id_ in case.proves}
    concerned.update(id_ for case in cases for finding in case.findings for id_ in finding.requirements)
    judged = [
        (f"requirement.{item.id}", item.verdict.value) for item in record.requirements if item.id in concerned
    ]
    return about + judged


def _case(suite: Element, case: ScenarioResult, words: Words) -> None:
    node = SubElement(
        suite,
        "testcase",
        name=_clean(f"{case.key} {words.title(case)}"),
        classname=_clean(f"segur.{case.theme}.{case.scenario}"),
        time=f"{case.duration:.3f}",
    )
    verdict = words.verdict(case.verdict)
    if case.verdict is Verdict.NON_CONFORME:
        errors = [finding for finding in case.findings if finding.is_error]
        rules = ", ".join(dict.fromkeys(finding.rule for finding in errors))
        message = f"{verdict}: {rules}" if rules else f"{verdict}: {case.reason}"
        failure = SubElement(node, "failure", type=verdict, message=_clean(message[:1000]))
        failure.text = _clean(
            "\n\n".join(words.finding(item) for item in errors[:MAX_FINDINGS]) or case.reason
        )
    elif case.verdict is Verdict.ERREUR_BANC:
        error = SubElement(node, "error", type=verdict, message=_clean(f"{verdict}: {case.reason[:1000]}"))
        error.text = _clean(f"{words('bench.sorry')}\n{case.reason}")
    elif case.verdict is not Verdict.CONFORME:
        SubElement(node, "skipped", message=_clean(f"{verdict}: {case.reason[:1000]}"))
    proves = ", ".join(case.proves)
    SubElement(node, "system-out").text = _clean(f"{words('requirement')}: {proves}") if proves else ""


def _counts(cases: tuple[ScenarioResult, ...]) -> dict[str, str]:
    failures = sum(case.verdict is Verdict.NON_CONFORME for case in cases)
    errors = sum(case.verdict is Verdict.ERREUR_BANC for case in cases)
    green = sum(case.verdict is Verdict.CONFORME for case in cases)
    return {
        "tests": str(len(cases)),
        "failures": str(failures),
        "errors": str(errors),
        "skipped": str(len(cases) - failures - errors - green),
        "time": f"{sum(case.duration for case in cases):.3f}",
    }


def _timestamp(iso: str) -> str:
    """Without zone, as the schema of JUnit wants it."""
    try:
        return datetime.fromisoformat(iso).strftime("%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return "1970-01-01T00:00:00"


def _clean(text: str) -> str:
    """Secrets shortened, and nothing that XML 1.0 forbids."""
    return safe.shown(text)
