"""`faults` and `personas`: what can be made to go wrong, and the patients to type on a screen."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from conformance.engine.settings import read_config
from schemas.messages import text

from .failures import reporting
from .listing import json_option, lang_option, show

if TYPE_CHECKING:
    from simulators.core.menu import Param


@click.command()
@json_option
@lang_option
@click.option("--markdown", is_flag=True, help="Le menu et les patients à incident en Markdown.")
def faults(as_json: bool, lang: str, markdown: bool) -> None:
    """Liste les pannes qui se commandent : --fault, bench.toml, API de contrôle, bench.fault."""
    rows = list(menu(lang))
    if markdown:
        click.echo(documented(lang), nl=False)
        return
    columns = {"kind": "Genre", "params": "Paramètres", "transactions": "Transactions", "effect": "Effet"}
    show(rows, columns, as_json)


def menu(lang: str) -> Iterator[dict[str, Any]]:
    """One row a kind of fault."""
    from simulators.schedule import MENU

    for kind in MENU.values():
        yield {
            "kind": kind.name,
            "params": [_param(param, lang) for param in kind.params],
            "transactions": list(kind.transactions) or [text("faults.everywhere", lang)],
            "done": kind.done,
            "effect": text(f"fault.{kind.name}", lang),
        }


def _param(param: "Param", lang: str) -> str:
    if param.labelled:
        values = text("faults.code", lang)
    else:
        values = "|".join(param.values)
    told = f"{param.name}={values}" if values else param.name
    return f"{told} ({param.default})" if param.default else told


def documented(lang: str = "fr") -> str:
    """The tables of `docs/pannes.md`: the menu, then the patients that carry an incident."""
    from simulators.core.incidents import INCIDENTS
    from simulators.schedule import written

    heads = ("faults.kind", "faults.params", "faults.where", "faults.done", "faults.effect")
    lines = ["| " + " | ".join(text(head, lang) for head in heads) + " |", "|---" * len(heads) + "|"]
    for row in menu(lang):
        cells = (
            f"`{row['kind']}`",
            "<br>".join(f"`{one}`" for one in row["params"]).replace("|", "\\|") or "–",
            ", ".join(row["transactions"]),
            text("faults.yes" if row["done"] else "faults.no", lang),
            row["effect"],
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| Persona | Pannes |", "|---|---|"]
    for name, carried in INCIDENTS.items():
        lines.append(f"| `incident-{name}` | {'<br>'.join(f'`{written(fault)}`' for fault in carried)} |")
    return "\n".join(lines) + "\n"


@click.command()
@json_option
@lang_option
@click.option("--config", "config_path", default="", help="bench.toml (celui du dossier par défaut).")
@click.option("--seed", type=int, help="Graine de la population synthétique : celle de `serve`.")
def personas(as_json: bool, lang: str, config_path: str, seed: int | None) -> None:
    """Liste les patients connus de `serve`, à saisir à l'écran : identité, INS, état, incident."""
    from simulators.core.incidents import INCIDENTS
    from simulators.core.personas import PERSONAS, everyone
    from simulators.core.population import Population
    from simulators.schedule import written

    with reporting():
        config = read_config(config_path)
    population = Population(config.run.seed if seed is None else seed)
    rows: list[dict[str, Any]] = [
        {
            "persona": name,
            "birth_name": patient.birth_name,
            "given_names": " ".join(patient.given_names),
            "sex": patient.sex,
            "birth_date": patient.birth_date.isoformat(),
            "birth_place": patient.birth_place,
            "matricule": patient.ins.matricule,
            "oid": patient.ins.oid,
            "state": _state(PERSONAS.get(name, {})),
            "faults": [written(fault) for fault in INCIDENTS.get(patient.incident, ())],
        }
        for name, patient in everyone(population).items()
    ]
    if as_json:
        show(rows, {}, as_json)
        return
    for row in rows:  # whole lines: an INS cut in two by a table cannot be copied
        click.echo(text("personas.line", lang, **row))
        for told in (*row["state"], *row["faults"]):
            click.echo(f"    {told}")


def _state(given: Mapping[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in given.items() if name != "incident"]
