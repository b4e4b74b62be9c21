"""`segur-bench serve`: the national services, running, for a vendor to point at."""

import errno
import json
import signal
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.config import MAX_PORT_BASE, ConfigurationError
from conformance.engine.settings import read_config
from schemas.messages import text
from simulators.dmp.settings import changed, told

from .failures import reporting

if TYPE_CHECKING:
    from simulators.stack import Stack

DEFAULT_PORT_BASE = 18440
MAX_WORKERS = 64
MIB = 1 << 20
PKI_FILES = ("ca-bundle", "crl", "cabinet-auth", "cabinet-sign", "cabinet-insi", "officine-auth", "labo-auth")


@click.command()
@click.option("--config", "config_path", default="", help="bench.toml (celui du dossier par défaut).")
@click.option(
    "--port-base",
    type=click.IntRange(0, MAX_PORT_BASE),
    help=f"Premier port ({DEFAULT_PORT_BASE} par défaut ; 0 : ports libres).",
)
@click.option("--pki", default="", help="Dossier de la PKI de test, gardée d'un démarrage à l'autre.")
@click.option("--seed", type=int, help="Graine de la population synthétique.")
@click.option(
    "--fault",
    "rules",
    multiple=True,
    help="Panne programmée, répétable : « TD2.1: 3 registry-error XDSRegistryBusy » (voir `faults`).",
)
@click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    help="Dossier où le DMP et les échanges sont gardés d'un démarrage à l'autre (en mémoire par défaut).",
)
@click.option(
    "--durable", is_flag=True, help="Avec --store : chaque réponse est sur le disque avant de partir."
)
@click.option(
    "--workers",
    type=click.IntRange(1, MAX_WORKERS),
    default=1,
    show_default=True,
    help="Processus qui répondent au DMP ; plus d'un : avec --store.",
)
@click.option(
    "--memory",
    type=click.IntRange(1),
    default=256,
    show_default=True,
    help="Mio d'échanges gardés en mémoire, les derniers.",
)
@click.option("--json", "as_json", is_flag=True, help="L'environnement en JSON, puis rien d'autre.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def serve(
    config_path: str,
    port_base: int | None,
    pki: str,
    seed: int | None,
    rules: tuple[str, ...],
    store: Path | None,
    durable: bool,
    workers: int,
    memory: int,
    as_json: bool,
    lang: str,
) -> None:
    """Démarre les services simulés et les laisse en marche jusqu'à Ctrl-C."""
    from conformance.engine.runtime import stack_settings
    from simulators.core.personas import everyone
    from simulators.stack import Stack

    with reporting():
        if store is None and (workers > 1 or durable):
            asked = "--workers" if workers > 1 else "--durable"
            raise ConfigurationError(f"{asked} demande --store : un dossier que les processus partagent")
        config = read_config(config_path)
        base = config.stack.port_base or DEFAULT_PORT_BASE if port_base is None else port_base
        settings = stack_settings(config, Path(pki or config.stack.pki or "pki"))
        settings = replace(
            settings,
            port_base=base,
            seed=config.run.seed if seed is None else seed,
            store=store,
            durable=durable,
            memory=memory * MIB,
            workers=workers,
        )
        try:
            stack = Stack(settings)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"--store {store} : inutilisable ({error})") from None
        for rule in (*config.serve.faults, *rules):
            _schedule(stack, rule)
        everyone(stack.population)
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        try:
            environment = stack.start()
        except OSError as error:
            hint = " : --port-base en choisit d'autres" if error.errno == errno.EADDRINUSE else ""
            raise ConfigurationError(f"les services n'ont pas pu démarrer ({error}){hint}") from None
    if as_json:
        click.echo(json.dumps(environment.as_dict(), ensure_ascii=False, indent=1))
    else:
        _print(environment.as_dict(), lang)
        _print_store(store, workers, memory, lang)
        settled = told(changed(config.dmp))
        if settled:
            click.echo(text("serve.dmp", lang, settings=settled))
    ended.wait()
    stack.stop()


def _schedule(stack: "Stack", rule: str) -> None:
    from simulators.schedule import RuleRefused

    try:
        stack.rule(rule)
    except RuleRefused as refused:
        raise ConfigurationError(f"{rule} : {refused}") from None


def _print(environment: dict[str, object], lang: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from simulators.core.identities import EMPLOYEES, LABO_MAILBOX, PROFESSIONALS

    console = Console(highlight=False)
    table = Table(title=text("serve.title", lang), title_justify="left", box=None, header_style="bold")
    table.add_column(text("serve.service", lang))
    table.add_column(text("serve.address", lang), overflow="fold")
    for name, value in environment.items():
        if isinstance(value, dict) and "port" in value:
            table.add_row(name, f"{value['host']}:{value['port']} (STARTTLS)")
        elif name not in ("software", "pki"):
            table.add_row(name, str(value))
    console.print(table)
    files = Table(title=text("serve.pki", lang), title_justify="left", box=None, header_style="bold")
    files.add_column(text("serve.file", lang), overflow="fold")
    files.add_column(text("serve.use", lang))
    for stem in PKI_FILES:
        files.add_row(f"{environment['pki']}/{stem}.pem", text(f"serve.pki.{stem}", lang))
    console.print(files)
    people = Table(title=text("serve.people", lang), title_justify="left", box=None, header_style="bold")
    for column in ("serve.person", "serve.id", "serve.structure", "serve.mailbox"):
        people.add_column(text(column, lang), overflow="fold")
    for person in PROFESSIONALS:
        people.add_row(
            f"{person.given} {person.family} ({person.user})",
            person.id_nat,
            f"{person.structure.name} ({person.structure.id_nat})",
            person.mailbox,
        )
    for employee in EMPLOYEES:
        people.add_row(
            f"{' '.join(reversed(employee.author_names))} ({employee.user})",
            employee.id_nat,
            f"{employee.structure.name} ({employee.structure.id_nat})",
            "—",
        )
    people.add_row("BAL applicative", "—", "LABORATOIRE DU BANC", LABO_MAILBOX)
    console.print(people)
    console.print(text("serve.personas", lang), soft_wrap=True)
    console.print(text("serve.live", lang, url=environment["control_url"]), soft_wrap=True)
    console.print(text("serve.disclaimer", lang), style="dim", soft_wrap=True)


def _print_store(store: Path | None, workers: int, memory: int, lang: str) -> None:
    from schemas.messages import text

    if store is None:
        click.echo(text("serve.memory", lang, size=memory))
    else:
        click.echo(text("serve.store", lang, folder=store))
    if workers > 1:
        click.echo(text("serve.workers", lang, count=workers, folder=store))
