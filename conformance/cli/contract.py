"""`segur-bench contract`: the contract with the vendor's software, as files."""

import json
from pathlib import Path

import click

from .failures import writing


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Dossier où écrire openapi.json et les schémas.")
def contract(out: Path | None) -> None:
    """Écrit le document OpenAPI (sortie standard par défaut) et les schémas des actions."""
    from schemas.actions import actions, openapi

    document = json.dumps(openapi(), ensure_ascii=False, indent=2)
    if out is None:
        click.echo(document)
        return
    with writing():
        (out / "actions").mkdir(parents=True, exist_ok=True)
        (out / "openapi.json").write_text(document + "\n", encoding="utf-8")
        for action in actions().values():
            schemas = {
                "title": action.title_fr,
                "input": dict(action.input),
                "answer": action.answer_schema(),
            }
            path = out / "actions" / f"{action.name}.json"
            path.write_text(json.dumps(schemas, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{out / 'openapi.json'} et {len(actions())} actions")
