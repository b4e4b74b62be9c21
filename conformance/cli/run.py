"""`segur-bench run`: scenarios, live progress, summary, report."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import click

from .failures import UsageProblem, reporting, writing


@click.command()
@click.argument("scenarios", nargs=-1)
@click.option("--sut", default="", help="reference, http://…, command:…, assisted, module:fabrique.")
@click.option("--config", "config_path", default="", help="bench.toml (celui du dossier par défaut).")
@click.option("--theme", "themes", multiple=True, help="INS, PSC, DMP, MSS, EP, ANNUAIRE, PARCOURS.")
@click.option(
    "--requirement", "requirements", multiple=True, help="Exigence : les scénarios qui la prouvent."
)
@click.option("--defect", default="", help="Défaut semé du logiciel de référence (voir `defects`).")
@click.option("--seed", type=int, help="Graine : mêmes patients, mêmes identifiants.")
@click.option("--window", type=float, help="Secondes pendant lesquelles une absence est observée.")
@click.option("--runs", default="runs", help="Dossier des rapports.", show_default=True)
@click.option("--lang", type=click.Choice(["fr", "en"]), help="Langue du rapport.")
@click.option("--allure", default="", help="Écrit aussi des résultats Allure dans ce dossier.")
@click.option("--json", "as_json", is_flag=True, help="Résumé en JSON sur la sortie standard.")
def run(
    scenarios: tuple[str, ...],
    sut: str,
    config_path: str,
    themes: tuple[str, ...],
    requirements: tuple[str, ...],
    defect: str,
    seed: int | None,
    window: float | None,
    runs: str,
    lang: str | None,
    allure: str,
    as_json: bool,
) -> None:
    """Joue les SCENARIOS (tous par défaut) et écrit runs/<id>/.

    Codes de sortie : 0 tout est conforme ; 1 non-conformité, ou cas applicable non testable ; 2 usage ou
    configuration ; 3 erreur du banc ; 4 rien n'a pu être testé.
    """
    from conformance.engine.launch import fresh_run_dir, play
    from conformance.engine.session import Session
    from conformance.engine.settings import Settings, choose_sut, read_config

    from .progress import Progress

    with reporting():
        config, sown = choose_sut(read_config(config_path), sut)
        chosen = {"seed": seed, "window": window, "lang": lang}
        given = {name: value for name, value in chosen.items() if value is not None}
        config = replace(config, run=replace(config.run, **given))  # type: ignore[arg-type]
        folder = fresh_run_dir(Path(runs))
    settings = Settings(
        config=config,
        run_dir=folder,
        defect=defect or sown,
        only=scenarios,
        themes=tuple(theme.upper() for theme in themes),
        requirements=requirements,
    )
    progress = Progress(config.run.lang, quiet=as_json)
    session = Session(settings, [progress])
    code = play(session)
    progress.close()
    if session.record is None:
        shutil.rmtree(folder)  # nothing was played: no report
    for trouble in session.troubles:
        click.echo(trouble, err=True)
    if session.failure:
        raise UsageProblem(session.failure)
    if session.record is None:
        sys.exit(code)
    if allure:
        from reports import allure as allure_report
        from reports.evidence import EvidenceStore

        with writing():
            allure_report.write(session.record, EvidenceStore(folder / "evidence"), Path(allure))
    progress.summarise(session.record, folder, as_json)
    sys.exit(code)
