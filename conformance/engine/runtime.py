"""The running pieces behind a run: the stack, the software under test, and their evidence."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from conformance.config import Config, ConfigurationError, SutConfig
from conformance.sut.driver import Driver, SutError
from reports.record import RunRecord, ScenarioResult, Software
from simulators.core.clock import iso
from simulators.core.exchange import Exchange
from simulators.stack import Stack, StackSettings

from . import recorder
from .live import JournalledDriver, LiveWorld
from .settings import Settings


@dataclass(slots=True)
class LiveStage:
    """A running stack and a driven software. Implements the protocol `Stage`."""

    run_id: str
    stack: Stack
    sut: JournalledDriver
    software: Software
    world: LiveWorld
    started: ExitStack  # what must be stopped in the end

    @property
    def bench_errors(self) -> list[tuple[int, str]]:
        return self.stack.journal.bench_errors

    def now(self) -> str:
        return iso(self.stack.clock.now())

    def entering(self, key: str) -> None:
        self.stack.journal.scenario = key

    def watch(self, seen: Callable[[Exchange], None]) -> Callable[[], None]:
        return self.stack.journal.subscribe(lambda exchange, _: seen(exchange))

    def conclude(self, settings: Settings, results: Sequence[ScenarioResult], started: str) -> RunRecord:
        made = recorder.record(
            settings,
            recorder.Facts(
                run_id=self.run_id,
                started=started,
                ended=self.now(),
                pki_fingerprint=self.stack.pki.fingerprint,
                software=self.software,
                bench_errors=tuple(self.bench_errors),
                chain_intact=self.stack.journal.intact(),
            ),
            results,
            self.stack.journal,
        )
        if settings.run_dir is not None:
            recorder.write(made, self.stack.journal.exchanges(), settings.run_dir, settings.config.run.lang)
            recorder.keep_trust(self.stack.pki, settings.run_dir / "pki")
        return made

    def close(self) -> None:
        self.started.close()


def start_live(settings: Settings) -> LiveStage:
    """Start the stack, then the software. Raises ConfigurationError when either cannot be had."""
    config = settings.config
    with ExitStack() as started:
        work = settings.run_dir
        if work is None:
            work = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="segur-bench-")))
        work.mkdir(parents=True, exist_ok=True)
        pki = Path(config.stack.pki) if config.stack.pki else work / "pki"
        stack = Stack(stack_settings(config, pki, settings.clock_start))
        try:
            environment = stack.start()
        except OSError as error:
            raise ConfigurationError(f"les services simulés n'ont pas pu écouter : {error}") from error
        started.callback(stack.stop)
        path = work / "environment.json"
        environment.write(path)
        try:
            sut = JournalledDriver(open_driver(config.sut, path, settings.defect, stack), stack)
            started.callback(sut.close)
            software = sut.capabilities()
            if "environment.configure" in software.actions:
                sut.configure(environment.as_dict())
        except SutError as error:
            raise ConfigurationError(f"logiciel testé : {error}") from error
        world = LiveWorld(stack, config.run.window, config.run.patience)
        run_id = settings.run_dir.name if settings.run_dir else "run"
        return LiveStage(run_id, stack, sut, software, world, started.pop_all())


def stack_settings(config: Config, pki: Path, clock_start: datetime | None = None) -> StackSettings:
    """The stack that a configuration asks for, with what the reference software declares by default."""
    return StackSettings(
        seed=config.run.seed,
        host=config.stack.host,
        port_base=config.stack.port_base,
        pki=pki,
        clock_start=clock_start,
        oid_mode=config.stack.oid_mode,
        nil=config.sut.nil or "BANC000001",
        idam=config.sut.idam or "SIMU0001",
        homologation=config.sut.homologation or "BANC-DMP-0001",
        dmp=config.dmp,
    )


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
