"""`scenarios`, `requirements`, `defects`, `rules`: what there is, as a table or as JSON."""

import json
from collections.abc import Sequence
from typing import Any

import click

from schemas.messages import text

json_option = click.option("--json", "as_json", is_flag=True, help="JSON sur la sortie standard.")
lang_option = click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)


@click.command()
@json_option
@lang_option
def scenarios(as_json: bool, lang: str) -> None:
    """Liste les scénarios, leurs cas et les exigences qu'ils prouvent."""
    from conformance.engine.collect import collect

    rows = [
        {
            "id": item.scenario.id,
            "theme": item.scenario.theme,
            "profile": item.scenario.profile,
            "title": item.scenario.title(lang),
            "cases": list(item.keys),
            "proves": list(item.scenario.proves),
            "needs": list(item.scenario.needs),
        }
        for item in collect()
    ]
    columns = {"id": "Scénario", "theme": "Thème", "title": "Titre", "cases": "Cas", "proves": "Exigences"}
    show(rows, columns, as_json, counted=("cases",))


@click.command()
@json_option
@lang_option
@click.option("--all", "everything", is_flag=True, help="Aussi celles qu'aucun scénario ne prouve.")
def requirements(as_json: bool, lang: str, everything: bool) -> None:
    """Liste les exigences du catalogue et les scénarios qui les prouvent."""
    from conformance import catalogue
    from conformance.engine.collect import collect

    proved: dict[str, list[str]] = {}
    for item in collect():
        for id_ in item.scenario.proves:
            proved.setdefault(id_, []).append(item.scenario.id)
    rows = [
        {
            "id": row.id,
            "status": row.status,
            "theme": row.theme,
            "keyword": row.keyword,
            "title": row.title_fr if lang == "fr" else row.gist_en,
            "scenarios": proved.get(row.id, []),
        }
        for row in catalogue.requirements().values()
        if everything or row.id in proved
    ]
    columns = {"id": "Exigence", "status": "Origine", "title": "Objet", "scenarios": "Scénarios"}
    show(rows, columns, as_json)


@click.command()
@json_option
@lang_option
def defects(as_json: bool, lang: str) -> None:
    """Liste les défauts semés du logiciel de référence et la règle qui doit prendre chacun."""
    from reference_lps.defects import DEFECTS

    rows = [
        {
            "id": defect.id,
            "service": defect.service,
            "title": defect.title_fr if lang == "fr" else defect.title_en,
            "rule": defect.rule,
            "requirements": list(defect.requirements),
        }
        for defect in DEFECTS.values()
    ]
    columns = {"id": "Défaut", "title": "Ce qui est faux", "rule": "Règle", "requirements": "Exigences"}
    show(rows, columns, as_json)


@click.command()
@json_option
@lang_option
def rules(as_json: bool, lang: str) -> None:
    """Liste les règles de jugement, leur force et leur source."""
    from conformance.catalogue.rules import all_rules

    rows = [
        {
            "id": rule.id,
            "severity": rule.keyword.severity.value,
            "title": text(rule.id, lang),
            "requirements": list(rule.requirements),
            "source": rule.source,
        }
        for rule in all_rules().values()
    ]
    columns = {
        "id": "Règle",
        "severity": "Gravité",
        "title": "Ce qui est demandé",
        "requirements": "Exigences",
    }
    show(rows, columns, as_json)


def show(
    rows: Sequence[dict[str, Any]], columns: dict[str, str], as_json: bool, counted: Sequence[str] = ()
) -> None:
    """Print rows as a table of these columns, or all their fields as JSON."""
    if as_json:
        click.echo(json.dumps(list(rows), ensure_ascii=False, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in columns.values():
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(cell(row[name], name in counted) for name in columns))
    Console(highlight=False).print(table)
    click.echo(f"{len(rows)}")


def cell(value: Any, counted: bool) -> str:
    """A value in a table; a counted list shows its length."""
    from rich.markup import escape

    if isinstance(value, list):
        return str(len(value)) if counted else escape("\n".join(value) or "—")
    return escape(str(value))
