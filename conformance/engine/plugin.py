"""The pytest plugin: plays scenarios, turns their outcomes into verdicts, ends with the bench's exit code.

Inert unless `--sut` is given (or `segur-bench run` drives): registered through the entry point `pytest11`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .session import Session

OPTION = "segur_sut"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("segur-bench", "banc de pré-conformité Ségur")
    group.addoption("--sut", dest=OPTION, default="", help="reference, http://…, command:…, assisted")
    group.addoption("--bench-config", default="", help="bench.toml")
    group.addoption("--seed", type=int, default=None, help="graine du banc")
    group.addoption("--run-dir", default="", help="dossier du rapport (rien n'est écrit sans lui)")
    group.addoption("--theme", action="append", default=[], help="INS, PSC, DMP, MSS, EP, PARCOURS…")
    group.addoption("--scenario", action="append", default=[], help="identifiant de scénario ou de cas")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "segur_scenario(scenario): a scenario of the bench")
    if config.pluginmanager.has_plugin("segur-session"):
        return  # `segur-bench run` brought its own
    if config.getoption(OPTION):
        config.pluginmanager.register(SessionPlugin(_from_options(config)), "segur-session")


def _from_options(config: pytest.Config) -> "Session":
    from dataclasses import replace

    from conformance.config import ConfigurationError

    from .session import EXIT_USAGE, Session
    from .settings import Settings, choose_sut, read_config

    try:
        read = read_config(config.getoption("--bench-config"))
        chosen, defect = choose_sut(read, config.getoption(OPTION))
    except ConfigurationError as error:
        pytest.exit(str(error), returncode=EXIT_USAGE)
    seed = config.getoption("--seed")
    if seed is not None:
        chosen = replace(chosen, run=replace(chosen.run, seed=seed))
    folder = config.getoption("--run-dir")
    settings = Settings(
        config=chosen,
        run_dir=Path(folder) if folder else None,
        defect=defect,
        only=tuple(config.getoption("--scenario")),
        themes=tuple(theme.upper() for theme in config.getoption("--theme")),
    )
    return Session(settings)


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Any:
    """The case being played (see `conformance.engine.bench.Bench`)."""
    plugin = request.config.pluginmanager.get_plugin("segur-session")
    if plugin is None:
        pytest.skip("aucun logiciel désigné : pytest --pyargs conformance.scenarios --sut reference")
    return plugin.session.open_case(request.node)


class SessionPlugin:
    """Hooks of one run. All the work is in `Session`."""

    def __init__(self, session: "Session") -> None:
        self.session = session

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.session.troubles.append(report.longreprtext)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A scenario that fails before or after it is played has no verdict: our failure."""
        if report.failed and report.when != "call" and "segur_scenario" in report.keywords:
            self.session.troubles.append(report.longreprtext)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept = self.session.choose(items)
        left = [item for item in items if item not in kept]
        items[:] = kept
        if left:
            config.hook.pytest_deselected(items=left)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        if not session.config.option.collectonly and (session.items or self.session.troubles):
            self.session.start(session.items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> object:
        from .bench import Bench

        case = pyfuncitem.funcargs.get("bench")
        if not isinstance(case, Bench):
            return None
        arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        self.session.play(case, lambda: pyfuncitem.obj(**arguments))
        return True

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        from .session import EXIT_BENCH, EXIT_INTERRUPTED

        code = self.session.finish()
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            session.exitstatus = EXIT_BENCH
        elif exitstatus == pytest.ExitCode.INTERRUPTED and not self.session.failure:
            session.exitstatus = EXIT_INTERRUPTED
        elif code:  # otherwise pytest's own: other tests may have been played beside the scenarios
            session.exitstatus = code
