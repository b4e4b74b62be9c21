"""`segur-bench init`: a commented configuration and an endpoint to fill in."""

from importlib import resources
from pathlib import Path

import click

from .failures import UsageProblem, writing

FILES = ("bench.toml", "endpoint.py")


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Remplace les fichiers présents.")
def init(folder: Path, force: bool) -> None:
    """Écrit bench.toml et endpoint.py dans FOLDER (dossier courant par défaut)."""
    present = [name for name in FILES if (folder / name).exists()]
    if present and not force:
        raise UsageProblem(f"déjà présent : {', '.join(present)} (--force les remplace)")
    templates = resources.files("conformance.cli") / "templates"
    with writing():
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (folder / name).write_text((templates / name).read_text(encoding="utf-8"), encoding="utf-8")
            click.echo(f"écrit : {folder / name}")
    click.echo("Ensuite : complétez endpoint.py, lancez-le, puis `segur-bench doctor`.")
