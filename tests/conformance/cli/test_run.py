"""`segur-bench run`, end to end: exit codes, files, and nobody blamed for what is not theirs."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cli.main import main
from conformance.engine.session import EXIT_BENCH, EXIT_NON_CONFORME, EXIT_NOTHING, EXIT_USAGE
from reports import record
from schemas.actions import DMP_MODES, PROFILES, USERS, actions


def test_a_seeded_defect_fails_its_requirement(segur_bench: Any, tmp_path: Path) -> None:
    done = segur_bench("run", "ANN-03", "--sut", "reference:ann-premiere-page", "--json", "--lang", "en")
    summary = json.loads(done.stdout)
    assert done.returncode == EXIT_NON_CONFORME
    assert (summary["failing_rules"], summary["failing_requirements"]) == (["SCN-ANN-PAGES"], ["BEN-ANN-03"])
    assert 'lang="en"' in (tmp_path / "runs/latest/report.html").read_text()


def test_for_people(segur_bench: Any, vendor: Any) -> None:
    done = segur_bench("run", "ANN-02", "--sut", vendor.url, "--lang", "en")
    assert done.returncode == EXIT_NOTHING
    assert " not testable ANN-02" in done.stdout
    assert "report.html" in done.stdout
    assert "\x1b" not in done.stdout  # no colours into a pipe


EARLY = {
    "unknown software": (["--sut", "nope"], "--sut nope"),
    "no such configuration": (["--config", "nope.toml"], "nope.toml"),
    "runs cannot be written": (["--runs", "/proc/runs"], "/proc/runs"),
    "misspelt configuration": (["--config", "misspelt.toml"], "endpoint"),
    "port out of range": (["--config", "port.toml"], "port_base"),
}


@pytest.mark.parametrize(("arguments", "said"), EARLY.values(), ids=EARLY)
def test_usage_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "misspelt.toml").write_text("[sut]\nendpiont = 'http://x'\n")
    (tmp_path / "port.toml").write_text("[stack]\nport_base = 65535\n")
    done = CliRunner().invoke(main, ["run", *arguments])
    assert done.exit_code == EXIT_USAGE
    assert said in done.stderr
    assert not (tmp_path / "runs").exists()


USAGE = {
    "nobody listens": (["--sut", "http://127.0.0.1:9"], "injoignable"),
    "unknown scenario": (["ANN-02", "NOPE-01"], "NOPE-01"),
    "unknown theme": (["--theme", "ann", "--theme", "annuaire"], "ANN"),
    "unknown requirement": (["--requirement", "DMP/UX.08", "--requirement", "NOPE/1"], "NOPE/1"),
    "unknown defect": (["--defect", "nope"], "défaut inconnu : nope"),
    "defect of another software": (["--sut", "nowhere:thing", "--defect", "nope"], "--defect"),
}


@pytest.mark.parametrize(("arguments", "said"), USAGE.values(), ids=USAGE)
def test_usage(segur_bench: Any, tmp_path: Path, arguments: list[str], said: str) -> None:
    done = segur_bench("run", *arguments)
    assert done.returncode == EXIT_USAGE
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not list((tmp_path / "runs").glob("*"))  # nothing played: no empty report left behind


def test_a_python_object_beside_the_configuration(segur_bench: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "class Mine:\n"
        "    def capabilities(self):\n"
        "        return {'contract': '1', 'name': 'm', 'version': '1', 'profiles': ['pharmacie'],"
        " 'actions': []}\n"
    )
    done = segur_bench("run", "ANN-02", "--sut", "mine:Mine", "--json")
    assert done.returncode == EXIT_NOTHING
    assert json.loads(done.stdout)["verdicts"] == {"non_applicable": 1}


# What each action must answer, of the right shape and wrong in substance: a software that says `done`.
EMPTY = {
    "patient.record": {"patient_id": "1", "identity_status": "QUALIFIEE"},
    "identity.search": {"identity_status": "QUALIFIEE", "ins": None, "code": None},
    "session.status": {"authenticated": True, "user": None},
    "session.login": {"authorization_url": "http://[::1"},
    "session.logout": {},
    "dmp.status": {"exists": False, "active": False, "authorisation": None},
    "dmp.authorise": {"authorisation": ""},
    "prescription.create": {"prescription_id": "1", "epu_id": None, "pdf_base64": "AAAA", "cda_base64": ""},
    "prescription.cancel": {"status": ""},
    "prescription.execution": {"status": "", "lines": []},
    "prescription.retry": {"epu_id": None, "status": ""},
    "prescription.scan": {"epu_id": "", "status": "", "lines": []},
    "prescription.dispense": {"dispensation_id": "", "status": ""},
    "document.submit": {"unique_id": ""},
    "document.search": {"documents": []},
    "document.retrieve": {"document_base64": "", "mime_type": "", "sha256": "0" * 64},
    "document.record": {"unique_id": ""},
    "document.validate": {"unique_id": "", "dmp": "fed"},
    "document.feed": {"fed": []},
    "document.backlog": {"fed": []},
    "document.resend": {"sent": [], "pending": []},
    "document.history": {"documents": []},
    "document.forward": {"unique_id": ""},
    "document.update": {"status": ""},
    "document.integrate": {"documents": []},
    "document.preload": {"unique_ids": []},
    "patient.open": {
        "dmp": {"exists": False, "active": False, "authorisation": None},
        "documents": [],
        "new_documents": [],
    },
    "patient.consent": {"feeding": None, "consultation": None},
    "dmp.patients": {"patients": []},
    "dmp.find": {"patients": []},
    "dmp.record": {
        "birth_name": "",
        "mes_attached": False,
        "opposes_glass": False,
        "opposes_regulation": False,
        "representatives": [],
    },
    "dmp.professionals": {"professionals": []},
    "dmp.web": {"url": ""},
    "dmp.indicators": {"fed": 0, "history": 0, "by_type": {}},
    "dmp.traces": {"traces": []},
    "interface.export": {"message_base64": "AAAA"},
    "mail.send": {"message_id": ""},
    "mail.fetch": {"messages": [{"message_id": "", "documents": []}]},
    "directory.search": {"results": [{"name": "", "mailboxes": []}]},
}


@pytest.mark.parametrize("broken", [False, True], ids=["hollow", "contract broken"])
def test_whatever_the_software_answers_is_never_our_error(
    segur_bench: Any, tmp_path: Path, vendor: Any, broken: bool
) -> None:
    """Every scenario, against a software that does nothing, or whose answers lack every field."""
    vendor.capabilities["profiles"] = list(PROFILES)
    vendor.capabilities["users"] = list(USERS)
    vendor.capabilities["dmp_modes"] = list(DMP_MODES)
    vendor.capabilities["actions"] = sorted(actions())
    assert set(EMPTY) | {"environment.configure"} == set(actions())
    vendor.answers = {} if broken else EMPTY
    toml = tmp_path / "bench.toml"
    toml.write_text(toml.read_text().replace("patience = 2.0", "patience = 0.01"))
    done = segur_bench("run", "--sut", vendor.url, "--json")
    said = json.loads(done.stdout)
    assert set(said["verdicts"]) <= {"non_testable", "non_conforme"}, said  # and never green
    assert said["bench_errors"] == []
    assert done.returncode in (EXIT_NON_CONFORME, EXIT_NOTHING)
    if broken:
        loaded = record.load(tmp_path / "runs/latest/record.json")
        mute = [case for case in loaded.scenarios if case.verdict is record.Verdict.NON_TESTABLE]
        assert any("contrat" in case.reason for case in mute)


def test_our_own_failure_is_said_to_be_ours(segur_bench: Any, tmp_path: Path) -> None:
    """A judgement that raises: exit code 3 and no finding, whatever the software did."""
    (tmp_path / "sitecustomize.py").write_text(
        "import simulators.annuaire.service as service\n"
        "def broken(*_):\n"
        "    raise ZeroDivisionError('judge')\n"
        "service.AnnuaireService._judged = broken\n"
    )
    done = segur_bench("run", "ANN-02", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == EXIT_BENCH
    assert set(said["verdicts"]) == {"erreur_banc"}
    assert said["failing_rules"] == []
