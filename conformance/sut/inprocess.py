"""Driver `in-process`: a Python object of the vendor, for unit tests and prototypes."""

import importlib
import sys
from pathlib import Path
from typing import Any

from reports.record import Software
from schemas.actions import actions

from .driver import Answer, Json, SutError, read_answer, read_capabilities


class InProcessDriver:
    """Drives an object with `capabilities()`, `call(action, context, input)` and maybe `configure(env)`.

    `reference` is `package.module:factory`; the factory is called without argument.
    """

    name = "in-process"

    def __init__(self, reference: str) -> None:
        module, _, attribute = reference.partition(":")
        if str(Path.cwd()) not in sys.path:  # as `python -m` does: the vendor's module is beside bench.toml
            sys.path.insert(0, str(Path.cwd()))
        try:
            self._object: Any = getattr(importlib.import_module(module), attribute)()
        except (ImportError, AttributeError, ValueError) as error:
            raise SutError(f"{reference} : {error}") from None

    def capabilities(self) -> Software:
        return read_capabilities(self._object.capabilities(), self.name)

    def configure(self, environment: Json) -> None:
        if hasattr(self._object, "configure"):
            self._object.configure(dict(environment))

    def call(self, action: str, context: Json, arguments: Json) -> Answer:
        try:
            raw = self._object.call(action, dict(context), dict(arguments))
        except Exception as error:  # whatever a vendor's object raises is the vendor's, and must be told
            raise SutError(f"{action} : {type(error).__name__} : {error}") from error
        return read_answer(raw, actions()[action].answer_schema(), action)

    def close(self) -> None:
        if hasattr(self._object, "close"):
            self._object.close()
