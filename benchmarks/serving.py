"""`segur-bench serve` in processes of its own, as a vendor runs it, and its control API."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 30.0  # seconds
ROOT = Path(__file__).parents[1]  # the code that is measured, not the one that is installed


@dataclass(slots=True)
class Server:
    """A running server. `folder` holds its PKI and its store."""

    folder: Path
    seed: int
    options: tuple[str, ...]
    environment: dict[str, Any] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None

    @classmethod
    @contextmanager
    def started(
        cls, folder: Path, seed: int, *, workers: int = 1, memory: int = 256, stored: bool = True
    ) -> Iterator["Server"]:
        """Started, and stopped in the end. Raises RuntimeError when it can't be."""
        store = ("--store", str(folder / "store")) if stored else ()
        made = cls(folder, seed, (*store, "--workers", str(workers), "--memory", str(memory)))
        made.start()
        try:
            yield made
        finally:
            made.stop()

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def url(self) -> str:
        """Of the DMP."""
        return str(self.environment["dmp_url"])

    def start(self) -> None:
        command = [sys.executable, "-m", "conformance.cli.main", "serve", "--json", "--port-base", "0"]
        self.process = subprocess.Popen(
            [*command, "--pki", str(self.pki), "--seed", str(self.seed), *self.options],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if line == "}\n":
                self.environment = json.loads("".join(lines))
                return
        raise RuntimeError(f"the server did not start: {''.join(lines)} (code {self.process.wait()})")

    def stop(self) -> None:
        """As Ctrl-C does. Raises RuntimeError when it does not end well."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self._forget()
        if code != 0:
            raise RuntimeError(f"the server ended with code {code}")

    def kill(self) -> None:
        """At once, as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self._forget()

    def _forget(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    def pids(self) -> list[int]:
        """The server and the processes that it started."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [pid, *map(int, children.split())]

    def health(self) -> dict[str, float]:
        return self.ask("GET", "/api/health")

    def calm(self) -> None:
        """Forget the faults to come. Servers of several processes have none."""
        self.ask("DELETE", "/api/faults")

    def post(self, path: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        return self.ask("POST", path, asked)

    def ask(self, method: str, path: str, asked: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A call of the control API. Raises RuntimeError when it is refused."""
        where = urlsplit(self.environment["control_url"])
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=PATIENCE)
        try:
            body = None if asked is None else json.dumps(asked)
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            reply = connection.getresponse()
            told = dict(json.loads(reply.read()))
        finally:
            connection.close()
        if reply.status != 200:
            raise RuntimeError(f"{method} {path}: {reply.status} {told}")
        return told
