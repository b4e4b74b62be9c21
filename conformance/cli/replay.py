"""`segur-bench replay`: one recorded scenario, again."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from conformance.config import ConfigurationError
from conformance.engine.settings import choose_sut
from schemas.messages import text

from .failures import UsageProblem, reporting

EXIT = {"FIXED": 0, "SAME": 0, "STILL FAILING": 1, "NOT REPRODUCED": 4}


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("scenario")
@click.option("--offline", is_flag=True, help="Rejuge les échanges enregistrés, sans logiciel.")
@click.option("--sut", default="", help="Un autre logiciel que celui de l'enregistrement.")
@click.option("--json", "as_json", is_flag=True, help="JSON sur la sortie standard.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def replay(run: Path, scenario: str, offline: bool, sut: str, as_json: bool, lang: str) -> None:
    """Rejoue SCENARIO de RUN (runs/<id>) : graine, horloge, pannes et patients de l'enregistrement.

    Répond FIXED (0), STILL FAILING (1) ou NOT REPRODUCED (4) ; SAME (0) pour un cas qui était conforme.
    """
    from conformance.engine import replay as engine
    from reports import record as records

    try:
        loaded = records.load(run / "record.json")
    except (OSError, ValueError, KeyError) as error:
        raise UsageProblem(f"{run} : enregistrement illisible ({error})") from None
    with reporting():
        before = engine.find_case(loaded, scenario)
        if offline:
            from simulators.stack import recorded_judge

            replayed = engine.replay_offline(loaded, before, run, recorded_judge(run / "pki", loaded.seed))
        else:
            settings = engine.settings_of(loaded, before, None)
            if sut:
                config, defect = choose_sut(settings.config, sut)
                settings = replace(settings, config=config, defect=defect)
            if settings.config.sut.driver == "assisted" and not sys.stdin.isatty():
                raise ConfigurationError("le pilote assisté demande un terminal")
            replayed = engine.replay_live(settings, before)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "case": before.key,
                    "comparison": replayed.comparison.value,
                    "before": before.verdict.value,
                    "after": replayed.after.verdict.value,
                    "rules": sorted({f.rule for f in replayed.after.findings if f.is_error}),
                },
                ensure_ascii=False,
            )
        )
    else:
        click.echo(f"{replayed.comparison.value}  {before.key}")
        for label, case in (("replay.before", before), ("replay.after", replayed.after)):
            verdict = text(f"verdict.{case.verdict.value}", lang)
            click.echo(f"  {text(label, lang)} : {verdict}  {case.reason}")
    sys.exit(EXIT[replayed.comparison.value])
