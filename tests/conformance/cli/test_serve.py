"""`serve`: the services, running until told to stop."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from conformance.cli.main import main
from conformance.cli.serve import _print, _print_store
from simulators.core.incidents import INCIDENTS

COMMAND = [str(Path(sys.executable).parent / "segur-bench"), "serve", "--port-base", "0", "--json"]


@contextmanager
def serving(pki: Path, folder: Path, *more: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [*COMMAND, "--pki", str(pki), *more],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def environment(process: "subprocess.Popen[str]") -> dict[str, object]:
    """The JSON document at the start of the output."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            break
    return dict(json.loads("".join(lines)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_until_told_to_stop(tmp_path: Path, pki: Path, number: signal.Signals) -> None:
    with serving(pki, tmp_path) as process:
        told = environment(process)
        live = requests.get(f"{told['control_url']}/api/environment", timeout=5)
        discovery = requests.get(
            f"{told['psc_issuer']}/.well-known/openid-configuration",
            verify=str(pki / "ca-bundle.pem"),
            timeout=5,
        )
        smtp = told["smtp"]
        assert isinstance(smtp, dict)
        with socket.create_connection((smtp["host"], smtp["port"]), timeout=5) as mail:
            assert mail.recv(4) == b"220 "
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert (live.status_code, discovery.json()["issuer"]) == (200, told["psc_issuer"])


def test_faults_and_patients_from_the_start(tmp_path: Path, pki: Path) -> None:
    (tmp_path / "bench.toml").write_text('[serve]\nfaults = ["TD3.1: every 5 slow seconds=3"]\n')
    with serving(pki, tmp_path, "--fault", "TD2.1: 3 registry-error XDSRegistryBusy") as process:
        control = environment(process)["control_url"]
        faults = requests.get(f"{control}/api/faults", timeout=5).json()["faults"]
        patients = requests.get(f"{control}/api/patients", timeout=5).json()["patients"]
    assert [fault["told"] for fault in faults] == ["slow seconds=3", "registry-error XDSRegistryBusy"]
    listed = json.loads(CliRunner().invoke(main, ["personas", "--json"]).stdout)
    carriers = {one["matricule"]: one["faults"] for one in listed if one["faults"]}
    assert len(carriers) == len(INCIDENTS)
    known = {one["matricule"] for one in patients if one["incident"]}
    assert known == set(carriers)


@pytest.mark.parametrize("place", ["option", "file"])
def test_a_wrong_fault_stops_at_once(tmp_path: Path, pki: Path, place: str) -> None:
    path = tmp_path / "bench.toml"
    path.write_text('[serve]\nfaults = ["TD2.1: closd"]\n' if place == "file" else "")
    more = ["--fault", "TD2.1: closd"] if place == "option" else []
    done = CliRunner().invoke(main, ["serve", "--config", str(path), "--pki", str(pki), *more])
    assert done.exit_code == 2
    assert "TD2.1: closd" in done.stderr and "closed" in done.stderr


def test_a_taken_port(tmp_path: Path, pki: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        base = taken.getsockname()[1] - 2
        done = CliRunner().invoke(main, ["serve", "--port-base", str(min(base, 65000)), "--pki", str(pki)])
    assert done.exit_code == 2
    assert "--port-base" in done.stderr


@pytest.mark.parametrize("option", [["--workers", "2"], ["--durable"]])
def test_what_needs_a_store(option: list[str], pki: Path) -> None:
    done = CliRunner().invoke(main, ["serve", "--pki", str(pki), *option])
    assert done.exit_code == 2
    assert "--store" in done.stderr


def test_a_fault_that_each_process_would_count(tmp_path: Path, pki: Path) -> None:
    shared = ["--store", str(tmp_path / "store"), "--workers", "2"]
    rule = ["--fault", "TD2.1: 3 unavailable"]
    done = CliRunner().invoke(main, ["serve", "--pki", str(pki), *shared, *rule])
    assert done.exit_code == 2
    assert "--workers 1" in done.stderr


def test_a_store_that_cannot_be_one(tmp_path: Path, pki: Path) -> None:
    (tmp_path / "dmp.sqlite").write_text("not a database, and long enough to be seen as none" * 40)
    done = CliRunner().invoke(main, ["serve", "--pki", str(pki), "--store", str(tmp_path)])
    assert done.exit_code == 2
    assert "--store" in done.stderr and "database" in done.stderr


@pytest.mark.parametrize(
    ("store", "workers", "lang", "said"),
    [
        (None, 1, "fr", ["256 Mio", "--store"]),
        (Path("d"), 1, "en", ["are kept in d"]),
        (Path("d"), 3, "fr", ["gardés dans d", "3 processus"]),
    ],
)
def test_where_things_are_kept_is_said(
    capsys: pytest.CaptureFixture[str], store: Path | None, workers: int, lang: str, said: list[str]
) -> None:
    _print_store(store, workers, 256, lang)
    out = capsys.readouterr().out
    assert all(words in out for words in said)


@pytest.mark.parametrize(("lang", "said"), [("fr", "BAL MSSanté"), ("en", "MSSanté mailbox")])
def test_the_tables(capsys: pytest.CaptureFixture[str], lang: str, said: str) -> None:
    shown = {"dmp_url": "https://x", "smtp": {"host": "localhost", "port": 25}, "control_url": "http://y"}
    _print({**shown, "pki": "p"}, lang)
    out = " ".join(capsys.readouterr().out.split())
    for expected in (
        said.split()[0],
        "localhost:25 (STARTTLS)",
        "899700100011",
        "p/ca-bundle.pem",
        "http://y",
    ):
        assert expected in out
