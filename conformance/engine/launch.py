"""Plays scenarios through pytest, from the command line or from code."""

import os
from importlib import resources
from pathlib import Path

import pytest

from conformance.config import ConfigurationError
from simulators.core.clock import Clock

from .plugin import SessionPlugin
from .session import EXIT_USAGE, Session


def arguments() -> list[str]:
    """How pytest is called on the scenarios: quiet, and without the plugins of whoever installed it."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # faker's plugin alone costs 0.6 s
    folder = str(resources.files("conformance.scenarios"))
    options = ["-c", os.devnull, "--import-mode=importlib", "--capture=no"]
    for plugin in ("no:cacheprovider", "no:terminal", "conformance.engine.plugin"):
        options += ["-p", plugin]
    return [folder, f"--rootdir={folder}", f"--confcutdir={folder}", *options]


def play(session: Session) -> int:
    """Collect the scenarios and play those that the session wants; returns the exit code of the bench."""
    plugin = SessionPlugin(session)
    code = int(pytest.main(arguments(), plugins=[Named(plugin)]))
    return EXIT_USAGE if code == pytest.ExitCode.NO_TESTS_COLLECTED else code


class Named:
    """Registers the session plugin under the name that the entry point looks for."""

    def __init__(self, plugin: SessionPlugin) -> None:
        self._plugin = plugin

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self._plugin, "segur-session")


def fresh_run_dir(parent: Path) -> Path:
    """A new folder `YYYYMMDD-HHMMSS` (with a rank when taken) for a run. Raises ConfigurationError."""
    stem = f"{Clock().now():%Y%m%d-%H%M%S}"
    for rank in range(1, 1000):
        folder = parent / (stem if rank == 1 else f"{stem}-{rank}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if parent.is_dir():
                continue
            raise ConfigurationError(f"{parent} n'est pas un dossier") from None
        except OSError as error:
            raise ConfigurationError(f"{parent} : {error.strerror}") from None
        return folder
    raise ConfigurationError(f"{parent} : trop d'exécutions dans la même seconde")
