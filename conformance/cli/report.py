"""`segur-bench report`: the readable forms of a run, made again from its record."""

from pathlib import Path

import click

from .failures import reading_record, writing


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--html", "html_path", type=click.Path(path_type=Path), help="RUN/report.html par défaut.")
@click.option("--junit", "junit_path", type=click.Path(path_type=Path))
@click.option("--allure", "allure_dir", type=click.Path(path_type=Path))
def report(
    run: Path, lang: str, html_path: Path | None, junit_path: Path | None, allure_dir: Path | None
) -> None:
    """Réécrit les rapports de RUN (runs/<id>, ou runs/latest)."""
    from reports import allure, html, junit
    from reports.evidence import EvidenceStore

    loaded = reading_record(run)
    store = EvidenceStore(run / "evidence")
    with writing():
        if html_path is not None or (junit_path is None and allure_dir is None):
            html.write(loaded, store, html_path or run / "report.html", lang)
        if junit_path is not None:
            junit.write(loaded, junit_path)
        if allure_dir is not None:
            allure.write(loaded, store, allure_dir)
