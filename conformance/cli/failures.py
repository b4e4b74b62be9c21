"""How a command ends on a usage or configuration error: one clear message, exit code 2."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from conformance.config import ConfigurationError


class UsageProblem(click.ClickException):
    """Exit code 2, message on standard error."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        click.echo(f"Erreur : {self.message}", err=True)


@contextmanager
def reporting() -> Iterator[None]:
    """Turn a ConfigurationError into a usage problem."""
    try:
        yield
    except ConfigurationError as error:
        raise UsageProblem(str(error)) from None
