"""The live page in a real browser: what vendors send is shown as text, and nothing of it runs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from simulators.core.exchange import Exchange, Line
from simulators.dmp.audit import Trace
from simulators.psc.rules import RULES
from simulators.stack import Stack

CHROMIUM = shutil.which("chromium")
HOSTILE = "<img src=x onerror=\"document.title='RUN'\"></script><script>document.title='RUN'</script>"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"),
]


def dom(url: str, profile: Path) -> str:
    """The document after scripts ran, in virtual time."""
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        f"--user-data-dir={profile}",
        "--virtual-time-budget=5000",
        "--dump-dom",
        url,
    ]
    return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout.decode()


def test_nothing_recorded_runs(stack: Stack, tmp_path: Path) -> None:
    finding = RULES.rules["PSC-STATE"].finding(HOSTILE, HOSTILE, HOSTILE)
    made = stack.journal.append(
        Exchange(
            number=0,
            service=HOSTILE,
            transaction=HOSTILE,
            started=stack.clock.now(),
            duration=0.0,
            request_head=f"GET /{HOSTILE} HTTP/1.1",
            request_body=HOSTILE.encode(),
            response_head=f"HTTP/1.1 200 OK\nContent-Type: {HOSTILE}",
            response_body=HOSTILE.encode(),
            dialogue=(Line("C", HOSTILE),),
            facts={"outcome": HOSTILE, "reason": HOSTILE, "patient": HOSTILE, HOSTILE: HOSTILE},
            scenario=HOSTILE,
            fault=HOSTILE,
        ),
        [finding],
    )
    shown = dom(f"{stack.environment.control_url}/?still#x{made.number}", tmp_path / "profile")
    assert "<title>Échanges en direct · segur-bench</title>" in shown
    assert "<img" not in shown
    assert shown.count("&lt;img src=x onerror=") >= 12
    assert "Tirez un state au hasard" in shown


def test_a_record_is_shown(stack: Stack, tmp_path: Path) -> None:
    patient = stack.population.derive("page", opposes_glass=True, closure=HOSTILE)
    stack.deposit_many(patient, 3)
    trace = Trace(
        stack.clock.now(), HOSTILE, "1", "DIRECTE", "bris_de_glace", HOSTILE, "TD3.2", (HOSTILE,), "accepted"
    )
    stack.services.dmp.audit.add(patient.ins.matricule, trace)
    shown = dom(f"{stack.environment.control_url}/?still#p{patient.ins.matricule}", tmp_path / "profile")
    assert "<title>Échanges en direct · segur-bench</title>" in shown
    assert "opposé au bris de glace" in shown
    assert "Historique des accès" in shown
    assert "<img" not in shown
    assert shown.count("&lt;img src=x onerror=") >= 5
    listed = dom(f"{stack.environment.control_url}/?still#patients", tmp_path / "profile")
    assert patient.ins.matricule in listed
    settings = dom(f"{stack.environment.control_url}/?still&lang=en#settings", tmp_path / "profile")
    assert "max_results" in settings
    assert "hypothesis of the bench" in settings
