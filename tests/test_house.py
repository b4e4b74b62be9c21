"""The rules of the house: floors, one clock, one source of randomness, every rule worded and mapped."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.catalogue import requirements
from conformance.catalogue.rules import all_rules
from schemas.messages import catalogue

ROOT = Path(__file__).parents[1]
FLOORS = {  # package → packages of the house that it may import
    "schemas": {"schemas"},
    "simulators": {"simulators", "schemas"},
    "reports": {"reports", "schemas"},
    "conformance": {"conformance", "reports", "simulators", "schemas"},
    "reference_lps": {"reference_lps", "schemas"},
}
# The command line lists the seeded defects of the reference software; nothing else looks into it.
ALLOWED = {
    ("conformance/cli/listing.py", "reference_lps"),
    ("conformance/cli/prove.py", "reference_lps"),
}
# What no module may call, and where it lives instead.
FORBIDDEN = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.monotonic",
    "time.sleep",
    "uuid.uuid1",
    "uuid.uuid4",
    "os.urandom",
}
GLOBAL_DRAWS = ("random.", "secrets.")  # whatever draws from the source of the process
SOURCES = ("simulators/core/clock.py", "simulators/core/random.py")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in FLOORS:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "templates" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def test_imports_run_downward() -> None:
    wrong = [
        (path, name)
        for path, tree in modules()
        for name in imported(tree)
        if name in FLOORS and name not in FLOORS[path.partition("/")[0]] and (path, name) not in ALLOWED
    ]
    assert wrong == []


def test_the_floor_check_can_fail() -> None:
    tree = ast.parse("from conformance.engine import bench\nimport simulators.stack")
    assert set(imported(tree)) - FLOORS["schemas"] == {"conformance", "simulators"}


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.Module) -> Iterator[str]:
    """Calls of what the module imports, by their full names; calls on its own objects are left out."""
    origins: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                origins[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            package = "." * node.level + (node.module or "")
            origins |= {alias.asname or alias.name: f"{package}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            head, _, rest = dotted(node.func).partition(".")
            if head in origins:
                yield f"{origins[head]}.{rest}".rstrip(".")


def forbidden(call: str) -> bool:
    return call in FORBIDDEN or (call.startswith(GLOBAL_DRAWS) and call != "random.Random")


def test_one_clock_and_one_randomness() -> None:
    allowed = {*SOURCES, "reference_lps/clock.py"}  # the reference software has its own clock, as vendors do
    wrong = [
        (path, call)
        for path, tree in modules()
        if path not in allowed
        for call in calls(tree)
        if forbidden(call)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("import random\nrandom.shuffle([])", True),
        ("import random as draw\ndraw.choice('ab')", True),
        ("from random import choice\nchoice('ab')", True),
        ("from datetime import datetime\ndatetime.now()", True),
        ("import datetime as d\nd.datetime.now()", True),
        ("import time\ntime.time()", True),
        ("import random\nrandom.Random(7)", False),
        ("def draw(random):\n    return random.choice('ab')", False),  # what was passed in has a seed
    ],
)
def test_the_clock_check_can_fail(code: str, wrong: bool) -> None:
    assert any(forbidden(call) for call in calls(ast.parse(code))) is wrong


def test_rules_are_worded_in_both_languages() -> None:
    messages = catalogue()
    unworded = [
        id_ for id_ in all_rules() if not {"fr", "en", "action_fr", "action_en"} <= set(messages.get(id_, {}))
    ]
    assert unworded == []


def test_rules_name_known_requirements() -> None:
    known = requirements()
    unknown = [
        (rule.id, id_) for rule in all_rules().values() for id_ in rule.requirements if id_ not in known
    ]
    assert unknown == []


def test_every_message_is_bilingual() -> None:
    missing = [key for key, texts in catalogue().items() if not {"fr", "en"} <= set(texts)]
    assert missing == []


@pytest.mark.parametrize("word", ["helper", "/work/", "shared/spec", "shared/data", "farm-", "session ended"])
def test_the_project_speaks_of_the_project_alone(word: str) -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for package in (*FLOORS, "docs", "benchmarks")
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".py", ".md", ".toml", ".html"}
        and word in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert found == []
