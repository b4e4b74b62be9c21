"""The running pieces behind a run: the stack, the software under test, and their evidence."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from simulators.stack import Stack, StackSettings

from conformance.config import ConfigurationError, SutConfig
from conformance.sut.driver import Driver, SutError
from reports.record import Software
from simulators.core.environment import Environment

from .live import JournalledDriver, LiveWorld
from .settings import Settings


@dataclass(slots=True)
class Runtime:
    """Started once a run. Always close it."""

    run_id: str
    stack: Stack
    environment: Environment
    sut: JournalledDriver
    software: Software
    world: LiveWorld
    folder: "tempfile.TemporaryDirectory[str] | None" = field(default=None, repr=False)

    def close(self) -> None:
        self.sut.close()
        self.stack.stop()
        if self.folder is not None:
            self.folder.cleanup()


def start(settings: Settings, run_id: str) -> Runtime:
    """Start the stack, then the software. Raises ConfigurationError when either cannot be had."""
    folder = tempfile.TemporaryDirectory(prefix="segur-bench-") if settings.run_dir is None else None
    work = settings.run_dir or Path(folder.name if folder else ".")
    work.mkdir(parents=True, exist_ok=True)
    config = settings.config
    stack = Stack(
        StackSettings(
            seed=settings.seed,
            host=config.stack.host,
            port_base=config.stack.port_base,
            pki=Path(config.stack.pki) if config.stack.pki else work / "pki",
            clock_start=settings.clock_start,
            oid_mode=config.stack.oid_mode,
            nil=config.sut.nil or "BANC000001",
            idam=config.sut.idam or "SIMU0001",
            homologation=config.sut.homologation or "BANC-DMP-0001",
        )
    )
    try:
        environment = stack.start()
    except OSError as error:
        raise ConfigurationError(f"les services simulés n'ont pas pu écouter : {error}") from error
    path = work / "environment.json"
    environment.write(path)
    try:
        sut = JournalledDriver(open_driver(config.sut, path, settings.defect, stack), stack)
        software = sut.capabilities()
        if "environment.configure" in software.actions:
            sut.configure(environment.as_dict())
    except SutError as error:
        stack.stop()
        raise ConfigurationError(f"logiciel testé : {error}") from error
    world = LiveWorld(stack, config.run.window, config.run.patience)
    return Runtime(run_id, stack, environment, sut, software, world, folder)


def open_driver(sut: SutConfig, environment: Path, defect: str, stack: Stack) -> Driver:
    """The driver that the configuration asks for. Raises ConfigurationError or SutError."""
    if defect and sut.driver != "reference":
        raise ConfigurationError("--defect ne concerne que le logiciel de référence")
    if sut.driver == "reference":
        from conformance.sut.reference import ReferenceDriver

        return ReferenceDriver(environment, sut.timeout, defect)
    if sut.driver == "http":
        from conformance.sut.http import HttpDriver

        if not sut.endpoint:
            raise ConfigurationError("[sut] endpoint manque : l'adresse du point d'entrée du logiciel")
        return HttpDriver(sut.endpoint, sut.timeout)
    if sut.driver == "command":
        from conformance.sut.command import CommandDriver

        if not sut.command:
            raise ConfigurationError("[sut] command manque : le programme et ses arguments")
        return CommandDriver(sut.command, sut.timeout)
    if sut.driver == "assisted":
        from conformance.sut.assisted import AssistedDriver, Terminal

        return AssistedDriver(sut, stack.journal, Terminal())
    if sut.driver == "in-process":
        from conformance.sut.inprocess import InProcessDriver

        return InProcessDriver(sut.object)
    raise ConfigurationError(
        f"[sut] driver = {sut.driver!r} : attendu reference, http, command, assisted ou in-process"
    )
