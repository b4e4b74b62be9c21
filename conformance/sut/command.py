"""Driver `command`: a script of the vendor, JSON on standard input, JSON on standard output, exit code 0."""

import json
import subprocess
from collections.abc import Sequence

from reports.record import Software
from schemas.actions import actions

from .driver import Answer, Json, SutError, read_answer, read_capabilities


class CommandDriver:
    """Runs `command capabilities`, `command environment` or `command <action>` once for each call.

    The script reads one JSON object and prints one. Exit code 0: the answer counts, whatever its outcome;
    any other exit code: the software could not be driven, and what it wrote on standard error says why.
    """

    name = "command"

    def __init__(self, command: Sequence[str], timeout: float) -> None:
        self._command = tuple(command)
        self._timeout = timeout

    def capabilities(self) -> Software:
        return read_capabilities(self._run("capabilities", {}), self.name)

    def configure(self, environment: Json) -> None:
        self._run("environment", environment)

    def call(self, action: str, context: Json, arguments: Json) -> Answer:
        raw = self._run(action, {"context": dict(context), "input": dict(arguments)})
        return read_answer(raw, actions()[action].answer_schema(), action)

    def close(self) -> None:
        """Nothing is kept running."""

    def _run(self, verb: str, payload: Json) -> object:
        shown = " ".join((*self._command, verb))
        try:
            done = subprocess.run(
                [*self._command, verb],
                input=json.dumps(dict(payload), ensure_ascii=False).encode(),
                capture_output=True,
                timeout=self._timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise SutError(f"{shown} : pas de réponse en {self._timeout:g} s") from None
        except OSError as error:
            raise SutError(f"{shown} : {error.strerror}") from None
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()[-300:]
            raise SutError(f"{shown} : code de sortie {done.returncode} : {said}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise SutError(f"{shown} : la sortie n'est pas du JSON : {done.stdout[:200]!r}") from None
