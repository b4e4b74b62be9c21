"""`segur-bench prove`: every seeded defect played, and what caught it."""

import sys
from pathlib import Path

import click

from schemas.messages import text


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--theme", "themes", multiple=True, help="Ne jouer que ces thèmes.")
@click.option("--quick", is_flag=True, help="Pour chaque défaut, les seuls scénarios de ses exigences.")
@click.option("--window", default=0.5, show_default=True, help="Secondes d'observation d'une absence.")
@click.option("--runs", default="runs/prove", help="Dossier des rapports.", show_default=True)
@click.option("--workers", default=4, show_default=True, help="Défauts joués en même temps.")
@click.option("--json", "as_json", is_flag=True, help="JSON sur la sortie standard.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def prove(
    ids: tuple[str, ...],
    themes: tuple[str, ...],
    quick: bool,
    window: float,
    runs: str,
    workers: int,
    as_json: bool,
    lang: str,
) -> None:
    """Joue chaque défaut semé (ou les IDS donnés) et le logiciel sans défaut.

    Chaque défaut doit faire échouer la règle et l'exigence prévues, et elles seules. Code de sortie : 0 si
    tout est détecté exactement, 1 sinon.
    """
    import json

    from conformance.engine.detection import Expected
    from conformance.engine.detection import prove as play_all
    from reference_lps.defects import DEFECTS

    from .failures import UsageProblem

    unknown = sorted(set(ids) - set(DEFECTS))
    if unknown:
        raise UsageProblem(f"défaut inconnu : {', '.join(unknown)} (voir `segur-bench defects`)")
    chosen = [DEFECTS[id_] for id_ in ids] if ids else list(DEFECTS.values())
    plays = [Expected("")] if not ids else []
    plays += [Expected(one.id, frozenset({one.rule}), frozenset(one.requirements)) for one in chosen]
    arguments = ["--window", str(window), *(part for theme in themes for part in ("--theme", theme))]
    rows, wrong = [], 0
    for result in play_all(plays, Path(runs), arguments, workers, quick=quick):
        wrong += not result.exact
        name = result.expected.defect or text("prove.reference", lang)
        rows.append(
            {
                "defect": result.expected.defect,
                "exact": result.exact,
                "exit": result.code,
                "expected_rules": sorted(result.expected.rules),
                "rules": sorted(result.rules),
                "expected_requirements": sorted(result.expected.requirements),
                "requirements": sorted(result.requirements),
                "trouble": result.trouble,
            }
        )
        if not as_json:
            mark = text("prove.exact" if result.exact else "prove.wrong", lang)
            click.echo(f"{mark:>12}  {name:<28} {', '.join(sorted(result.rules)) or '—'}")
            if not result.exact:
                for label, expected, seen in (
                    ("prove.rules", result.expected.rules, result.rules),
                    ("prove.requirements", result.expected.requirements, result.requirements),
                ):
                    if expected != seen:
                        shown = f"{sorted(seen)} ≠ {sorted(expected)}"
                        click.echo(f"{'':>14}{text(label, lang)} : {shown}")
                if result.trouble:
                    click.echo(f"{'':>14}{result.trouble}")
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        click.echo(text("prove.total", lang, exact=len(rows) - wrong, total=len(rows)))
    sys.exit(1 if wrong else 0)
