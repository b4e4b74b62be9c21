"""How a command ends on a usage or configuration error: one clear message, exit code 2."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.config import ConfigurationError

if TYPE_CHECKING:
    from reports.record import RunRecord


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


@contextmanager
def writing() -> Iterator[None]:
    """Turn a folder or a file that cannot be written into a usage problem."""
    try:
        yield
    except OSError as error:
        raise UsageProblem(f"{error.filename} : {error.strerror}") from None


def reading_record(run: Path) -> "RunRecord":
    """The record of a run folder. Raises UsageProblem: absent, unreadable, of another version."""
    from reports import record

    try:
        return record.load(run / "record.json")
    except OSError as error:
        raise UsageProblem(f"{run / 'record.json'} : {error.strerror}") from None
    except record.RecordRefused as error:
        raise UsageProblem(f"{run} : enregistrement illisible ({error})") from None
