"""`segur-bench replay`: recorded scenarios, again."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.config import ConfigurationError
from conformance.engine.settings import choose_sut
from schemas.messages import text

from .failures import UsageProblem, reading_record, reporting

if TYPE_CHECKING:
    from conformance.engine.replay import Replayed

EXIT = {"FIXED": 0, "SAME": 0, "STILL FAILING": 1, "NOT REPRODUCED": 4}


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("scenario", default="")
@click.option("--offline", is_flag=True, help="Rejuge les échanges enregistrés, sans logiciel.")
@click.option("--sut", default="", help="Un autre logiciel que celui de l'enregistrement.")
@click.option("--json", "as_json", is_flag=True, help="JSON sur la sortie standard.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def replay(run: Path, scenario: str, offline: bool, sut: str, as_json: bool, lang: str) -> None:
    """Rejoue SCENARIO de RUN (runs/<id>) : graine, horloge, pannes et patients de l'enregistrement.

    Répond FIXED (0), STILL FAILING (1) ou NOT REPRODUCED (4) ; SAME (0) pour un cas qui était conforme.
    Sans SCENARIO, `--offline` rejuge tout l'enregistrement avec les règles du jour.
    """
    from conformance.engine import replay as engine

    if offline and sut:
        raise UsageProblem("--offline ne joue aucun logiciel : retirez --sut")
    if not scenario and not offline:
        raise UsageProblem("quel SCENARIO ? Tout l'enregistrement ne se rejoue qu'avec --offline")
    loaded = reading_record(run)
    with reporting():
        cases = [engine.find_case(loaded, scenario)] if scenario else list(loaded.scenarios)
        if offline:
            replayed = engine.replay_offline(loaded, cases, run)
        else:
            settings = engine.settings_of(loaded, cases, None)
            if sut:
                config, defect = choose_sut(settings.config, sut)
                settings = replace(settings, config=config, defect=defect)
            if settings.config.sut.driver == "assisted" and not sys.stdin.isatty():
                raise ConfigurationError("le pilote assisté demande un terminal")
            replayed = [engine.replay_live(settings, cases[0])]
    if as_json:
        told = [described(one) for one in replayed]
        click.echo(json.dumps(told[0] if scenario else {"cases": told}, ensure_ascii=False))
    else:
        for one in replayed:
            click.echo(f"{one.comparison.value}  {one.before.key}")
            if scenario or one.comparison.value != "SAME":
                show(one, lang)
    sys.exit(max((EXIT[one.comparison.value] for one in replayed), default=4))


def described(one: "Replayed") -> dict[str, Any]:
    """A replayed case, for JSON."""
    return {
        "case": one.before.key,
        "comparison": one.comparison.value,
        "before": one.before.verdict.value,
        "after": one.after.verdict.value,
        "rules": sorted({finding.rule for finding in one.after.findings if finding.is_error}),
    }


def show(one: "Replayed", lang: str) -> None:
    """The verdict before and after, for people."""
    for label, case in (("replay.before", one.before), ("replay.after", one.after)):
        verdict = text(f"verdict.{case.verdict.value}", lang)
        click.echo(f"  {text(label, lang)} : {verdict}  {case.reason}")
