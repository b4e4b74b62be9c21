"""`segur-bench doctor`: the configuration, checked before any scenario."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from conformance.engine.settings import choose_sut, read_config

from .failures import reporting


@click.command()
@click.option("--config", "config_path", default="", help="bench.toml (celui du dossier par défaut).")
@click.option("--sut", default="", help="Comme pour `run`.")
@click.option("--runs", default="runs", help="Dossier des rapports.", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="JSON sur la sortie standard.")
def doctor(config_path: str, sut: str, runs: str, as_json: bool) -> None:
    """Vérifie ports, noms, certificats, horloges, logiciel testé. Code de sortie 2 si un point bloque."""
    from conformance.engine.preflight import preflight

    with reporting():
        config, _ = choose_sut(read_config(config_path), sut)
    checks = list(preflight(config, Path(runs)))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=1))
    else:
        for check in checks:
            mark = "ok" if check.ok else "à noter" if check.warning else "BLOQUE"
            click.echo(f"{mark:>8}  {check.name} : {check.detail}")
            if not check.ok and check.todo:
                click.echo(f"{'':>8}  → {check.todo}")
    if any(not check.ok and not check.warning for check in checks):
        sys.exit(2)
