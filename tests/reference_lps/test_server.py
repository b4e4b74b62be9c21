"""The HTTP side of the contract, and the process itself."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from reference_lps.__main__ import main
from reference_lps.actions import ACTIONS
from schemas.actions import CAPABILITIES_SCHEMA, actions, problems

from .conftest import Office

CONTEXT = {"run": "test", "scenario": "test", "user": "medecin", "now": None}


def post(office: Office, path: str, **options: Any) -> requests.Response:
    return requests.post(office.software.endpoint + path, timeout=5, **options)


def test_capabilities_follow_the_contract(office: Office) -> None:
    told = requests.get(office.software.endpoint + "/", timeout=5).json()
    assert list(problems(CAPABILITIES_SCHEMA, told)) == []
    assert sorted(told["actions"]) == sorted(actions())
    assert set(ACTIONS) == set(actions()) - {"environment.configure"}


def test_an_action_over_http(office: Office) -> None:
    answer = post(office, "/actions/session.status", json={"context": CONTEXT, "input": {}})
    assert answer.json()["data"] == {"authenticated": False, "user": None}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/actions/unknown.thing", {"context": CONTEXT, "input": {}}, 404),
        ("/elsewhere", {}, 404),
        ("/actions/patient.record", {"context": CONTEXT, "input": {}}, 400),
        ("/actions/session.status", {"context": {**CONTEXT, "user": "inconnu"}, "input": {}}, 400),
        ("/actions/session.status", {"context": {**CONTEXT, "now": "hier"}, "input": {}}, 400),
        ("/actions/session.status", {"context": [], "input": {}}, 400),
        ("/environment", {"dmp_url": "https://localhost"}, 400),
    ],
)
def test_wrong_requests_are_answered(office: Office, path: str, body: Any, status: int) -> None:
    answer = post(office, path, json=body)
    assert answer.status_code == status and answer.json()["error"]


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_hostile_bodies_are_answered(office: Office, body: bytes) -> None:
    assert post(office, "/actions/session.status", data=body).status_code == 400
    assert requests.get(office.software.endpoint + "/", timeout=5).status_code == 200


def test_the_software_follows_the_clock_of_the_bench(office: Office) -> None:
    now = "2030-01-02T03:04:05+00:00"
    post(office, "/actions/session.status", json={"context": {**CONTEXT, "now": now}, "input": {}})
    assert office.software.clock.now().isoformat().startswith("2030-01-02T03:04")


def test_the_callback_page_escapes(office: Office) -> None:
    url = office.software.endpoint + "/psc/callback?state=<script>&error=<script>"
    page = requests.get(url, timeout=5).text
    assert "<script>" not in page and "Connexion refusée" in page


def test_the_process_starts_serves_and_stops(office: Office, tmp_path: Path) -> None:
    path, ready = tmp_path / "environment.json", tmp_path / "ready"
    office.stack.environment.write(path)
    command = [sys.executable, "-m", "reference_lps", "--environment", str(path), "--ready-file", str(ready)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    endpoint = process.stdout.readline().strip()
    assert requests.get(endpoint, timeout=5).json()["name"] == "reference_lps"
    assert ready.read_text().strip() == endpoint
    process.terminate()
    assert process.wait(5) == 0
    process.stdout.close()


@pytest.mark.parametrize("content", ["{", "{}", json.dumps({"dmp_url": 1})])
def test_a_wrong_environment_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "environment.json"
    path.write_text(content)
    assert main(["--environment", str(path)]) == 2
    assert "reference_lps :" in capsys.readouterr().err


def test_an_unknown_defect_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--environment", str(tmp_path / "x"), "--defect", "dmp-empreintes"]) == 2
    assert "dmp-empreinte," in capsys.readouterr().err
