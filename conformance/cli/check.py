"""`segur-bench check`: files judged offline."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from . import official
from .failures import UsageProblem, writing

BAR_FROM = 20  # files; fewer are judged before a bar is seen


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="JSON sur la sortie standard, et rien d'autre.")
@click.option("--html", "html_path", type=click.Path(path_type=Path), help="Écrit aussi une page HTML.")
@click.option(
    "--sarif", "sarif_path", type=click.Path(path_type=Path), help="Écrit aussi un fichier SARIF 2.1.0."
)
@click.option(
    "--jobs", type=click.IntRange(min=0), default=0, help="Processus (0 : selon la machine et le lot)."
)
@click.option(
    "--printed", is_flag=True, help="Ouvre aussi le PDF que contient un CDA : PDF/A-1, texte, codes 2D."
)
@click.option(
    "--header",
    type=click.Choice(["auto", "3.0", "2.41"]),
    default="auto",
    show_default=True,
    help="Modèle d'en-tête CDA à appliquer (auto : 3.0, et le dit si le document suit l'ancien).",
)
@click.option(
    "--ans-rules",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Joue aussi les règles officielles d'un dossier TestContenuCDA téléchargé.",
)
@click.option("--ans-pin", metavar="SHA256", default="", help="Refuse un autre jeu de règles que celui-là.")
@click.option("--verbose", "-v", is_flag=True, help="Aussi les informations et chaque constat.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def check(
    files: tuple[str, ...],
    as_json: bool,
    html_path: Path | None,
    sarif_path: Path | None,
    jobs: int,
    printed: bool,
    header: str,
    ans_rules: Path | None,
    ans_pin: str,
    verbose: bool,
    lang: str,
) -> None:
    """Juge des FILES : CDA, archive XDM, courriel .eml, capture SOAP/MTOM, VIHF, PDF.

    Un fichier, un dossier (et ses sous-dossiers), un motif ('out/**/*.xml') ou - pour l'entrée standard. Dans
    un dossier, ce qui n'est pas reconnu est compté, pas jugé ; un fichier nommé doit être reconnu.

    Codes de sortie : 0 aucun manquement ; 1 au moins un manquement ; 2 usage ; 3 erreur du banc, jamais
    imputée au document ; 4 rien n'a pu être jugé.
    """
    from conformance.check.gather import Absent, gather
    from conformance.check.judge import Settings
    from conformance.check.run import check_all

    try:
        sources, unjudged = gather(files)
    except Absent as absent:
        raise UsageProblem(str(absent)) from None
    session = official.opened(ans_rules, ans_pin)
    settings = Settings(html_path is not None, printed, header)
    with progress(len(sources), lang) as told:
        batch = check_all(sources, unjudged, settings, jobs, told)
    if session is not None:
        with progress(len(batch.files), lang) as told:
            batch = official.judged(batch, session, lang, told)
    if as_json:
        from reports.check.as_json import as_json as written

        click.echo(written(batch, lang).encode())
    else:
        from reports.check.terminal import make_console, print_batch

        print_batch(batch, make_console(), lang, verbose)
    with writing():
        if html_path is not None:
            from reports.check import html

            html.write(batch, html_path, lang)
        if sarif_path is not None:
            from reports.check import sarif

            sarif.write(batch, sarif_path, lang)
    sys.exit(batch.exit_code)


@contextmanager
def progress(total: int, lang: str) -> Iterator[Callable[[], None]]:
    """A bar on the terminal of the errors, when there is one and something to wait for."""
    if total < BAR_FROM or not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from schemas.messages import text

    columns = (
        MofNCompleteColumn(),
        BarColumn(bar_width=32),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, transient=True, disable=console.is_dumb_terminal) as bar:
        task = bar.add_task(text("check.progress", lang), total=total)
        yield lambda: bar.advance(task)
