"""`bench.toml`: one file for the software under test, the stack and the run. Misspelt keys are refused."""

import difflib
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from simulators.dmp.settings import DmpSettings

MAX_PORT_BASE = 65000  # the services take a few ports from there


class ConfigurationError(Exception):
    """The configuration cannot be used. The message says what to do."""


@dataclass(frozen=True, slots=True)
class SutConfig:
    """How the vendor's software is reached. `driver`: reference, http, command, assisted or in-process."""

    driver: str = "reference"
    endpoint: str = ""  # http
    command: tuple[str, ...] = ()  # command
    object: str = ""  # in-process: "package.module:factory"
    timeout: float = 60.0  # seconds for one action
    profiles: tuple[str, ...] = ()  # assisted: what the software is for
    actions: tuple[str, ...] = ()  # assisted: what it can do (all of its profiles when empty)
    name: str = ""  # assisted: identity printed in the report
    version: str = ""
    vendor: str = ""
    nil: str = ""  # product reference declared on Convergence: value expected in X-MSS-NIL
    idam: str = ""  # authorisation number declared to INSi and to the e-prescription service
    homologation: str = ""  # LPS_ID_HOMOLOGATION_DMP


@dataclass(frozen=True, slots=True)
class StackConfig:
    """Where the simulated services listen."""

    host: str = "127.0.0.1"
    port_base: int = 0  # 0: the system chooses
    pki: str = ""  # folder of a PKI kept between runs; empty: a fresh one for each run
    oid_mode: str = "test"  # OID that INSi returns: test (1.2.250.1.213.1.4.10) or qualif (….8)


@dataclass(frozen=True, slots=True)
class RunSettings:
    seed: int = 20260101
    window: float = 1.0  # seconds during which an absence is observed
    patience: float = 10.0  # seconds to wait for an expected exchange
    lang: str = "fr"


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """What `serve` does beside listening. `faults`: rules, see `simulators.schedule`."""

    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    sut: SutConfig = field(default_factory=SutConfig)
    stack: StackConfig = field(default_factory=StackConfig)
    run: RunSettings = field(default_factory=RunSettings)
    serve: ServeConfig = field(default_factory=ServeConfig)
    dmp: DmpSettings = field(default_factory=DmpSettings)


def load(path: Path) -> Config:
    """Read `bench.toml`. Raises ConfigurationError with the line, the key and the likely spelling."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} : fichier absent. `segur-bench init` en écrit un.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} : {error}") from None
    sections = {
        "sut": SutConfig,
        "stack": StackConfig,
        "run": RunSettings,
        "serve": ServeConfig,
        "dmp": DmpSettings,
    }
    _known(path, "", raw, list(sections))
    built = {name: _section(path, name, kind, raw.get(name, {})) for name, kind in sections.items()}
    if not 0 <= built["stack"].port_base <= MAX_PORT_BASE:
        raise ConfigurationError(f"{path} : stack.port_base doit être entre 0 et {MAX_PORT_BASE}")
    if "dmp" in raw:
        from simulators.dmp.configure import problem  # late: it needs what judges messages

        wrong = problem(built["dmp"])
        if wrong:
            raise ConfigurationError(f"{path} : {wrong}")
    return Config(**built)


def _section(path: Path, name: str, kind: type[Any], raw: object) -> Any:
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{path} : [{name}] doit être une table")
    known = {item.name: item for item in fields(kind)}
    _known(path, name, raw, list(known))
    values: dict[str, Any] = {}
    for key, value in raw.items():
        default = known[key].default
        wanted = tuple if isinstance(default, tuple) else type(default)
        if wanted is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
            values[key] = tuple(value)
        elif wanted is float and isinstance(value, int | float) and not isinstance(value, bool):
            values[key] = float(value)
        elif type(value) is wanted:
            values[key] = value
        else:
            shown = {
                str: "un texte",
                int: "un entier",
                float: "un nombre",
                tuple: "une liste de textes",
                bool: "true ou false",
            }
            raise ConfigurationError(
                f"{path} : {name}.{key} = {value!r} ; il faut {shown.get(wanted, wanted.__name__)}"
            )
    return kind(**values)


def _known(path: Path, section: str, raw: dict[str, Any], known: list[str]) -> None:
    for key in raw:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f" Vouliez-vous « {close[0]} » ?" if close else f" Connus : {', '.join(known)}."
            place = f"[{section}] {key}" if section else f"[{key}]"
            raise ConfigurationError(f"{path} : {place} est inconnu.{hint}")
