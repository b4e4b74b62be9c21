"""Every word of the reports is in the catalogue, in both languages, and none is left over."""

import re
from pathlib import Path
from typing import Any

import pytest

from reports.html import CONTENTS, SERVICES, STATUSES
from reports.record import Verdict
from reports.wording import Words
from schemas import messages

REPORTS = Path(__file__).parents[2] / "reports"
OURS = {key: entry for key, entry in messages.catalogue().items() if key.startswith("report.")}
LITERAL = re.compile(r"""\b(?:w|words|self)\(\s*["']([a-z0-9.\-]+)["']""")
PLURAL = re.compile(r"""\b(?:w|words)\.plural\(\s*["']([a-z0-9.\-]+)["']""")


def used() -> set[str]:
    sources = [*REPORTS.glob("*.py"), *REPORTS.glob("templates/*.j2")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    plain = {key for key in LITERAL.findall(text) if not key.endswith(".")}
    counted = {f"{key}.{form}" for key in PLURAL.findall(text) for form in ("one", "many")}
    return plain | counted


def test_every_word_is_there() -> None:
    built = {f"section.{name}" for name in CONTENTS} | {f"scope.{name}" for name in SERVICES}
    built |= {f"origin.{status}" for status in STATUSES} | {f"status.{status}" for status in STATUSES}
    for verdict in Verdict:
        built |= {f"{family}.{verdict.value}" for family in ("banner", "banner.why", "short", "meaning")}
        built |= {f"count.{verdict.value}.{form}" for form in ("one", "many")}
    assert {key for key in used() | built if f"report.{key}" not in OURS} == set()


@pytest.mark.parametrize("key", sorted(OURS))
def test_both_languages_with_the_same_placeholders(key: str) -> None:
    entry = OURS[key]
    assert set(entry) == {"fr", "en"}
    holes = [set(re.findall(r"{(\w+)}", entry[lang])) for lang in ("fr", "en")]
    assert holes[0] == holes[1]


def test_dates_durations_sizes() -> None:
    fr, en = Words("fr"), Words("en")
    assert fr.instant("2026-08-01T23:05:09.5+02:00") == "1 août 2026 à 21:05:09 UTC"
    assert en.instant("2026-08-01T23:05:09Z") == "1 August 2026, 23:05:09 UTC"
    assert fr.instant("hier") == "hier"
    assert fr.time("2026-08-01T23:05:09.123456Z") == "23:05:09,123 UTC"
    assert [fr.duration(value) for value in (0.0123, 3.24, 245, 7260)] == [
        "12 ms",
        "3,2 s",
        "4 min 05 s",
        "2 h 01 min",
    ]
    assert [fr.size(value) for value in (0, 999, 14_200, 3_100_000)] == [
        "0 octets",
        "999 octets",
        "14,2 Ko",
        "3,1 Mo",
    ]
    assert fr.shift(-900) == "−15 min"
    assert fr.shift(93_600) == "+1 j 2 h"
    assert en.plural("errors", 0) == "0 errors"
    assert fr.plural("errors", 0) == "0 erreur"


@pytest.mark.parametrize(
    ("fault", "fr", "en"),
    [
        ({}, "dmp TD2.1 : slow (appel 1)", "dmp TD2.1: slow (call 1)"),
        ({"skip": 2}, "dmp TD2.1 : slow (appel 3)", "dmp TD2.1: slow (call 3)"),
        ({"times": 3}, "dmp TD2.1 : slow (appels 1 à 3)", "dmp TD2.1: slow (calls 1 to 3)"),
        (
            {"times": 0, "params": {"seconds": 3}},
            "dmp TD2.1 : slow seconds=3 (tous les appels à partir du 1)",
            "dmp TD2.1: slow seconds=3 (every call from call 1)",
        ),
        (
            {"kind": "registry-error", "params": {"code": "XDSRegistryBusy"}},
            "dmp TD2.1 : registry-error XDSRegistryBusy (appel 1)",
            "dmp TD2.1: registry-error XDSRegistryBusy (call 1)",
        ),
        (
            {"every": 5, "times": 0, "patient": "263077022070123"},
            "dmp TD2.1 263077022070123 : slow (un appel sur 5 à partir du 1)",
            "dmp TD2.1 263077022070123: slow (one call out of 5 from call 1)",
        ),
    ],
)
def test_scheduled_faults(fault: dict[str, Any], fr: str, en: str) -> None:
    base = {"service": "dmp", "transaction": "TD2.1", "kind": "slow", "skip": 0, "times": 1, "params": {}}
    assert (Words("fr").fault({**base, **fault}), Words("en").fault({**base, **fault})) == (fr, en)
