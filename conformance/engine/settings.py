"""Everything that decides a run, before it starts."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from conformance.config import Config, ConfigurationError, load


@dataclass(frozen=True, slots=True)
class Settings:
    """`only`: scenario ids or case keys; `themes`: of the catalogue; `requirements`: claimed; empty: all."""

    config: Config = field(default_factory=Config)
    run_dir: Path | None = None  # where record and evidence go; None writes nothing
    defect: str = ""
    only: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    clock_start: datetime | None = None  # replay: the instant at which the run began

    @property
    def seed(self) -> int:
        return self.config.run.seed


def choose_sut(config: Config, spec: str) -> tuple[Config, str]:
    """Apply `--sut`: `reference[:DEFECT]`, an http(s) URL, `command:…`, `assisted` or `module:factory`.

    Returns the configuration and the seeded defect. Raises ConfigurationError.
    """
    sut, defect = config.sut, ""
    if not spec:
        return config, defect
    if spec.partition(":")[0] == "reference":
        sut, defect = replace(sut, driver="reference"), spec.partition(":")[2]
    elif spec.startswith(("http://", "https://")):
        sut = replace(sut, driver="http", endpoint=spec)
    elif spec.startswith("command:"):
        sut = replace(sut, driver="command", command=tuple(spec.removeprefix("command:").split()))
    elif spec == "assisted":
        sut = replace(sut, driver="assisted")
    elif ":" in spec:
        sut = replace(sut, driver="in-process", object=spec)
    else:
        raise ConfigurationError(
            f"--sut {spec} : attendu reference, http://…, command:…, assisted ou module:fabrique"
        )
    return replace(config, sut=sut), defect


def read_config(path: str | None) -> Config:
    """The configuration file named, else `bench.toml` of the current folder, else the defaults."""
    if path:
        return load(Path(path))
    default = Path("bench.toml")
    return load(default) if default.exists() else Config()
