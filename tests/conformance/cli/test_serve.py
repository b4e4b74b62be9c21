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
from conformance.cli.serve import _print

COMMAND = [str(Path(sys.executable).parent / "segur-bench"), "serve", "--port-base", "0", "--json"]


@contextmanager
def serving(pki: Path, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [*COMMAND, "--pki", str(pki)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
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


def test_a_taken_port(tmp_path: Path, pki: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        base = taken.getsockname()[1] - 2
        done = CliRunner().invoke(main, ["serve", "--port-base", str(min(base, 65000)), "--pki", str(pki)])
    assert done.exit_code == 2
    assert "--port-base" in done.stderr


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
