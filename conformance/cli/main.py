"""`segur-bench`: finds the command asked for and imports nothing else."""

import importlib

import click

# name → (module, one line). Kept here so that `--help` imports no command.
COMMANDS = {
    "run": ("run", "Joue les scénarios contre le logiciel et écrit le rapport."),
    "serve": ("serve", "Démarre les services nationaux simulés et les laisse en marche."),
    "check": ("check", "Juge des fichiers hors ligne : CDA, XDM, .eml, MTOM, VIHF, PDF."),
    "replay": ("replay", "Rejoue un scénario d'un rapport, dans les mêmes conditions."),
    "doctor": ("doctor", "Vérifie la configuration avant tout scénario."),
    "init": ("init", "Écrit bench.toml et un point d'entrée à compléter."),
    "report": ("report", "Réécrit report.html, junit.xml ou Allure depuis record.json."),
    "scenarios": ("listing", "Liste les scénarios."),
    "requirements": ("listing", "Liste les exigences et les scénarios qui les prouvent."),
    "defects": ("listing", "Liste les défauts semés du logiciel de référence."),
    "prove": ("prove", "Joue les défauts semés : chacun doit être pris par sa règle, et elle seule."),
    "rules": ("listing", "Liste les règles de jugement."),
    "faults": ("menu", "Liste les pannes qui se commandent."),
    "personas": ("menu", "Liste les patients de test à saisir à l'écran."),
    "contract": ("contract", "Écrit le contrat avec le logiciel testé : OpenAPI et schémas."),
}


class LazyGroup(click.Group):
    """A group whose commands are modules imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"conformance.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commandes"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="segur-bench", message="segur-bench %(version)s")
def main() -> None:
    """Banc de pré-conformité Ségur : services nationaux simulés, scénarios, verdicts, rapports.

    Outil de pré-conformité : seuls l'ANS et le CNDA décident du référencement.
    """


if __name__ == "__main__":
    main()
