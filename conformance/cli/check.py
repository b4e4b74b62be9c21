"""`segur-bench check`: files judged offline."""

import json
import sys
from pathlib import Path

import click

from schemas.finding import Finding
from schemas.messages import action, text

from .failures import UsageProblem

COLOURS = {"PASS": "green", "WARN": "yellow", "FAIL": "red"}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON sur la sortie standard.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def check(files: tuple[Path, ...], as_json: bool, lang: str) -> None:
    """Juge des FILES : CDA, archive XDM, courriel .eml, capture SOAP/MTOM, VIHF, PDF ; ou un dossier.

    Codes de sortie : 0 aucun manquement ; 1 au moins un manquement ; 2 usage.
    """
    from conformance.check import check_file

    absent = [str(path) for path in files if not path.exists()]
    if absent:
        raise UsageProblem(f"fichier absent : {', '.join(absent)}")
    results = [check_file(path) for path in expand(files)]
    if not results:
        raise UsageProblem("aucun fichier dans ce dossier")
    if as_json:
        listed = [
            {
                "file": item.file,
                "kind": item.kind,
                "verdict": item.verdict,
                "findings": [described(finding, lang) for finding in item.findings],
            }
            for item in results
        ]
        click.echo(json.dumps({"files": listed}, ensure_ascii=False, indent=1))
    else:
        for item in results:
            click.secho(item.verdict, fg=COLOURS[item.verdict], bold=True, nl=False)
            click.echo(f"  {item.file}  ({item.kind or '?'})")
            for finding in item.findings:
                show(finding, lang)
    sys.exit(1 if any(item.verdict == "FAIL" for item in results) else 0)


def expand(files: tuple[Path, ...]) -> list[Path]:
    """Files as named; a folder stands for the files below it."""
    found: list[Path] = []
    for path in files:
        if path.is_dir():
            found += sorted(item for item in path.rglob("*") if item.is_file())
        else:
            found.append(path)
    return found


def described(finding: Finding, lang: str) -> dict[str, object]:
    """A finding with its words, for JSON."""
    return {**finding.as_dict(), "message": text(finding.rule, lang), "action": action(finding.rule, lang)}


def show(finding: Finding, lang: str) -> None:
    """A finding, for people."""
    place = f"{finding.where}" + (f" (ligne {finding.line})" if finding.line else "")
    click.echo(f"  {finding.severity.value:<8} {finding.rule}  {text(finding.rule, lang)}")
    click.echo(f"           {place}")
    if finding.observed or finding.expected:
        click.echo(f"           observé : {finding.observed or '—'} ; attendu : {finding.expected or '—'}")
    todo = action(finding.rule, lang)
    if todo:
        click.echo(f"           → {todo}")
