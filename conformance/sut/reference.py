"""The reference software, started as a process of its own and driven over HTTP like any other."""

import subprocess
import sys
import tempfile
from pathlib import Path

from simulators.core.clock import Clock

from .driver import SutError
from .http import HttpDriver


class ReferenceDriver(HttpDriver):
    """Starts `reference_lps` on a free port, with an optional seeded defect, and stops it at the end."""

    name = "reference"

    def __init__(self, environment: Path, timeout: float, defect: str = "", patience: float = 20.0) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reference-lps-")
        ready = Path(self._folder.name) / "endpoint"
        command = [sys.executable, "-m", "reference_lps", "--port", "0"]
        command += ["--environment", str(environment), "--ready-file", str(ready)]
        if defect:
            command += ["--defect", defect]
        self._log = (Path(self._folder.name) / "log").open("w+b")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)
        deadline = Clock.ticks() + patience
        while not (ready.exists() and ready.read_text().strip()):
            try:
                self._process.wait(0.05)  # paces the loop, and ends it when the process died
            except subprocess.TimeoutExpired:
                if Clock.ticks() < deadline:
                    continue
            said = self._said()
            self.close()
            raise SutError(f"le logiciel de référence n'a pas démarré : {said}")
        super().__init__(ready.read_text().strip(), timeout)

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")[-2000:]

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()
        self._folder.cleanup()
