"""`check`: files judged offline, by what they are. The same rules as the simulated services."""

from .judge import JUDGES, check_file
from .reading import MAX_FILE
from .recognise import kind_of

__all__ = ["JUDGES", "MAX_FILE", "check_file", "kind_of"]
