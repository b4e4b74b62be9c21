"""The checks of `segur-bench doctor`: what would make scenarios fail for reasons that are not conformance."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from conformance.config import Config, SutConfig
from conformance.sut.driver import SutError
from reports.record import Software
from schemas.actions import actions
from simulators.core import pki
from simulators.core.clock import Clock
from simulators.core.environment import PORTS

MAX_SKEW = timedelta(seconds=60)
MIN_FREE = 200_000_000  # bytes for evidence


@dataclass(frozen=True, slots=True)
class Check:
    """One verified point. `todo` says what to do when it is not `ok`; `warning` does not stop a run."""

    name: str
    ok: bool
    detail: str
    todo: str = ""
    warning: bool = False


def preflight(config: Config, runs: Path) -> Iterator[Check]:
    """Every check, in the order in which a problem would show itself."""
    yield disk(runs)
    yield names(config.stack.host)
    yield from ports(config)
    yield from certificates(config)
    yield from software(config)


def disk(runs: Path) -> Check:
    """The run folder can be written and has room."""
    place = next(path for path in (runs, *runs.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    writable = os.access(place, os.W_OK)
    return Check(
        "dossier des rapports",
        writable and free > MIN_FREE,
        f"{place}, {free // 1_000_000} Mo libres",
        "choisissez un autre dossier avec --runs, ou libérez de la place",
    )


def names(host: str) -> Check:
    """The names in the certificates lead to this machine."""
    try:
        found = {str(item[4][0]) for item in socket.getaddrinfo("localhost", None)}
    except OSError as error:
        return Check("nom localhost", False, str(error), "ajoutez « 127.0.0.1 localhost » à /etc/hosts")
    return Check(
        "nom localhost",
        host in found or (host == "127.0.0.1" and "127.0.0.1" in found),
        ", ".join(sorted(found)),
        f"faites mener localhost à {host} (/etc/hosts), le nom des certificats de test",
    )


def ports(config: Config) -> Iterator[Check]:
    """The ports that the services want are free."""
    base, host = config.stack.port_base, config.stack.host
    if base == 0:
        yield Check("ports", True, "choisis par le système")
        return
    taken = [base + offset for offset in range(len(PORTS)) if not free(host, base + offset)]
    yield Check(
        "ports",
        not taken,
        f"{base} à {base + len(PORTS) - 1}" + (f" ; pris : {taken}" if taken else ""),
        "arrêtez ce qui écoute (un `segur-bench serve` ?) ou changez [stack] port_base",
    )


def free(host: str, port: int) -> bool:
    """Whether a port can be bound now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def certificates(config: Config) -> Iterator[Check]:
    """A kept PKI is readable and in its dates."""
    if not config.stack.pki:
        yield Check("PKI de test", True, "neuve à chaque exécution")
        return
    kept = pki.Pki(Path(config.stack.pki))
    if not kept.pair("server").certificate.exists():
        yield Check("PKI de test", True, f"{kept.folder} : sera créée")
        return
    todo = f"supprimez {kept.folder} : une PKI neuve sera créée, à réinstaller dans votre logiciel"
    try:
        now = Clock().now()
        certificate, _ = kept.pair("server").load()
        valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        until = f"{certificate.not_valid_after_utc:%d/%m/%Y}"
    except (OSError, ValueError) as error:
        yield Check("PKI de test", False, str(error), todo)
        return
    yield Check("PKI de test", valid, f"{kept.folder}, valable jusqu'au {until}", todo)


def software(config: Config) -> Iterator[Check]:
    """The vendor's endpoint answers, follows the contract, and is on time."""
    sut = config.sut
    opener = OPENERS.get(sut.driver)
    if opener is None:
        yield Check("logiciel testé", True, f"pilote {sut.driver} : rien à joindre d'avance")
        return
    todo = "lancez le logiciel, vérifiez [sut] et le contrat (`segur-bench contract`)"
    try:
        declared = opener(sut)
    except SutError as error:
        yield Check("logiciel testé", False, str(error), todo)
        return
    yield Check("logiciel testé", True, f"{declared.name} {declared.version} ({declared.vendor or '—'})")
    yield from declared_actions(declared)
    if sut.driver == "http":
        yield skew(sut.endpoint)
    if sut.nil and declared.nil and sut.nil != declared.nil:
        yield Check(
            "NIL",
            False,
            f"bench.toml : {sut.nil} ; logiciel : {declared.nil}",
            "mettez la même référence produit des deux côtés",
        )


def declared_actions(declared: Software) -> Iterator[Check]:
    """Unknown actions are misspelt; missing ones will not be tested."""
    known = set(actions())
    unknown = sorted(set(declared.actions) - known)
    if unknown:
        yield Check(
            "actions inconnues",
            False,
            ", ".join(unknown),
            f"corrigez-les ; connues : {', '.join(sorted(known))}",
        )
    missing = sorted(known - set(declared.actions))
    yield Check(
        "actions déclarées",
        not missing,
        f"{len(known) - len(missing)} sur {len(known)}"
        + (f" ; absentes : {', '.join(missing)}" if missing else ""),
        "les scénarios qui en ont besoin seront dits non testables",
        warning=True,
    )


def skew(endpoint: str) -> Check:
    """The endpoint's clock (HTTP Date) against ours."""
    import requests

    try:
        with requests.Session() as session:
            session.trust_env = False
            said = session.get(endpoint.rstrip("/") + "/", timeout=5).headers.get("Date", "")
        away = abs(parsedate_to_datetime(said) - Clock().now())
    except (requests.RequestException, TypeError, ValueError):
        return Check("horloges", True, "le logiciel ne donne pas d'en-tête Date", warning=True)
    return Check(
        "horloges",
        away <= MAX_SKEW,
        f"écart de {away.total_seconds():.0f} s",
        "synchronisez les deux horloges (NTP) : un VIHF mal daté est refusé",
    )


def _http(sut: SutConfig) -> Software:
    from conformance.sut.http import HttpDriver

    if not sut.endpoint:
        raise SutError("[sut] endpoint manque")
    driver = HttpDriver(sut.endpoint, 5.0)
    try:
        return driver.capabilities()
    finally:
        driver.close()


def _command(sut: SutConfig) -> Software:
    from conformance.sut.command import CommandDriver

    if not sut.command:
        raise SutError("[sut] command manque")
    return CommandDriver(sut.command, sut.timeout).capabilities()


def _inprocess(sut: SutConfig) -> Software:
    from conformance.sut.inprocess import InProcessDriver

    return InProcessDriver(sut.object).capabilities()


OPENERS: dict[str, Callable[[SutConfig], Software]] = {
    "http": _http,
    "command": _command,
    "in-process": _inprocess,
}
