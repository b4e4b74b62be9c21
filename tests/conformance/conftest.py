"""The bench as its users call it: a command, in a folder of theirs."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from simulators.core import pki as pkis
from simulators.core.clock import Clock

BIN = Path(sys.executable).parent
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def command(*words: str, cwd: Path) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.Popen(
        [str(BIN / words[0]), *words[1:]],
        cwd=cwd,
        env={**kept, "PYTHONPATH": os.pathsep.join([str(cwd), kept.get("PYTHONPATH", "")]), "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def called(*words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    with command(*words, cwd=cwd) as process:
        out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test PKI that the runs of these tests share."""
    return pkis.create(tmp_path_factory.mktemp("pki"), Clock().now()).folder


@pytest.fixture
def configured(tmp_path: Path, pki: Path) -> Path:
    """A fresh folder with a bench.toml: nothing is waited for longer than needed."""
    (tmp_path / "bench.toml").write_text(
        f'[stack]\npki = "{pki}"\n[run]\nwindow = 0.01\npatience = 2.0\n', encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def segur_bench(configured: Path) -> Command:
    """`segur-bench`, called in a fresh folder."""
    return lambda *arguments: called("segur-bench", *arguments, cwd=configured)


@pytest.fixture
def plain_pytest(configured: Path) -> Command:
    """`pytest --pyargs conformance.scenarios`, called in a fresh folder, where modules are found too."""
    return lambda *arguments: called(
        *("pytest", "--pyargs", "conformance.scenarios", "-q", "-p", "no:faker", "-p", "no:hypothesispytest"),
        *arguments,
        cwd=configured,
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the whole catalogue comes last: it is being played meanwhile."""
    items.sort(key=lambda item: "whole" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session", autouse=True)
def whole_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["tuple[subprocess.Popen[str], Path] | None"]:
    """The whole catalogue, played in the background from the start when some test wants it."""
    if not any("whole" in getattr(item, "fixturenames", ()) for item in request.session.items):
        yield None
        return
    folder = tmp_path_factory.mktemp("whole")
    words = ("segur-bench", "run", "--window", "0.1", "--json", "--allure", "allure")
    with command(*words, cwd=folder) as process:
        yield process, folder


@pytest.fixture(scope="session")
def whole(whole_run: "tuple[subprocess.Popen[str], Path]") -> Path:
    """The run folder of the whole catalogue against the reference software; `summary.json` and `allure`
    beside `runs`."""
    process, folder = whole_run
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, out + err
    (folder / "summary.json").write_text(out, encoding="utf-8")
    return folder / "runs" / "latest"


@pytest.fixture(scope="session")
def failing(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Path:
    """The run folder of two cases played with a seeded defect: ANN-02 passes, ANN-03 fails."""
    folder = tmp_path_factory.mktemp("failing")
    (folder / "bench.toml").write_text(f'[stack]\npki = "{pki}"\n[run]\nwindow = 0.01\n')
    words = ("segur-bench", "run", "ANN-02", "ANN-03", "--defect", "ann-premiere-page")
    done = called(*words, cwd=folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return folder / "runs" / "latest"


class Vendor:
    """A vendor's endpoint whose declaration and answers the test chooses."""

    def __init__(self) -> None:
        self.capabilities: dict[str, Any] = {
            "contract": "1",
            "name": "essai",
            "version": "2",
            "profiles": ["medecin"],
            "actions": [],
        }
        self.answers: dict[str, dict[str, Any]] = {}  # action → data of a done answer
        self.date = ""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply(owner.capabilities)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                data = owner.answers.get(self.path.removeprefix("/actions/"), {})
                self.reply({"outcome": "done", "messages": [], "data": data})

            def reply(self, content: object) -> None:
                body = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return owner.date or super().date_time_string(timestamp)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    made = Vendor()
    yield made
    made.server.shutdown()
    made.server.server_close()
